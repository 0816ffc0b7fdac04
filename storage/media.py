"""Pictures: what members send, what hangs on posts, and which of it nobody needs any more."""

from collections.abc import Sequence

import msgspec

from storage import visible
from storage.connect import Writes, row, rows, value


class Media(msgspec.Struct, frozen=True):
    """One row of `media`; `key` and `preview_key` only of what is kept here, `meta` is JSON."""

    id: int
    owner_id: int
    post_id: int | None
    kind: str
    mime: str
    origin: str
    remote_url: str
    key: str | None
    preview_key: str | None
    preview_mime: str
    description: str
    blurhash: str
    width: int | None
    height: int | None
    meta: str
    state: str
    created_at: int
    scheduled_id: int | None = None  # the post to come with which it waits


class Served(msgspec.Struct, frozen=True):
    """A file as it is kept, and the post that has it, 0 for none; `removed` says that moderators took that out."""

    key: str
    mime: str
    post_id: int
    visibility: int
    removed: bool

    @property
    def shared(self) -> bool:
        """Whether it is for everybody, so that whoever passes it on may keep it."""
        return self.visibility <= 1 and not self.removed  # public and unlisted


VOUCHED = "told"  # the state of a file of which its group says where it is, instead of its author
COLUMNS = ", ".join(Media.__struct_fields__)
_SELECT = f"SELECT {COLUMNS} FROM media "
_FILE = """
SELECT media.{key}, media.{mime}, COALESCE(post.id, 0), COALESCE(post.visibility, 0), post.removed_at FROM media
JOIN actor ON actor.id = media.owner_id LEFT JOIN post ON post.id = media.post_id
WHERE media.{key} = ? AND media.state = 'ready' AND actor.suspended_at IS NULL AND actor.deleted_at IS NULL
AND NOT EXISTS (SELECT 1 FROM blocked_file WHERE digest IN (media.digest, media.preview_digest, media.received))"""
_SERVED = f"{_FILE.format(key='key', mime='mime')} UNION ALL {_FILE.format(key='preview_key', mime='preview_mime')}"
_UNSEEN = f"""
SELECT unseen.id, media.remote_url FROM (SELECT post.id FROM post WHERE post.group_id = ? AND post.id > ? {{by}}
 AND NOT {visible.ANY_READER} AND EXISTS (SELECT 1 FROM media own WHERE own.post_id = post.id
  AND own.origin = 'remote') ORDER BY post.id LIMIT ?) unseen
JOIN media ON media.post_id = unseen.id AND media.origin = 'remote' ORDER BY unseen.id"""
_LOOSE = """
SELECT id FROM media WHERE post_id IS NULL AND scheduled_id IS NULL AND created_at < ?
AND (origin = 'upload' OR state = 'dropped') ORDER BY created_at LIMIT ?"""


async def own(owner_id: int, media_id: int) -> Media | None:
    """What this member sent, unless it was for their profile."""
    found = await row(_SELECT + "WHERE id = ? AND owner_id = ? AND origin = 'upload'", (media_id, owner_id))
    return Media(*found) if found else None


async def several(owner_id: int, media_ids: Sequence[int]) -> dict[int, Media]:
    """As `own`, of several, by id."""
    sql = _SELECT + "WHERE id IN (?ints) AND owner_id = ? AND origin = 'upload'"
    return {found[0]: Media(*found) for found in await rows(sql, (list(media_ids), owner_id))}


async def elsewhere(media_id: int) -> tuple[Media, bool] | None:
    """A picture that another server has, of a post that somebody here may be shown; whether everybody may."""
    names = ", ".join(f"media.{name}" for name in Media.__struct_fields__)
    sql = (
        f"SELECT {names}, post.visibility FROM media JOIN post ON post.id = media.post_id"
        f" WHERE media.id = ? AND media.origin = 'remote' AND {visible.ANY_READER}"
    )
    found = await row(sql, (media_id,))
    return (Media(*found[:-1]), found[-1] < 2) if found else None


async def unseen(group_id: int, author_id: int, after: int, limit: int) -> list[tuple[int, str]]:
    """(post, address) of pictures that other servers have, of posts in a group that are shown to nobody here.

    Of so many posts behind `after`, by one author or, with 0, by all.
    """
    sql = _UNSEEN.format(by="AND post.author_id = ?" if author_id else "")
    about = (group_id, after, *((author_id,) if author_id else ()), limit)
    return [(found[0], found[1]) for found in await rows(sql, about)]


async def of_post(post_id: int) -> list[Media]:
    """The pictures and files of a post, in order."""
    return [Media(*found) for found in await rows(_SELECT + "WHERE post_id = ? ORDER BY position, id", (post_id,))]


async def whose(media_id: int) -> tuple[int, int] | None:
    """Whose a picture or file is, and in which post, 0 for none."""
    found = await row("SELECT owner_id, COALESCE(post_id, 0) FROM media WHERE id = ?", (media_id,))
    return (found[0], found[1]) if found else None


async def whose_file(key: str) -> tuple[int, int] | None:
    """As `whose`, of the picture or preview that is kept under this key."""
    sql = "SELECT owner_id, COALESCE(post_id, 0) FROM media WHERE key = ? OR preview_key = ? LIMIT 1"
    found = await row(sql, (key, key))
    return (found[0], found[1]) if found else None


async def served(key: str) -> Served | None:
    """The picture or preview kept under this key, while it is in use; nothing of who is suspended or gone."""
    found = await row(_SERVED, (key, key))
    return Served(found[0], found[1], found[2], found[3], found[4] is not None) if found else None


async def loose_count(owner_id: int) -> int:
    """How many of a member's pictures hang on no post yet."""
    sql = (
        "SELECT COUNT(*) FROM media WHERE owner_id = ? AND post_id IS NULL AND scheduled_id IS NULL"
        " AND origin = 'upload'"
    )
    return int(await value(sql, (owner_id,)))


async def bytes_of(owner_id: int) -> int:
    """How much a member's pictures take."""
    return int(await value("SELECT COALESCE(SUM(size), 0) FROM media WHERE owner_id = ?", (owner_id,)))


async def known(keys: Sequence[str]) -> set[str]:
    """Those of the keys that some picture, copy or archive has."""
    wanted = list(keys)
    sql = (
        "SELECT key FROM media WHERE key IN (?texts)"
        " UNION ALL SELECT preview_key FROM media WHERE preview_key IN (?texts)"
        " UNION ALL SELECT key FROM copy WHERE key IN (?texts)"
        " UNION ALL SELECT key FROM archive WHERE key IN (?texts)"
    )
    return {found[0] for found in await rows(sql, (wanted, wanted, wanted, wanted))}


async def loose(before_ms: int, limit: int) -> list[int]:
    """Ids of some of what hung on nothing since before then."""
    return [found[0] for found in await rows(_LOOSE, (before_ms, limit))]


def insert(writes: Writes, media_id: int, owner_id: int, origin: str, description: str, meta: str, now_ms: int) -> None:
    """Begin with a picture of which nothing is known yet."""
    writes.add(
        "INSERT INTO media (id, owner_id, kind, origin, description, meta, state, created_at)"
        " VALUES (?, ?, 'image', ?, ?, ?, 'working', ?)",
        (media_id, owner_id, origin, description, meta, now_ms),
    )


def change(writes: Writes, media_id: int, **columns: object) -> None:
    """Set the given columns of one picture."""
    assignments = ", ".join(f"{name} = ?" for name in columns)
    writes.add(f"UPDATE media SET {assignments} WHERE id = ?", (*columns.values(), media_id))


def hang(writes: Writes, picture: Media, post_id: int, position: int) -> None:
    """Hang a picture on a post of its owner's, described as given, unless another post has it."""
    writes.add(
        "UPDATE media SET post_id = ?, position = ?, state = 'ready', description = ?, meta = ?, scheduled_id = NULL"
        " WHERE id = ?"
        " AND owner_id = ? AND origin = 'upload' AND (post_id IS NULL OR post_id = ?)",
        (post_id, position, picture.description, picture.meta, picture.id, picture.owner_id, post_id),
    )


def wait(writes: Writes, media_ids: Sequence[int], owner_id: int, scheduled_id: int) -> int:
    """Keep a member's pictures for a post to come; the answer at this index has those that no other post has."""
    return writes.returning(
        "UPDATE media SET scheduled_id = ? WHERE id IN (?ints) AND owner_id = ? AND post_id IS NULL"
        " AND scheduled_id IS NULL RETURNING id",
        (scheduled_id, list(media_ids), owner_id),
    )


def wait_no_more(writes: Writes, scheduled_id: int, now_ms: int) -> None:
    """What waited with a post that does not come may be used for another for a day."""
    writes.add("UPDATE media SET scheduled_id = NULL, created_at = ? WHERE scheduled_id = ?", (now_ms, scheduled_id))


def vouched(writes: Writes, post_id: int) -> None:
    """What a private group says where its copies of the files of a post are, which another server has."""
    writes.add("UPDATE media SET state = ? WHERE post_id = ? AND origin = 'remote'", (VOUCHED, post_id))


def drop(writes: Writes, post_id: int, now_ms: int, but: Sequence[int] = ()) -> None:
    """Take what was sent here off a post; it is shown no more, and its files go in a day."""
    writes.add(
        "UPDATE media SET post_id = NULL, state = 'dropped', created_at = ? WHERE post_id = ? AND origin = 'upload'"
        " AND id NOT IN (?ints)",
        (now_ms, post_id, list(but)),
    )


def drop_elsewhere(writes: Writes, post_id: int, but: Sequence[str] = ()) -> None:
    """Take what other servers have off a post, `but` files at these addresses; copies go with the next cleared away."""
    writes.add(
        "UPDATE media SET post_id = NULL, state = 'dropped', created_at = 0 WHERE post_id = ? AND origin = 'remote'"
        " AND remote_url NOT IN (?texts)",
        (post_id, list(but)),
    )


def drop_one(writes: Writes, media_id: int, now_ms: int) -> None:
    """As `drop`, of one picture that hangs on nothing, such as somebody's last avatar."""
    writes.add("UPDATE media SET post_id = NULL, state = 'dropped', created_at = ? WHERE id = ?", (now_ms, media_id))


def drop_all(writes: Writes, owner_id: int, now_ms: int) -> None:
    """Everything that a member sent, when they go."""
    writes.add(
        "UPDATE media SET post_id = NULL, scheduled_id = NULL, state = 'dropped', created_at = ? WHERE owner_id = ?"
        " AND origin <> 'remote'",
        (now_ms, owner_id),
    )


def forget(writes: Writes, media_ids: Sequence[int]) -> int:
    """Forget pictures, unless a post has them now; the answer at this index has the keys and origins of their files."""
    return writes.returning(
        "DELETE FROM media WHERE id IN (?ints) AND post_id IS NULL AND scheduled_id IS NULL"
        " RETURNING key, preview_key, remote_url",
        (list(media_ids),),
    )
