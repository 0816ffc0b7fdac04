"""Members use groups of other servers with their programs, as they use those of their own."""

import httpx
import pytest

from fedcomm import tokens
from storage.actors import Actor
from tests.fediverse import Fediverse, Person
from tests.web.mastodon.member import Member, ids

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]


async def program(person: Person) -> Member:
    """A program of somebody, that speaks with their server."""
    instance = person.instance
    with instance.here():
        token = await tokens.issue(instance.app, person.actor.username, "read write follow")
    client = httpx.AsyncClient(transport=instance.asgi, base_url=instance.app.base_url)
    return Member(client, person.actor, token)


async def joined(fediverse: Fediverse, member: Member, group: str) -> str:
    """Find a group by its handle and join it; the id that the member's server has given it."""
    (found,) = (await member.get("/api/v2/search", q=group, resolve=True, type="accounts"))["accounts"]
    assert found["group"] is True
    await member.do(f"accounts/{found['id']}/follow")
    await fediverse.settle()
    return str(found["id"])


async def people(fediverse: Fediverse) -> tuple[Member, Member, Actor]:
    """alice beside the group, bob elsewhere."""
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    gardening = await a.group("gardening")
    return await program(await a.person("alice")), await program(await b.person("bob")), gardening


@pytest.mark.parametrize("handle", ["@gardening@a.test", "!gardening@a.test", "https://a.test/c/gardening"])
async def test_a_group_elsewhere_is_found_joined_and_a_list(fediverse: Fediverse, handle: str) -> None:
    _, bob, _ = await people(fediverse)

    here = await joined(fediverse, bob, handle)

    (relation,) = await bob.get("accounts/relationships", id=here)
    assert relation["following"] and not relation["requested"]
    assert [(each["id"], each["title"]) for each in await bob.get("lists")] == [(here, "Gardening")]


async def test_a_thread_in_a_group_is_read_and_answered_on_both_servers(fediverse: Fediverse) -> None:
    alice, bob, gardening = await people(fediverse)
    there = await joined(fediverse, alice, "gardening")
    here = await joined(fediverse, bob, "@gardening@a.test")

    post = await bob.post("@gardening@a.test Which soil for tomatoes?")
    await fediverse.settle()
    (begun,) = await alice.get(f"timelines/list/{there}")
    answer = await alice.post("Not too wet", in_reply_to_id=begun["id"])
    await fediverse.settle()
    (answered,) = (await bob.get(f"statuses/{post['id']}/context"))["descendants"]
    await bob.post("Thanks", in_reply_to_id=answered["id"])
    await fediverse.settle()

    assert begun["uri"] == post["uri"] and answered["uri"] == answer["uri"]
    assert ids(await bob.get(f"timelines/list/{here}")) == [post["id"]]
    below = (await alice.get(f"statuses/{begun['id']}/context"))["descendants"]
    assert [each["account"]["acct"] for each in below] == ["alice", "bob@b.test"]
    assert str(gardening.id) in ids(begun["mentions"])
    assert [each["type"] for each in await bob.get("notifications")] == ["mention"]


async def test_votes_boosts_edits_and_deletions_made_with_programs_arrive(fediverse: Fediverse) -> None:
    alice, bob, _ = await people(fediverse)
    there = await joined(fediverse, alice, "gardening")
    await joined(fediverse, bob, "@gardening@a.test")
    post = await bob.post("@gardening@a.test Beans")
    await fediverse.settle()
    (seen,) = await alice.get(f"timelines/list/{there}")

    await alice.do(f"statuses/{seen['id']}/favourite")
    await alice.do(f"statuses/{seen['id']}/reblog")
    await fediverse.settle()
    counted = await bob.get(f"statuses/{post['id']}")
    await bob.do(f"statuses/{post['id']}", "PUT", status="@gardening@a.test Peas")
    await fediverse.settle()
    edited = await alice.get(f"statuses/{seen['id']}")
    await bob.do(f"statuses/{post['id']}", "DELETE")
    await fediverse.settle()

    assert counted["favourites_count"] == 1 and counted["reblogs_count"] >= 1
    assert "Peas" in edited["content"] and edited["edited_at"] is not None
    assert await alice.refused("GET", f"statuses/{seen['id']}") == (404, "Record not found")
    assert await alice.get(f"timelines/list/{there}") == []
