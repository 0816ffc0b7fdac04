"""What members do not want to meet: filters with their words and their posts."""

from collections.abc import Iterable

import msgspec

from storage import bus, events
from storage.connect import Writes, read_many, rows

CHANNEL = "filters"  # on which it is told whose filters have changed: the id of an actor
BY_FILTER, BY_KEYWORD, BY_POST = (
    "SELECT id FROM filter WHERE owner_id = ? AND id = ?",
    "SELECT f.id FROM filter f JOIN filter_keyword k ON k.filter_id = f.id WHERE f.owner_id = ? AND k.id = ?",
    "SELECT f.id FROM filter f JOIN filter_post p ON p.filter_id = f.id WHERE f.owner_id = ? AND p.id = ?",
)


class Keyword(msgspec.Struct, frozen=True):
    """A word or phrase of a filter."""

    id: int
    keyword: str
    whole_word: int


class Filtered(msgspec.Struct, frozen=True):
    """A post that a filter names by itself."""

    id: int
    post_id: int


class Filter(msgspec.Struct, frozen=True):
    """A filter with all it holds; `action` is warn, hide or blur, `expires_at` ms or None for never."""

    id: int
    title: str
    contexts: tuple[str, ...]
    action: str
    expires_at: int | None
    keywords: tuple[Keyword, ...] = ()
    posts: tuple[Filtered, ...] = ()


_contexts = msgspec.json.Decoder(tuple[str, ...])
_FILTERS = "SELECT id, title, contexts, action, expires_at FROM filter WHERE owner_id = ? ORDER BY id"
_KEYWORDS = (
    "SELECT k.filter_id, k.id, k.keyword, k.whole_word FROM filter_keyword k JOIN filter f ON f.id = k.filter_id"
    " WHERE f.owner_id = ? ORDER BY k.id"
)
_POSTS = (
    "SELECT p.filter_id, p.id, p.post_id FROM filter_post p JOIN filter f ON f.id = p.filter_id"
    " WHERE f.owner_id = ? ORDER BY p.id"
)
_PUT = (
    "INSERT INTO filter (id, owner_id, title, contexts, action, expires_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (id) DO UPDATE SET title = excluded.title, contexts = excluded.contexts, action = excluded.action,"
    " expires_at = excluded.expires_at"
)
_PUT_KEYWORD = (
    "INSERT INTO filter_keyword (id, filter_id, keyword, whole_word) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (id) DO UPDATE SET keyword = excluded.keyword, whole_word = excluded.whole_word"
)


async def of(owner_id: int) -> list[Filter]:
    """All filters of somebody, the oldest first; also those that have expired."""
    found, words, posts = await read_many([(sql, (owner_id,)) for sql in (_FILTERS, _KEYWORDS, _POSTS)])
    keywords: dict[int, list[Keyword]] = {}
    for filter_id, *rest in words:
        keywords.setdefault(filter_id, []).append(Keyword(*rest))
    named: dict[int, list[Filtered]] = {}
    for filter_id, *rest in posts:
        named.setdefault(filter_id, []).append(Filtered(*rest))
    return [
        Filter(
            row[0], row[1], _contexts.decode(row[2]), row[3], row[4],
            tuple(keywords.get(row[0], ())), tuple(named.get(row[0], ())),
        )
        for row in found
    ]  # fmt: skip


async def holder(sql: str, owner_id: int, part_id: int) -> int | None:
    """The filter of somebody that is asked for by one of `BY_FILTER`, `BY_KEYWORD`, `BY_POST`; nobody else's."""
    found = await rows(sql, (owner_id, part_id))
    return found[0][0] if found else None


def put(writes: Writes, owner_id: int, found: Filter, now_ms: int) -> None:
    """Keep a filter, new or changed, without what it holds."""
    contexts = msgspec.json.encode(found.contexts).decode()
    writes.add(_PUT, (found.id, owner_id, found.title, contexts, found.action, found.expires_at, now_ms))


def put_keyword(writes: Writes, filter_id: int, word: Keyword) -> None:
    """Keep a word of a filter, new or changed."""
    writes.add(_PUT_KEYWORD, (word.id, filter_id, word.keyword, word.whole_word))


def put_post(writes: Writes, filter_id: int, named: Filtered) -> None:
    """Have the filter name this post."""
    writes.add(
        "INSERT INTO filter_post (id, filter_id, post_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (named.id, filter_id, named.post_id),
    )


def drop_keywords(writes: Writes, filter_id: int, ids: Iterable[int]) -> None:
    """Take words out of a filter."""
    writes.add("DELETE FROM filter_keyword WHERE filter_id = ? AND id IN (?ints)", (filter_id, list(ids)))


def drop_posts(writes: Writes, filter_id: int, ids: Iterable[int]) -> None:
    """Take posts out of a filter."""
    writes.add("DELETE FROM filter_post WHERE filter_id = ? AND id IN (?ints)", (filter_id, list(ids)))


def drop(writes: Writes, filter_id: int) -> None:
    """Delete a filter with all it holds."""
    writes.add("DELETE FROM filter_keyword WHERE filter_id = ?", (filter_id,))
    writes.add("DELETE FROM filter_post WHERE filter_id = ?", (filter_id,))
    writes.add("DELETE FROM filter WHERE id = ?", (filter_id,))


def tell(writes: Writes, owner_id: int) -> None:
    """These changes are of somebody's filters: what every process knows of them is read anew."""
    bus.add(writes, CHANNEL, str(owner_id))
    events.tell(writes, "filters", owner_id)
