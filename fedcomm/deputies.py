"""What members of ours who look after a group elsewhere decide about people in it: who is banned, who looks after it.

The act goes to the group, which asks whether they may, and announces it to everybody (FEP-1b12 §Group moderation); here
it has its effect at once (docs/decisions/0032). What the group's server does not take is refused (`rights.py`).
"""

from activitypub.contexts import PUBLIC
from fedcomm import admit, clock, members, moderation, questions, rights, verdicts
from fedcomm.app import App
from fedcomm.errors import Conflict, Invalid, NotAllowed, NotFound
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage import actors, follows, registers
from storage import members as rows
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.groups import Group
from storage.ids import next_id
from storage.outbox import Audience

MAX_REASON = 500  # characters, for who is turned down


async def ban(
    app: App, group: Group, face: Actor, subject: Actor, by: Actor, *, until: int | None = None, reason: str = "",
    remove: bool = False,
) -> None:  # fmt: skip
    """Ban somebody from a group elsewhere, until a time or for good; with `remove` what they wrote goes out of it.

    Who looks after it is banned by stewards only, and looks after it no more (as in `members.ban`).

    Raises:
        NotAllowed: `by` may not do that from here, or would ban themselves.
        Invalid: an end that is past.
    """
    before = (await members.roles(group)).get(subject.uri, "")
    more = [*([rights.CLEAR] if remove else []), *([rights.APPOINT] if before and subject.id != by.id else [])]
    await _may(group, by, rights.BAN, *more)
    if until is not None and until <= clock.now_ms():
        raise Invalid("A ban ends in the future.", field="until")
    if subject.id in (face.id, by.id):
        raise NotAllowed("Nobody bans themselves.")
    writes, uri = Writes(), app.urls.activity(next_id())
    if before and face.moderators:
        _list(app, writes, group, face, subject, by, before, "")
    moderation.record_ban(app, writes, group, face, subject, by.uri, uri, until=until, reason=reason, remove=remove)
    await verdicts.banned(app, writes, group, face, subject, until=until, reason=reason)
    if subject.local and group.visibility != "public":
        rows.leave(writes, group.id, subject.id, clock.now_ms())
    block = activities.block(uri, by.uri, subject.uri, face.uri, until, reason, remove=remove)
    _send(app, writes, face, by, block)
    await apply(writes)


async def unban(app: App, group: Group, face: Actor, subject: Actor, by: Actor) -> None:
    """Lift a ban from a group elsewhere.

    Raises:
        NotAllowed: `by` may not do that from here.
        NotFound: they are not banned.
    """
    await _may(group, by, rights.BAN)
    banned = await registers.winner(group.id, "ban", subject.uri)
    if banned is None or banned.value is None:
        raise NotFound("{handle} is not banned from this group.", handle=f"@{subject.acct}")
    writes, uri = Writes(), app.urls.activity(next_id())
    # Peers take what is undone from its own server only.
    undone = banned.uri if banned.actor_uri == by.uri else f"{uri}#undone"
    moderation.record_unban(app, writes, group, face, subject, by.uri, uri, undone)
    await verdicts.lifted(app, writes, group, face, subject)
    block = activities.block(undone, by.uri, subject.uri, face.uri, reason=banned.summary)
    undo = activities.activity("Undo", uri, by.uri, block, to=[PUBLIC], cc=[face.uri], audience=face.uri)
    _send(app, writes, face, by, undo)
    await apply(writes)


async def appoint(app: App, group: Group, face: Actor, who: Actor, by: Actor, role: str = rights.MODERATOR) -> None:
    """Make somebody a moderator of a group elsewhere, or its steward, where the program there knows stewards.

    Raises:
        NotAllowed: `by` may not do that from here.
        Conflict: they are banned from the group, or its only steward, who would be no steward any more.
        Invalid: no person, or there is no such role.
    """
    if role not in (rights.MODERATOR, rights.STEWARD):
        raise Invalid("Who looks after a group is its moderator or its steward.", field="role")
    before = (await members.roles(group)).get(who.uri, "")
    await _may(group, by, rights.STEWARDS if rights.STEWARD in (role, before) else rights.APPOINT)
    if who.kind != "Person":
        raise Invalid("Only people look after a group.", field="who")
    if admit.banned(await registers.get(group.id, "ban", who.uri)):
        raise Conflict("{handle} is banned from this group.", handle=f"@{who.acct}")
    if before == rights.STEWARD and role != before:
        await members.another_steward(group, who.uri)
    if role != before:
        await _changed(app, group, face, who, by, before, role)


async def dismiss(app: App, group: Group, face: Actor, who: Actor, by: Actor) -> None:
    """Somebody looks after a group elsewhere no more; everybody may step down.

    Raises:
        NotAllowed: `by` may not do that from here.
        NotFound: they do not look after it.
        Conflict: no steward would be left.
    """
    await _may(group, by, rights.RESIGN if who.id == by.id else rights.APPOINT)
    before = (await members.roles(group)).get(who.uri, "")
    if not before:
        raise NotFound("{handle} does not moderate this group.", handle=f"@{who.acct}")
    await members.another_steward(group, who.uri)
    await _changed(app, group, face, who, by, before, "")


async def answer(
    app: App, group: Group, face: Actor, actor_id: int, by: Actor, *, granted: bool, reason: str = ""
) -> None:
    """Let somebody into a group elsewhere who asks to join it, or turn them down; that group does the rest.

    Raises:
        NotAllowed: `by` may not do that from here.
        NotFound: they do not ask (any more).
        Invalid: the reason is too long.
    """
    await _may(group, by, rights.APPROVE)
    who, asked = await actors.by_id(actor_id), await follows.of(actor_id, face.id)
    if who is None or asked is None or asked.state != "pending":
        raise NotFound("There is no such request.")
    if len(reason.strip()) > MAX_REASON:
        raise Invalid("A reason may have {limit} characters.", field="reason", limit=MAX_REASON)
    writes, uri = Writes(), app.urls.activity(next_id())
    said = activities.activity(
        "Accept" if granted else "Reject", uri, by.uri, who.uri, to=[face.uri], target=face.uri, audience=face.uri,
        summary=reason.strip() or None,
    )  # fmt: skip
    questions.over(writes, group, face, who)
    _send(app, writes, face, by, said)
    await apply(writes)


async def _may(group: Group, by: Actor, *wanted: str) -> None:
    admit.actor(by)
    standing = await members.standing(group, by)
    for right in wanted:
        admit.right(standing, right)


async def _changed(app: App, group: Group, face: Actor, who: Actor, by: Actor, before: str, role: str) -> None:
    if not face.moderators:
        raise NotAllowed("The server of this group does not say who looks after it.")
    _list(app, writes := Writes(), group, face, who, by, before, role)
    await apply(writes)


def _list(
    app: App, writes: Writes, group: Group, face: Actor, who: Actor, by: Actor, before: str, role: str
) -> None:  # fmt: skip
    """Somebody has another role, or none: the lists of the group are to change."""
    for change, now in members.changes_of_lists(app, face, who.uri, by.uri, before, role):
        # Each is recorded, so that none is news when the group announces it.
        moderation.record_role(
            app, writes, group, face, who.uri, by.uri, change["id"], given=bool(now), role=now or rights.MODERATOR
        )
        _send(app, writes, face, by, change)


def _send(app: App, writes: Writes, face: Actor, by: Actor, act: activities.Json) -> None:
    publish(app, writes, by, act, Audience(inboxes=(face.inbox,)))
