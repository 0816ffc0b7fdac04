"""What moderators decide about who wants to join their group, and about who is in it: let in, turn down, take out.

Who is turned down learns why, may ask again, and may be let in after all (L: lemmy-ui #4186).
"""

from fedcomm import acts, admissions, admit, clock, deputies, follows, groups, letters, members, memberships, rights
from fedcomm.app import App
from fedcomm.deputies import MAX_REASON
from fedcomm.errors import Conflict, Invalid, NotFound
from storage import actors, join_requests, notifications, registers
from storage import follows as stored_follows
from storage import groups as stored_groups
from storage import members as stored_members
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.counting import hold
from storage.follows import Follow
from storage.groups import Group
from storage.ids import next_id
from storage.join_requests import JoinRequest


async def accept(app: App, group_name: str, actor_id: int, by: Actor | None = None) -> None:
    """Let in somebody who waits; `by` is a moderator, None whoever runs the server.

    Raises:
        NotFound: there is no such group, or they do not wait (any more).
        NotAllowed: `by` is no moderator of the group; or they are banned, or may not do anything here any more.
    """
    group, face = await groups.named(group_name)
    await members.who_acts(group, face, by, rights.APPROVE)
    async with transaction():
        _asked, who = await _waiting(group, face, actor_id)
        admit.actor(who)
        admit.joining(group, await admissions.standing(group, who), invited=True)
        await follows.accept(app, face, actor_id)


async def deny(app: App, group_name: str, actor_id: int, reason: str = "", by: Actor | None = None) -> None:
    """Turn down somebody who waits. They get the reason; elsewhere a `Reject`, and a message if there is a reason.

    Raises:
        NotFound: there is no such group, or they do not wait (any more).
        NotAllowed: `by` is no moderator of the group.
        Invalid: the reason is too long.
    """
    reason = _reason(reason)
    group, face = await groups.named(group_name)
    await members.who_acts(group, face, by, rights.APPROVE)
    async with transaction():
        asked, who = await _waiting(group, face, actor_id)
        now = clock.now_ms()
        denied = JoinRequest(
            asked.id, group.id, who.id, "denied", asked.uri, "", asked.created_at,
            decided_by=by.id if by else None, decided_at=now, reason=reason,
        )  # fmt: skip
        writes = Writes()
        join_requests.deny(writes, denied)
        await letters.turned_down(app, writes, face, who, reason, next_id())
        await write(writes)
        await follows.reject(app, face, who.id, reason)


async def let_in(app: App, group_name: str, actor_id: int, by: Actor | None = None) -> None:
    """Let in after all somebody who was turned down and has not asked again.

    Who lives here is a member at once. The server of somebody else has forgotten their follow with our `Reject`
    (Mastodon, Lemmy and others delete it): they are told to follow once more, and come in then without asking.

    Raises:
        NotFound: there is no such group, or they were not turned down.
        NotAllowed: `by` is no moderator of the group; or they are banned, or may not do anything here any more.
    """
    group, face = await groups.named(group_name)
    await members.who_acts(group, face, by, rights.APPROVE)
    async with transaction():
        await _hold(group)
        denied, who = await join_requests.of(group.id, actor_id), await actors.by_id(actor_id)
        if denied is None or denied.state != "denied" or who is None:
            raise NotFound("There is no such request.")
        admit.actor(who)
        admit.joining(group, await admissions.standing(group, who), invited=True)
        writes = Writes()
        join_requests.let_in(writes, group.id, who.id)
        await letters.let_in_after_all(app, writes, face, who, next_id())
        if not who.local:
            admissions.let_in_after_all(writes, group, who)
        await write(writes)
        if who.local:
            await follows.follow(app, who, face.id, invited=True)


async def take_out(app: App, group_name: str, actor_id: int, reason: str = "", by: Actor | None = None) -> None:
    """End somebody's membership, which is no ban: they may come again. They get the reason, as in `deny`.

    Raises:
        NotFound: there is no such group, or they are no member of it.
        NotAllowed: `by` is no moderator of the group.
        Conflict: they look after the group.
        Invalid: the reason is too long.
    """
    reason = _reason(reason)
    group, face = await groups.named(group_name)
    actor_uri = await members.who_acts(group, face, by, rights.APPROVE)
    async with transaction():
        await _hold(group)
        who, member = await actors.by_id(actor_id), await stored_members.of(group.id, actor_id)
        if who is None or member is None or member.state != "joined":
            raise NotFound("There is no such member.")
        if who.uri in await members.leading(group):
            raise Conflict("{handle} looks after this group. Please dismiss them first.", handle=f"@{who.acct}")
        writes = Writes()
        uri = app.urls.activity(next_id())
        acts.record(app, writes, group, face, "taken_out", who.uri, {}, by=actor_uri, uri=uri, summary=reason)
        await letters.taken_out(app, writes, face, who, reason, next_id())
        await write(writes)
        await follows.reject(app, face, who.id, reason)


async def answer(app: App, by: Actor, actor_id: int, *, granted: bool) -> None:
    """What a client says to somebody's request: to one to `by` in person, else to the oldest to a group of theirs.

    A group elsewhere that invites asks as well.

    Raises:
        NotFound: they ask for nothing that `by` decides.
    """
    if await memberships.invites(actor_id, by):
        return await (follows.come if granted else memberships.decline)(app, by, actor_id)
    for target, group_id, _answer in await join_requests.to_faces(actor_id, [by.id, *await deciding(by)]):
        if not group_id:
            return await (follows.accept if granted else follows.reject)(app, by, actor_id)
        face = await actors.by_id(target)
        group = await stored_groups.by_id(group_id)
        if face is not None and group is not None and not group.local:
            return await deputies.answer(app, group, face, actor_id, by, granted=granted)
        if face is not None:
            holds = registers.role(await registers.get(group_id, "role", by.uri))
            acting = by if rights.APPROVE in rights.of(holds) else None  # an admin, whom `deciding` let decide
            return await (accept if granted else deny)(app, face.username, actor_id, by=acting)
    raise NotFound("There is no such request.")


async def deciding(by: Actor) -> list[int]:
    """Ids of the faces of groups into which somebody lets people from here: those that they moderate.

    Who runs the server lets people into those that nobody here moderates.
    """
    more = await registers.unmoderated() if by.id in await notifications.admins() else []
    found = await stored_groups.by_ids([*await registers.moderated(by.uri), *more])
    return [
        group.actor_id
        for group in found.values()
        if group.local or (await members.standing(group, by)).may(rights.APPROVE)
    ]


async def _waiting(group: Group, face: Actor, actor_id: int) -> tuple[Follow, Actor]:
    await _hold(group)
    known, who = await stored_follows.of(actor_id, face.id), await actors.by_id(actor_id)
    if known is None or who is None or known.state != "pending":
        raise NotFound("There is no such request.")
    return known, who


async def _hold(group: Group) -> None:
    """Of two moderators who decide at once, the second waits here, and finds nothing left to decide."""
    hold(writes := Writes(), "groups", group.id)
    await write(writes)


def _reason(text: str) -> str:
    if len(text.strip()) > MAX_REASON:
        raise Invalid("A reason may have {limit} characters.", field="reason", limit=MAX_REASON)
    return text.strip()
