"""Hearing nothing more of a thread."""

import storage.thread_mutes
from fedcomm import clock
from fedcomm.app import App
from fedcomm.errors import NotFound
from storage import posts, visible
from storage.actors import Actor


async def mute(app: App, actor: Actor, post_id: int) -> None:
    """A member is told nothing more of the thread that a post is in.

    Raises:
        NotFound: there is no such post for them.
    """
    await storage.thread_mutes.mute(actor.id, await _thread(actor, post_id), clock.now_ms())


async def unmute(app: App, actor: Actor, post_id: int) -> None:
    """A member is told of the thread again.

    Raises:
        NotFound: there is no such post for them.
    """
    await storage.thread_mutes.unmute(actor.id, await _thread(actor, post_id))


async def _thread(actor: Actor, post_id: int) -> int:
    post = await posts.by_id(post_id)
    if post is None or not await visible.sees(actor.id, post.id):
        raise NotFound("There is no such post.")
    return post.thread_id
