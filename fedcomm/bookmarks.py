"""Putting posts aside."""

import storage.bookmarks
from fedcomm import clock
from fedcomm.app import App
from fedcomm.errors import NotFound
from storage import visible
from storage.actors import Actor


async def add(app: App, actor: Actor, post_id: int) -> None:
    """Put a post aside.

    Raises:
        NotFound: there is no such post for them (attack PRI-17).
    """
    if not await visible.sees(actor.id, post_id):
        raise NotFound("There is no such post.")
    await storage.bookmarks.add(actor.id, post_id, clock.now_ms())


async def remove(app: App, actor: Actor, post_id: int) -> None:
    """Put it back."""
    await storage.bookmarks.remove(actor.id, post_id)
