"""Every list comes in pages that lead on to its end, and none of them is empty before it."""

from typing import Any

import httpx
import pytest

from storage.actors import Actor
from tests import build
from tests.web.client import whichever_database
from tests.web.mastodon import filled
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio

COUNT = 5


@pytest.fixture(params=filled.LISTS)
async def full(request: pytest.FixtureRequest, alice: Member) -> str:
    """The address of a list of alice with five entries."""
    return await filled.full(str(request.param), alice, COUNT)


def entries(found: Any) -> list[str]:
    """What tells the entries of a page apart."""
    if isinstance(found, dict):
        return [group["group_key"] for group in found["notification_groups"]]
    return [each if isinstance(each, str) else each["id"] for each in found]


def page_after(answer: httpx.Response, rel: str) -> str:
    """Where the page leads; only absolute addresses of this server are right."""
    address: str = answer.links[rel]["url"]
    assert address.startswith((f"{build.BASE}/api/v1/", f"{build.BASE}/api/v2/"))
    return address


@pytest.mark.contract(15, 16)
async def test_following_next_shows_everything_once_and_ends(alice: Member, full: str) -> None:
    sep = "&" if "?" in full else "?"
    whole = await alice.ask("GET", full)

    pages = await alice.pages(f"{full}{sep}limit=2")
    exact = await alice.pages(f"{full}{sep}limit={COUNT}")

    shown = [entries(page) for page in pages]
    ends = [COUNT, 0] if isinstance(exact[0], dict) else [COUNT]  # grouped ones end as on Mastodon, with an empty page
    assert [len(page) for page in shown] == [2, 2, 1] and [len(entries(page)) for page in exact] == ends
    assert [each for page in shown for each in page] == entries(whole.json()) == entries(exact[0])
    assert "next" not in whole.links and len(set(entries(whole.json()))) == COUNT


@pytest.mark.contract(16)
async def test_following_prev_shows_what_is_newer_and_never_the_same_again(alice: Member, full: str) -> None:
    sep = "&" if "?" in full else "?"
    whole = entries((await alice.ask("GET", full)).json())
    first = await alice.ask("GET", f"{full}{sep}limit=2")
    second = await alice.ask("GET", page_after(first, "next"))
    third = await alice.ask("GET", page_after(second, "next"))

    above = await alice.ask("GET", page_after(third, "prev"))
    newest = await alice.ask("GET", page_after(above, "prev"))
    nothing = await alice.ask("GET", page_after(newest, "prev"))

    assert entries(third.json()) == whole[4:]
    assert entries(above.json()) == whole[2:4] and entries(newest.json()) == whole[:2]
    assert entries(nothing.json()) == [] and "link" not in nothing.headers
    assert "next" in above.links and "next" in newest.links


@pytest.mark.contract(15)
@whichever_database
async def test_links_keep_what_was_asked_for_besides(alice: Member, full: str) -> None:
    sep = "&" if "?" in full else "?"

    answer = await alice.ask("GET", f"{full}{sep}limit=2&max_id={1 << 62}")

    for rel in ("next", "prev"):
        address = httpx.URL(page_after(answer, rel))
        asked = httpx.URL(f"{build.BASE}/{full.lstrip('/')}{sep}limit=2").params.multi_items()
        cursors = [name for name, _ in address.params.multi_items() if name.endswith("_id")]
        assert [pair for pair in address.params.multi_items() if not pair[0].endswith("_id")] == asked
        assert cursors == [{"next": "max_id", "prev": "min_id"}[rel]]
    assert "link" in answer.headers["access-control-expose-headers"].lower()


@pytest.mark.parametrize(
    "odd", ["limit=0", "limit=-3", "limit=x", "limit=99999", "max_id=x", "min_id=", "since_id=1e9"]
)
@whichever_database
async def test_a_bound_that_is_none_bounds_nothing(alice: Member, odd: str) -> None:
    for number in range(COUNT):
        await build.post(alice.actor, str(number))

    assert len((await alice.ask("GET", f"accounts/{alice.id}/statuses?{odd}")).json()) == COUNT


async def test_a_page_is_never_longer_than_allowed(alice: Member) -> None:
    for number in range(45):
        await build.post(alice.actor, str(number))

    usual, most = [await alice.pages(f"accounts/{alice.id}/statuses", **wish) for wish in ({}, {"limit": 1000})]

    assert [len(page) for page in usual] == [20, 20, 5] and [len(page) for page in most] == [40, 5]


async def test_since_takes_the_newest_and_min_the_next(alice: Member) -> None:
    for number in range(COUNT):
        await build.post(alice.actor, str(number))
    path = f"accounts/{alice.id}/statuses"
    whole = ids(await alice.get(path))

    assert ids(await alice.get(path, since_id=whole[4], limit=2)) == whole[:2]
    assert ids(await alice.get(path, min_id=whole[4], limit=2)) == whole[2:4]
    assert ids(await alice.get(path, min_id=whole[4], max_id=whole[2], limit=9)) == whole[3:4]
    assert ids(await alice.get(path, since_id=whole[4], max_id=whole[0])) == whole[1:4]


@pytest.mark.contract(17)
async def test_a_page_is_not_empty_while_what_lies_below_can_be_seen(alice: Member, bob: Member) -> None:
    seen = await build.post(bob.actor, "below", home=[alice.actor])
    for _ in range(30):
        await build.post(bob.actor, visibility=build.DIRECT, home=[alice.actor])
        rude = await build.person(f"r{_}")
        await build.block(alice.actor, rude)
        await build.post(rude, home=[alice.actor])

    for path in ("timelines/home", "timelines/public", f"accounts/{bob.id}/statuses"):
        assert ids(await alice.get(path, limit=2)) == [str(seen.id)], path


async def test_home_shows_a_post_once_a_page_though_many_pass_it_on(alice: Member, bob: Member) -> None:
    post = await build.post(bob.actor, home=[alice.actor])
    older = await build.post(bob.actor, "older", id=post.id - 1, home=[alice.actor])
    for number in range(4):
        booster = await build.person(f"b{number}")
        await build.follow(alice.actor, booster)
        await build.boost(booster, post, home=[alice.actor])

    shown = await alice.get("timelines/home")

    assert [(each["reblog"] or each)["id"] for each in shown] == [str(post.id), str(older.id)]
    assert shown[0]["account"]["acct"] == "b3"


async def test_the_pages_of_a_group_hold_what_begins_threads(alice: Member, bob: Member, gardening: Actor) -> None:
    for member in (alice, bob):
        await member.do(f"accounts/{gardening.id}/follow")
    begun = [await bob.post(f"@gardening {number}") for number in range(COUNT)]
    for post in begun:
        await alice.post("answer", in_reply_to_id=post["id"])

    pages = await alice.pages(f"timelines/list/{gardening.id}", limit=2)
    home = await alice.pages("timelines/home", limit=2)

    newest = ids(begun)[::-1]
    assert [len(page) for page in pages] == [2, 2, 1] and [i for page in pages for i in ids(page)] == newest
    starters = [each["reblog"] for page in home for each in page if each["reblog"]]
    assert ids(starters) == newest
