"""The event loop of the real server."""

from typing import Any

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """uvloop, as `fedcomm serve` uses it."""
    return "asyncio", {"use_uvloop": True}
