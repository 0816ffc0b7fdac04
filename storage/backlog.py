"""What waits behind the server, by kind and age, and what was given up and waits for an admin."""

from collections.abc import Sequence

import msgspec

from storage.connect import Args, Writes, row, rows
from storage.inbox import PARKED, REFUSED

_SET_ASIDE = 3  # of a job
INBOX = "inbox"
JOB = "job"
_JOBS = f"AND state = {_SET_ASIDE} RETURNING id, '{JOB}', name, args, attempts, error"
_ITEMS = f"AND state = {PARKED} RETURNING id, '{INBOX}', '{INBOX}', signer, attempts, error"


class Kind(msgspec.Struct, frozen=True):
    """How many of a kind are due and since when the first is (ms), and how many are planned for later."""

    name: str
    due: int
    since: int | None
    planned: int


class Lag(msgspec.Struct, frozen=True):
    """A server that has not got everything: at most how many entries, since when the first waits (ms), how it fails."""

    host: str
    entries: int
    since: int
    failures: int
    next_attempt_at: int | None
    last_error: str


class GivenUp(msgspec.Struct, frozen=True):
    """A job, or an activity that came in, which failed too often; `table` is JOB or INBOX, `about` its arguments or
    who sent it."""

    id: int
    table: str
    name: str
    about: str
    attempts: int
    error: str


class NotTaken(msgspec.Struct, frozen=True):
    """A delivery that a server refused for good; `uri` is the activity's id, '' when the log does not go back to it."""

    host: str
    seq: int
    inbox: str
    status: int
    answer: str
    noted_at: int
    uri: str = ""


async def kinds(now_ms: int) -> list[Kind]:
    """Of the jobs that wait or are being done, by name."""
    sql = (
        "SELECT name, COUNT(CASE WHEN created_at <= ? THEN 1 END), MIN(CASE WHEN created_at <= ? THEN created_at END),"
        " COUNT(CASE WHEN created_at > ? THEN 1 END) FROM job WHERE state = 0 GROUP BY name ORDER BY name"
    )
    return [Kind(*found) for found in await rows(sql, (now_ms, now_ms, now_ms))]


async def lags(head: int, limit: int) -> list[Lag]:
    """The servers whose first undelivered entry is oldest."""
    sql = """SELECT host, CAST(? AS BIGINT) - cursor, COALESCE((SELECT created_at FROM outbox WHERE seq > peer.cursor
ORDER BY seq LIMIT 1), 0), failures, next_attempt_at, last_error FROM peer WHERE cursor < ?
ORDER BY cursor, host LIMIT ?"""
    return [Lag(*found) for found in await rows(sql, (head, head, limit))]


async def given_up(limit: int, before: int = 0, name: str = "") -> list[GivenUp]:
    """Newest first; `before` is the id of the last one seen, `name` of a job or INBOX."""
    last = before or 2**62
    sql = f"""SELECT * FROM (SELECT id, '{JOB}', name, args, attempts, error FROM job WHERE state = {_SET_ASIDE}
AND id < ? AND (? = '' OR name = ?) UNION ALL SELECT id, '{INBOX}', '{INBOX}', signer, attempts, error FROM inbox_item
WHERE state = {PARKED} AND id < ? AND (? = '' OR ? = '{INBOX}')) parked ORDER BY 1 DESC LIMIT ?"""
    return [GivenUp(*found) for found in await rows(sql, (last, name, name, last, name, name, limit))]


async def count_given_up() -> int:
    """How many there are."""
    found = await row(
        f"SELECT (SELECT COUNT(*) FROM job WHERE state = {_SET_ASIDE})"
        f" + (SELECT COUNT(*) FROM inbox_item WHERE state = {PARKED})"
    )
    return int(found[0]) if found else 0


async def not_taken(limit: int, before: tuple[int, str] = (2**62, "")) -> list[NotTaken]:
    """The last ones in the order of the log, one a server and entry, without those that an admin decided about.

    `before` are entry and server of the last one seen.
    """
    sql = """SELECT n.host, n.seq, MIN(n.inbox), MAX(n.status), MAX(n.answer), MAX(n.noted_at), COALESCE(MIN(o.uri), '')
FROM delivery_note n LEFT JOIN outbox o ON o.seq = n.seq
WHERE (n.seq < ? OR (n.seq = ? AND n.host > ?)) AND n.status >= 0
AND n.status NOT BETWEEN 200 AND 299 GROUP BY n.seq, n.host ORDER BY n.seq DESC, n.host LIMIT ?"""
    return [NotTaken(*found) for found in await rows(sql, (before[0], *before, limit))]


async def again(jobs: Sequence[int], items: Sequence[int], now_ms: int) -> list[GivenUp]:
    """Jobs and activities are done anew, as if they had just come; gives those that were set aside."""
    return await _moved(
        f"UPDATE job SET state = 0, attempts = 0, run_at = ?, error = '' WHERE id IN (?ints) {_JOBS}",
        (now_ms, list(jobs)),
        f"UPDATE inbox_item SET state = 0, attempts = 0, next_at = NULL, error = '' WHERE id IN (?ints) {_ITEMS}",
        (list(items),),
    )


async def drop(jobs: Sequence[int], items: Sequence[int]) -> list[GivenUp]:
    """They have no effect, for good; an activity does not come in again either. Gives those that were set aside."""
    return await _moved(
        f"DELETE FROM job WHERE id IN (?ints) {_JOBS}",
        (list(jobs),),
        f"UPDATE inbox_item SET state = {REFUSED}, body = NULL WHERE id IN (?ints) {_ITEMS}",
        (list(items),),
    )


async def look_at(places: Sequence[tuple[int, str]]) -> list[NotTaken]:
    """An admin decides about what these servers refused of these entries; what they answered stays known."""
    sql = (
        "UPDATE delivery_note SET status = -1 - status WHERE seq IN (?ints) AND status >= 0"
        " AND status NOT BETWEEN 200 AND 299"
        " AND CAST(seq AS TEXT) || ':' || host IN (?texts) RETURNING host, seq, inbox, -1 - status, answer, noted_at"
    )
    args = [seq for seq, _host in places], [f"{seq}:{host}" for seq, host in places]
    return [NotTaken(*found) for found in await rows(sql, args)] if places else []


def pass_by(writes: Writes, host: str, head: int) -> None:
    """A server does not get what waits for it, up to that entry."""
    writes.add("UPDATE peer SET cursor = ? WHERE host = ? AND cursor < ?", (head, host, head))


async def _moved(of_jobs: str, job_args: Args, of_items: str, item_args: Args) -> list[GivenUp]:
    found = await rows(of_jobs, job_args) if job_args[-1] else []
    found += await rows(of_items, item_args) if item_args[-1] else []
    return [GivenUp(*each) for each in found]
