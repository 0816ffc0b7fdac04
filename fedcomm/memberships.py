"""Belonging to groups of Mobilizon 5: who follows there gets what is for everybody, and who was let in the rest too.

A `Join` is sent besides the `Follow`; the group answers with a `Member` that bears its id (Mobilizon: Actions.Join and
Actions.Accept). Its discussions are for the collection `members` of the group, and answers to them name what they are
in by `context` (Converter.Comment).
"""

import contextlib
from typing import Any

from activitypub.errors import Forbidden, ProtocolError, Unreachable
from activitypub.origins import same_origin
from fedcomm import admit, clock
from fedcomm import peers as others
from fedcomm.admit import Standing
from fedcomm.app import App
from fedcomm.errors import Invalid
from fedcomm.mapping import activities
from fedcomm.mapping.posts import members_of, untitled
from fedcomm.outbox import publish
from storage import actors, follows, groups, members, outbox, peers
from storage.actors import Actor
from storage.connect import Writes
from storage.follows import Follow
from storage.groups import Group
from storage.members import Member
from storage.outbox import Audience

JOIN, LEAVE = "#join", "#leave"  # after the id of the request to follow


async def look(app: App, face: Actor) -> None:
    """Know what the server of a group runs before it is asked anything, if it says so now."""
    if face.kind == "Group" and not face.local:
        with contextlib.suppress(ProtocolError, Unreachable):
            await others.learn(app, face.host)


async def apart(face: Actor) -> bool:
    """Whether following the group is not yet belonging to it."""
    peer = await peers.get(face.host) if face.kind == "Group" and not face.local else None
    return peer is not None and peer.software == "mobilizon"


def ask(app: App, writes: Writes, who: Actor, face: Actor, follow_uri: str) -> None:
    """A member of ours, who follows such a group by the request with that id, wants to belong to it."""
    _publish(app, writes, "Join", f"{follow_uri}{JOIN}", who, face)


async def also(app: App, writes: Writes, who: Actor, face: Actor, follow_uri: str) -> None:
    """As `ask`, where it was not known what runs there when the request was sent."""
    if await outbox.by_uri(f"{follow_uri}{JOIN}") is None:
        ask(app, writes, who, face, follow_uri)


def leave(app: App, writes: Writes, who: Actor, face: Actor, follow_uri: str) -> None:
    """A member of ours belongs to such a group no more, or asks no more."""
    _publish(app, writes, "Leave", f"{follow_uri}{LEAVE}", who, face)


async def asked(uri: str | None) -> tuple[Follow, Group, Actor] | None:
    """What was asked by the `Join` of ours with this id, of which group; None when it is none."""
    if uri is None or not uri.endswith(JOIN):
        return None
    found = await follows.by_uri(uri.removesuffix(JOIN))
    face = await actors.by_id(found.target_id) if found is not None else None
    group = await groups.by_actor(face.id) if face is not None else None
    return (found, group, face) if found is not None and face is not None and group is not None else None


def decide(writes: Writes, found: tuple[Follow, Group, Actor], by: Actor, *, granted: bool) -> None:
    """A group, or who looks after it on its server, lets one of ours in or takes them out; they follow it all the same.

    Raises:
        Forbidden: by somebody of another server.
        NotAllowed: by somebody who is not heard here.
    """
    admit.actor(by)
    request, group, face = found
    if not same_origin(by.uri, face.uri):
        raise Forbidden("Only the server of a group lets people in.")
    if granted:
        members.put(writes, Member(group.id, request.follower_id, "joined", "", clock.now_ms(), None))
    else:
        members.leave(writes, group.id, request.follower_id, clock.now_ms())


async def begins(standing: Standing, face: Actor, title: str) -> bool:
    """Whether what somebody of that standing begins in a group is a discussion of its members, with this title.

    Raises:
        NotAllowed: who begins it is no member.
        Invalid: it has no title, without which there is no discussion (Mobilizon: Converter.Discussion).
    """
    if not await apart(face):  # known since somebody followed it: nobody waits for a server when they write
        return False
    admit.discussing(standing)
    if not title:
        raise Invalid("Write a title for the discussion into the first line.", field="status")
    return True


def as_discussed(face: Actor, discussion: str, said: dict[str, Any]) -> dict[str, Any]:
    """A `Create` or `Update` of ours as such a group understands it: in its name, in that discussion of its members.

    Only a `Note` is one (an `Article` is published for everybody), and its `name` is shown above the text.
    """
    addressed = {"to": [members_of(face)], "cc": []}
    note = said["object"] | addressed | {"actor": said["actor"], "attributedTo": face.uri, "context": discussion}
    note |= {"type": "Note", "content": untitled(note.get("name", ""), note["content"])}
    note.pop("contentMap", None)  # which would have the title in it still
    return said | addressed | {"attributedTo": face.uri, "object": note}


def _publish(app: App, writes: Writes, kind: str, uri: str, who: Actor, face: Actor) -> None:
    said = activities.activity(kind, uri, who.uri, face.uri, to=[face.uri])
    publish(app, writes, who, said, Audience(inboxes=(face.inbox,)))
