"""`fedcomm account limit`, `suspend`, `list` and their like: what they do, and that what is refused changes nothing."""

from typing import Any

import pytest

import storage.accounts
import storage.actors
from fedcomm import accounts, clock, commands, expiring, sanctions
from fedcomm.app import App
from fedcomm.errors import AppError, Conflict, Invalid, NotFound
from storage.connect import execute, value
from tests import build
from tests.people import person

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"


async def act(app: App, who: str, what: str, reason: str = "") -> dict[str, Any]:
    """`fedcomm account limit` and the others."""
    return await commands.run(app, "account.act", {"who": who, "act": what, "reason": reason})


async def listed(app: App, **wanted: str) -> list[str]:
    """`fedcomm account list`"""
    asked = {"text": "", "origin": "", "state": "", "host": ""} | wanted
    return [each["handle"] for each in (await commands.run(app, "account.list", asked))["people"]]


async def test_people_are_listed_shown_and_acted_upon(app: App) -> None:
    await person(app, "anna")
    await build.person("far", "far.example")
    await accounts.sign_up(app, "new", PASSWORD)

    assert await act(app, f"@Anna@{app.host}", "limit", "Rule 2") == {"changed": True, "handle": "@anna"}
    assert await act(app, "anna", "limit") == {"changed": False, "handle": "@anna"}
    assert (await act(app, "far@far.example", "suspend"))["changed"]
    assert await listed(app, origin="local", state="limited") == ["@anna"]
    assert await listed(app, host="far.example") == ["@far@far.example"] and await listed(app, state="pending") == [
        "@new"
    ]
    shown = await commands.run(app, "account.show", {"who": "anna"})
    assert shown["states"] == ["active", "limited"]
    assert [(each["act"], each["text"], each["by"]) for each in shown["history"]] == [
        ("limit", "Rule 2", "(command line)")
    ]
    for who, what, error in (("nobody", "limit", NotFound), ("new", "suspend", Conflict), ("anna", "warn", Invalid)):
        with pytest.raises(error):
            await act(app, who, what)
    await commands.run(app, "account.reject", {"name": "new", "reason": "Spam"})
    assert await value("SELECT COUNT(*) FROM sanction") == 2 and await listed(app, text="new") == []


async def test_who_is_frozen_or_suspended_reads_why_when_they_want_to_sign_in(app: App) -> None:
    await accounts.create(app, "anna", PASSWORD)

    for what, back, said in (("freeze", "unfreeze", "for now: Rule 2"), ("suspend", "restore", "suspended: Rule 2")):
        await act(app, "anna", what, "Rule 2")
        with pytest.raises(AppError, match=said):
            await accounts.authenticate(app, "anna", PASSWORD)
        await act(app, "anna", back)
        assert (await accounts.authenticate(app, "anna", PASSWORD)).state == "active"
    await act(app, "anna", "freeze")
    await act(app, "anna", "suspend")  # who is frozen can be suspended, and is free of both afterwards
    assert not (await act(app, "anna", "freeze"))["changed"]
    await act(app, "anna", "restore")
    assert (await accounts.named("anna")).state == "active"


@pytest.mark.attack("ADM-22")
async def test_what_stays_suspended_for_thirty_days_is_deleted(app: App) -> None:
    for name in ("anna", "bert", "carl"):
        await person(app, name)
    await act(app, "anna", "suspend")
    await act(app, "bert", "suspend")
    await accounts.sign_up(app, "waits", PASSWORD)
    long_ago = clock.now_ms() - sanctions.KEPT - 1
    await execute("UPDATE actor SET suspended_at = ? WHERE username IN ('anna', 'waits')", (long_ago,))

    await expiring.end(app)

    assert await storage.accounts.by_name("anna") is None
    gone = await storage.actors.local("anna")
    assert gone and gone.deleted_at is not None
    assert (await accounts.named("bert")).state == "suspended" and (await accounts.named("waits")).state == "pending"
    assert await value("SELECT COUNT(*) FROM audit WHERE act = 'account.delete'") == 1
