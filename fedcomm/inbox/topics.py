"""A server moves threads between groups of its own, or out of them (NodeBB 4.15: out.js, Move and Remove of a context).

The thread is named by its `context`, a collection. Who decides is the server of the group, whoever of it says so.
"""

import logging

import msgspec

from activitypub.activities import Activity, id_of
from activitypub.errors import Forbidden
from activitypub.origins import same_origin
from fedcomm import admit, dispatches, relocating, rights, sharing, transfers
from fedcomm.errors import AppError
from fedcomm.inbox import announce
from fedcomm.inbox.hand import Hand, Ignored, Wants
from fedcomm.transfers import MAX_REASON, Move
from storage import actors, relocations
from storage import groups as stored
from storage.connect import Writes, write
from storage.groups import Group
from storage.posts import Post

LOG = logging.getLogger("fedcomm.inbox")


async def moved(hand: Hand, activity: Activity) -> None:
    """A group elsewhere has a thread no more, which another one of its server has now, or one of ours that lets it in.

    Raises:
        Forbidden: it is for another server to say.
        Ignored: nothing of it is known here, or it is not for everybody.
        Wants: the other group is not known yet.
    """
    old = hand.facts.group_at(activity.origin or "")
    if old is not None and old.local:
        return await _out_of_ours(hand, activity, old)
    begun = await _thread(hand, activity, old)
    target = activity.target
    if old is None or target is None or target == activity.origin:
        raise Ignored("it goes nowhere else")
    new = hand.facts.group_at(target)
    if new is None and same_origin(target, activity.actor) and target not in hand.fetched:
        raise Wants(actors=(target,))
    if new is not None and not new.local and not same_origin(target, activity.actor):
        raise Forbidden("A server moves threads between groups of its own.")
    theirs = new if new is not None and not new.local else None
    if not relocating.movable(begun, old, theirs):
        raise Ignored("it is not for everybody")
    writes = Writes()
    await relocating.record(hand.app, writes, begun, old, theirs)
    await _tell_author(hand, activity, writes, begun, old, new)
    if new is not None and new.local:
        await _bring(hand, activity, writes, new, begun)
    await write(writes)


async def announced(hand: Hand, activity: Activity) -> None:
    """A group elsewhere passes on that a moderator of it moved a thread into another one.

    Raises:
        Forbidden: somebody moved it who does not look after the group, or it is not in that.
        Wants: the other group is not known yet.
    """
    group, face = announce.announcer(hand, activity)
    inner = activity.object
    assert isinstance(inner, Activity)
    if inner.origin != face.uri or not announce.moderates(hand, group, face, inner.actor):
        raise Forbidden("Only moderators move threads out of a group.")
    await moved(hand, msgspec.structs.replace(inner, actor=face.uri))


async def _out_of_ours(hand: Hand, activity: Activity, old: Group) -> None:
    """A moderator elsewhere moves a thread of a group of ours into another one of ours."""
    mover = hand.actor(activity.actor)
    admit.right(hand.facts.standing(old, mover.uri), rights.REMOVE)
    new = hand.facts.group_at(activity.target or "")
    begun = await relocations.thread(old.id, id_of(activity.object) or "")
    if begun is None or new is None or not new.local or activity.uri is None:
        raise Ignored("it is about no thread and no group here")
    faces = hand.facts.face_of(old), hand.facts.face_of(new)
    wanted = Move(begun, old, faces[0], new, faces[1], mover, activity.uri, activity.summary[:MAX_REASON])
    try:
        await transfers.record(hand.app, wanted, hand.raw_of(activity))
    except AppError as why:
        raise Forbidden(str(why)) from why


async def removed(hand: Hand, activity: Activity, old: Group) -> None:
    """A group elsewhere has a thread no more: it is in none from now on.

    Raises:
        Forbidden: it is for another server to say.
        Ignored: nothing of it is known here, or it is not for everybody.
    """
    begun = await _thread(hand, activity, old)
    if not relocating.movable(begun, old, None):
        raise Ignored("it is not for everybody")
    writes = Writes()
    await relocating.record(hand.app, writes, begun, old, None)
    await write(writes)


async def _thread(hand: Hand, activity: Activity, old: Group | None) -> Post:
    mover = hand.actor(activity.actor)
    if old is None:
        raise Ignored("nothing is known here of the group")
    if old.local or not same_origin(hand.facts.face_of(old).uri, mover.uri):
        raise Forbidden("Where the threads of a group go, its own server says.")
    begun = await relocations.thread(old.id, id_of(activity.object) or "")
    if begun is None:
        raise Ignored("the group has no such thread here")
    return begun


async def _tell_author(
    hand: Hand, activity: Activity, writes: Writes, begun: Post, old: Group, new: Group | None
) -> None:  # fmt: skip
    """One of ours learns where their thread is now, from a group of fedcomm by its own message."""
    author, face = await actors.by_id(begun.author_id), hand.facts.face_of(old)
    if new is None or author is None or not author.local or activity.raw.get("actor") == author.uri:
        return
    if await stored.program(old.id) == "fedcomm":
        return
    link = begun.url or begun.uri
    await dispatches.moved(hand.app, writes, face, author, hand.facts.face_of(new), link, activity.summary[:MAX_REASON])


async def _bring(hand: Hand, activity: Activity, writes: Writes, new: Group, begun: Post) -> None:
    """A group of ours shows what was moved into it, when whoever did so could have shared it there."""
    try:
        await sharing.brought(hand.app, writes, hand.actor(activity.actor), begun, new, hand.facts.face_of(new))
    except AppError as why:
        LOG.info("not brought thread=%s why=%s", begun.uri, why)
