"""Workers of several processes on one database, all in this one, and waiting for what they bring about."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from fedcomm.app import App
from storage.connect import rows

Answer = Callable[[httpx.Request], Awaitable[httpx.Response]]
Another = Callable[..., Awaitable[App]]
PATIENCE = 20.0


async def until(true: Callable[[], Awaitable[bool]], seconds: float = PATIENCE) -> None:
    """Wait for it."""
    try:
        async with asyncio.timeout(seconds):
            while not await true():  # noqa: ASYNC110 (it is the workers who bring it about)
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail("waited in vain")


async def counted(sql: str, expected: int) -> bool:
    """Whether the database counts that many."""
    return await rows(sql) == [(expected,)]


async def tried(tries: list[float], times: int) -> bool:
    """Whether there were that many tries."""
    return len(tries) == times
