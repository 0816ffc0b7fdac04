"""What public lists ask of a server, and whether it tells true numbers."""

import httpx
import pytest

import web.app
from fedcomm import accounts, clock, commands, posts, settings
from fedcomm.app import App
from fedcomm.drafting import Draft
from storage.connect import execute, value
from tests import build
from tests.people import person

pytestmark = pytest.mark.anyio


async def test_what_lists_ask_is_said_with_what_to_do_and_numbers_are_what_the_database_has(app: App) -> None:
    async def states() -> dict[str, str]:
        told = (await commands.run(app, "doctor.listing", {}))["items"]
        assert all(bool(each["fix"]) == (each["state"] != "yes") for each in told)
        return {each["name"]: each["state"] for each in told}

    anna = await person(app, "anna")
    kept, gone = [await posts.create(app, anna, Draft(text=text)) for text in ("One", "Two")]
    await posts.delete(app, anna, gone)
    await build.post(await build.person("bob", "far.example"), "Not ours")
    await execute("UPDATE account SET last_active_at = 1")
    await settings.change(app, None, {"registration": "invite"})
    before = await states()
    for name in ("ada", "eve"):
        await accounts.create(app, name, "correct horse battery", role="admin")
    await execute("UPDATE account SET last_active_at = ? WHERE role = 'admin'", (clock.now_ms(),))
    told = {
        "registration": "approval", "description": "Bread", "rules": ["Be kind"], "privacy_policy": "None",
        "contact_email": "a@home.test",
    }  # fmt: skip
    await settings.change(app, None, told)

    after = await states()

    mended = {"sign-up", "description", "rules", "contact", "privacy", "moderation", "second admin"}
    assert {name for name, state in before.items() if state == "no"} == mended
    assert "no" not in after.values() and after["backups"] == after["notice"] == after["mail"] == "ask"
    transport = httpx.ASGITransport(web.app.build(app))
    async with httpx.AsyncClient(transport=transport, base_url=build.BASE) as client:
        usage = (await client.get("/nodeinfo/2.1")).json()["usage"]
    counted = await value("SELECT COUNT(*) FROM post WHERE local = 1 AND visibility < 3 AND deleted_at IS NULL")
    assert kept and (usage["users"]["total"], usage["localPosts"]) == (3, counted)
