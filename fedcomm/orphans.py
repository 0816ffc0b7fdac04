"""Answers that came before what they answer: tied to it, also when both came at the same moment, and announced."""

import zlib
from typing import Any

from activitypub import documents
from fedcomm import admit, clock, groups, intake, members, recording, restraints, ways
from fedcomm import posts as own
from fedcomm.app import App
from fedcomm.errors import NotAllowed
from fedcomm.outbox import renewing
from storage import actors, inbox, locks, orphans, outbox, posts, proven
from storage import groups as stored
from storage.actors import Actor
from storage.connect import Writes, apply, transaction, write
from storage.counting import hold
from storage.groups import Group
from storage.posts import Post

LATELY = 3_600_000  # ms: who came together came not long ago
AT_ONCE = 100  # posts whose answers are tied to them in one look


async def adopt(app: App) -> None:
    """Tie answers that came lately to the post they answer, when that is here and they were not tied to it.

    Two processes took both in at the same moment, and neither saw the other's.
    """
    missed = await orphans.missed(clock.now_ms() - LATELY, AT_ONCE)
    for post_id in missed:
        post = await posts.by_id(post_id)  # as it is now: what was tied before may have moved it
        if post is None:
            continue
        group = await stored.by_id(post.group_id) if post.group_id is not None and post.removed_at is None else None
        writes = Writes()
        recording.adopt(app, writes, post, group, await _left_out(app, post, group))
        await apply(writes)
        app.forget_post(post.id)


async def announce(app: App, thread: int) -> None:
    """Let a group of ours announce the answers in a thread that it took in with what they answer.

    Each once: whoever does the same at the same moment, or did it before this process ended, is seen by the log.
    """
    for post in [await posts.by_id(post_id) for post_id in await orphans.unheard(thread)]:
        group, face = await stored.with_face(post.group_id if post else None)
        author = await actors.by_id(post.author_id) if post else None
        if post is None or group is None or face is None or author is None or not await _heard(app, group, author):
            continue
        create = await create_of(app, post, author)
        async with transaction():
            hold(writes := Writes(), "post", post.id)
            await write(writes)
            if await orphans.is_unheard(post.id):
                groups.accept_post(app, writes := Writes(), group, face, post, create)
                inbox.let_go(writes, intake.mark(author.uri, post.create_uri))
                await write(writes)


async def _heard(app: App, group: Group, author: Actor) -> bool:
    """Whether the group still passes on what the author said when there was no thread yet."""
    try:
        admit.actor(author)
        admit.server(app.peers, author.host)
        admit.belated(group, await members.standing(group, author))
    except NotAllowed:
        return False
    return True


async def create_of(app: App, post: Post, author: Actor) -> dict[str, Any] | str:
    """The activity by which a post came, as it came; its id when that is not at hand, or says what was edited since."""
    if post.local:
        entry = await outbox.by_uri(post.create_uri) if post.edited_at is None else None
        return documents.read(await renewing.body(app, entry)) if entry else await own.create_document_of(app, post)
    if post.edited_at is not None:
        return post.create_uri
    if (raw := (await proven.creates([post.uri])).get(post.uri)) is not None:
        return documents.read(zlib.decompress(raw))
    body = await inbox.kept(intake.mark(author.uri, post.create_uri))
    return documents.read(body) if body is not None else post.create_uri


async def _left_out(app: App, post: Post, group: Group | None) -> list[int]:
    """Whose answers are not in a group of ours with what they answer (attack GRP-01)."""
    if group is None or not group.local:
        return []
    begun, locked = await posts.by_id(post.thread_id) or post, bool(await locks.closed([post.id]))
    found = []
    for author in (await actors.by_ids(await orphans.authors(post.uri))).values():
        standing = await members.standing(group, author)
        try:
            admit.belated(group, standing)
            admit.answering(standing, begun)
            ways.beneath(standing, locked=locked)
        except NotAllowed:
            found.append(author.id)
        else:
            if await restraints.waits(app, group, author):
                found.append(author.id)
    return found
