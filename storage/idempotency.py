"""Keys with which a client says that it asks for the same post again."""

from storage.connect import Writes, execute, row


async def post_of(account_id: int, key: str) -> int | None:
    """The post that was made under this key."""
    found = await row("SELECT post_id FROM idempotency WHERE account_id = ? AND key = ?", (account_id, key))
    return found[0] if found else None


def remember(writes: Writes, account_id: int, key: str, post_id: int, now_ms: int) -> None:
    """The post is made under this key; a second one under it fails as a whole."""
    writes.add(
        "INSERT INTO idempotency (account_id, key, post_id, created_at) VALUES (?, ?, ?, ?)",
        (account_id, key, post_id, now_ms),
    )


def pass_on(writes: Writes, account_id: int, old_id: int, new_id: int) -> None:
    """What a key stood for has become a post."""
    writes.add("UPDATE idempotency SET post_id = ? WHERE account_id = ? AND post_id = ?", (new_id, account_id, old_id))


async def forget(before_ms: int) -> int:
    """Drop keys from before then."""
    return await execute("DELETE FROM idempotency WHERE created_at < ?", (before_ms,))
