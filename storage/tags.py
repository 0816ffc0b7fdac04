"""Tags that members follow or show on their profile, and how much tags are used."""

from collections.abc import Sequence

import msgspec

from storage.connect import Writes, rows, value
from storage.paging import Page

_DAY = 86_400_000  # ms


class Day(msgspec.Struct, frozen=True):
    """How often a tag was used on one day, in public; `at` is when the day began (ms)."""

    at: int
    uses: int
    people: int


class Featured(msgspec.Struct, frozen=True):
    """A tag on a profile, and how its owner used it in what everybody may see."""

    id: int
    name: str
    posts: int
    last_at: int | None


class Names(msgspec.Struct, frozen=True):
    """A page of names, the latest first; `cursors` as the `Link` header has them."""

    names: list[str]
    cursors: tuple[int, ...]
    older: bool


_FOLLOWED = "SELECT t.id, tag.name FROM tag_follow t JOIN tag ON tag.id = t.tag_id WHERE t.actor_id = ?"
_HISTORY = f"""
SELECT tag.name, post.published / {_DAY}, COUNT(*), COUNT(DISTINCT post.author_id)
FROM tag JOIN post_tag ON post_tag.tag_id = tag.id JOIN post ON post.id = post_tag.post_id
WHERE tag.name IN (?texts) AND post_tag.post_id > ? AND post.visibility = 0 AND post.deleted_at IS NULL
AND post.removed_at IS NULL GROUP BY 1, 2"""
_FEATURED = """
SELECT f.id, tag.name, COUNT(post.id), MAX(post.published) FROM featured_tag f JOIN tag ON tag.id = f.tag_id
LEFT JOIN post_tag ON post_tag.tag_id = f.tag_id
LEFT JOIN post ON post.id = post_tag.post_id AND post.author_id = f.actor_id AND post.visibility IN (0, 1)
 AND post.deleted_at IS NULL
WHERE f.actor_id = ? GROUP BY f.id, tag.name ORDER BY f.id"""
_MOST_USED = """
SELECT tag.name FROM post JOIN post_tag ON post_tag.post_id = post.id JOIN tag ON tag.id = post_tag.tag_id
WHERE post.author_id = ? AND post.visibility IN (0, 1) AND post.deleted_at IS NULL
AND NOT EXISTS (SELECT 1 FROM featured_tag f WHERE f.actor_id = post.author_id AND f.tag_id = tag.id)
GROUP BY tag.name ORDER BY COUNT(*) DESC, tag.name LIMIT ?"""


async def followed(actor_id: int, page: Page) -> Names:
    """The tags that somebody follows."""

    async def fetch(page: Page, limit: int) -> list[tuple[int, str]]:
        sql = f"{_FOLLOWED} AND t.id < ? AND t.id > ? ORDER BY 1 {page.order} LIMIT ?"
        return [(found[0], found[1]) for found in await rows(sql, (actor_id, *page.bounds, limit))]

    found = await fetch(page, page.limit + 1)
    older, found = len(found) > page.limit, found[: page.limit]
    if page.forward and found:
        found.reverse()
        older = bool(await fetch(page.under(found[-1][0]), 1))
    return Names([name for _, name in found], (found[0][0], found[-1][0]) if found else (), older)


async def count(table: str, actor_id: int) -> int:
    """How many tags somebody has in `tag_follow` or `featured_tag`."""
    return int(await value(f"SELECT COUNT(*) FROM {table} WHERE actor_id = ?", (actor_id,)))


async def among(table: str, actor_id: int, names: Sequence[str]) -> set[str]:
    """Those of the names that somebody has in `tag_follow` or `featured_tag`."""
    sql = f"SELECT tag.name FROM {table} mark JOIN tag ON tag.id = mark.tag_id WHERE mark.actor_id = ?"
    return {found[0] for found in await rows(f"{sql} AND tag.name IN (?texts)", (actor_id, list(names)))}


async def history(names: Sequence[str], now_ms: int, days: int = 7) -> dict[str, list[Day]]:
    """How each of the tags was used on these days, today first; also on which it was not."""
    today = now_ms // _DAY
    since = (today - days + 1) * _DAY
    counted = {
        (name, day): (uses, people) for name, day, uses, people in await rows(_HISTORY, (list(names), since << 16))
    }
    return {
        name: [Day(day * _DAY, *counted.get((name, day), (0, 0))) for day in range(today, today - days, -1)]
        for name in names
    }


async def featured(actor_id: int) -> list[Featured]:
    """The tags on somebody's profile, in the order in which they were put there."""
    return [Featured(*found) for found in await rows(_FEATURED, (actor_id,))]


async def most_used(actor_id: int, limit: int) -> list[str]:
    """The tags that somebody used most and does not show yet."""
    return [found[0] for found in await rows(_MOST_USED, (actor_id, limit))]


def put(writes: Writes, table: str, mark_id: int, tag_id: int, actor_id: int, name: str) -> None:
    """Keep a tag in `tag_follow` or `featured_tag`; `tag_id` is used when the tag is new."""
    writes.add("INSERT INTO tag (id, name) VALUES (?, ?) ON CONFLICT DO NOTHING", (tag_id, name))
    writes.add(
        f"INSERT INTO {table} (id, actor_id, tag_id) SELECT CAST(? AS BIGINT), CAST(? AS BIGINT), id FROM tag"
        " WHERE name = ? ON CONFLICT DO NOTHING",
        (mark_id, actor_id, name),
    )


def unfeature(writes: Writes, actor_id: int, name: str) -> None:
    """The tag is not on the profile any more."""
    writes.add(
        "DELETE FROM featured_tag WHERE actor_id = ? AND tag_id = (SELECT id FROM tag WHERE name = ?)", (actor_id, name)
    )


def unfollow(writes: Writes, actor_id: int, name: str) -> None:
    """The tag is not followed any more; what was in home for its sake alone goes with it."""
    writes.add(
        "DELETE FROM tag_follow WHERE actor_id = ? AND tag_id = (SELECT id FROM tag WHERE name = ?)", (actor_id, name)
    )
    writes.add(
        "DELETE FROM home_entry WHERE owner_id = ? AND boosted_by IS NULL AND post_id IN"
        " (SELECT p.post_id FROM post_tag p JOIN tag ON tag.id = p.tag_id JOIN post ON post.id = p.post_id"
        " WHERE tag.name = ? AND post.author_id <> ? AND NOT EXISTS (SELECT 1 FROM follow f"
        " WHERE f.follower_id = ? AND f.target_id = post.author_id AND f.state = 'accepted')"
        " AND NOT EXISTS (SELECT 1 FROM post_tag other JOIN tag_follow t ON t.tag_id = other.tag_id"
        " WHERE other.post_id = p.post_id AND t.actor_id = ?))",
        (actor_id, name, actor_id, actor_id, actor_id),
    )


def to_homes(writes: Writes, post_id: int) -> None:
    """Put a public post where those see it that follow one of its tags."""
    writes.add(
        "INSERT INTO home_entry (owner_id, id, post_id, boosted_by) SELECT DISTINCT t.actor_id, p.post_id, p.post_id,"
        " CAST(NULL AS BIGINT) FROM post_tag p JOIN tag_follow t ON t.tag_id = p.tag_id WHERE p.post_id = ?"
        " ON CONFLICT DO NOTHING",
        (post_id,),
    )
