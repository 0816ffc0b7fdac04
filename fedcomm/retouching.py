"""A post of a member without a picture that may be here no more: it is an edit, which everybody hears of who had it.

So other servers take the picture away as they do when its author does.
"""

from fedcomm import addressing, clock, dispatches, groups, posts, sharing
from fedcomm.app import App
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage import actors, blocked_files
from storage import groups as stored
from storage import posts as rows
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.posts import Post


async def take_off(app: App, media_id: int, post_id: int | None, reason: str) -> None:
    """Take a file off the post that shows it, if one does; whoever had one of ours is told, and its author why."""
    async with transaction():
        known = await rows.by_id(post_id) if post_id is not None else None
        author = await actors.by_id(known.author_id) if known is not None else None
        telling = known is not None and known.local and known.deleted_at is None and author and not author.gone
        writes, now = Writes(), clock.now_ms()
        if known is not None and telling:
            rows.keep_revision(writes, known)
            rows.change(writes, known.id, edited_at=now, author_updated=now)
        blocked_files.take_off(writes, media_id, post_id)
        if post_id is not None:
            writes.after(lambda: app.forget_post(post_id))
        await write(writes)
        if telling and post_id is not None and (changed := await rows.by_id(post_id)) is not None and author:
            await tell(app, changed, author, now)
            await dispatches.picture_blocked(app, writes := Writes(), author, known.url if known else "", reason)
            await write(writes)


async def tell(app: App, known: Post, author: Actor, now_ms: int) -> None:
    """Tell everybody who has a post of ours how it reads now, as of an edit by its author at that time."""
    group, face = await stored.with_face(known.group_id)
    everywhere = await addressing.apart(app, group, face, known, await posts.all_who_had(known, author))
    document = await posts.document_of(app, known)
    update = activities.update(f"{known.uri}#updates/{now_ms}", author.uri, document)
    update = await posts.proven(app, author, known.visibility, await posts.discussed(face, known, update))
    publish(app, writes := Writes(), author, update, everywhere, thread_id=known.thread_id, post_id=known.id)
    if group is not None and group.local and face is not None and known.removed_at is None:
        once = addressing.once(known, everywhere)
        groups.pass_on(app, writes, group, face, update, about=known, post_id=known.id, **once)
        await addressing.tell_boosted(app, writes, group, face, author, update, known, everywhere)
    await sharing.changed(app, writes, known, author, update, everywhere)
    await write(writes)
