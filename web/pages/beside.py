"""In which groups a thread is shown beside its own, and into which a reader can share it."""

import msgspec

import storage.actors
import storage.groups
import storage.members
import storage.posts
import storage.shares
from fedcomm import members, rights
from fedcomm.peerbook import PeerBook
from storage import visible
from storage.actors import Actor
from storage.groups import Group
from storage.posts import Post

_MOST = 50  # groups to choose from


class Elsewhere(msgspec.Struct, frozen=True):
    """A group that shows a thread beside its own, whether it is locked and pinned there, and what the reader may do.

    `mine` says that they may end that, `may` what they may do in the group as one who looks after it.
    """

    face: Actor
    locked: bool
    pinned: bool
    mine: bool
    may: frozenset[str]


async def also_in(peers: PeerBook, viewer: int, reader: Actor | None, post: Post) -> list[Elsewhere]:
    """The groups that show a thread beside its own, as far as the viewer may see them."""
    showing = await storage.shares.showing(post.thread_id)
    faces = await storage.actors.by_ids([each.group.actor_id for each in showing])
    allowed = await visible.seen_actors(viewer, list(faces)) if faces else set()
    found = []
    for each in showing:
        if each.group.actor_id in allowed and each.group.visibility == "public":
            apart = bool(each.group.local) or peers.keeps_apart(faces[each.group.actor_id].host)
            may = await _rights(reader, each.group) if apart else frozenset[str]()
            mine = apart and (rights.REMOVE in may or await _shared(reader, each.group, post))
            found.append(Elsewhere(faces[each.group.actor_id], each.locked, each.pinned, mine, may))
    return found


async def choices(reader: Actor, post: Post) -> list[Actor]:
    """The faces of the reader's groups into which a thread may be shared; of groups elsewhere they make a copy."""
    if not post.starter or post.visibility > storage.posts.UNLISTED or post.removed_at is not None:
        return []
    there = {post.group_id, *(group.id for group in await storage.shares.of_thread(post.id))}
    joined = await storage.groups.by_ids((await storage.members.groups_of(reader.id))[:_MOST])
    wanted = [
        group.actor_id
        for group in joined.values()
        if group.id not in there and group.visibility == "public" and group.closed_at is None
    ]
    return sorted((await storage.actors.by_ids(wanted)).values(), key=lambda face: (face.host, face.username))


async def _rights(reader: Actor | None, group: Group) -> frozenset[str]:
    """What the reader may do with a thread that a group shows."""
    if reader is None:
        return frozenset()
    standing = await members.standing(group, reader)
    return frozenset(right for right in (rights.REMOVE, rights.LOCK, rights.PIN) if standing.may(right))


async def _shared(reader: Actor | None, group: Group, post: Post) -> bool:
    """Whether the reader began or shared the thread."""
    if reader is None:
        return False
    return reader.id in (post.author_id, await storage.shares.by(group.id, post.thread_id))
