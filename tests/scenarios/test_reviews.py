"""Moderators take a post out of their group until somebody has looked at it again: held for review."""

import pytest

from fedcomm import groups
from storage import held, registers, reviews
from storage.posts import Post
from tests.fediverse import Person
from tests.scenarios.bakery import Bakery, Enter
from web.pages.deeds import group_act

pytestmark = pytest.mark.anyio


async def out(post: Post, *people: Person) -> list[bool]:
    """Where a post is out of the group, of the servers of these people."""
    return [(await who.instance.knows(post.uri)).removed_at is not None for who in people]


@pytest.mark.thorough("postgres")
async def test_a_post_is_out_everywhere_until_a_moderator_on_any_server_has_decided(
    bakery: Bakery, enter: Enter
) -> None:
    fediverse, ann, bob = bakery.fediverse, bakery.ann, bakery.bob
    carol = await (await fediverse.instance("c.test")).person("carol")
    await fediverse.join(bakery.bread, carol, bob)
    first, second, third = [await carol.post(f"@bread@a.test Number {number}") for number in range(3)]
    await fediverse.settle()
    before = await carol.letters()
    here, there = await enter(ann), await enter(bob)

    # ann holds where she reads, and bob, from his server, lets in.
    known = (await bakery.a.knows(first.uri)).id
    shown = await here.get(f"/moderate/{known}")
    assert "Take out until somebody has looked at it again" in shown.main
    await here.send(shown, f"/moderate/{known}", act="hold", reason="Is that so?")
    await fediverse.settle()
    assert await out(first, ann, bob, carol) == [True] * 3 and await out(second, ann, carol) == [False] * 2
    assert await carol.letters() == before
    with carol.instance.here():
        face = (await groups.called("bread@a.test"))[0]
        told = await registers.winner(face.id, "removed", first.uri)
        assert told is not None and told.summary == "Held for review: Is that so?"
    page = await there.get("/c/bread@a.test/held")
    assert "Number 0" in page.main and "took it out until somebody" in page.main
    number = next(box["value"] for box in page.all("input", name="id"))
    secret = page.all("input", name="csrf")[0]["value"]
    await there.post("/c/bread@a.test/held", {"csrf": secret, "id": number, "act": "release"})
    await fediverse.settle()
    assert await out(first, ann, bob, carol) == [False] * 3

    # bob holds from his server, and ann decides with all that waits that it stays out.
    for post in (second, third):
        theirs = await bob.instance.knows(post.uri)
        form = await there.get(f"/moderate/{theirs.id}")
        await there.send(form, f"/moderate/{theirs.id}", act="hold", reason="Off topic")
    await fediverse.settle()
    assert await out(second, ann, bob, carol) == [True] * 3
    queue = await here.get("/moderation?kind=review")
    boxes = [box["value"] for box in queue.all("input", name="items[]")]
    assert len(boxes) == 2 and "A post by carol was taken out, to be looked at again" in queue.main
    csrf = queue.all("input", name="csrf")[0]["value"]
    wish = {"csrf": csrf, "items[]": boxes[:1], "act": "turn_down", "sure": "true", "reason": "Not about bread"}
    assert "Turned down." in (await here.post("/moderation", wish)).main
    await fediverse.settle()
    assert await out(second, ann, bob, carol) == [True] * 3
    (letter,) = [each for each in await carol.letters() if "Not about bread" in each]
    assert second.url in letter and "/appeal/" in letter

    # Who decides otherwise by another way has decided: it waits no more.
    with bakery.a.here():
        group, _face = await groups.named("bread")
        (waits,) = await reviews.of_group(group.id, 10)
        assert waits.post.uri == third.uri and await reviews.count(group.id) == 1
    assert "1 post is waiting" in (await here.get("/c/bread/moderate")).main
    await here.post("/c/bread/moderate", {"csrf": csrf, "act": "restore", "who": third.uri})
    await fediverse.settle()
    assert await out(third, ann, carol) == [False] * 2
    with bakery.a.here():
        assert await reviews.of_group(group.id, 10) == [] == await held.of_group(group.id, 10)
        log = [
            (each.actor_uri.rpartition("/")[2], group_act(each.property, each.value))
            for each in await registers.log(group.id)
            if each.property == "removed"
        ]
    hidden = "took out, until somebody has looked at it again"
    assert log == [
        ("ann", "put back"), ("ann", "took out"), ("bob", hidden), ("bob", hidden), ("bob", "put back"),
        ("ann", hidden),
    ]  # fmt: skip
