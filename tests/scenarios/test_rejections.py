"""A server that rejects an activity of ours: what that ends, and what it does not."""

import pytest

from tests.fediverse import Fediverse, Instance
from tests.forger import Face, Host, send

pytestmark = pytest.mark.anyio


async def following(fediverse: Fediverse, a: Instance, face: Face, whom: str) -> None:
    await send(fediverse, a, face, face.does("Follow", whom))
    face.host.received.clear()


def creates(host: Host) -> list[str]:
    """Ids of the Creates that came, those included that were answered with an error."""
    return [thing["id"] for thing in host.received if thing["type"] == "Create"]


async def again(fediverse: Fediverse, a: Instance, host: str) -> None:
    """The pause after a failure is over."""
    a.deliver_now(host)
    await fediverse.settle()


async def test_what_a_server_has_rejected_is_not_tried_again_and_the_next_is(fediverse: Fediverse) -> None:
    a = await fediverse.instance("a.test")
    alice, mona = await a.person("alice"), Host(fediverse, "mona.test").actor("mona")
    await following(fediverse, a, mona, alice.actor.uri)
    mona.host.statuses = [500]
    first = await alice.post("First")
    second = await alice.reply(first, "Second")  # of one thread, so that it waits for the first
    await fediverse.settle()
    assert creates(mona.host) == [first.create_uri]

    await send(fediverse, a, mona, mona.does("Reject", {"id": first.create_uri, "type": "Create"}))
    await again(fediverse, a, "mona.test")

    assert creates(mona.host) == [first.create_uri, second.create_uri]


async def test_no_server_stops_what_goes_to_another(fediverse: Fediverse) -> None:
    a = await fediverse.instance("a.test")
    alice, mona = await a.person("alice"), Host(fediverse, "mona.test").actor("mona")
    mallory = Host(fediverse, "mallory.test").actor("mallory")
    await following(fediverse, a, mona, alice.actor.uri)
    mona.host.statuses = [500]
    post = await alice.post("For mona")
    await fediverse.settle()

    await send(fediverse, a, mallory, mallory.does("Reject", post.create_uri))
    await again(fediverse, a, "mona.test")

    assert creates(mona.host) == [post.create_uri, post.create_uri]
