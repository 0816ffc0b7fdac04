"""What is made of a picture that somebody sends: checked, made smaller, rid of what it tells of them."""

import asyncio
import os
import sys
from contextlib import suppress

import msgspec

from fedcomm import digests
from fedcomm.errors import AppError, Invalid

MOST_BYTES = 16_777_216  # of a file that is sent
MOST_PIXELS = 33_177_600  # of a picture that is sent, as picture_reader.py has it
MOST_MADE = 33_554_432  # bytes of what is made of it
SECONDS = 40.0  # for the process that reads it, waiting included
TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif")
MADE = frozenset({"image/jpeg", "image/png", "image/webp"})
_MAGIC = {
    b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"GIF87a": "image/gif", b"GIF89a": "image/gif",
}  # fmt: skip
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH")  # of the environment: nothing that is secret


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture to keep, and its preview: files with nothing but pixels in them."""

    content: bytes
    mime: str
    width: int
    height: int
    preview: bytes
    preview_mime: str
    preview_width: int
    preview_height: int
    blurhash: str
    received: str = ""  # the SHA-256 of the file that it was made of


class _Told(msgspec.Struct):
    """What the reader says; it may have been taken over by a file, so it is checked."""

    refused: str = ""
    mime: str = ""
    width: int = 0
    height: int = 0
    size: int = 0
    preview_mime: str = ""
    preview_width: int = 0
    preview_height: int = 0
    preview_size: int = 0
    blurhash: str = ""


def check(content: bytes, field: str = "file") -> None:
    """Nothing happens when it begins as a picture does and is no larger than allowed; its name and type do not count.

    Raises:
        Invalid: with a sentence for whoever sent it.
    """
    if not content:
        raise Invalid("There is no file, or nothing in it.", field=field)
    if len(content) > MOST_BYTES:
        raise Invalid("A picture may have {most} MB.", field=field, most=MOST_BYTES // 1_048_576)
    if not kind(content):
        raise Invalid("Only pictures can be sent here: JPEG, PNG, GIF, WebP or AVIF.", field=field)


def kind(content: bytes) -> str:
    """The type of a picture, as it begins; '' when it is none that is known."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp" and content[8:12] in (b"avif", b"avis", b"mif1"):
        return "image/avif"
    return next((mime for magic, mime in _MAGIC.items() if content.startswith(magic)), "")


async def read(turn: asyncio.Semaphore, content: bytes, purpose: str, field: str = "file") -> Picture:
    """The picture as it is kept; `turn` says how many are read at once.

    The purpose is `attachment`, `avatar`, `header` or, for a picture that may move and shall not, `still`.

    Raises:
        Invalid: too many pixels or frames, or it cannot be read.
    """
    check(content, field)
    async with turn:
        answer = await _asked(content, purpose)
    line, _, rest = answer.partition(b"\n")
    try:
        told = msgspec.json.decode(line, type=_Told)
    except msgspec.MsgspecError:  # it died, or took too long
        told = _Told(refused="broken")
    if told.refused or not _sensible(told, len(rest)):
        raise _refusal(told.refused, field)
    return Picture(
        content=rest[: told.size], mime=told.mime, width=told.width, height=told.height,
        preview=rest[told.size :], preview_mime=told.preview_mime, preview_width=told.preview_width,
        preview_height=told.preview_height, blurhash=told.blurhash, received=await digests.of(content),
    )  # fmt: skip


def _refusal(why: str, field: str) -> AppError:
    if why == "pixels":
        return Invalid("A picture may have {most} million pixels.", field=field, most=MOST_PIXELS // 1_000_000)
    if why == "frames":
        return Invalid("That picture moves for too long.", field=field)
    return Invalid("That picture cannot be read: it is damaged, or not what it says it is.", field=field)


def _sensible(told: _Told, size: int) -> bool:
    sides = (told.width, told.height, told.preview_width, told.preview_height)
    kinds = {told.mime, told.preview_mime}
    sizes = told.size > 0 and told.preview_size > 0 and told.size + told.preview_size == size
    return sizes and kinds <= MADE and all(0 < side < 100_000 for side in sides) and len(told.blurhash) < 100


async def _asked(content: bytes, purpose: str) -> bytes:
    """What the reader wrote, or as much as there was when its time was over."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    reader = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-m", "fedcomm.picture_reader", purpose, stdin=pipe, stdout=pipe, stderr=nothing,
        env=environment, cwd="/",
    )  # fmt: skip
    ended = False
    try:
        async with asyncio.timeout(SECONDS):
            _, answer = await asyncio.gather(_give(reader, content), _take(reader))
            await reader.wait()
        ended = True
        return answer
    except TimeoutError:
        return b""
    finally:
        if not ended:
            with suppress(ProcessLookupError):
                reader.kill()
            await reader.wait()


async def _give(reader: asyncio.subprocess.Process, content: bytes) -> None:
    assert reader.stdin is not None
    with suppress(ConnectionError):  # it has died
        reader.stdin.write(content)
        await reader.stdin.drain()
        reader.stdin.close()


async def _take(reader: asyncio.subprocess.Process) -> bytes:
    assert reader.stdout is not None
    found = bytearray()
    while chunk := await reader.stdout.read(1_048_576):
        found += chunk
        if len(found) > MOST_MADE:
            return b""
    return bytes(found)
