"""Waiting for something that may happen, but not for ever."""

import asyncio
from contextlib import suppress


async def until(event: asyncio.Event, seconds: float) -> None:
    """Until the event is set, or so many seconds are over."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
