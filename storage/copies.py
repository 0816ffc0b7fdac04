"""Copies of pictures that other servers have, as long as somebody looks at them; bounded in number and bytes."""

from collections.abc import Sequence

import msgspec

from storage.connect import execute, row, rows, value


class Copy(msgspec.Struct, frozen=True):
    """One row of `copy`; without a key it could not be had at `tried_at` (ms)."""

    url: str
    key: str | None
    mime: str
    size: int
    tried_at: int
    used_at: int


_SELECT = f"SELECT {', '.join(Copy.__struct_fields__)} FROM copy "
# What nobody looked at since then; and what is oldest when all together are more than so many bytes or rows.
# An address that has ended gives nothing anew (fedcomm/passes.py).
_OLD = "SELECT url, key FROM copy WHERE used_at < ? AND url NOT LIKE '%_until=%&by=%' ORDER BY used_at LIMIT ?"
_OLDEST = "SELECT url, key FROM copy ORDER BY used_at LIMIT ?"


async def of(url: str) -> Copy | None:
    """What is known of the picture at this address."""
    found = await row(_SELECT + "WHERE url = ?", (url,))
    return Copy(*found) if found else None


async def put(copy: Copy) -> None:
    """Remember a copy, or that it could not be had."""
    await execute(
        "INSERT INTO copy (url, key, mime, size, tried_at, used_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (url) DO UPDATE SET key = excluded.key, mime = excluded.mime, size = excluded.size,"
        " tried_at = excluded.tried_at, used_at = excluded.used_at",
        msgspec.structs.astuple(copy),
    )


async def used(url: str, now_ms: int) -> None:
    """Somebody looks at it."""
    await execute("UPDATE copy SET used_at = ? WHERE url = ?", (now_ms, url))


async def amount() -> tuple[int, int]:
    """How many rows there are, and bytes."""
    return int(await value("SELECT COUNT(*) FROM copy")), int(await value("SELECT COALESCE(SUM(size), 0) FROM copy"))


async def among(urls: Sequence[str]) -> dict[str, str | None]:
    """The keys of those that there are of these, by address."""
    return dict(await rows("SELECT url, key FROM copy WHERE url IN (?texts)", (list(urls),)))


async def old(before_ms: int, limit: int) -> dict[str, str | None]:
    """The keys of some that nobody looked at since then and that can be had again, by address."""
    return dict(await rows(_OLD, (before_ms, limit)))


async def oldest(limit: int) -> dict[str, str | None]:
    """The keys of those that were looked at longest ago, by address."""
    return dict(await rows(_OLDEST, (limit,)))


async def forget(urls: Sequence[str]) -> None:
    """Forget these."""
    await execute("DELETE FROM copy WHERE url IN (?texts)", (list(urls),))
