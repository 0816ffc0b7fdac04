"""Whom members do not want to be suggested again."""

from fedcomm.app import App
from storage import discovery
from storage.actors import Actor
from storage.connect import Writes, apply


async def dismiss(app: App, actor: Actor, target: Actor) -> None:
    """Suggest somebody to a member no more."""
    writes = Writes()
    discovery.dismiss(writes, actor.id, target.id)
    await apply(writes)
