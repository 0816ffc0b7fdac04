"""Accounts of ours that are being erased: what there was, what is left, what was erased; and erasing it in batches.

Nothing here is seen by anybody any more when it is erased: the row of the actor says that it is gone.
"""

from collections.abc import Sequence

import msgspec

from storage.connect import Writes, execute, row, rows
from storage.counting import hold_some

AT_ONCE = 500  # rows that go in one transaction


class Erasure(msgspec.Struct, frozen=True):
    """One row of `erasure`; times in ms. `posts` and `files` are how many there were when it began.

    `noted`: each file that was erased is kept in mind, for a report. `delete_uri` is the activity that tells of it.
    """

    actor_id: int
    begun_at: int
    done_at: int | None
    made_by: str
    noted: int
    posts: int
    files: int
    delete_uri: str


class File(msgspec.Struct, frozen=True):
    """A picture that a member sent, with the keys of its files and its post, 0 for none."""

    id: int
    key: str | None
    preview_key: str | None
    mime: str
    size: int
    post_uri: str


class Erased(msgspec.Struct, frozen=True):
    """One that was erased; the digests are SHA-256, '' where there was no such file."""

    media_id: int
    actor_id: int
    post_uri: str
    mime: str
    size: int
    digest: str
    preview_digest: str
    erased_at: int


_COLUMNS = ", ".join(Erasure.__struct_fields__)
_ERASED = ", ".join(Erased.__struct_fields__)
_POSTS = "(SELECT COUNT(*) FROM post WHERE author_id = ? AND deleted_at IS NULL)"
_SENT = "FROM media WHERE owner_id = ? AND origin <> 'remote'"
_LEFT = f"SELECT {_POSTS}, (SELECT COUNT(*) {_SENT})"
# What else somebody keeps here, by who has it and what tells one row from another; all of it may be much.
_MANY = (
    ("home_entry", "owner_id", "id"),
    ("home_entry", "boosted_by", "id"),
    ("notification", "owner_id", "id"),
    ("notification", "actor_id", "id"),
    ("bookmark", "actor_id", "post_id"),
    ("conversation", "owner_id", "thread_id"),
    ("poll_vote", "actor_id", "post_id"),
    ("thread_mute", "owner_id", "root_id"),
)
_FEW = (
    ("bulletin_read", "actor_id"), ("bulletin_reaction", "actor_id"), ("notification_policy", "owner_id"),
    ("notification_permission", "owner_id"), ("notification_permission", "actor_id"), ("pin", "actor_id"),
    ("plea", "actor_id"), ("severance", "owner_id"), ("parted", "target_id"), ("archive", "actor_id"),
)  # fmt: skip
_COUNTERS = (("likes_count", "kind = 'like'"), ("dislikes_count", "kind = 'dislike'"))


async def of(actor_id: int) -> Erasure | None:
    """The erasure of an account, also when it is done."""
    found = await row(f"SELECT {_COLUMNS} FROM erasure WHERE actor_id = ?", (actor_id,))
    return Erasure(*found) if found else None


async def latest(limit: int) -> list[Erasure]:
    """Those that began last, these first."""
    sql = f"SELECT {_COLUMNS} FROM erasure ORDER BY begun_at DESC LIMIT ?"
    return [Erasure(*found) for found in await rows(sql, (limit,))]


async def unfinished() -> list[int]:
    """The actors of which something is left."""
    return [found[0] for found in await rows("SELECT actor_id FROM erasure WHERE done_at IS NULL ORDER BY begun_at")]


async def left(actor_id: int) -> tuple[int, int]:
    """How many posts and files of somebody are not erased yet."""
    found = await row(_LEFT, (actor_id, actor_id))
    return (found[0], found[1]) if found else (0, 0)


async def files(actor_id: int, limit: int) -> list[File]:
    """Some pictures that somebody sent."""
    sql = (
        "SELECT media.id, media.key, media.preview_key, media.mime, media.size, COALESCE(post.uri, '') FROM media"
        " LEFT JOIN post ON post.id = media.post_id WHERE media.owner_id = ? AND media.origin <> 'remote'"
        " ORDER BY media.id LIMIT ?"
    )
    return [File(*found) for found in await rows(sql, (actor_id, limit))]


async def erased(actor_id: int, after: int, limit: int) -> list[Erased]:
    """Files that were erased and noted, in the order of their ids, those behind `after`."""
    sql = f"SELECT {_ERASED} FROM erased_file WHERE actor_id = ? AND media_id > ? ORDER BY media_id LIMIT ?"
    return [Erased(*found) for found in await rows(sql, (actor_id, after, limit))]


async def posts(actor_id: int, since: int, after: int, limit: int) -> list[tuple[int, str, int, int]]:
    """(id, ActivityPub id, published, deleted; in ms) of posts that were erased since then, those behind `after`."""
    sql = (
        "SELECT id, uri, published, deleted_at FROM post WHERE author_id = ? AND deleted_at >= ? AND id > ?"
        " ORDER BY id LIMIT ?"
    )
    return [(found[0], found[1], found[2], found[3]) for found in await rows(sql, (actor_id, since, after, limit))]


def begin(writes: Writes, made: Erasure) -> None:
    """Note that an account is being erased, with how much there is of it."""
    writes.add(
        f"INSERT INTO erasure ({_COLUMNS}) SELECT CAST(? AS BIGINT), CAST(? AS BIGINT), NULL, CAST(? AS TEXT),"
        f" CAST(? AS SMALLINT), {_POSTS}, (SELECT COUNT(*) {_SENT}), CAST(? AS TEXT)",
        (made.actor_id, made.begun_at, made.made_by, made.noted, made.actor_id, made.actor_id, made.delete_uri),
    )


def end(writes: Writes, actor_id: int, now_ms: int) -> None:
    """Nothing is left."""
    writes.add("UPDATE erasure SET done_at = ? WHERE actor_id = ? AND done_at IS NULL", (now_ms, actor_id))


def note(writes: Writes, file: Erased) -> None:
    """Keep in mind that a file is erased; once is enough."""
    marks = ", ".join("?" * len(Erased.__struct_fields__))
    writes.add(
        f"INSERT INTO erased_file ({_ERASED}) VALUES ({marks}) ON CONFLICT DO NOTHING", msgspec.structs.astuple(file)
    )


def forget_files(writes: Writes, actor_id: int, media_ids: Sequence[int]) -> None:
    """The files are not there any more; nor are the rows from now on."""
    writes.add(
        "DELETE FROM media WHERE owner_id = ? AND origin <> 'remote' AND id IN (?ints)", (actor_id, list(media_ids))
    )


async def reactions(actor_id: int) -> list[int]:
    """Some posts that somebody voted on, the ids in order."""
    sql = "SELECT post_id FROM reaction WHERE actor_id = ? ORDER BY post_id LIMIT ?"
    return [found[0] for found in await rows(sql, (actor_id, AT_ONCE))]


async def boosts(actor_id: int) -> list[int]:
    """Some posts that somebody boosted, the ids in order."""
    sql = "SELECT post_id FROM boost WHERE actor_id = ? ORDER BY post_id LIMIT ?"
    return [found[0] for found in await rows(sql, (actor_id, AT_ONCE))]


async def tied(actor_id: int) -> tuple[list[int], list[int]]:
    """Some of those who follow somebody or ask to, and, when there are none of these, some whom they follow."""
    sql = "SELECT {0} FROM follow WHERE {1} = ? ORDER BY {0} LIMIT ?"
    followers = await rows(sql.format("follower_id", "target_id"), (actor_id, AT_ONCE))
    followed = await rows(sql.format("target_id", "follower_id"), (actor_id, AT_ONCE)) if not followers else []
    return [found[0] for found in followers], [found[0] for found in followed]


def take_reactions(writes: Writes, actor_id: int, post_ids: Sequence[int]) -> None:
    """Take the votes back, and count them no more."""
    some = list(post_ids)
    hold_some(writes, "post", some)
    for column, kind in _COUNTERS:
        writes.add(
            f"UPDATE post SET {column} = {column} - 1 WHERE {column} > 0 AND id IN (SELECT post_id FROM reaction"
            f" WHERE actor_id = ? AND {kind} AND post_id IN (?ints))",
            (actor_id, some),
        )
    writes.add("DELETE FROM reaction WHERE actor_id = ? AND post_id IN (?ints)", (actor_id, some))


def take_boosts(writes: Writes, actor_id: int, post_ids: Sequence[int]) -> None:
    """Take the boosts back, and count them no more."""
    some = list(post_ids)
    hold_some(writes, "post", some)
    writes.add(
        "UPDATE post SET boosts_count = boosts_count - 1 WHERE boosts_count > 0 AND id IN (SELECT post_id FROM boost"
        " WHERE actor_id = ? AND post_id IN (?ints))",
        (actor_id, some),
    )
    writes.add("DELETE FROM boost WHERE actor_id = ? AND post_id IN (?ints)", (actor_id, some))


def untie(writes: Writes, followers: Sequence[int], followed: Sequence[int], actor_id: int) -> None:
    """End what ties them to somebody, as `tied` gave it; who is left counts one less."""
    hold_some(writes, "actor", [*followers, *followed])
    for counter, mine, theirs, others in (
        ("following_count", "target_id", "follower_id", list(followers)),
        ("followers_count", "follower_id", "target_id", list(followed)),
    ):
        if others:
            writes.add(
                f"UPDATE actor SET {counter} = {counter} - 1 WHERE {counter} > 0 AND id IN (SELECT {theirs} FROM follow"
                f" WHERE {mine} = ? AND state = 'accepted' AND {theirs} IN (?ints))",
                (actor_id, others),
            )
            writes.add(f"DELETE FROM follow WHERE {mine} = ? AND {theirs} IN (?ints)", (actor_id, others))


async def take_many(actor_id: int) -> None:
    """Take everything else that may be much, bit by bit, each bit in a transaction of its own."""
    for table, owner, key in _MANY:
        some = f"SELECT {key} FROM {table} WHERE {owner} = ? ORDER BY {key} LIMIT ?"
        sql = f"DELETE FROM {table} WHERE {owner} = ? AND {key} IN ({some})"
        while await execute(sql, (actor_id, actor_id, AT_ONCE)) >= AT_ONCE:
            pass


async def take_said(actor_id: int) -> None:
    """Take from the log what they, and groups, told of their posts.

    Servers that have not got it yet need it no more: that the actor is gone takes all of it back.
    """
    await execute(
        "DELETE FROM outbox WHERE post_id IN (SELECT id FROM post WHERE author_id = ?)"
        " AND seq < (SELECT MAX(seq) FROM outbox)",
        (actor_id,),
    )


def take_rest(writes: Writes, actor_id: int) -> None:
    """Take what is never much: settings, filters, what was read."""
    mine = "IN (SELECT id FROM filter WHERE owner_id = ?)"
    for table in ("filter_keyword", "filter_post"):
        writes.add(f"DELETE FROM {table} WHERE filter_id {mine}", (actor_id,))
    for table, owner in (("filter", "owner_id"), *_FEW):
        writes.add(f"DELETE FROM {table} WHERE {owner} = ?", (actor_id,))


async def forget(before_ms: int) -> int:
    """Drop what is remembered of accounts that were erased before then; how many these are."""
    old = "SELECT actor_id FROM erasure WHERE done_at < ?"
    await execute(f"DELETE FROM erased_file WHERE actor_id IN ({old})", (before_ms,))
    return await execute("DELETE FROM erasure WHERE done_at < ?", (before_ms,))
