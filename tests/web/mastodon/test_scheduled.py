"""Posts wait for their time, are published once, and keep their pictures until then."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fedcomm import clock, media, scheduled
from fedcomm.app import App
from fedcomm.drafting import Draft
from fedcomm.errors import Invalid
from storage import accounts, actors
from storage.connect import execute, rows
from storage.scheduled import Scheduled
from tests.web.client import whichever_database
from tests.web.mastodon.member import Member, ids
from tests.web.mastodon.test_media import sent

pytestmark = pytest.mark.anyio

PassTime = Callable[[float], None]


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> PassTime:
    """Let so many minutes go by."""
    real, gone = clock.now, [0.0]
    monkeypatch.setattr(clock, "now", lambda: real() + gone[0])

    def pass_time(minutes: float) -> None:
        gone[0] += 60 * minutes

    return pass_time


def later(minutes: float) -> str:
    """The time so many minutes from now."""
    return (datetime.fromtimestamp(clock.now(), UTC) + timedelta(minutes=minutes)).isoformat()


async def due(app: App, waiting: dict[str, Any]) -> None:
    """Do what the job does."""
    await scheduled.publish(app, int(waiting["id"]))


async def said(by: Member) -> list[str]:
    """What a member has published, the newest first."""
    return [each["content"] for each in await by.get(f"accounts/{by.id}/statuses")]


async def test_a_post_waits_for_its_time_and_is_published_once(
    app: App, alice: Member, bob: Member, pass_time: PassTime
) -> None:
    picture = await sent(alice, description="A corner")
    above = await bob.post("What is new?")
    waiting = await alice.post(
        "@bob this #news", media_ids=[picture["id"]], in_reply_to_id=above["id"], visibility="unlisted", language="en",
        scheduled_at=later(6),
    )  # fmt: skip
    jobs = await rows("SELECT name, args, run_at FROM job WHERE name = 'publish_scheduled'")

    await due(app, waiting)
    early, listed = await said(alice), await alice.get("scheduled_statuses")
    pass_time(7)
    await asyncio.gather(due(app, waiting), due(app, waiting))  # a second process, which thought the first had died
    await due(app, waiting)  # the process ended between the post and the job's row

    (published,) = await alice.get(f"accounts/{alice.id}/statuses")
    assert early == [] and listed == [waiting] and await alice.get("scheduled_statuses") == []
    assert jobs[0][:2] == ("publish_scheduled", f'{{"scheduled":{waiting["id"]}}}')
    assert waiting["params"]["text"] == "@bob this #news" and ids(waiting["media_attachments"]) == [picture["id"]]
    assert published["in_reply_to_id"] == above["id"] and published["visibility"] == "unlisted"
    assert published["media_attachments"][0]["description"] == "A corner" and int(published["id"]) > int(waiting["id"])
    assert [each["type"] for each in await bob.get("notifications")] == ["mention"]


@whichever_database
async def test_pictures_that_wait_are_in_no_other_post_and_are_not_cleared_away(
    app: App, alice: Member, pass_time: PassTime
) -> None:
    picture = await sent(alice)
    waiting = await alice.post("Soon", media_ids=[picture["id"]], scheduled_at=later(5000))

    used = await alice.refused("POST", "statuses", status="Now", media_ids=[picture["id"]])
    deleted = await alice.ask("DELETE", f"media/{picture['id']}")
    pass_time(4000)
    await media.clean_up(app)
    await alice.do(f"scheduled_statuses/{waiting['id']}", "DELETE")
    again = await alice.post("Now", media_ids=[picture["id"]])

    assert used[0] == deleted.status_code == 422 and ids(again["media_attachments"]) == [picture["id"]]
    assert await alice.get("scheduled_statuses") == []
    pass_time(2000)
    await due(app, waiting)
    assert len(await said(alice)) == 1


async def test_the_time_can_be_changed_by_its_author_alone(
    app: App, alice: Member, bob: Member, pass_time: PassTime
) -> None:
    waiting = await alice.post("Soon", scheduled_at=later(10))
    path = f"scheduled_statuses/{waiting['id']}"

    others = [
        await bob.refused("GET", path), await bob.refused("PUT", path, scheduled_at=later(9)),
        await bob.refused("DELETE", path),
    ]  # fmt: skip
    too_soon = await alice.refused("PUT", path, scheduled_at=later(2))
    moved = await alice.do(path, "PUT", scheduled_at=later(60))
    pass_time(12)
    await due(app, waiting)
    early = await said(alice)
    pass_time(50)
    await due(app, waiting)

    assert [status for status, _ in others] == [404] * 3 and too_soon[0] == 422
    assert moved["id"] == waiting["id"] and moved["scheduled_at"] > waiting["scheduled_at"]
    assert early == [] and await said(alice) == ["<p>Soon</p>"]
    assert await rows("SELECT COUNT(*) FROM job WHERE name = 'publish_scheduled'") == [(1,)]


async def test_the_same_request_twice_is_one_post_also_when_it_is_published_by_then(
    app: App, alice: Member, pass_time: PassTime
) -> None:
    wish = {"json": {"status": "Once", "scheduled_at": later(6)}, "headers": {"idempotency-key": "k"}}

    first, second = [(await alice.ask("POST", "statuses", **wish)).json() for _ in range(2)]
    without = await alice.ask("POST", "statuses", json={"status": "Once"}, headers=wish["headers"])
    status, sentence = without.status_code, without.json()["error"]
    pass_time(7)
    await due(app, first)
    third = (await alice.ask("POST", "statuses", **wish)).json()

    assert status == 422 and "waits" in sentence
    assert first["id"] == second["id"] and await said(alice) == ["<p>Once</p>"]
    assert third["content"] == "<p>Once</p>"


@pytest.mark.parametrize("when", ["banana", "2020-01-01T00:00:00Z", "9999-12-31T23:59:59-23:00"])
async def test_what_is_no_time_to_come_is_refused(alice: Member, when: str) -> None:
    status, sentence = await alice.refused("POST", "statuses", status="x", scheduled_at=when)

    assert status == 422 and ("no time" in sentence or "five minutes" in sentence)
    assert await said(alice) == await alice.get("scheduled_statuses") == []


async def test_what_no_post_can_be_is_refused_at_once(alice: Member) -> None:
    refused = [
        await alice.refused("POST", "statuses", scheduled_at=later(9), **wish)
        for wish in ({"status": ""}, {"status": "x", "media_ids": ["1"]}, {"status": "x", "in_reply_to_id": "1"})
    ]

    assert [status for status, _ in refused] == [422, 422, 404] and await alice.get("scheduled_statuses") == []


async def test_what_is_refused_when_its_time_comes_waits_for_its_author(
    app: App, alice: Member, bob: Member, pass_time: PassTime
) -> None:
    above = await bob.post("What is new?")
    waiting = await alice.post("This", in_reply_to_id=above["id"], scheduled_at=later(6))
    await bob.do(f"accounts/{alice.id}/block")

    pass_time(7)
    await due(app, waiting)

    (still,) = await alice.get("scheduled_statuses")
    moved = await alice.do(f"scheduled_statuses/{waiting['id']}", "PUT", scheduled_at=later(9))
    assert await said(alice) == [] and still["id"] == waiting["id"] and waiting["refused"] is None
    assert "not there" in still["refused"] and moved["refused"] is None


@whichever_database
async def test_there_are_so_many_on_a_day_and_the_list_has_pages(alice: Member) -> None:
    noon = datetime.fromtimestamp(clock.now(), UTC).replace(hour=12) + timedelta(days=3)
    made = [await alice.post(f"{n}", scheduled_at=(noon + timedelta(minutes=n)).isoformat()) for n in range(25)]

    refused = await alice.refused("POST", "statuses", status="x", scheduled_at=noon.isoformat())
    pages = await alice.pages("scheduled_statuses", limit=10)
    await execute("UPDATE scheduled_post SET publish_at = publish_at + 1000000000 * (id % 300)")
    moved = await alice.do(f"scheduled_statuses/{made[0]['id']}", "PUT", scheduled_at=noon.isoformat())

    assert refused[0] == 422 and "25" in refused[1] and [len(page) for page in pages] == [10, 10, 5]
    assert [each for page in pages for each in ids(page)] == ids(made)[::-1] and moved["id"] == made[0]["id"]


async def test_what_is_scheduled_at_once_keeps_to_the_limits_and_shares_no_picture(
    app: App, alice: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    author = await actors.by_id(int(alice.id))
    account = await accounts.by_name("alice")
    picture = await sent(alice)
    assert author is not None and account is not None
    monkeypatch.setattr(scheduled, "MOST_A_DAY", 3)
    at = (clock.now_ms() // scheduled.DAY + 3) * scheduled.DAY

    async def add(at: int, *pictures: int) -> Scheduled | Invalid:
        try:
            return await scheduled.add(app, author, Draft(text="Soon", media_ids=pictures), at, account.id)
        except Invalid as refused:
            return refused

    made = await asyncio.gather(*(add(at) for _ in range(6)))
    with_picture = await asyncio.gather(*(add(at + scheduled.DAY, int(picture["id"])) for _ in range(3)))

    assert [isinstance(each, Scheduled) for each in made].count(True) == 3
    assert [isinstance(each, Scheduled) for each in with_picture].count(True) == 1
    assert await rows("SELECT COUNT(*) FROM scheduled_post") == [(4,)]
