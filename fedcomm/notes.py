"""Notes of members about others; nobody else reads them."""

import storage.notes
from fedcomm.app import App
from fedcomm.errors import Invalid
from storage.actors import Actor

MAX_NOTE = 2000  # characters, as with Mastodon


async def write(app: App, actor: Actor, target: Actor, text: str) -> None:
    """Keep a note in place of the one before; an empty one is none.

    Raises:
        Invalid: it is too long.
    """
    text = text.strip()
    if len(text) > MAX_NOTE:
        raise Invalid("A note may have {limit} characters.", field="comment", limit=MAX_NOTE)
    await storage.notes.put(actor.id, target.id, text)
