"""In which form a group's news reaches a server, by what the server runs."""

import httpx
import msgspec
import pytest

from fedcomm.mapping.activities import Json
from tests.fediverse import Fediverse

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]


def overhear(fediverse: Fediverse, host: str) -> list[Json]:
    """Every activity that is posted to a host from now on."""
    heard: list[Json] = []
    answer = fediverse.wire.hosts[host]

    async def listen(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            heard.append(msgspec.json.decode(request.content))
        return await answer(request)

    fediverse.wire.hosts[host] = listen
    return heard


async def test_another_fedcomm_gets_activities_and_no_boosts(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    gardening = await a.group("gardening")
    alice, bob = await a.person("alice"), await b.person("bob")
    await fediverse.join(gardening, alice, bob)
    heard = overhear(fediverse, "b.test")

    post = await alice.post("Pears @gardening")
    await alice.reply(post, "Or quinces.")
    await alice.delete(post)
    await fediverse.settle()

    announced = [thing["object"] for thing in heard if thing["actor"] == gardening.uri]
    assert [inner["type"] for inner in announced] == ["Create", "Create", "Delete"]


async def test_what_the_group_passes_on_is_what_it_was_told(fediverse: Fediverse) -> None:
    a, b, c = [await fediverse.instance(f"{name}.test") for name in "abc"]
    gardening = await a.group("gardening")
    bob, carol = await b.person("bob"), await c.person("carol")
    await fediverse.join(gardening, bob, carol)
    told, passed_on = overhear(fediverse, "a.test"), overhear(fediverse, "c.test")

    await bob.post("Pears @gardening@a.test")
    await fediverse.settle()

    (create,) = [thing for thing in told if thing["type"] == "Create"]
    (announce,) = [thing for thing in passed_on if thing["actor"] == gardening.uri]
    assert announce["object"] == {name: value for name, value in create.items() if name != "@context"}
    assert announce["cc"] == [f"{gardening.uri}/followers"]
