"""What a server says of itself is always for everybody, and complete."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from fedcomm import __version__, accounts, actors, clock, peers, settings
from fedcomm.app import App
from fedcomm.jobs import nightly
from storage.connect import execute, rows
from storage.peers import Decision
from tests import build
from tests.web.client import whichever_database
from tests.web.mastodon import keys
from tests.web.mastodon.member import Member

pytestmark = pytest.mark.anyio


@pytest.mark.contract(10)
@pytest.mark.parametrize("path", ["/api/v1/instance", "/api/v1/instance/", "/api/v2/instance", "/api/v2/instance/"])
@whichever_database
async def test_the_version_is_one_that_clients_can_read(client: httpx.AsyncClient, path: str) -> None:
    found = (await client.get(path)).json()

    assert found["version"] == f"4.4.0 (compatible; fedcomm {__version__})"
    assert found.get("api_versions", {}).get("mastodon", 6) == 6


@pytest.mark.contract(5)
@pytest.mark.parametrize("token", ["", "Bearer wrong", "Basic eDp5"])
async def test_nobody_is_kept_from_asking_what_the_server_is(client: httpx.AsyncClient, token: str) -> None:
    headers = {"authorization": token, "user-agent": ""} if token else {"user-agent": ""}

    answers = [await client.get(f"/api/{version}/instance", headers=headers) for version in ("v1", "v2")]

    assert [answer.status_code for answer in answers] == [200, 200]


async def test_who_uses_a_program_is_counted_as_active_and_noted_once_an_hour(
    client: httpx.AsyncClient, alice: Member, bob: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, before, noted = clock.now, (await client.get("/nodeinfo/2.0")).json()["usage"]["users"], []

    for minutes in (0, 1, 61):
        monkeypatch.setattr(clock, "now", lambda gone=minutes: real() + 60 * gone)
        await alice.get("timelines/home")
        noted.append((await rows("SELECT last_used_at FROM oauth_token WHERE last_used_at IS NOT NULL"))[0][0])
    after = (await client.get("/nodeinfo/2.0")).json()["usage"]["users"]

    assert (before["total"], before["activeMonth"], before["activeHalfyear"]) == (2, 0, 0)
    assert (after["total"], after["activeMonth"], after["activeHalfyear"]) == (2, 1, 1)
    assert noted[0] == noted[1] and noted[2] - noted[0] >= 61 * 60_000


async def test_the_languages_are_those_of_the_pages(client: httpx.AsyncClient) -> None:
    told = [(await client.get(f"/api/{version}/instance")).json()["languages"] for version in ("v1", "v2")]

    assert told == [["en", "de"], ["en", "de"]]


@pytest.mark.contract(8)
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
async def test_who_runs_the_server_is_told_as_far_as_they_want(app: App, client: httpx.AsyncClient) -> None:
    """But for their names where PieFed looks for them (`/api/v3/site`)."""
    await accounts.create(app, "rosa", "correct horse battery", "rosa@mail.example", role="admin")
    await build.insert("peer", host="bad.test", policy="suspend", private_comment="secret", first_seen_at=1)
    paths = (
        "/api/v1/instance", "/api/v2/instance", "/nodeinfo/2.0", "/nodeinfo/2.1", "/about", "/", "/rules",
        "/api/v1/instance/peers", "/api/v1/instance/activity", "/api/v3/site", "/actor", "/.well-known/webfinger",
    )  # fmt: skip

    async def said() -> dict[str, str]:
        return {path: (await client.get(path, params={"resource": "https://home.test"})).text for path in paths}

    before = await said()
    await _set(app, contact_account="rosa", contact_email="office@mail.example")
    after = await said()

    assert not any(word in text for text in before.values() for word in ("mail.example", "bad.test", "secret"))
    assert {path for path, text in before.items() if "rosa" in text} == {"/api/v3/site"}
    assert not any("rosa@mail.example" in text for text in after.values())
    assert {path for path, text in after.items() if "office@mail.example" in text} >= set(paths[:2])
    assert {path for path, text in after.items() if "rosa" in text} >= {*paths[:2], "/about"}


@pytest.mark.attack("PRI-20")
async def test_whom_people_here_speak_with_is_for_members(client: httpx.AsyncClient) -> None:
    await build.insert("peer", host="far.test", first_seen_at=build.NOW)
    token = await build.token(await build.person("alice"), "read")

    without = await client.get("/api/v1/instance/peers")
    member = await client.get("/api/v1/instance/peers", headers={"authorization": f"Bearer {token}"})

    assert without.json() == [] and member.json() == ["far.test"]


@pytest.mark.attack("PRI-20")
@pytest.mark.parametrize(
    ("shown_to", "to_all", "to_members"), [("nobody", None, None), ("members", None, 2), ("everybody", 2, 2)]
)
async def test_who_is_blocked_is_told_to_whom_an_admin_wants(
    app: App, client: httpx.AsyncClient, alice: Member, shown_to: str, to_all: int | None, to_members: int | None
) -> None:
    await build.insert("peer", host="far.test", first_seen_at=1)
    for host, policy in (("bad.test", "suspend"), ("loud.test", "limit"), ("good.test", "allow")):
        await peers.decide(app, host, Decision(policy, public_comment=f"{host}!", private_comment="secret"))
    await _set(app, blocks_shown=shown_to)
    path = "/api/v1/instance/domain_blocks"

    answers = [await client.get(path), await alice.ask("GET", path)]
    lists = [answer.json() if answer.status_code == 200 else None for answer in answers]

    assert [None if each is None else len(each) for each in lists] == [to_all, to_members]
    assert [answer.status_code for answer in answers] == [200 if each is not None else 404 for each in lists]
    for_member = lists[1] or []
    told = [(each["domain"], each["severity"], each["comment"]) for each in for_member]
    assert told in ([], [("bad.test", "suspend", "bad.test!"), ("loud.test", "silence", "loud.test!")])
    assert [fault for each in for_member for fault in keys.wrong(each, {"digest": str})] == []


async def test_what_admins_wrote_down_is_told_and_nothing_else(app: App, client: httpx.AsyncClient) -> None:
    paths = ("privacy_policy", "terms_of_service", "terms_of_service/2026-01-01")
    before = [await client.get(f"/api/v1/instance/{path}") for path in paths]
    assert [answer.status_code for answer in before] == [200, 404, 404]
    assert [(await client.get(path)).status_code for path in ("/privacy-policy", "/terms-of-service")] == [200, 404]
    assert "<h2>What is kept</h2>" in before[0].json()["content"] and keys.MOMENT.fullmatch(
        before[0].json()["updated_at"]
    )

    await _set(app, about="One\n\n<Two>", privacy_policy="We forget", terms="Be <b>kind</b>")
    about, privacy, terms = [
        (await client.get(f"/api/v1/instance/{path}")).json() for path in ("extended_description", *paths[:2])
    ]
    dated = await client.get(f"/api/v1/instance/terms_of_service/{terms['effective_date']}")
    urls = (await client.get("/api/v2/instance")).json()["configuration"]["urls"]

    assert about["content"] == "<p>One</p><p>&lt;Two&gt;</p>" and keys.MOMENT.fullmatch(about["updated_at"])
    assert privacy["content"] == "<p>We forget</p>" and keys.MOMENT.fullmatch(privacy["updated_at"])
    assert terms["content"] == "<p>Be &lt;b&gt;kind&lt;/b&gt;</p>" and terms["effective"] is True
    assert dated.json() == terms and keys.DATE.fullmatch(terms["effective_date"])
    assert (await client.get(urls["privacy_policy"])).text.count("We forget") == 1
    assert "&lt;b&gt;kind" in (await client.get(urls["terms_of_service"])).text


async def test_as_many_tags_as_told_stand_on_a_profile(client: httpx.AsyncClient, alice: Member) -> None:
    most = (await client.get("/api/v2/instance")).json()["configuration"]["accounts"]["max_featured_tags"]
    for number in range(most):
        await alice.do("featured_tags", name=f"tag{number}")

    assert most > 0 and (await alice.refused("POST", "featured_tags", name="more"))[0] == 422


async def test_each_week_is_counted(app: App, client: httpx.AsyncClient, alice: Member, bob: Member) -> None:
    await alice.post("public")
    await alice.post("hidden", visibility="direct")
    await build.post(await build.person("carol", "far.test"), "not ours")
    await execute("UPDATE account SET created_at = ?", (clock.now_ms(),))

    found = (await client.get("/api/v1/instance/activity")).json()
    monday = datetime.fromtimestamp(int(found[0]["week"]), UTC)

    assert len(found) == 12 and monday.weekday() == 0 and (monday.hour, monday.minute) == (0, 0)
    assert datetime.now(UTC) - monday < timedelta(days=7)
    assert found[0] | {"week": ""} == {"week": "", "statuses": "1", "logins": "1", "registrations": "2"}
    assert found[1] | {"week": ""} == {"week": "", "statuses": "0", "logins": "0", "registrations": "0"}
    assert int(found[0]["week"]) - int(found[11]["week"]) == 11 * 7 * 86_400


async def test_who_was_here_long_ago_is_forgotten(app: App, alice: Member) -> None:
    await alice.get("timelines/home")
    await build.insert("active_week", week=4 * 86_400, account_id=1)

    await nightly.run(app)

    assert [week > 4 * 86_400 for (week,) in await rows("SELECT week FROM active_week")] == [True]


async def test_a_password_is_changed_where_managers_look(client: httpx.AsyncClient) -> None:
    answer = await client.get("/.well-known/change-password")

    assert (answer.status_code, answer.headers["location"]) == (302, "/settings")


@pytest.mark.contract(11)
async def test_nodeinfo_lets_clients_take_us_for_what_we_speak(client: httpx.AsyncClient) -> None:
    links = (await client.get("/.well-known/nodeinfo")).json()["links"]

    found = [(await client.get(path)).json() for path in ("/nodeinfo/2.0", "/nodeinfo/2.1")]

    assert {link["rel"].rpartition("/")[2] for link in links} >= {"2.0", "2.1"}
    for each in found:
        assert each["software"]["name"] == "fedcomm" and each["metadata"]["upstream"] == {"name": "mastodon"}


async def _set(app: App, **changed: Any) -> None:
    await settings.change(app, None, changed)
