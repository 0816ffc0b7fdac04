"""Files of members that are being read in, each a job, and what is left to say about the last one of each member.

A job that is done is gone; its report stays in its place under a state that nobody takes up.
"""

import msgspec

from storage import jobs
from storage.connect import Writes, execute, row

NAME = "import_file"
_REPORT = 1  # state: done, kept to be read


class Import(msgspec.Struct, frozen=True):
    """How far a file is read in; `args` are those of the job."""

    args: str
    done: bool
    created_at: int


async def of(actor_id: int) -> Import | None:
    """The file that is being read in for a member, else the last that was."""
    found = await row("SELECT args, state, created_at FROM job WHERE key = ?", (_key(actor_id),))
    return Import(found[0], found[1] != 0, found[2]) if found else None


def begin(writes: Writes, job_id: int, actor_id: int, args: dict[str, object], now_ms: int) -> None:
    """Read a file in; the report about the last one goes. Nothing happens while another one is being read in."""
    writes.add("DELETE FROM job WHERE key = ? AND state <> 0", (_key(actor_id),))
    jobs.add(writes, job_id, NAME, args, now_ms, _key(actor_id))


async def keep(actor_id: int, args: dict[str, object]) -> None:
    """Note how far it is, so that it goes on there after a crash."""
    sql = "UPDATE job SET args = ? WHERE key = ? AND state = 0"
    await execute(sql, (msgspec.json.encode(args).decode(), _key(actor_id)))


def go_on(writes: Writes, job_id: int, actor_id: int, args: dict[str, object], now_ms: int) -> None:
    """Let others have their turn, and go on then: a new job in place of the one that ends."""
    writes.add("DELETE FROM job WHERE key = ? AND state = 0", (_key(actor_id),))
    jobs.add(writes, job_id, NAME, args, now_ms, _key(actor_id))


def end(writes: Writes, job_id: int, actor_id: int, args: dict[str, object], now_ms: int) -> None:
    """Everything was tried; what is left is a report."""
    go_on(writes, job_id, actor_id, args, now_ms)
    writes.add("UPDATE job SET state = ? WHERE id = ?", (_REPORT, job_id))


def drop(writes: Writes, actor_id: int) -> None:
    """The member is gone, and what they brought along with them."""
    writes.add("DELETE FROM job WHERE key = ?", (_key(actor_id),))


async def forget(before_ms: int) -> int:
    """Reports older than that; how many there were."""
    sql = "DELETE FROM job WHERE name = ? AND state = ? AND created_at < ?"
    return await execute(sql, (NAME, _REPORT, before_ms))


async def dismiss(actor_id: int) -> None:
    """The member has read the report."""
    await execute("DELETE FROM job WHERE key = ? AND state = ?", (_key(actor_id), _REPORT))


def _key(actor_id: int) -> str:
    return f"{NAME} {actor_id}"
