"""In which groups a thread is shown beside its own, and into which a reader can share it."""

import msgspec

import storage.actors
import storage.groups
import storage.members
import storage.posts
import storage.shares
from fedcomm import members, rights
from storage import visible
from storage.actors import Actor
from storage.groups import Group
from storage.posts import Post

_MOST = 50  # groups to choose from


class Elsewhere(msgspec.Struct, frozen=True):
    """A group that shows a thread beside its own; `mine` says that the reader may end that."""

    face: Actor
    mine: bool


async def also_in(viewer: int, reader: Actor | None, post: Post) -> list[Elsewhere]:
    """The groups that show a thread beside its own, as far as the viewer may see them."""
    groups = await storage.shares.of_thread(post.thread_id)
    faces = await storage.actors.by_ids([group.actor_id for group in groups])
    allowed = await visible.seen_actors(viewer, list(faces)) if faces else set()
    return [
        Elsewhere(faces[group.actor_id], await _may_end(reader, group, post))
        for group in groups
        if group.actor_id in allowed
    ]


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


async def _may_end(reader: Actor | None, group: Group, post: Post) -> bool:
    if reader is None or not group.local:
        return False
    if reader.id in (post.author_id, await storage.shares.by(group.id, post.thread_id)):
        return True
    return (await members.standing(group, reader)).may(rights.REMOVE)
