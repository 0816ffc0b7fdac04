"""Reports and what came of them."""

from collections.abc import Sequence

import msgspec

from storage.connect import Writes, row, rows
from storage.session import Row


class Report(msgspec.Struct, frozen=True):
    """One report; `post_ids` name the posts it is about, `state` is open or closed."""

    id: int
    uri: str
    reporter_id: int
    target_id: int
    group_id: int | None
    post_ids: list[int]
    comment: str
    category: str
    state: str
    created_at: int
    closed_at: int | None


COLUMNS = ", ".join(Report.__struct_fields__)
_POSTS = Report.__struct_fields__.index("post_ids")


def insert(writes: Writes, report: Report) -> None:
    """Keep a report; one that came before changes nothing."""
    values = msgspec.structs.asdict(report) | {"post_ids": msgspec.json.encode(report.post_ids).decode()}
    writes.add(
        f"INSERT INTO report ({COLUMNS}) VALUES ({', '.join('?' * len(values))}) ON CONFLICT DO NOTHING",
        tuple(values.values()),
    )


async def count_from(host: str, since_ms: int) -> int:
    """How many reports people of one server made since then."""
    sql = "SELECT COUNT(*) FROM report r JOIN actor a ON a.id = r.reporter_id WHERE r.created_at > ? AND a.host = ?"
    found = await row(sql, (since_ms, host))
    return found[0] if found else 0


async def count_by(reporter_id: int, since_ms: int) -> int:
    """How many reports somebody made since then."""
    found = await row("SELECT COUNT(*) FROM report WHERE created_at > ? AND reporter_id = ?", (since_ms, reporter_id))
    return found[0] if found else 0


async def count_open() -> int:
    """How many reports nobody has closed."""
    found = await row("SELECT COUNT(*) FROM report WHERE state = 'open'")
    return found[0] if found else 0


async def by_id(report_id: int) -> Report | None:
    """The report."""
    found = await row(f"SELECT {COLUMNS} FROM report WHERE id = ?", (report_id,))
    return _report(found) if found else None


async def by_ids(report_ids: Sequence[int]) -> list[Report]:
    """The reports with these ids."""
    return [_report(found) for found in await rows(f"SELECT {COLUMNS} FROM report WHERE id IN (?ints)", (report_ids,))]


async def open_ones(before_id: int, limit: int) -> list[Report]:
    """Reports that nobody has closed, newest first, below an id."""
    sql = f"SELECT {COLUMNS} FROM report WHERE state = 'open' AND id < ? ORDER BY id DESC LIMIT ?"
    return [_report(found) for found in await rows(sql, (before_id, limit))]


def close(writes: Writes, report_id: int, now_ms: int) -> None:
    """Somebody has dealt with the report."""
    writes.add("UPDATE report SET state = 'closed', closed_at = ? WHERE id = ? AND state = 'open'", (now_ms, report_id))


def _report(found: Row) -> Report:
    values = dict(zip(Report.__struct_fields__, found, strict=True))
    return Report(**values | {"post_ids": msgspec.json.decode(found[_POSTS])})
