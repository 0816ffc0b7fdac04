"""What a server says of itself is always for everybody, and complete."""

from typing import Any

import httpx
import pytest

from fedcomm import __version__, actors, settings
from fedcomm.app import App
from storage.connect import execute, rows
from tests import build
from tests.web.client import whichever_database
from tests.web.mastodon.member import Member

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("path", ["/api/v1/instance", "/api/v1/instance/", "/api/v2/instance", "/api/v2/instance/"])
@whichever_database
async def test_the_version_is_one_that_clients_can_read(client: httpx.AsyncClient, path: str) -> None:
    found = (await client.get(path)).json()

    assert found["version"] == f"4.2.0 (compatible; fedcomm {__version__})"
    assert "mastodon" not in found.get("api_versions", {})


@pytest.mark.parametrize("token", ["", "Bearer wrong", "Basic eDp5"])
async def test_nobody_is_kept_from_asking_what_the_server_is(client: httpx.AsyncClient, token: str) -> None:
    headers = {"authorization": token, "user-agent": ""} if token else {"user-agent": ""}

    answers = [await client.get(f"/api/{version}/instance", headers=headers) for version in ("v1", "v2")]

    assert [answer.status_code for answer in answers] == [200, 200]


async def test_who_uses_a_program_is_counted_as_active_and_noted_once_an_hour(
    client: httpx.AsyncClient, alice: Member, bob: Member
) -> None:
    before = (await client.get("/nodeinfo/2.0")).json()["usage"]["users"]
    await alice.get("timelines/home")
    noted = await rows("SELECT last_used_at FROM oauth_token WHERE last_used_at IS NOT NULL")
    await execute("UPDATE oauth_token SET last_used_at = last_used_at - 60000 WHERE last_used_at IS NOT NULL")
    await alice.get("timelines/home")
    await execute("UPDATE oauth_token SET last_used_at = last_used_at - 3540000 WHERE last_used_at IS NOT NULL")
    an_hour_ago = await rows("SELECT last_used_at FROM oauth_token WHERE last_used_at IS NOT NULL")
    await alice.get("timelines/home")
    after = (await client.get("/nodeinfo/2.0")).json()["usage"]["users"]

    now = await rows("SELECT last_used_at FROM oauth_token WHERE last_used_at IS NOT NULL")

    assert (before["total"], before["activeMonth"], before["activeHalfyear"]) == (2, 0, 0)
    assert (after["total"], after["activeMonth"], after["activeHalfyear"]) == (2, 1, 1)
    assert an_hour_ago[0][0] == noted[0][0] - 3_600_000 and now[0][0] >= noted[0][0]


async def test_the_languages_are_those_of_the_pages(client: httpx.AsyncClient) -> None:
    told = [(await client.get(f"/api/{version}/instance")).json()["languages"] for version in ("v1", "v2")]

    assert told == [["en", "de"], ["en", "de"]]


async def test_contact_is_never_missing(app: App, client: httpx.AsyncClient) -> None:
    service = await actors.service(app)
    without = (await client.get("/api/v2/instance")).json()["contact"]["account"]
    boss = await build.person("boss", role="admin")
    await _set(app, contact_account="boss", contact_email="boss@home.test")

    first, second = [(await client.get(f"/api/{version}/instance")).json() for version in ("v1", "v2")]

    assert without["id"] == str(service.id)
    assert first["contact_account"]["id"] == second["contact"]["account"]["id"] == str(boss.id)
    assert first["email"] == second["contact"]["email"] == "boss@home.test"


@pytest.mark.parametrize(
    ("mode", "enabled", "approval"), [("invite", False, False), ("approval", True, True), ("open", True, False)]
)
async def test_how_one_gets_an_account_is_told(
    app: App, client: httpx.AsyncClient, mode: str, enabled: bool, approval: bool
) -> None:
    await _set(app, registration=mode)

    first, second = [(await client.get(f"/api/{version}/instance")).json() for version in ("v1", "v2")]

    assert (first["registrations"], first["approval_required"]) == (enabled, approval)
    assert (second["registrations"]["enabled"], second["registrations"]["approval_required"]) == (enabled, approval)


async def test_what_an_admin_changes_is_told_at_once(app: App, client: httpx.AsyncClient) -> None:
    await _set(app, name="Allotments", description="Green & <b>good</b>", rules=["Be kind", "No slugs"])

    found = (await client.get("/api/v2/instance")).json()
    rules = (await client.get("/api/v1/instance/rules")).json()
    described = (await client.get("/api/v1/instance/extended_description")).json()

    assert (found["title"], found["description"]) == ("Allotments", "Green & <b>good</b>")
    assert [(rule["id"], rule["text"]) for rule in rules] == [("1", "Be kind"), ("2", "No slugs")]
    assert found["rules"] == rules
    assert described["content"] == "<p>Green &amp; &lt;b&gt;good&lt;/b&gt;</p>"


@pytest.mark.attack("PRI-20")
async def test_whom_people_here_speak_with_is_for_members(client: httpx.AsyncClient) -> None:
    await build.insert("peer", host="far.test", first_seen_at=build.NOW)
    token = await build.token(await build.person("alice"), "read")

    without = await client.get("/api/v1/instance/peers")
    member = await client.get("/api/v1/instance/peers", headers={"authorization": f"Bearer {token}"})

    assert without.json() == [] and member.json() == ["far.test"]


async def test_nodeinfo_lets_clients_take_us_for_what_we_speak(client: httpx.AsyncClient) -> None:
    links = (await client.get("/.well-known/nodeinfo")).json()["links"]

    found = [(await client.get(path)).json() for path in ("/nodeinfo/2.0", "/nodeinfo/2.1")]

    assert {link["rel"].rpartition("/")[2] for link in links} >= {"2.0", "2.1"}
    for each in found:
        assert each["software"]["name"] == "fedcomm" and each["metadata"]["upstream"] == {"name": "mastodon"}


async def _set(app: App, **changed: Any) -> None:
    await settings.change(app, None, changed)
