"""Files that are neither taken nor shown, by the SHA-256 of their bytes."""

from collections.abc import Sequence

import msgspec

from storage.connect import Writes, execute, row, rows

MOST_SHOWN = 200


class Blocked(msgspec.Struct, frozen=True):
    """One of them."""

    id: int
    digest: str
    reason: str
    created_at: int


class Kept(msgspec.Struct, frozen=True):
    """What a member sent, where it stands, and why it is blocked."""

    id: int
    owner_id: int
    origin: str
    post_id: int | None
    reason: str


class Unread(msgspec.Struct, frozen=True):
    """A file of which the digest is not known; `name` is the id or address of its row."""

    name: int | str
    key: str
    preview_key: str | None = None


_SELECT = "SELECT id, digest, reason, created_at FROM blocked_file "
_DIGESTS = "(SELECT digest FROM blocked_file)"


async def newest() -> list[Blocked]:
    """The latest of them first."""
    return [Blocked(*found) for found in await rows(_SELECT + "ORDER BY id DESC LIMIT ?", (MOST_SHOWN,))]


async def among(digests: Sequence[str]) -> list[str]:
    """Those of some digests that are blocked."""
    found = await rows("SELECT digest FROM blocked_file WHERE digest IN (?texts)", (list(digests),))
    return [digest for (digest,) in found]


async def insert(made: Blocked) -> bool:
    """Keep it; False when it is among them already."""
    sql = "INSERT INTO blocked_file (id, digest, reason, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    return bool(await execute(sql, msgspec.structs.astuple(made)))


async def delete(digest: str) -> bool:
    """Take it out; False when it was not among them."""
    return await row("DELETE FROM blocked_file WHERE digest = ? RETURNING id", (digest,)) is not None


async def sent(limit: int) -> list[Kept]:
    """Some of what members sent that is blocked: as they sent it, as it is kept, or its preview."""
    sql = f"""
SELECT id, owner_id, origin, post_id, COALESCE((SELECT reason FROM blocked_file
WHERE digest IN (media.digest, media.preview_digest, media.received) ORDER BY id LIMIT 1), '')
FROM media WHERE digest IN {_DIGESTS} OR preview_digest IN {_DIGESTS}
OR received IN {_DIGESTS} ORDER BY id LIMIT ?"""
    return [Kept(*found) for found in await rows(sql, (limit,))]


async def copied(limit: int) -> list[str]:
    """The addresses of some copies that are blocked, also of what was not kept for that."""
    found = await rows(f"SELECT url FROM copy WHERE digest IN {_DIGESTS} LIMIT ?", (limit,))
    return [url for (url,) in found]


async def unread_copies(limit: int) -> list[Unread]:
    """Some copies from before digests were noted."""
    found = await rows("SELECT url, key FROM copy WHERE digest IS NULL AND key IS NOT NULL LIMIT ?", (limit,))
    return [Unread(url, key) for url, key in found]


async def unread_sent(limit: int) -> list[Unread]:
    """As `unread_copies`, of what members sent."""
    sql = "SELECT id, key, preview_key FROM media WHERE digest IS NULL AND key IS NOT NULL ORDER BY id LIMIT ?"
    return [Unread(*found) for found in await rows(sql, (limit,))]


def read_copy(writes: Writes, url: str, digest: str) -> None:
    """Note the digest of a copy."""
    writes.add("UPDATE copy SET digest = ? WHERE url = ?", (digest, url))


def read_sent(writes: Writes, media_id: int, digest: str, preview_digest: str) -> None:
    """Note the digests of what a member sent."""
    writes.add("UPDATE media SET digest = ?, preview_digest = ? WHERE id = ?", (digest, preview_digest, media_id))


def take_off(writes: Writes, media_id: int, post_id: int | None) -> None:
    """Take what is blocked off its post, if it is on one, so that it can be forgotten."""
    writes.add(
        "UPDATE media SET post_id = NULL, scheduled_id = NULL, state = 'dropped', created_at = 0 WHERE id = ?",
        (media_id,),
    )
    if post_id is not None:
        writes.add(
            "UPDATE post SET attachments_count = attachments_count - 1 WHERE id = ? AND attachments_count > 0",
            (post_id,),
        )
