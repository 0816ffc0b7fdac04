"""Still pictures of emojis and others that move, for who does not want that; made when they are first asked for."""

import asyncio
from weakref import WeakKeyDictionary

import msgspec

import storage.emojis
from fedcomm import clock, copying, pictures
from fedcomm.app import App
from fedcomm.errors import Invalid, NotFound
from storage import copies
from storage.copies import Copy
from storage.errors import Unavailable

MISSING = "There is no such picture, or not any more."
_TELLING = 65_536  # bytes in which a picture says whether it moves
_ANIMATED = 0x02  # of the flags of a WebP (RFC 9649 §2.7)

_making: WeakKeyDictionary[App, dict[str, "asyncio.Task[Copy]"]] = WeakKeyDictionary()


def of_copy(url: str) -> str:
    """The name under which a still picture is kept of the copy from this address."""
    return f"still {url}"


def may_move(content: bytes) -> bool:
    """Whether the picture has more than one frame, as its beginning says; of every GIF that is thought possible."""
    if content[:4] == b"RIFF":
        return content[12:16] == b"VP8X" and len(content) > 20 and bool(content[20] & _ANIMATED)
    if content[:4] == b"\x89PNG":
        return b"acTL" in content.partition(b"IDAT")[0]
    return content[:4] == b"GIF8"


async def of_ours(app: App, emoji_id: int) -> Copy | tuple[str, bytes]:
    """The file, or (kind, bytes) of an emoji of ours that does not move anyway.

    Raises:
        NotFound: there is no such emoji, or its picture is broken.
    """
    found = await storage.emojis.picture(emoji_id)
    if found is None:
        raise NotFound(MISSING)
    kind, content = found
    if not may_move(content):
        return kind, content
    name = f"still {emoji_id}"
    return _there(await copies.of(name) or await _kept(app, name, content))


async def of(app: App, copy: Copy) -> Copy:
    """The file for a copy of a picture of another server; that copy itself when it does not move.

    Raises:
        NotFound: the picture is broken.
    """
    name, key = of_copy(copy.url), copy.key or ""
    if (known := await copies.of(name)) is not None:
        await copying.looked_at(known, "still", copy.host)
        return _there(known)
    beginning = b"".join([chunk async for chunk in app.blobs.read(key, 0, _TELLING)])
    if not may_move(beginning):
        return copy
    content = b"".join([chunk async for chunk in app.blobs.read(key)])
    return _there(await _kept(app, name, content, copy.host))


def _there(found: Copy) -> Copy:
    if found.key is None:
        raise NotFound(MISSING)
    return found


async def _kept(app: App, name: str, content: bytes, host: str = "") -> Copy:
    """It is made and kept under a name that is no address, once; whoever asks meanwhile waits."""
    making = _making.setdefault(app, {})
    task = making.get(name)
    if task is None:
        task = making[name] = asyncio.ensure_future(_made(app, name, content, host))
        task.add_done_callback(lambda _task: making.pop(name, None))
    return await asyncio.shield(task)


async def _made(app: App, name: str, content: bytes, host: str) -> Copy:
    now = clock.now_ms()
    found = Copy(name, None, "", 0, now, now, "still", host)
    try:
        picture = await pictures.read(app.picture_turn, content, "still")
        return await copying.keep(app, msgspec.structs.replace(found, mime=picture.mime), picture.content)
    except (Invalid, Unavailable):
        pass  # remembered, so that nobody makes it again and again
    await copying.note(app, found)
    return found
