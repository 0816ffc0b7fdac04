"""What waits besides inbox and outbox: each job a row that survives a crash."""

from collections.abc import Collection

import msgspec

from storage.connect import Writes, execute, row, rows

_BEING_DONE = "state = 0 AND attempts > 0 AND error = ''"  # or its taker has died


class Job(msgspec.Struct, frozen=True):
    """One job; `args` is a JSON object, `run_at` in ms."""

    id: int
    name: str
    args: str
    attempts: int


def add(writes: Writes, job_id: int, name: str, args: dict[str, object], run_at: int, key: str | None = None) -> None:
    """Let `name` be done with `args` at `run_at` ms or soon after; of one `key` only one waits at a time."""
    writes.add(
        "INSERT INTO job (id, name, args, key, run_at, created_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (job_id, name, msgspec.json.encode(args).decode(), key, run_at, run_at),
    )


async def waits(key: str) -> bool:
    """Whether there is a job of that key, which waits or is being done."""
    return await row("SELECT 1 FROM job WHERE key = ?", (key,)) is not None


async def release(key: str) -> None:
    """What waits under this key has begun: another one may wait from now on, as what it finds may be old by then."""
    await execute("UPDATE job SET key = NULL WHERE key = ?", (key,))


def drop(writes: Writes, key: str) -> None:
    """What waits under this key is not done."""
    writes.add("DELETE FROM job WHERE key = ?", (key,))


def add_if(
    writes: Writes, job_id: int, name: str, args: dict[str, object], run_at: int, condition: str, *about: int | str
) -> None:
    """As `add`, where a condition of SQL about these holds."""
    writes.add(
        "INSERT INTO job (id, name, args, run_at, created_at) SELECT CAST(? AS BIGINT), CAST(? AS TEXT),"
        f" CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT) WHERE {condition}",
        (job_id, name, msgspec.json.encode(args).decode(), run_at, run_at, *about),
    )


async def claim(now_ms: int, until_ms: int, limit: int, in_hand: Collection[int] = ()) -> list[Job]:
    """Take due jobs, none of those `in_hand`; when the taker dies they are due again at `until_ms`."""
    sql = (
        "UPDATE job SET run_at = ?, attempts = attempts + 1, error = '' WHERE id IN"
        " (SELECT id FROM job WHERE state = 0 AND run_at <= ? AND id NOT IN (?ints) ORDER BY run_at LIMIT ?)"
        " AND run_at <= ? RETURNING id, name, args, attempts"
    )
    return [Job(*found) for found in await rows(sql, (until_ms, now_ms, list(in_hand), limit, now_ms))]


async def hold(in_hand: Collection[int], until_ms: int) -> None:
    """Who took these jobs lives, and has them until then."""
    await execute(f"UPDATE job SET run_at = ? WHERE id IN (?ints) AND {_BEING_DONE}", (until_ms, list(in_hand)))


async def give_back(in_hand: Collection[int], now_ms: int) -> None:
    """Due at once, and not counted as tried: whoever took these jobs ends before they do."""
    sql = f"UPDATE job SET run_at = ?, attempts = attempts - 1 WHERE id IN (?ints) AND {_BEING_DONE}"
    await execute(sql, (now_ms, list(in_hand)))


async def finish(job_id: int) -> None:
    """The job is done."""
    await execute("DELETE FROM job WHERE id = ?", (job_id,))


async def take(name: str, args: dict[str, object]) -> bool:
    """As `finish`, of that with these `args`, in the transaction of what it does; False when it was done already."""
    sql = "DELETE FROM job WHERE name = ? AND args = ? RETURNING id"
    return bool(await rows(sql, (name, msgspec.json.encode(args).decode())))


async def later(job_id: int, why: str, run_at: int) -> None:
    """Try again at `run_at` ms."""
    await execute("UPDATE job SET run_at = ?, error = ? WHERE id = ?", (run_at, why[:500], job_id))


async def park(job_id: int, why: str) -> None:
    """Set the job aside where the admin sees it."""
    await execute("UPDATE job SET state = 3, key = NULL, error = ? WHERE id = ?", (why[:500], job_id))


async def oldest_due(now_ms: int) -> int | None:
    """When the job was due that waits longest (ms since 1970), None when none is due."""
    found = await row("SELECT MIN(run_at) FROM job WHERE state = 0 AND run_at <= ?", (now_ms,))
    return found[0] if found else None


async def backlog(now_ms: int) -> tuple[int, int]:
    """(jobs due now or soon, or being done; jobs parked)."""
    found = await row(
        f"SELECT COUNT(CASE WHEN state = 0 AND run_at <= ? OR {_BEING_DONE} THEN 1 END),"
        " COUNT(CASE WHEN state = 3 THEN 1 END) FROM job",
        (now_ms + 300_000,),
    )
    return (found[0], found[1]) if found else (0, 0)
