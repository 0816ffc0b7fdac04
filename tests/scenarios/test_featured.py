"""Members see on profiles of other servers what these have on top; a server is asked once, and by members alone."""

import pytest

from fedcomm import featured
from tests.fediverse import PROCESSES, Fediverse
from tests.forger import AS, Host, Json
from tests.scenarios.test_programs import program
from tests.web.mastodon.member import Member

pytestmark = pytest.mark.anyio


def collection(host: Host, items: list[Json | str]) -> None:
    """What anna features."""
    url = f"https://{host.name}/users/anna/featured"
    host.serve(url, {"@context": AS, "id": url, "type": "OrderedCollection", "orderedItems": items})


async def world(fediverse: Fediverse) -> tuple[Host, Member, Member, str]:
    """anna's server with four posts, two members here, and the id by which they know her."""
    ours, host = await fediverse.instance("a.test"), Host(fediverse, "m.test")
    anna = host.actor("anna", featured=f"https://{host.name}/users/anna/featured")
    other = host.actor("other")
    posts = {name: by.note(name, name) for name, by in (("one", anna), ("two", anna), ("three", other))}
    for note in posts.values():
        host.serve(note["id"], {"@context": AS} | note)
    far = Host(fediverse, "far.test").actor("anna").note("four", "four")
    collection(host, [posts["two"]["id"], posts["three"]["id"], far["id"], posts["one"]])
    alice, bob = [await program(await ours.person(name)) for name in ("alice", "bob")]
    found = await alice.get("/api/v2/search", q=anna.uri, resolve=True)
    return host, alice, bob, found["accounts"][0]["id"]


async def shown(by: Member, account: str) -> list[str]:
    """What stands on top of the profile."""
    found = await by.get(f"accounts/{account}/statuses", pinned="true")
    return [each["content"] for each in found]


async def test_what_somebody_features_is_on_top_of_their_profile(fediverse: Fediverse) -> None:
    host, alice, bob, anna = await world(fediverse)

    await bob.client.get(f"/api/v1/accounts/{anna}/statuses", params={"pinned": "true"})
    await fediverse.settle()
    unasked = [url for url in host.asked if url.endswith("/featured")]
    first = await shown(alice, anna)
    await fediverse.settle()
    second = await shown(bob, anna)
    collection(host, [])
    third = await shown(bob, anna)
    await fediverse.settle()
    asked = len([url for url in host.asked if url.endswith("/featured")])
    with fediverse.instances[0].here():
        await featured.learn(fediverse.instances[0].app, int(anna))  # an hour later

    assert unasked == [] and first == [] and second == third == ["two", "one"] and 1 <= asked <= PROCESSES
    assert await shown(alice, anna) == []
