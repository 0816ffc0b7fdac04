"""What members do with their lists of conversations; nobody else learns of it."""

import storage.conversations
from fedcomm.app import App
from fedcomm.errors import NotFound
from storage.conversations import Conversation


async def mark(app: App, owner_id: int, thread_id: int, *, unread: bool) -> Conversation:
    """Mark a conversation as read or unread.

    Raises:
        NotFound: there is no such conversation of theirs.
    """
    await _own(owner_id, thread_id)
    await storage.conversations.set_unread(owner_id, thread_id, unread=unread)
    return await _own(owner_id, thread_id)


async def looked_at(app: App, owner_id: int, thread_id: int) -> None:
    """Somebody has opened a thread: if it is a conversation of theirs, they have read it."""
    if await storage.conversations.unread(owner_id, thread_id):
        await storage.conversations.set_unread(owner_id, thread_id, unread=False)


async def forget(app: App, owner_id: int, thread_id: int) -> None:
    """Take a conversation from the list until something new is said in it.

    Raises:
        NotFound: there is no such conversation of theirs.
    """
    await _own(owner_id, thread_id)
    await storage.conversations.forget(owner_id, thread_id)


async def _own(owner_id: int, thread_id: int) -> Conversation:
    found = await storage.conversations.one(owner_id, thread_id)
    if found is None:
        raise NotFound("There is no such conversation.")
    return found
