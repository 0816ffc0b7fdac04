"""Blocks between people: an end to following both ways, and silence."""

from fedcomm import clock, follows
from fedcomm.app import App
from fedcomm.errors import NotAllowed, NotFound
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage import actors, blocks, posts
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.ids import next_id
from storage.outbox import Audience


async def block(app: App, actor: Actor, target_id: int) -> None:
    """A member of ours wants nothing to do with somebody; a server elsewhere is told, so that it shows nothing either.

    Raises:
        NotFound: there is no such actor.
        NotAllowed: oneself, or the account of this server.
    """
    target = await actors.by_id(target_id)
    if target is None or target.deleted_at is not None:
        raise NotFound("There is no such account.")
    if target.id == actor.id:
        raise NotAllowed("Nobody blocks themselves.")
    if target.local and target.kind == "Application":
        raise NotAllowed("This account stands for the server itself, and nobody blocks it.")
    async with transaction():
        uri = app.urls.activity(next_id())
        await record_block(app, actor, target, uri)
        if not target.local:
            writes = Writes()
            told = activities.activity("Block", uri, actor.uri, target.uri, to=[target.uri])
            publish(app, writes, actor, told, Audience(inboxes=(target.inbox,)))
            await write(writes)


async def unblock(app: App, actor: Actor, target_id: int) -> None:
    """The block is lifted; follows do not come back by themselves."""
    target = await actors.by_id(target_id)
    async with transaction():
        uri = await blocks.uri_of(actor.id, target_id)
        if target is None or uri is None:
            return
        writes = Writes()
        blocks.remove(writes, actor.id, target_id)
        if not target.local:
            undone = activities.activity("Block", uri, actor.uri, target.uri, to=[target.uri])
            undo = activities.undo(f"{uri}#undo", actor.uri, undone, to=[target.uri])
            publish(app, writes, actor, undo, Audience(inboxes=(target.inbox,)))
        await write(writes)


async def record_block(app: App, actor: Actor, target: Actor, uri: str) -> None:
    """What a block means here, whoever blocks: neither follows the other any more."""
    async with transaction():
        writes = Writes()
        blocks.put(writes, actor.id, target.id, uri, clock.now_ms())
        posts.forget_between(writes, actor.id, target.id)
        await write(writes)
        await follows.record_end(app, actor.id, target.id)
        await follows.record_end(app, target.id, actor.id)
