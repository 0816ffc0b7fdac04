"""Telling every process on this database, this one included, what is no longer as it was.

In one process this is a call; several on one PostgreSQL hear it by `LISTEN`. What is told in a transaction is told
after its commit, or never. A process that was cut off hears of that (`after_gap`), since it may have missed something.
"""

from collections.abc import Callable

from storage.connect import Writes, after_commit, current, rows
from storage.subscribers import Callback

_TELL = "SELECT pg_notify('fedcomm', ?)"


async def publish(channel: str, payload: str) -> None:
    """Tell it: with the open transaction, or at once when there is none.

    Raises:
        ValueError: longer than `storage.subscribers.MAX_BYTES`; send ids, not what they stand for.
    """
    database = current()
    message = database.subscribers.message(channel, payload)
    if database.dialect == "postgres":
        await rows(_TELL, (message,))
    after_commit(lambda: database.subscribers.tell(channel, payload))


async def publish_elsewhere(channel: str, payload: str) -> None:
    """Tell it to the other processes only.

    Raises:
        ValueError: as `publish`.
    """
    database = current()
    if database.dialect == "postgres":
        await rows(_TELL, (database.subscribers.message(channel, payload),))


def add(writes: Writes, channel: str, payload: str) -> None:
    """Tell it with these changes.

    Raises:
        ValueError: as `publish`.
    """
    database = current()
    message = database.subscribers.message(channel, payload)
    if database.dialect == "postgres":
        writes.returning(_TELL, (message,))
    writes.after(lambda: database.subscribers.tell(channel, payload))


def subscribe(channel: str, callback: Callback) -> Callable[[], None]:
    """Call `callback(payload)` for what is told on that channel; gives what ends that."""
    return current().subscribers.add(channel, callback)


def after_gap(callback: Callable[[], None]) -> Callable[[], None]:
    """Call `callback()` when something may have been missed: caches are emptied then. Gives what ends that."""
    return current().subscribers.add_after_gap(callback)


async def heard_all() -> bool:
    """Wait until what others told before now has been heard here; False when that cannot be said.

    What was committed before the last read was told before it too, so that caches are no older than what was read.
    """
    return await current().heard_all()
