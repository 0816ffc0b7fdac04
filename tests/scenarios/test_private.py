"""What is not for everybody goes to those it is for, and to no other inbox."""

import pytest

from fedcomm import fetching
from storage.connect import rows
from tests.fediverse import Fediverse
from tests.forger import Host
from tests.scenarios.town import Town

pytestmark = pytest.mark.anyio


@pytest.mark.attack("ORI-25")
@pytest.mark.parametrize(("visibility", "shared"), [("direct", False), ("public", True)])
async def test_a_shared_inbox_gets_only_what_everybody_may_read(
    fediverse: Fediverse, visibility: str, shared: bool
) -> None:
    a = await fediverse.instance("a.test")
    alice = await a.person("alice")
    mona = Host(fediverse, "there.test").actor("mona", endpoints={"sharedInbox": "https://there.test/everybody"})
    with a.here():
        await fetching.actor(a.app, mona.uri)
    fediverse.wire.log.clear()

    await alice.post("@mona@there.test the key is under the mat", visibility=visibility)
    await fediverse.settle()

    posted = [url for method, url, _ in fediverse.wire.log if method == "POST"]
    assert posted == ["https://there.test/everybody" if shared else f"{mona.uri}/inbox"]


@pytest.mark.attack("PRI-17")
@pytest.mark.parametrize("visibility", ["private", "direct"])
async def test_only_who_may_read_a_post_votes_on_it(town: Town, visibility: str) -> None:
    await town.send(town.bob, town.bob.does("Follow", town.anna.actor.uri))
    post = await town.anna.post("Only for you, @bob@theirs.test", visibility=visibility)

    await town.send(town.eve, town.eve.does("Like", post.uri))
    await town.send(town.mallory, town.mallory.does("Dislike", post.uri))
    refused = await town.here(post.uri)
    await town.send(town.bob, town.bob.does("Like", post.uri))

    assert (refused.likes_count, refused.dislikes_count) == (0, 0)
    assert (await town.here(post.uri)).likes_count == 1
    with town.ours.here():
        told = await rows("SELECT a.uri FROM notification n JOIN actor a ON a.id = n.actor_id WHERE n.post_id = ?",
                          (post.id,))  # fmt: skip
    assert told == [(town.bob.uri,)]
