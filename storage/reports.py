"""Reports and what came of them."""

import msgspec

from storage.connect import Writes, row, rows


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


async def open_ones(limit: int = 100) -> list[Report]:
    """Reports that nobody has closed, newest first."""
    found = await rows(f"SELECT {COLUMNS} FROM report WHERE state = 'open' ORDER BY id DESC LIMIT ?", (limit,))
    place = Report.__struct_fields__.index("post_ids")
    return [Report(*(*row[:place], msgspec.json.decode(row[place]), *row[place + 1 :])) for row in found]
