"""What an admin changes while the server runs: one row a setting, JSON values."""

import msgspec

from storage.connect import execute, rows


async def stored() -> dict[str, msgspec.Raw]:
    """Every setting that was changed, by its key; the values are JSON."""
    return {key: msgspec.Raw(value.encode()) for key, value in await rows("SELECT key, value FROM setting")}


async def changed_at(key: str) -> int | None:
    """When a setting was changed last, in ms; None when it never was."""
    found = await rows("SELECT changed_at FROM setting WHERE key = ?", (key,))
    return found[0][0] if found else None


async def store(key: str, value: object, now: int) -> None:
    """Keep the value of a setting."""
    sql = """INSERT INTO setting (key, value, changed_at) VALUES (?, ?, ?)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at"""
    await execute(sql, (key, msgspec.json.encode(value).decode(), now))
