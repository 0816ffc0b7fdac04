"""Joined groups are lists that nobody changes by hand, and that only their members see."""

import httpx
import pytest

from fedcomm import groups
from fedcomm.app import App
from storage.actors import Actor
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio

MISSING = (404, "Record not found")


@pytest.fixture
async def joined(alice: Member, gardening: Actor) -> str:
    """The list that alice has got by joining."""
    await alice.do(f"accounts/{gardening.id}/follow")
    return str(gardening.id)


async def test_a_list_answers_everywhere_a_client_asks(alice: Member, joined: str) -> None:
    shown = {"id": joined, "title": "Gardening", "replies_policy": "none", "exclusive": False}

    assert await alice.get("lists") == [shown]
    assert await alice.get(f"lists/{joined}") == shown
    assert ids(await alice.get(f"lists/{joined}/accounts")) == [joined]
    assert await alice.get(f"accounts/{joined}/lists") == [shown]
    assert await alice.get(f"timelines/list/{joined}") == []


async def test_lists_stand_in_the_order_of_their_titles(app: App, alice: Member) -> None:
    for name in ("zebras", "Apples", "bees"):
        await groups.create(app, name, name, "", None, "open")
        await alice.do(f"accounts/{(await groups.named(name))[1].id}/follow")

    assert [each["title"] for each in await alice.get("lists")] == ["Apples", "bees", "zebras"]


async def test_a_group_whose_boosts_are_not_wanted_is_kept_out_of_home(alice: Member, bob: Member, joined: str) -> None:
    await bob.do(f"accounts/{joined}/follow")
    await alice.do(f"accounts/{joined}/follow", reblogs=False)

    post = await bob.post("@gardening Beans")

    assert (await alice.get(f"lists/{joined}"))["exclusive"] is True
    assert await alice.get("timelines/home") == []
    assert ids(await alice.get(f"timelines/list/{joined}")) == [post["id"]]


@pytest.mark.attack("OAU-13")
async def test_the_list_of_a_group_is_there_for_its_members_only(alice: Member, bob: Member, joined: str) -> None:
    await alice.post("@gardening Beans")

    for path in (f"lists/{joined}", f"lists/{joined}/accounts", f"timelines/list/{joined}", f"timelines/list/{bob.id}"):
        assert await bob.refused("GET", path) == MISSING, path
    for method in ("PUT", "DELETE"):
        assert await bob.refused(method, f"lists/{joined}") == MISSING
    assert await bob.get("lists") == await bob.get(f"accounts/{joined}/lists") == []


async def test_a_list_is_not_changed_by_hand(alice: Member, bob: Member, joined: str) -> None:
    refusals = [
        await alice.refused("POST", "lists", title="Mine"),
        await alice.refused("PUT", f"lists/{joined}", title="Other"),
        await alice.refused("PATCH", f"lists/{joined}", title="Other"),
        await alice.refused("DELETE", f"lists/{joined}"),
        await alice.refused("POST", f"lists/{joined}/accounts", account_ids=[bob.id]),
        await alice.refused("DELETE", f"lists/{joined}/accounts", account_ids=[joined]),
    ]

    assert {status for status, _ in refusals} == {422} and all("join or leave" in said for _, said in refusals)
    assert [each["title"] for each in await alice.get("lists")] == ["Gardening"]


async def test_a_group_that_asks_lets_nobody_read_before_its_yes(
    app: App, client: httpx.AsyncClient, alice: Member
) -> None:
    await groups.create(app, "closed", "Closed", "", None, "approval")
    face = (await groups.named("closed"))[1]

    asked = await alice.do(f"accounts/{face.id}/follow")

    assert (asked["requested"], asked["following"]) == (True, False)
    assert await alice.get("lists") == []
    assert await alice.refused("GET", f"timelines/list/{face.id}") == MISSING
