"""Copies of pictures that other servers have, as long as somebody looks at them; bounded in number and bytes.

Whoever keeps one frees room for it in the same transaction, and waits for others that do: at no moment do the rows
say more than is allowed.
"""

from collections.abc import Sequence

import msgspec

from storage.connect import dialect, execute, row, rows, transaction


class Copy(msgspec.Struct, frozen=True):
    """One row of `copy`; without a key it could not be had at `tried_at` (ms)."""

    url: str
    key: str | None
    mime: str
    size: int
    tried_at: int
    used_at: int
    kind: str = ""  # one of `KINDS`; '' of what was copied before this was noted, until somebody looks at it
    host: str = ""  # of whose picture it is
    digest: str | None = None  # the SHA-256 of the file


KINDS = ("file", "avatar", "header", "emoji", "still")
_LOCK = "SELECT pg_advisory_xact_lock(7263561)"  # SQLite has one writer anyway
_SELECT = f"SELECT {', '.join(Copy.__struct_fields__)} FROM copy "
# What nobody looked at since then; and what is oldest when all together are more than so many bytes or rows.
# An address that has ended gives nothing anew (fedcomm/passes.py).
_UNSEEN = "FROM copy WHERE used_at < ? AND url NOT LIKE '%_until=%&by=%'"
_OLD = f"SELECT url, key {_UNSEEN} ORDER BY used_at LIMIT ?"
_OLDEST = "SELECT url, key, size FROM copy ORDER BY used_at, url LIMIT ?"
_ALLOWED = "(key IS NULL OR NOT EXISTS (SELECT 1 FROM blocked_file WHERE blocked_file.digest = copy.digest))"
_AT_ONCE = 100
_INSERT = (
    f"INSERT INTO copy ({', '.join(Copy.__struct_fields__)}) VALUES ({', '.join('?' * len(Copy.__struct_fields__))})"
)


async def of(url: str) -> Copy | None:
    """What is known of the picture at this address; nothing as long as there only is room for its file, so that who
    asks waits for who writes it, or does it when that one has ended; nor of a file that is blocked."""
    found = await row(_SELECT + "WHERE url = ? AND (key IS NOT NULL OR size = 0) AND " + _ALLOWED, (url,))
    return Copy(*found) if found else None


async def put(copy: Copy, most_bytes: int, most_rows: int) -> list[str]:
    """Remember a copy, or that it could not be had; of one without a key, its size says how much room is kept for it.

    What was used longest ago makes room; gives the keys of files that nothing has any more.
    """
    async with transaction():
        await _alone()
        before = await rows("DELETE FROM copy WHERE url = ? RETURNING key", (copy.url,))
        freed = await _shrink(most_bytes - copy.size, most_rows - 1)
        await execute(_INSERT, msgspec.structs.astuple(copy))
    return [found[0] for found in before if found[0] and found[0] != copy.key] + freed


async def arrived(url: str, key: str) -> bool:
    """The file that room was kept for is there; False when something else took the room meanwhile."""
    return bool(await execute("UPDATE copy SET key = ? WHERE url = ? AND key IS NULL AND size > 0", (key, url)))


async def shrink(most_bytes: int, most_rows: int) -> list[str]:
    """As `put`, when less is allowed than before."""
    async with transaction():
        await _alone()
        return await _shrink(most_bytes, most_rows)


async def used(url: str, now_ms: int, kind: str, host: str) -> None:
    """Somebody looks at it: as what, and whose."""
    await execute("UPDATE copy SET used_at = ?, kind = ?, host = ? WHERE url = ?", (now_ms, kind, host, url))


async def amount() -> tuple[int, int]:
    """How many rows there are, and bytes."""
    found = await row("SELECT COUNT(*), COALESCE(SUM(size), 0) FROM copy")
    return (int(found[0]), int(found[1])) if found else (0, 0)


async def unseen(before_ms: int) -> tuple[int, int]:
    """How many `old` would give in all, and bytes."""
    found = await row(f"SELECT COUNT(*), COALESCE(SUM(size), 0) {_UNSEEN}", (before_ms,))
    return (int(found[0]), int(found[1])) if found else (0, 0)


async def among(urls: Sequence[str]) -> dict[str, str | None]:
    """The keys of those that there are of these, by address."""
    return dict(await rows("SELECT url, key FROM copy WHERE url IN (?texts)", (list(urls),)))


async def old(before_ms: int, limit: int) -> dict[str, str | None]:
    """The keys of some that nobody looked at since then and that can be had again, by address."""
    return dict(await rows(_OLD, (before_ms, limit)))


async def of_host(host: str, limit: int) -> dict[str, str | None]:
    """Some copies of pictures of a server, by their addresses, with the names of their files."""
    found = await rows("SELECT url, key FROM copy WHERE host = ? LIMIT ?", (host, limit))
    return {each[0]: each[1] for each in found}


async def forget_missed(urls: Sequence[str]) -> None:
    """Forget that these could not be had, not those that were had meanwhile or are being written."""
    await execute("DELETE FROM copy WHERE url IN (?texts) AND key IS NULL AND size = 0", (list(urls),))


async def forget(urls: Sequence[str]) -> None:
    """Forget these."""
    await execute("DELETE FROM copy WHERE url IN (?texts)", (list(urls),))


async def _alone() -> None:
    if dialect() == "postgres":
        await row(_LOCK)


async def _shrink(most_bytes: int, most_rows: int) -> list[str]:
    freed: list[str] = []
    count, size = await amount()
    while count > most_rows or size > most_bytes:
        gone = []
        for url, key, length in await rows(_OLDEST, (_AT_ONCE,)):
            if count <= most_rows and size <= most_bytes:
                break
            gone.append(url)
            freed += [key] if key else []
            count, size = count - 1, size - length
        if not gone:
            break
        await forget(gone)
    return freed
