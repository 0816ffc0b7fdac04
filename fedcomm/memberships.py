"""Belonging to groups of Mobilizon 5: who follows there gets what is for everybody, and who was let in the rest too.

A `Join` is sent besides the `Follow`; the group answers with a `Member` that bears its id (Mobilizon: Actions.Join and
Actions.Accept). Or the group invites, by an `Invite` that bears the id of the `Member` (Actions.Invite): whoever
follows it then has said yes. Its discussions are for the collection `members` of the group, and answers to them name
what they are in by `context` (Converter.Comment).
"""

from typing import Any

import msgspec

from activitypub.errors import Forbidden
from activitypub.origins import same_origin
from fedcomm import admit, clock, moderation, rights
from fedcomm.app import App
from fedcomm.errors import Invalid, NotFound
from fedcomm.mapping import activities
from fedcomm.mapping.posts import members_of, untitled
from fedcomm.outbox import publish
from fedcomm.standing import Standing
from storage import actors, follows, groups, jobs, members, outbox, peers, registers, telling
from storage import memberships as rows
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.counting import hold
from storage.groups import Group
from storage.ids import next_id
from storage.members import Member
from storage.memberships import ASKED, DECLINED, ENDED, INVITED, JOINED, LEFT, Membership, Unasked
from storage.outbox import Audience

JOIN, LEAVE = "#join", "#leave"  # after the id of the request to follow
LOOK = 2_000  # ms until a group is asked who looks after it
AT_ONCE, ROUNDS = 50, 40  # who followed before anybody asked to belong, asked for in one go; and goes within an hour
# By the roles of a `Member` there (Mobilizon.Actors.MemberRole); who has none of them does not belong to the group.
ROLES = {
    "creator": rights.STEWARD, "administrator": rights.STEWARD, "moderator": rights.MODERATOR, "member": "",
}  # fmt: skip


class Known(msgspec.Struct, frozen=True):
    """How a member of ours stands to a group, with the group and its face."""

    row: Membership
    group: Group
    face: Actor


async def apart(face: Actor) -> bool:
    """Whether following the group is not yet belonging to it."""
    peer = await peers.get(face.host) if face.kind == "Group" and not face.local else None
    return peer is not None and peer.software == "mobilizon"


async def ask(
    app: App, writes: Writes, who: Actor, face: Actor, group: Group, follow_uri: str, *, again: bool = False
) -> None:
    """A member of ours who follows a group by the request with that id wants to belong to it, where that is more.

    Whom the group has invited says yes by it. Nothing is asked twice, but `again` by who is no member any more.
    """
    known = await rows.of(who.id, group.id)
    if known is not None and known.state == INVITED:
        return await _consent(app, writes, Known(known, group, face), who)
    uri = f"{follow_uri}{JOIN}"
    if known is not None and again and known.state not in (ASKED, JOINED):
        uri = f"{uri}-{clock.now_ms()}"
        members.put(writes, Member(group.id, who.id, "pending", "", clock.now_ms(), None))
    if not await apart(face) or (known is not None and (known.uri == uri or known.state in (ASKED, JOINED))):
        return
    rows.put(writes, Membership(next_id(), who.id, group.id, ASKED, uri))
    if await outbox.by_uri(uri) is None:  # sent before anything was kept of it
        publish(app, writes, who, activities.activity("Join", uri, who.uri, face.uri, to=[face.uri]), _to(face))


async def leave(app: App, writes: Writes, who: Actor, face: Actor, group: Group, follow_uri: str) -> None:
    """A member of ours follows a group no more: they belong to it no more either, and ask no more."""
    known = await rows.of(who.id, group.id)
    if known is not None and known.state in (ASKED, JOINED, ENDED):
        rows.put(writes, msgspec.structs.replace(known, state=LEFT))
    if known.state in (ASKED, JOINED) if known is not None else await apart(face):
        said = activities.activity("Leave", f"{follow_uri}{LEAVE}", who.uri, face.uri, to=[face.uri])
        publish(app, writes, who, said, _to(face))


async def outside(standing: Standing, who: Actor, face: Actor, group: Group) -> str:
    """How somebody of that standing who may begin no discussions in a group stands to it: as in `Membership`.

    "none" where they never spoke to each other; '' for who may, and of groups that have no such discussions.
    """
    if group.local or standing.may(rights.WRITE):
        return ""
    known = await rows.of(who.id, group.id)
    if known is not None and known.state == INVITED:
        return INVITED
    return (known.state if known is not None else "none") if await apart(face) else ""


async def invite(app: App, writes: Writes, group: Group, face: Actor, who: Actor, by: Actor, uri: str) -> bool:
    """A group elsewhere invites a member of ours, who is told and decides; False when they decide or belong already.

    Raises:
        Forbidden: by somebody who is not heard for that group.
        NotAllowed: by somebody who is not heard here, or there are too many such invitations.
    """
    admit.actor(by)
    await _heard(group, face, by)
    known, joined = await rows.of(who.id, group.id), await members.of(group.id, who.id)
    belongs = joined is not None and joined.state == "joined"
    if belongs or (known is not None and (known.uri == uri or known.state in (INVITED, JOINED))):
        return False
    admit.invited(await rows.invited_from(who.id, face.host))
    rows.put(writes, Membership(next_id(), who.id, group.id, INVITED, uri, by.id))
    telling.tell(writes, next_id(), who.id, "follow_request", face.id, 0, clock.now_ms())
    return True


async def invites(face_id: int, who: Actor) -> bool:
    """Whether an invitation of the group with that face to a member of ours stands."""
    group = await groups.by_actor(face_id)
    known = await rows.of(who.id, group.id) if group is not None else None
    return known is not None and known.state == INVITED


async def accept(app: App, who: Actor, face_id: int) -> None:
    """A member of ours who follows a group already wants to belong to it, as it has invited them to.

    Raises:
        NotFound: it has not, or not any more.
        NotAllowed: they may do nothing here any more, or the server of the group is not spoken with.
    """
    admit.acting(who)
    async with transaction():
        known, writes = await _invitation(who, face_id), Writes()
        admit.server(app.peers, known.face.host)
        await _consent(app, writes, known, who)
        await write(writes)


async def decline(app: App, who: Actor, face_id: int) -> None:
    """A member of ours does not want to belong to a group that has invited them.

    Raises:
        NotFound: it has not, or not any more.
    """
    async with transaction():
        known, writes = await _invitation(who, face_id), Writes()
        rows.settle(writes, known.row, DECLINED)
        await _answer(app, writes, "Reject", known, who, known.row.uri)
        await write(writes)


async def named(uri: str | None) -> Known | None:
    """Whom of ours, and which group, the id of a `Join` of ours or of an `Invite` means; None when it is none."""
    row = await rows.by_uri(uri) if uri is not None else None
    if row is None and uri is not None and uri.endswith(JOIN):  # sent before anything was kept of it
        found = await follows.by_uri(uri.removesuffix(JOIN))
        place = await groups.by_actor(found.target_id) if found is not None else None
        if found is not None and place is not None:
            row = Membership(next_id(), found.follower_id, place.id, ASKED, uri)
    group, face = await groups.with_face(row.group_id if row is not None else None)
    return Known(row, group, face) if row is not None and group is not None and face is not None else None


async def place(who: Actor, group: Group, face: Actor) -> Known | None:
    """How a member of ours stands to a group elsewhere; None when neither ever spoke to the other of that."""
    row = await rows.of(who.id, group.id)
    return Known(row, group, face) if row is not None else None


async def decide(app: App, writes: Writes, known: Known, by: Actor, uri: str, *, granted: bool) -> bool:
    """A group, or who looks after it, lets one of ours in or puts them out; they follow it all the same.

    `uri` is by which the act is remembered.
    Nobody is let in who did not ask, or say yes: then False, and nothing is changed.

    Raises:
        Forbidden: by somebody who is not heard for that group.
        NotAllowed: by somebody who is not heard here.
    """
    admit.actor(by)
    await _heard(known.group, known.face, by)
    row, now = known.row, clock.now_ms()
    if granted and row.state in (ASKED, JOINED, ENDED):
        rows.put(writes, msgspec.structs.replace(row, state=JOINED))
        members.put(writes, Member(known.group.id, row.actor_id, "joined", "", now, None))
        look(app, writes, known.group)
    elif not granted and row.state == INVITED:
        rows.forget(writes, row)
    elif not granted and row.state in (ASKED, JOINED):
        rows.put(writes, msgspec.structs.replace(row, state=ENDED))
        members.leave(writes, known.group.id, row.actor_id, now)
        who = await actors.by_id(row.actor_id)
        if who is not None and await registers.get(known.group.id, "role", who.uri) is not None:
            moderation.record_role(app, writes, known.group, known.face, who.uri, by.uri, uri, given=False)
    else:
        return False
    return True


async def describe(
    app: App, writes: Writes, group: Group, face: Actor, who: Actor, by: Actor, role: str, uri: str, *,
    itself: bool = False,
) -> bool:  # fmt: skip
    """A group elsewhere, or who looks after it, says what somebody is in it; False when that is known already.

    With `itself` it is they themselves who say that they are nothing in it any more.

    Raises:
        Forbidden: by somebody who is not heard for that group.
        NotAllowed: by somebody who is not heard here.
    """
    admit.actor(by)
    if not itself:
        await _heard(group, face, by)
    before = registers.role(await registers.get(group.id, "role", who.uri))
    after, known = ROLES.get(role, ""), await rows.of(who.id, group.id) if who.local else None
    if who.local and (known is None or known.state in (INVITED, DECLINED, LEFT)):
        return False  # nobody here is what they did not say yes to
    if known is not None and role != "invited" and (role in ROLES) != (known.state == JOINED):
        await decide(app, writes, Known(known, group, face), by, uri, granted=role in ROLES)
    elif after == before:
        return False
    if after != before and (not who.local or role in ROLES):
        moderation.record_role(
            app, writes, group, face, who.uri, by.uri, uri, given=bool(after), role=after or rights.MODERATOR
        )
    return True


def look(app: App, writes: Writes, group: Group) -> None:
    """Soon the group is asked who looks after it, as it tells its members alone."""
    later = clock.now_ms() + LOOK  # when its server knows of who has just come
    jobs.add(writes, next_id(), "meet_leaders", {"group": group.id}, later, key=f"meet_leaders:{group.id}")
    app.jobs_added(writes)


async def catch_up(app: App) -> None:
    """Ask groups in the name of those who followed them before anybody asked to belong, or knew what runs there.

    Until they are let in they follow the group, and what is for its members is not theirs.
    """
    for _ in range(ROUNDS):
        found = await rows.unasked(AT_ONCE)
        for each in found:
            await _catch_up(app, each)
        if len(found) < AT_ONCE:
            break


async def begins(standing: Standing, face: Actor, title: str) -> bool:
    """Whether what somebody of that standing begins in a group is a discussion of its members, with this title.

    Raises:
        NotAllowed: who begins it is no member.
        Invalid: it has no title, without which there is no discussion (Mobilizon: Converter.Discussion).
    """
    if not await apart(face):  # known since the group is: nobody waits for a server when they write
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


async def _catch_up(app: App, each: Unasked) -> None:
    async with transaction():
        who, face = await actors.by_id(each.actor_id), await actors.by_id(each.face_id)
        group = await groups.by_actor(each.face_id)
        if who is None or face is None or group is None:
            return
        writes = Writes()
        if await outbox.by_uri(f"{each.follow_uri}{JOIN}") is None:
            members.put(writes, Member(group.id, who.id, "pending", "", clock.now_ms(), None))
        await ask(app, writes, who, face, group, each.follow_uri)
        await write(writes)


async def _heard(group: Group, face: Actor, by: Actor) -> None:
    """The server of a group is, and so is who looks after it, wherever they live."""
    if same_origin(by.uri, face.uri):
        return
    if rights.OVERSEE not in rights.of(registers.role(await registers.get(group.id, "role", by.uri))):
        raise Forbidden("Only who looks after a group, or its server, says who belongs to it.")


async def _invitation(who: Actor, face_id: int) -> Known:
    """The invitation that stands; who answers it twice at once waits here, and finds nothing left to answer."""
    group, face = await groups.by_actor(face_id), await actors.by_id(face_id)
    if group is not None:
        hold(writes := Writes(), "groups", group.id)
        await write(writes)
    known = await rows.of(who.id, group.id) if group is not None else None
    if group is None or face is None or known is None or known.state != INVITED:
        raise NotFound("There is no such invitation (any more).")
    return Known(known, group, face)


async def _consent(app: App, writes: Writes, known: Known, who: Actor) -> None:
    rows.settle(writes, known.row, JOINED)
    members.put(writes, Member(known.group.id, who.id, "joined", "", clock.now_ms(), None))
    look(app, writes, known.group)
    member = {"type": "Member", "id": known.row.uri, "actor": who.uri, "object": known.face.uri, "role": "member"}
    await _answer(app, writes, "Accept", known, who, member)


async def _answer(app: App, writes: Writes, kind: str, known: Known, who: Actor, about: Any) -> None:
    """Tell the group, and who invited (Mobilizon: Actions.Accept and Actions.Reject)."""
    face, by = known.face, await actors.by_id(known.row.by_id) if known.row.by_id is not None else None
    to = [*([by.uri] if by is not None else []), members_of(face)]
    uri = app.urls.activity(next_id())
    said = activities.activity(kind, uri, who.uri, about, to=to, cc=[face.uri], attributedTo=face.uri)
    publish(app, writes, who, said, _to(face, *([by] if by is not None and by.host != face.host else [])))


def _to(*whom: Actor) -> Audience:
    return Audience(inboxes=tuple(dict.fromkeys(each.inbox for each in whom)))
