"""Stories of what a server knows of a group elsewhere before anybody joins it: how one comes in."""

import pytest

from fedcomm import fetching, group_profile, requests
from fedcomm.group_profile import Change
from storage import actors, groups
from storage.actors import Actor
from storage.groups import Group
from tests.fediverse import Fediverse, Instance
from tests.forger import Host

pytestmark = pytest.mark.anyio


async def known(at: Instance, uri: str) -> tuple[Group, Actor]:
    """A group and its face as an instance has them."""
    with at.here():
        face = await actors.by_uri(uri)
        group = await groups.by_actor(face.id) if face else None
    assert group and face
    return group, face


async def test_another_server_knows_how_one_comes_into_a_group_and_learns_when_that_changes(
    fediverse: Fediverse,
) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    greta, bob = await a.person("greta"), await b.person("bob")
    face = await a.group("club", moderator=greta, join_mode="approval")
    await fediverse.join(face, bob)
    with a.here():
        to_bob = await actors.by_uri(bob.actor.uri)
        assert to_bob
        await requests.accept(a.app, "club", to_bob.id, greta.actor)
    await fediverse.settle()
    seen = []
    for way in ("approval", "invite", "open"):
        with a.here():
            await group_profile.change(a.app, "club", Change(join_mode=way), greta.actor)
        await fediverse.settle()
        group, there = await known(b, face.uri)
        document = await a.get("/c/club")
        assert document["manuallyApprovesFollowers"] is False  # Lemmy 1.0 would drop what is for everybody
        seen.append((document["openness"], group.join_mode, there.locked, group.visibility))

    assert seen == [
        ("moderated", "approval", 1, "public"), ("invite_only", "invite", 1, "public"), ("open", "open", 0, "public"),
    ]  # fmt: skip
    with a.here():
        await group_profile.change(a.app, "club", Change(join_mode="invite", visibility="members"), greta.actor)
    await fediverse.settle()
    group, there = await known(b, face.uri)
    assert (group.join_mode, there.locked, group.visibility) == ("invite", 1, "members")


@pytest.mark.parametrize(
    ("said", "way"),
    [
        ({}, "open"),
        ({"openness": "invite_only"}, "invite"),
        ({"openness": "moderated"}, "approval"),
        ({"openness": ["open"]}, "open"),
        ({"openness": "by lot"}, "open"),
        ({"manuallyApprovesFollowers": True}, "approval"),
        ({"manuallyApprovesFollowers": True, "openness": "open"}, "approval"),
        ({"manuallyApprovesFollowers": True, "openness": "invite_only"}, "invite"),
    ],
)
async def test_whatever_a_group_says_it_is_read_as_one_of_three_ways(
    fediverse: Fediverse, said: dict[str, object], way: str
) -> None:
    a, far = await fediverse.instance("a.test"), Host(fediverse, "far.test")
    bread = far.actor("bread", "Group")
    far.serve(bread.uri, bread.document(**said))
    with a.here():
        await fetching.actor(a.app, bread.uri)

    group, face = await known(a, bread.uri)

    assert group.join_mode == way and bool(face.locked) is (way != "open")
    assert group.visibility == ("members" if said.get("manuallyApprovesFollowers") else "public")
