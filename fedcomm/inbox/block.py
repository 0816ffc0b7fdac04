"""Block: somebody wants nothing to do with one of ours, or a moderator bans somebody from a group."""

from typing import Any

from activitypub.activities import Activity, id_of
from activitypub.errors import Forbidden
from fedcomm import admit, blocks, clock, exile, groups, moderation, rights, seconding, verdicts
from fedcomm import members as service
from fedcomm.deputies import MAX_REASON
from fedcomm.inbox import announce, banish, moderate, undo
from fedcomm.inbox.hand import Hand, Ignored
from fedcomm.mapping import activities
from storage import registers
from storage.actors import Actor
from storage.connect import Writes, write
from storage.ids import next_id


async def block(hand: Hand, activity: Activity) -> None:
    """Between people when it names no group or site; else a ban, which only who looks after that can speak (attack
    GRP-09)."""
    blocker = hand.actor(activity.actor)
    _not_over(activity)
    subject = hand.facts.actors.get(id_of(activity.object) or "")
    group = hand.facts.group_at(activity.target or "")
    if group is not None:
        if not group.local:
            return await announced(hand, announce.at_home(hand, activity, group))
        admit.right(hand.facts.standing(group, blocker.uri), rights.BAN)
        subject = subject or hand.actor(id_of(activity.object) or "")  # who has done nothing here yet is asked for
        if subject.id == blocker.id:
            raise Forbidden("Nobody bans themselves.")  # the group could be left without a steward (attack GRP-22)
        if registers.role(await registers.get(group.id, "role", subject.uri)):
            admit.right(hand.facts.standing(group, blocker.uri), rights.APPOINT)
        face = hand.facts.face_of(group)
        writes = Writes()
        remove = activity.remove_data
        waits = remove and await seconding.waits(group, blocker)
        if remove and not waits:
            await seconding.settle(hand.app, group, face, subject, blocker.uri)
            await service.withdraw_threads(hand.app, writes, group, face, subject)
        reason = activity.summary[:MAX_REASON]
        moderation.record_ban(
            hand.app, writes, group, face, subject, blocker.uri, activity.uri or "", until=activity.ends,
            reason=activity.summary, remove=remove and not waits,
        )  # fmt: skip
        if waits:
            await seconding.propose_all(hand.app, writes, group, face, subject, blocker, reason, activity.ends)
        await verdicts.banned(hand.app, writes, group, face, subject, until=activity.ends, reason=reason)
        # Not in the name of who banned: what this server makes up is nothing that they said.
        speaker = await service.who_acts(group, face, None, rights.APPOINT)
        await service.end_role(hand.app, writes, group, face, subject, blocker.uri, speaker)
        also = await verdicts.server_of(group, subject)
        groups.pass_on(hand.app, writes, group, face, _told(hand, activity, speaker, face, waits=waits), also=also)
        await write(writes)
        return await service.expel(hand.app, group, face, subject, reason)
    if activity.target:
        return await banish.banned(hand, activity)
    if subject is None or not subject.local:
        raise Ignored("it is about nobody here")
    await blocks.record_block(hand.app, blocker, subject, activity.uri or "")


async def lifted(hand: Hand, activity: Activity) -> None:
    """A block between people, or a ban from a group or a site, is lifted."""
    inner = activity.object
    group = hand.facts.group_at(inner.target or "") if isinstance(inner, Activity) else None
    if group is not None and not group.local:
        return await moderate.unbanned(hand, announce.at_home(hand, activity, group))
    if group is None and isinstance(inner, Activity) and inner.target:
        return await banish.lifted(hand, activity, inner)
    await undo.block(hand, activity)


async def announced(hand: Hand, activity: Activity) -> None:
    """A group elsewhere passes on a ban of its moderators: kept in its log, with effect on what we show of it."""
    inner = activity.object
    assert isinstance(inner, Activity)
    group, face = announce.announcer(hand, activity)
    subject = hand.facts.actors.get(id_of(inner.object) or "")
    if subject is None or inner.target not in (None, activity.actor):
        raise Ignored("it is about nobody here")
    if not announce.moderates(hand, group, face, inner.actor):
        raise Forbidden("Only moderators ban from a group.")
    _not_over(inner)
    writes = Writes()
    await exile.from_group(
        hand.app, writes, group, face, subject, inner.actor, inner.uri or activity.uri or "", until=inner.ends,
        reason=inner.summary, remove=inner.remove_data,
    )  # fmt: skip
    await write(writes)


def _told(hand: Hand, activity: Activity, speaker: str, face: Actor, *, waits: bool) -> dict[str, Any]:
    """The ban as other servers hear of it: as it was said, or, while what it would take out waits for somebody else to
    agree, the ban alone, in the name of who speaks for this server: nobody said it so."""
    if not waits:
        return hand.raw_of(activity)
    uri, subject = hand.app.urls.activity(next_id()), id_of(activity.object) or ""
    return activities.block(uri, speaker, subject, face.uri, activity.ends, activity.summary)


def _not_over(ban: Activity) -> None:
    if ban.ends is not None and ban.ends <= clock.now_ms():
        raise Ignored("the ban is over")
