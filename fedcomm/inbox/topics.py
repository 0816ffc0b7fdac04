"""A server moves threads between groups of its own, or out of them (NodeBB 4.15: out.js, Move and Remove of a context).

The thread is named by its `context`, a collection. Who decides is the server of the group, whoever of it says so.
"""

import logging

import msgspec

from activitypub.activities import Activity, id_of
from activitypub.errors import Forbidden
from activitypub.origins import same_origin
from fedcomm import admit, dispatches, relocating, rights, sharing, transfers
from fedcomm.errors import AppError, NotAllowed
from fedcomm.inbox import announce
from fedcomm.inbox.hand import Hand, Ignored, Wants
from fedcomm.transfers import MAX_REASON, Move
from storage import actors, posts, relocations, visible
from storage import groups as stored
from storage.connect import Writes, write
from storage.groups import Group
from storage.posts import Post

LOG = logging.getLogger("fedcomm.inbox")


async def moved(hand: Hand, activity: Activity, mover: str = "") -> None:
    """A group elsewhere has a thread no more, which another one of its server has now, or one of ours that lets it in.

    `mover` is who is known to have moved it, where the group itself says so: then it may go to any server.

    Raises:
        Forbidden: it is for another server to say.
        Ignored: nothing of it is known here, or it is not for everybody.
        Wants: the other group is not known yet.
    """
    old = hand.facts.group_at(activity.origin or "")
    if old is not None and old.local:
        return await _out_of_ours(hand, activity, old)
    target = activity.target
    new = hand.facts.group_at(target or "")
    begun = await _thread(hand, activity, old, into=new)
    if old is None or target is None or target == activity.origin:
        raise Ignored("it goes nowhere else")
    if new is None and same_origin(target, activity.actor) and target not in hand.fetched:
        raise Wants(actors=(target,))
    near = same_origin(target, activity.actor)
    if new is not None and not new.local and not near and not mover:
        raise Forbidden("A server moves threads between groups of its own.")
    theirs = new if new is not None and not new.local and near else None  # that of a third says itself what it has
    if not relocating.movable(begun, old, theirs):
        raise Ignored("it is not for everybody")
    writes = Writes()
    if begun.group_id == old.id:
        await relocating.record(hand.app, writes, begun, old, theirs)
        await _tell_author(hand, activity, writes, begun, old, new)
    if new is not None and new.local:
        await _bring(hand, mover or activity.actor, writes, new, begun)
    await write(writes)


async def announced(hand: Hand, activity: Activity) -> None:
    """A group elsewhere passes on that a moderator of it moved a thread into another one.

    Raises:
        Forbidden: somebody moved it who does not look after the group, or it is not in that.
        Wants: the other group is not known yet.
    """
    inner = activity.object
    assert isinstance(inner, Activity)
    new = hand.facts.group_at(inner.target or "")
    group, face = announce.announcer(hand, activity, late=new is not None and bool(new.local))
    if inner.origin != face.uri or not announce.moderates(hand, group, face, inner.actor):
        raise Forbidden("Only moderators move threads out of a group.")
    # Of who moved it a group is believed what its own server says, or they themselves.
    known = same_origin(inner.actor, face.uri) or inner.uri in hand.proven
    await moved(hand, msgspec.structs.replace(inner, actor=face.uri), inner.actor if known else face.uri)


async def _out_of_ours(hand: Hand, activity: Activity, old: Group) -> None:
    """A moderator elsewhere moves a thread of a group of ours into another one."""
    mover = hand.actor(activity.actor)
    admit.right(hand.facts.standing(old, mover.uri), rights.REMOVE)
    new = hand.facts.group_at(activity.target or "")
    begun = await relocations.thread(old.id, id_of(activity.object) or "")
    if new is None and activity.target and activity.target not in hand.fetched:
        raise Wants(actors=(activity.target,))
    if begun is None or new is None or activity.uri is None:
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


async def _thread(hand: Hand, activity: Activity, old: Group | None, into: Group | None = None) -> Post:
    """The thread of a group elsewhere; one that goes `into` a group of ours may be unknown here, and is asked for."""
    mover = hand.actor(activity.actor)
    if old is None:
        raise Ignored("nothing is known here of the group")
    if old.local or not same_origin(hand.facts.face_of(old).uri, mover.uri):
        raise Forbidden("Where the threads of a group go, its own server says.")
    uri = id_of(activity.object) or ""
    begun = await relocations.thread(old.id, uri)
    if begun is None and into is not None and into.local:
        begun = await posts.by_uri(uri)
        if begun is None and uri not in hand.fetched and not hand.app.urls.own(uri):
            raise Wants(posts=(uri,))
    if begun is None or begun.group_id not in (old.id, None):
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


async def _bring(hand: Hand, mover: str, writes: Writes, new: Group, begun: Post) -> None:
    """A group of ours shows what was moved into it, when whoever did so could have shared it there: also as to whether
    its author lets them see it, since what another group says to have had may be anything (attack GRP-03)."""
    try:
        bringing = hand.actor(mover)
        if not await visible.sees(bringing.id, begun.id):
            raise NotAllowed("Who moved this thread may not see it.")
        await sharing.brought(hand.app, writes, bringing, begun, new, hand.facts.face_of(new))
    except AppError as why:
        LOG.info("not brought thread=%s why=%s", begun.uri, why)
