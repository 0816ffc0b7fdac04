"""Keeps copies of what other servers have, never more than the admins allow; what was looked at longest ago goes first.

Avatars, headers, files of posts, emojis and what is made of them count alike (attack NET-37).
"""

import asyncio
from weakref import WeakKeyDictionary

import msgspec

from fedcomm import clock, digests, settings
from fedcomm.app import App
from storage import blocked_files, copies
from storage.copies import Copy

MOST_ROWS = 200_000
UNUSED = 14 * 86_400_000  # ms after which a copy goes that nobody looked at
SELDOM = 3_600_000  # ms between two notes that a copy is looked at
AT_ONCE = 200
MB = 1_048_576

_turns: WeakKeyDictionary[App, asyncio.Lock] = WeakKeyDictionary()


async def most_bytes(app: App) -> int:
    """How many bytes all copies may take together."""
    return (await settings.current(app)).copies_most * MB


async def keep(app: App, found: Copy, content: bytes) -> Copy:
    """The copy with its file. Room is made before the file is written, so that the disk never has more than allowed.

    Without a key when the file is blocked, when it was erased, or when others needed the room meanwhile.

    Raises:
        Unavailable: no room on the disk, or no right to it; nothing is kept then.
    """
    digest = await digests.of(content)
    wanted = msgspec.structs.replace(found, key=None, size=len(content), digest=digest)
    async with _turns.setdefault(app, asyncio.Lock()):  # what is being written is not what makes room for the next
        await _delete(app, await copies.put(wanted, await most_bytes(app), MOST_ROWS))
        if await blocked_files.among([digest]):  # asked once who blocks it can find the row: one sees the other
            missed = msgspec.structs.replace(wanted, size=0)
            await note(app, missed)
            return missed
        try:
            key = await app.blobs.put(content)
        except BaseException:
            await copies.forget([found.url])
            raise
        if not await copies.arrived(found.url, key):
            await app.blobs.delete(key)
    return await copies.of(found.url) or wanted


async def note(app: App, found: Copy) -> None:
    """Remember of one without a file that it could not be had."""
    await _delete(app, await copies.put(found, await most_bytes(app), MOST_ROWS))


async def looked_at(known: Copy, kind: str, host: str) -> None:
    """Somebody looks at it, so that it is not what goes first."""
    now = clock.now_ms()
    if known.used_at < now - SELDOM:
        await copies.used(known.url, now, kind, host)


async def forget(app: App, found: dict[str, str | None]) -> None:
    """Forget the copies from these addresses and erase their files."""
    await copies.forget(list(found))
    await _delete(app, [key for key in found.values() if key])


async def forget_unseen(app: App, before_ms: int) -> None:
    """Forget what nobody looked at since then and can be had again."""
    while found := await copies.old(before_ms, AT_ONCE):
        await forget(app, found)


async def clean_up(app: App) -> None:
    """The job: forget copies that nobody looks at, and those over what is allowed."""
    await forget_unseen(app, clock.now_ms() - UNUSED)
    await shrink(app)


async def shrink(app: App) -> None:
    """Less may be allowed than before."""
    await _delete(app, await copies.shrink(await most_bytes(app), MOST_ROWS))


async def _delete(app: App, keys: list[str]) -> None:
    for key in keys:
        await app.blobs.delete(key)
