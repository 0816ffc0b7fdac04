"""Groups elsewhere whose newest threads were fetched when somebody here joined."""

import msgspec

from storage.connect import Writes, dialect, row, rows, value


class Followed(msgspec.Struct, frozen=True):
    """A group elsewhere that is followed for everybody: `state` of the request, threads here, bytes it brought."""

    face_id: int
    uri: str
    name: str
    username: str
    host: str
    state: str
    threads: int
    read: int
    fetched: int  # whether its newest threads were asked for, to the end


async def begun_at(group_id: int) -> int | None:
    """When the newest threads of a group were last asked for (ms); None when never."""
    found = await row("SELECT begun_at FROM backfill WHERE group_id = ?", (group_id,))
    return found[0] if found else None


def begin(writes: Writes, group_id: int, now_ms: int) -> None:
    """They are asked for from now on."""
    writes.add(
        "INSERT INTO backfill (group_id, begun_at) VALUES (?, ?) ON CONFLICT (group_id) DO UPDATE SET"
        " begun_at = excluded.begun_at, ended_at = NULL, threads = 0",
        (group_id, now_ms),
    )


def end(writes: Writes, group_id: int, threads: int, read: int, now_ms: int) -> None:
    """So many of them are here, for which so many bytes were read."""
    sql = "UPDATE backfill SET ended_at = ?, threads = ?, bytes = bytes + ? WHERE group_id = ?"
    writes.add(sql, (now_ms, threads, read, group_id))


async def followed(scout_id: int) -> list[Followed]:
    """The groups that are followed for everybody, in the order in which that was begun."""
    sql = (
        "SELECT a.id, a.uri, a.name, a.username, a.host, f.state, g.threads_count, COALESCE(b.bytes, 0),"
        " CASE WHEN b.ended_at IS NULL THEN 0 ELSE 1 END FROM follow f JOIN actor a ON a.id = f.target_id"
        " JOIN groups g ON g.actor_id = a.id LEFT JOIN backfill b ON b.group_id = g.id"
        " WHERE f.follower_id = ? ORDER BY f.id"
    )
    return [Followed(*found) for found in await rows(sql, (scout_id,))]


async def spent(scout_id: int) -> int:
    """How many bytes were read for the groups that are followed for everybody."""
    sql = (
        "SELECT COALESCE(SUM(b.bytes), 0) FROM follow f JOIN groups g ON g.actor_id = f.target_id"
        " JOIN backfill b ON b.group_id = g.id WHERE f.follower_id = ?"
    )
    return int(await value(sql, (scout_id,)))


async def disk() -> int:
    """How many bytes the database takes on its disk, and the pictures of others that were copied."""
    size = "(SELECT page_count FROM pragma_page_count()) * (SELECT page_size FROM pragma_page_size())"
    if dialect() == "postgres":
        size = "pg_database_size(current_database())"
    return int(await value(f"SELECT {size} + (SELECT COALESCE(SUM(size), 0) FROM copy)"))


async def only_for(scout_id: int, face_id: int) -> bool:
    """Whether a group is followed for everybody, and by no member here."""
    sql = (
        "SELECT COUNT(*), COUNT(CASE WHEN f.follower_id = ? THEN 1 END) FROM follow f"
        " JOIN actor a ON a.id = f.follower_id AND a.host = '' WHERE f.target_id = ? AND f.state = 'accepted'"
    )
    found = await row(sql, (scout_id, face_id))
    return found is not None and (found[0], found[1]) == (1, 1)
