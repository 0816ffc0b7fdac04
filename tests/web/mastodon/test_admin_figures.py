"""Who looks after the server reads in figures how much happens: as Mastodon's admin API has it."""

from typing import Any

import httpx
import pytest

from fedcomm.app import App
from storage.connect import execute, value
from tests import build
from tests.web.mastodon.member import Member
from tests.web.mastodon.schema import Schema

pytestmark = pytest.mark.anyio

DAY = 86_400_000
FIRST = 20_420 * DAY  # 2025-11-28
SPAN = {"start_at": "2025-11-28T23:00:00Z", "end_at": "2025-11-30"}


def at(day: int, hour: int = 5) -> int:
    """A moment of that day, the first of the span being 0."""
    return FIRST + day * DAY + hour * 3_600_000


def new(day: int, number: int = 1) -> int:
    """An id made on that day."""
    return at(day) * 65_536 + number


@pytest.fixture
async def boss(client: httpx.AsyncClient) -> Member:
    """Who asks; there for long."""
    found = await Member.of(client, await build.person("boss", role="admin"), "admin:read")
    await execute("UPDATE account SET created_at = 1, last_active_at = NULL, language = ''")
    return found


async def happened() -> tuple[int, int]:
    """Something of everything; gives the ids of the hashtag and of a post."""
    ann, bob = await build.person("ann"), await build.person("bob")
    far, near = await build.person("far", "far.example"), await build.person("near", "far.example")
    for actor, came, last in ((ann, at(0), at(2)), (bob, at(0), at(0))):
        changed = "UPDATE account SET created_at = ?, last_active_at = ?, language = 'de' WHERE actor_id = ?"
        await execute(changed, (came, last, actor.id))
        week = await value("SELECT id FROM account WHERE actor_id = ?", (actor.id,))
        await build.insert("active_week", week=(at(-4, 0)) // 1000, account_id=week)  # Monday, 2025-11-24
    await execute("UPDATE actor SET created_at = ? WHERE host = 'far.example'", (at(1),))
    await build.post(far, id=new(-1), tags=["rye"], language="fr")  # the day before counts before
    first = await build.post(far, id=new(1), tags=["rye"], language="fr")
    await build.post(far, id=new(1, 2), tags=["rye"], language="en")
    await build.post(far, id=new(1, 3), tags=["rye"], language="en", visibility=2)
    reply = await build.post(ann, id=new(2), parent=first, tags=["rye"], language="de")
    await build.like(bob, reply, at=at(2))
    await build.like(far, reply, at=at(2))  # whoever lives elsewhere is counted there
    await build.follow(ann, far)
    await build.follow(far, ann)
    await build.follow(bob, near, "requested")
    for number, closed in ((1, at(2)), (2, None)):
        await build.insert("report", id=new(1, number), uri=f"r{number}", reporter_id=ann.id, target_id=far.id,
                           post_ids="[]", comment="", created_at=at(1), closed_at=closed)  # fmt: skip
    await build.insert("copy", url="https://far.example/a", key="a", mime="image/png", size=20_000, tried_at=at(0),
                       used_at=at(0), kind="picture", host="far.example")  # fmt: skip
    return await value("SELECT id FROM tag"), reply.id


async def test_measures_say_how_much_there_was_on_each_day(boss: Member) -> None:
    tag, _reply = await happened()
    # In all, before that, and each day; as on Mastodon the last day before that is the first day.
    known = {
        "active_users": ("2", "2", ["2", "2", "2"]), "new_users": ("2", "2", ["2", "0", "0"]),
        "interactions": ("2", "0", ["0", "0", "2"]), "opened_reports": ("2", "0", ["0", "2", "0"]),
        "resolved_reports": ("1", "0", ["0", "0", "1"]), "tag_uses": ("3", "1", ["0", "2", "1"]),
        "tag_accounts": ("2", "1", ["0", "1", "1"]), "tag_servers": ("2", "1", ["0", "1", "1"]),
        "instance_accounts": ("2", None, ["0", "2", "0"]), "instance_reports": ("2", None, ["0", "2", "0"]),
        "instance_statuses": ("3", None, ["0", "2", "0"]), "instance_follows": ("2", None, ["0", "0", "0"]),
        "instance_followers": ("1", None, ["0", "0", "0"]),
        "instance_media_attachments": ("20000", None, ["20000", "0", "0"]),
    }  # fmt: skip
    about = {key: {"id": str(tag)} if key.startswith("tag") else {"domain": "FAR.example"} for key in known}

    found = await boss.do("admin/measures", keys=[*known, "steps"], **SPAN, **about)

    assert Schema().wrong(found, {"type": "array", "items": {"$ref": "#/components/schemas/AdminMeasure"}}) == []
    assert [each["key"] for each in found] == list(known)
    for each in found:
        days = [day["value"] for day in each["data"]]
        assert (each["total"], each.get("previous_total"), days) == known[each["key"]], each["key"]
    assert [day["date"][:10] for day in found[0]["data"]] == ["2025-11-28", "2025-11-29", "2025-11-30"]
    assert (found[-1]["unit"], found[-1]["human_value"]) == ("bytes", "20 KB")
    for wrong in ({"start_at": "soon"}, {"end_at": "2025-11-27"}, {"end_at": "2027-01-01"}, {"end_at": ""}):
        assert (await boss.refused("POST", "admin/measures", **(SPAN | wrong)))[0] == 422, wrong
    other = await boss.do("admin/measures", keys=["instance_accounts", "tag_uses"], **SPAN)
    assert [each["total"] for each in other] == ["0", "0"], "nothing is asked about: nothing is found"


async def test_dimensions_say_what_there_is_most_of(app: App, boss: Member) -> None:
    tag, reply = await happened()
    await build.insert("oauth_app", id=7, client_id="c", secret_hash=b"", name="Tusky", redirect_uris="", scopes="",
                       created_at=1)  # fmt: skip
    await execute("UPDATE post SET app_id = 7 WHERE id = ?", (reply,))
    about: dict[str, Any] = {
        "tag_servers": {"id": tag}, "tag_languages": {"id": tag}, "instance_accounts": {"domain": "far.example"},
        "instance_languages": {"domain": "far.example"},
    }  # fmt: skip
    keys = ["languages", "sources", "servers", "space_usage", "software_versions", *about, "colours"]

    found = await boss.do("admin/dimensions", keys=keys, limit=2, **SPAN, **about)

    assert Schema().wrong(found, {"type": "array", "items": {"$ref": "#/components/schemas/AdminDimension"}}) == []
    assert [each["key"] for each in found] == keys[:-1]
    plain = {each["key"]: [(part["key"], part["value"]) for part in each["data"]] for each in found}
    assert plain["languages"] == [("de", "2")] and found[0]["data"][0]["human_key"] == "Deutsch"
    assert plain["sources"] == [("Tusky", "1")]
    assert plain["servers"] == plain["tag_servers"] == [("far.example", "2"), (app.config.host, "1")]
    assert plain["tag_languages"] == [("de", "1"), ("en", "1")], "the first two of three"
    assert plain["instance_languages"] == [("en", "1"), ("fr", "1")]
    assert plain["instance_accounts"] == [("far", "1"), ("near", "0")]
    assert {name for name, _text in plain["software_versions"]} >= {"fedcomm", "python"}
    assert all(int(size) >= 0 for _name, size in plain["space_usage"]) and len(plain["space_usage"]) == 2


async def test_retention_says_how_many_of_those_who_came_are_here_later(boss: Member) -> None:
    await happened()

    days = await boss.do("admin/retention", **SPAN, frequency="day")
    months = await boss.do("admin/retention", start_at="2025-11-28", end_at="2026-01-02", frequency="month")

    items = {"type": "array", "items": {"$ref": "#/components/schemas/AdminCohort"}}
    assert Schema().wrong(days, items) == Schema().wrong(months, items) == []
    assert [len(each["data"]) for each in days] == [3, 2, 1]
    assert [(each["value"], each["rate"]) for each in days[0]["data"]] == [("2", 1.0), ("1", 0.5), ("1", 0.5)]
    assert [each["value"] for each in days[1]["data"]] == ["0", "0"]
    assert [each["period"][:10] for each in months] == ["2025-11-01", "2025-12-01", "2026-01-01"]
    assert [each["value"] for each in months[0]["data"]] == ["2", "0", "0"]
    assert (await boss.refused("POST", "admin/retention", start_at="2025-01-01", end_at="2025-12-01"))[0] == 422


@pytest.mark.attack("ADM-10", "NET-34")
async def test_nothing_is_counted_for_who_has_no_business_with_it(client: httpx.AsyncClient, boss: Member) -> None:
    for role, status in (("member", 403), ("moderator", 200)):
        asker = await Member.of(client, await build.person(role, role=role), "admin:read")
        for method, path in (("POST", "measures"), ("POST", "dimensions"), ("POST", "retention"),
                             ("GET", "trends/tags"), ("GET", "trends/links"), ("GET", "trends/statuses")):  # fmt: skip
            wish = {"json": SPAN | {"keys": []}} if method == "POST" else {}
            answer = await asker.ask(method, f"admin/{path}", **wish)
            assert answer.status_code == status, path
            assert status == 403 or isinstance(answer.json(), list)
