"""Passwords: what they must be like, and their Argon2id hashes, made away from the event loop and a few at a time."""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from fedcomm.errors import Invalid, TooMany

SHORTEST, LONGEST = 8, 1000  # characters; they stand in the sentences below too
_AT_ONCE = 2  # each takes 19 MiB and a core for about 40 ms
_WAITING = 64  # more than this many are sent away: they would wait for seconds

# OWASP's recommendation for Argon2id; whoever signs in after a change of these gets a new hash.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="password")
_busy: set[object] = set()
_Result = TypeVar("_Result")


def check(password: str, name: str) -> None:
    """A password that may be chosen by the person of this name.

    Raises:
        Invalid: too short, too long, the name itself, or no text.
    """
    if len(password) < SHORTEST:
        raise Invalid("The password must have at least 8 characters.", field="password", fix="choose a longer one")
    _readable(password)
    if password.casefold().strip("@") == name.casefold():
        raise Invalid("The password must not be the name.", field="password")
    if len(set(password)) < 3:
        raise Invalid("The password must not be one or two characters repeated.", field="password")


async def hashed(password: str) -> str:
    """What to keep of a password.

    Raises:
        Invalid: too long, or no text.
        TooMany: too many are being hashed already.
    """
    text = _readable(password)
    return await _apart(lambda: _hasher.hash(text))


async def matches(stored: str, password: str) -> bool:
    """Whether this is the password that was hashed; takes as long when `stored` is '' and nothing can match.

    Raises:
        Invalid: too long, or no text.
        TooMany: too many are being hashed already.
    """
    text = _readable(password)
    return await _apart(lambda: _matches(stored, text))


def outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def _readable(password: str) -> bytes:
    """The bytes to hash: all of them count, and it does not matter how a keyboard composes its accents."""
    if len(password) > LONGEST:
        raise Invalid("The password must have at most 1000 characters.", field="password")
    try:
        return unicodedata.normalize("NFC", password).encode()
    except UnicodeEncodeError:
        raise Invalid("The password must be text.", field="password") from None


def _matches(stored: str, password: bytes) -> bool:
    instead = _nobodys()  # made by the first of all calls, whether it needs it or not
    try:
        return _hasher.verify(stored or instead, password) and stored != ""
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    """A hash for those who have none, so that guessing at an unknown name takes as long as at a known one."""
    return _hasher.hash("nobody has this password")


async def _apart(work: Callable[[], _Result]) -> _Result:
    if len(_busy) >= _WAITING:
        raise TooMany("Too many people are signing in at this moment. Please try again in a minute.", retry_after=60)
    ticket = object()
    _busy.add(ticket)
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    finally:
        _busy.discard(ticket)
