"""Discussions of a group of Mobilizon: who is believed what about what members of third servers said in them."""

from typing import Any

import pytest

from storage import visible
from storage.posts import MEMBERS
from tests.fediverse import Person
from tests.forger import PUBLIC, Face, Host, Json
from tests.scenarios.test_invitations import Bakery, bakery

pytestmark = pytest.mark.anyio
__all__ = ["bakery"]  # the fixture
DISCUSSION = "https://mobilizon.test/c/bakers/d/ovens"


def said(bakery: Bakery, by: Face, slug: object, **more: Any) -> Json:
    """An answer in the discussion, as Mobilizon writes it."""
    return by.note(
        slug, "<p>The mill pays.</p>", actor=by.uri, attributedTo=bakery.bakers.uri, to=[bakery.bakers.uri], cc=[],
        inReplyTo=DISCUSSION, context=DISCUSSION,
    ) | more  # fmt: skip


async def announced(bakery: Bakery, note: Json, by: Face | None = None, **more: Any) -> None:
    """A group, the bakers unless another is named, passes the post itself on to its members."""
    group = by or bakery.bakers
    to = [bakery.bakers.uri, group.followers, f"{group.uri}/members"]
    await bakery.says(group, group.does("Announce", note, attributedTo=bakery.bakers.uri, **({"to": to} | more)))


async def sees(bakery: Bakery, who: Person, uri: str) -> bool:
    found = await bakery.ours.post(uri)
    with bakery.ours.here():
        return found is not None and await visible.sees(who.actor.id, found.id)


async def test_what_others_say_among_the_members_of_a_group_that_alone_says(bakery: Bakery) -> None:
    alice, mallory, carol = bakery.alice, bakery.mallory, await bakery.ours.person("carol")
    await bakery.follows()
    (joins,) = bakery.sent("Join")
    await bakery.says(bakery.nina, bakery.nina.does("Accept", bakery.member(alice.actor.uri, "", joins["id"])))
    begun = {
        "id": DISCUSSION, "type": "Note", "name": "Ovens", "content": "<p>Who pays?</p>", "actor": bakery.nina.uri,
        "attributedTo": bakery.bakers.uri, "to": [f"{bakery.bakers.uri}/members"], "cc": [], "context": DISCUSSION,
    }  # fmt: skip
    bakery.there.serve(DISCUSSION, begun)
    await bakery.says(bakery.nina, bakery.nina.does("Create", begun, to=begun["to"]))
    root = await bakery.ours.knows(DISCUSSION)
    with bakery.ours.here():
        group = await bakery.place()
    assert (root.visibility, root.group_id) == (MEMBERS, group.id)

    direct = said(bakery, mallory, "direct")
    to = [f"{bakery.bakers.uri}/members"]
    await bakery.says(mallory, mallory.does("Create", direct, to=to, attributedTo=bakery.bakers.uri))
    assert not await sees(bakery, alice, direct["id"]), "nobody but the group says that it is in it"
    wolves = Host(bakery.fediverse, "wolves.test").actor("wolves", "Group")
    for by, note, more in (
        (wolves, said(bakery, mallory, "other"), {}),  # another group
        (bakery.bakers, said(bakery, mallory, "open", to=[PUBLIC]), {}),  # for everybody: its home would show it
        (bakery.bakers, said(bakery, mallory, "told"), {"to": [PUBLIC]}),
        (bakery.bakers, said(bakery, mallory, "name", actor="https://third.test/users/eve"), {}),
        (bakery.bakers, said(bakery, mallory, "ours", id="https://ours.test/posts/1", actor=alice.actor.uri), {}),
    ):
        await announced(bakery, note, by, **more)
        assert await bakery.ours.lacks(note["id"]), note["id"]

    hidden = said(bakery, mallory, "hidden")
    await announced(bakery, hidden | {"to": []})  # as Mobilizon writes it anew
    known = await bakery.ours.knows(hidden["id"])
    assert (known.truth, known.visibility, known.group_id) == ("attested", MEMBERS, group.id)
    assert hidden["id"] in bakery.evil.asked, "its home is asked first"
    assert await sees(bakery, alice, hidden["id"]) and not await sees(bakery, carol, hidden["id"])
    await announced(bakery, hidden | {"content": "<p>The guild pays.</p>"})
    assert "guild" in (await bakery.ours.knows(hidden["id"])).content

    shown = said(bakery, mallory, "shown")
    bakery.evil.serve(shown["id"], shown)
    await announced(bakery, shown | {"content": "<p>Forged by the group.</p>"})
    known = await bakery.ours.knows(shown["id"])
    assert known.truth == "fetched" and "mill" in known.content and await sees(bakery, alice, shown["id"])
    bakery.evil.serve(shown["id"], shown | {"content": "<p>Half of it.</p>", "updated": "2026-11-22T12:00:00Z"})
    await announced(bakery, shown | {"content": "<p>Forged again.</p>"})
    assert "Half of it" in (await bakery.ours.knows(shown["id"])).content
