"""One connection to PostgreSQL: how it is made and how it ends."""

from collections.abc import Collection
from typing import Any

import asyncpg

STATEMENTS = 512  # prepared ones a connection keeps
COMMAND_SECONDS = 60.0
CONNECT_SECONDS = 10.0
_SETTINGS = {"jit": "off", "timezone": "UTC"}
_FIRST_OWN_TYPE = 16384  # numbers below are PostgreSQL's own, and the same in every database
_learned: dict[frozenset[int], Any] = {}


class Connection(asyncpg.Connection):  # type: ignore[misc]
    """One that knows what others learned of PostgreSQL's own types: to ask takes the server 8 ms, for each connection.

    The driver has no public place for that; should it ask in another way one day, each connection asks again.
    """

    async def _introspect_types(self, typeoids: Collection[int], timeout: float | None) -> Any:
        asked = frozenset(typeoids)
        if asked not in _learned:
            learned = await super()._introspect_types(typeoids, timeout)
            if max(asked) >= _FIRST_OWN_TYPE:
                return learned
            _learned[asked] = learned
        return _learned[asked]


async def connect(url: str, name: str) -> Any:
    """A new connection, which PostgreSQL shows under that name.

    Raises:
        Whatever the driver raises when it cannot connect.
    """
    settings = _SETTINGS | {"application_name": name}
    connection = await asyncpg.connect(
        url, connection_class=Connection, statement_cache_size=STATEMENTS, max_cached_statement_lifetime=0,
        command_timeout=COMMAND_SECONDS, timeout=CONNECT_SECONDS, server_settings=settings,
    )  # fmt: skip
    try:
        # Sums come as int, as from SQLite; other fractions as float.
        await connection.set_type_codec("numeric", schema="pg_catalog", encoder=str, decoder=_number, format="text")
    except BaseException:
        connection.terminate()
        raise
    return connection


async def end(connection: Any, seconds: float) -> None:
    """Close it in that time, or cut it off."""
    try:
        await connection.close(timeout=seconds)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()


def _number(text: str) -> int | float:
    return float(text) if "." in text or "N" in text else int(text)
