"""What the tests of the web room speak with."""

import httpx
import pytest

from activitypub.errors import Unreachable

# For a test whose many cases are decided before a database is asked, or asked in no way of its own.
whichever_database = pytest.mark.parametrize("dialect", ["sqlite"])


class Nowhere(httpx.AsyncBaseTransport):
    """A network on which nobody can be reached."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Never answers."""
        raise Unreachable(f"{request.url} cannot be reached from this test")


def bearer(token: str) -> dict[str, str]:
    """The header of a program that holds this token."""
    return {"authorization": f"Bearer {token}"}
