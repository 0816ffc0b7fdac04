"""What the faces of groups announced, and under which ids: each thing once, until it is taken back."""

from storage.connect import Writes, row
from storage.outbox import Entry

_ENTRY = ", ".join(Entry.__struct_fields__)


def put(writes: Writes, face: str, object_uri: str, form: str, announce_uri: str, now_ms: int) -> None:
    """Remember what a face announced, and under which id; what stands announced keeps its id."""
    writes.add(
        "INSERT INTO announced (face, object_uri, form, announce_uri, announced_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (face, object_uri, form) DO UPDATE SET announce_uri = excluded.announce_uri,"
        " announced_at = excluded.announced_at, withdrawn_at = NULL WHERE announced.withdrawn_at IS NOT NULL",
        (face, object_uri, form, announce_uri, now_ms),
    )


def withdraw(writes: Writes, face: str, object_uri: str, form: str, now_ms: int) -> None:
    """A face took back what it announced; should it announce that again, then under a new id."""
    writes.add(
        "UPDATE announced SET withdrawn_at = ? WHERE face = ? AND object_uri = ? AND form = ? AND withdrawn_at IS NULL",
        (now_ms, face, object_uri, form),
    )


async def of(face: str, object_uri: str, form: str) -> str | None:
    """The id under which a face announced something, while it stands."""
    sql = "SELECT announce_uri FROM announced WHERE face = ? AND object_uri = ? AND form = ? AND withdrawn_at IS NULL"
    found = await row(sql, (face, object_uri, form))
    return found[0] if found else None


async def was(face: str, object_uri: str, form: str) -> str | None:
    """The id under which a face announced something last, also when it took that back."""
    sql = "SELECT announce_uri FROM announced WHERE face = ? AND object_uri = ? AND form = ?"
    found = await row(sql, (face, object_uri, form))
    return found[0] if found else None


async def carrying(object_uri: str) -> Entry | None:
    """The entry of the log by which a face announced the activity with this id."""
    sql = (
        f"SELECT {_ENTRY} FROM outbox WHERE uri IN (SELECT announce_uri FROM announced WHERE object_uri = ?"
        " AND form = 'wrapped') ORDER BY seq LIMIT 1"
    )
    found = await row(sql, (object_uri,))
    return Entry(*found) if found else None
