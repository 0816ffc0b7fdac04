"""CHOKE POINT beside `admit.py`: what is asked of people in threads that several groups show.

Somebody is in it through one of these, and what that asks for counts: its rules, its limits of newcomers, its lock,
that its members alone write. The group in which a thread began has the last word over all of it
(docs/decisions/0033-two-groups.md).
"""

from collections.abc import Sequence

import msgspec

from fedcomm import admit, members, rights
from fedcomm.errors import NotAllowed
from fedcomm.standing import Standing
from storage import actors, follows, posts, shares
from storage.actors import Actor
from storage.circumstances import DAY
from storage.groups import Group
from storage.posts import Post


class Ended(msgspec.Struct, frozen=True):
    """That a group shows a thread no more beside its own: who ended it and when; as author, moderator or sharer."""

    by: str
    role: str
    at: int  # ms since 1970


class Way(msgspec.Struct, frozen=True):
    """A group of ours that shows a thread beside its own, what somebody is in it, and whether it is locked there."""

    group: Group
    face: Actor
    standing: Standing
    locked: bool


_ENDED = msgspec.json.Decoder(Ended)


async def of(home: Group, standing: Standing, root: Post, author: Actor) -> Way | None:
    """Through which group of ours somebody is in a thread; None for the one in which it began (`home`).

    `standing` is what they are in that. Where that is not for everybody any more, others are no way in.
    """
    if at_home(standing) or home.visibility != "public":
        return None
    showing = [each for each in await shares.showing(root.id) if each.group.local]
    faces = await actors.by_ids([each.group.actor_id for each in showing]) if showing else {}
    return choose(
        [
            Way(each.group, faces[each.group.actor_id], await members.standing(each.group, author), each.locked)
            for each in showing
            if each.group.actor_id in faces
        ]
    )


async def from_afar(home: Group | None, standing: Standing, root: Post, author: Actor) -> None:
    """Whether somebody may answer who is in a thread through groups of other servers alone: that they follow one is
    all that is known of that. Its own server asks for everything but its lock.

    `home` is where the thread began, if that is known here.

    Raises:
        NotAllowed: all of these have locked it.
    """
    showing = [each for each in await shares.showing(root.id) if not each.group.local]
    if at_home(standing) or not showing:
        return
    faces = [each.group.actor_id for each in showing]
    followed = await follows.of_all(author.id, [*faces, *([home.actor_id] if home is not None else [])])
    joined = {face for face, follow in followed.items() if follow.state == "accepted"}
    theirs = [each for each in showing if each.group.actor_id in joined]
    if not theirs or (home is not None and home.actor_id in joined):
        return
    standings = [(each, await members.standing(each.group, author)) for each in theirs]
    if not any(relays(found, each.locked) for each, found in standings):
        face = await actors.by_id(theirs[0].group.actor_id)
        raise _locked(face)


async def of_answer(home: Group, answered: Post, author: Actor) -> Way | None:
    """As `of`, for who wants to answer that post."""
    root = await posts.by_id(answered.thread_id)
    return await of(home, await members.standing(home, author), root, author) if root is not None else None


def at_home(standing: Standing) -> bool:
    """Whether somebody belongs to the group in which a thread began: then they are in it through no other."""
    return standing.may(rights.WRITE)


def choose(showing: Sequence[Way]) -> Way | None:
    """Through which of the groups that show a thread somebody is in it who does not belong to that in which it began.

    The first of which they are a member, before all one that has not locked it; None for none.
    """
    theirs = [each for each in showing if each.standing.may(rights.WRITE) and each.group.closed_at is None]
    theirs = [each for each in theirs if not admit.banned(each.standing.ban)]
    return next((each for each in theirs if relays(each.standing, each.locked)), theirs[0] if theirs else None)


def relays(standing: Standing, locked: bool) -> bool:
    """Whether a group passes on what somebody says in a thread of another group: its own bans and lock count."""
    return not admit.banned(standing.ban) and (not locked or standing.may(rights.SPEAK))


def beneath(standing: Standing, *, locked: bool) -> None:
    """Whether somebody may answer below an answer that moderators have `locked`.

    Raises:
        NotAllowed: only who looks after the group may.
    """
    if locked and not standing.may(rights.SPEAK):
        raise NotAllowed("Moderators have locked an answer here: nobody can answer below it.")


def through(group: Group, standing: Standing, found: Way, thread: Post) -> None:
    """Whether a member of another group that shows a thread may answer in it; `group` is the one in which it began.

    Raises:
        NotAllowed: closed, or banned from it; the thread is taken out, or locked in either group.
    """
    if group.closed_at is not None:
        raise NotAllowed("This group is closed.")
    if admit.banned(standing.ban):
        raise NotAllowed("You are banned from this group.")
    admit.answering(standing, thread)
    if not relays(found.standing, found.locked):
        raise _locked(found.face)


def _locked(face: Actor | None) -> NotAllowed:
    return NotAllowed(
        "This thread is locked in {group}, through which you are in it. Members of the group in which it began can"
        " still answer.",
        group=f"!{face.acct}" if face is not None else "",
    )


def carrying(group: Group, standing: Standing) -> None:
    """Whether somebody may share what others began in a group into another one, whose members answer in it then.

    Raises:
        NotAllowed: no member, where only members write or something is asked of who writes.
    """
    closed = group.posting == "members" or group.join_mode != "open" or group.asks
    if closed and not standing.may(rights.WRITE):
        raise NotAllowed("Only its members share threads of this group. Please join it first.")


def sharing_again(standing: Standing, value: str | None, by: str, now: int) -> None:
    """Whether somebody may share a thread into a group that has ended to show it: `value` is the register of that.

    Raises:
        NotAllowed: moderators or its author ended it, or the same person did so within a day.
    """
    if value is None or standing.may(rights.REMOVE):
        return
    ended = _ENDED.decode(value)
    if ended.role == "moderator":
        raise NotAllowed("Moderators of this group have taken the thread out of it. They can take it in again.")
    if ended.role == "author" and ended.by != by:
        raise NotAllowed("Who began this thread does not want it in this group. Its moderators can take it in again.")
    if ended.by == by and now < ended.at + DAY:
        raise NotAllowed("You have ended this within the last day. Others can share the thread, and you tomorrow.")
