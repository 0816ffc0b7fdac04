"""The event loop and the signals of the real server."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """uvloop, as `fedcomm serve` uses it."""
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="session", autouse=True)
def interrupted() -> Iterator[None]:
    """A shell lets what it runs in the background ignore SIGINT, and so would every server that tests start there."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
