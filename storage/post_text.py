"""The words of posts, and which posts have them: FTS5 on SQLite, a `tsvector` on PostgreSQL, with the same answers.

Whoever writes here has cut the words (`fedcomm.search_words`): they are letters and digits, and nothing else.
"""

from collections.abc import Iterable, Sequence

import msgspec

from storage import visible
from storage.connect import Writes, dialect, rows
from storage.paging import Page

Words = tuple[tuple[str, ...], bool]  # one after the other; whether the last one may go on

# What somebody may look through: what they wrote, what was said to them or what they marked, and public posts of those
# who agreed (attack PRI-12). Mastodon: statuses_index.rb, public_statuses_index.rb.
_LIBRARY = """(post.author_id = ?
 OR EXISTS (SELECT 1 FROM mention WHERE mention.post_id = post.id AND mention.actor_id = ?)
 OR EXISTS (SELECT 1 FROM bookmark WHERE bookmark.actor_id = ? AND bookmark.post_id = post.id)
 OR EXISTS (SELECT 1 FROM reaction WHERE reaction.post_id = post.id AND reaction.actor_id = ? AND kind = 'like')
 OR EXISTS (SELECT 1 FROM boost WHERE boost.actor_id = ? AND boost.post_id = post.id)
 OR EXISTS (SELECT 1 FROM poll_vote WHERE poll_vote.post_id = post.id AND poll_vote.actor_id = ?))"""
_PUBLIC = """(post.visibility = 0
 AND EXISTS (SELECT 1 FROM actor writer WHERE writer.id = post.author_id AND writer.indexable = 1))"""
_HAS = {
    "media": "post.attachments_count > 0",
    "poll": "EXISTS (SELECT 1 FROM poll WHERE poll.post_id = post.id)",
    "image": "EXISTS (SELECT 1 FROM media WHERE media.post_id = post.id AND media.kind = 'image')",
    "video": "EXISTS (SELECT 1 FROM media WHERE media.post_id = post.id AND media.kind IN ('video', 'gifv'))",
    "audio": "EXISTS (SELECT 1 FROM media WHERE media.post_id = post.id AND media.kind = 'audio')",
    "reply": "post.parent_uri IS NOT NULL",
    "sensitive": "post.sensitive = 1",
}
HAS = frozenset(_HAS)

# Both begin with the words. PostgreSQL would rather go through all posts from the newest: that takes ages when few have
# the word, and finds a page at once when many have it. So it looks at a few first, and then asks the index.
_WITHOUT_WORDS = f"SELECT post.id FROM post WHERE post.id < ? AND post.id > ? AND {visible.READ}"
_BY_MATCH = f"""SELECT post.id FROM post_text CROSS JOIN post
 WHERE post_text MATCH ? AND post.id = post_text.rowid AND post.id < ? AND post.id > ? AND {visible.READ}"""
_FIRST = 500  # posts; a word that is in one of 25 fills a page with them
_NEWEST = f"""WITH found AS MATERIALIZED (
 SELECT id FROM (SELECT post_id AS id, words FROM post_text WHERE post_id < ? AND post_id > ?
  ORDER BY post_id {{order}} LIMIT {_FIRST}) few WHERE words @@ CAST(CAST(? AS TEXT) AS TSQUERY))
SELECT post.id FROM (SELECT id FROM found ORDER BY id {{order}}) found JOIN post ON post.id = found.id
 WHERE found.id < ? AND found.id > ? AND {visible.READ}"""
_ALL = f"""WITH found AS MATERIALIZED (
 SELECT post_id AS id FROM post_text WHERE words @@ CAST(CAST(? AS TEXT) AS TSQUERY))
SELECT post.id FROM (SELECT id FROM found ORDER BY id {{order}}) found JOIN post ON post.id = found.id
 WHERE found.id < ? AND found.id > ? AND {visible.READ}"""

_IN_ORDER = {_WITHOUT_WORDS: "post.id", _BY_MATCH: "post_text.rowid", _NEWEST: "found.id", _ALL: "found.id"}


class Query(msgspec.Struct, frozen=True):
    """Which posts: with all of these words and none of those; times in ms; `within` is all, library or public."""

    words: tuple[Words, ...] = ()
    without: tuple[Words, ...] = ()
    author_id: int = 0
    has: tuple[str, ...] = ()
    has_not: tuple[str, ...] = ()
    language: str = ""
    after: int = 0
    before: int = 0
    within: str = "all"


def put(writes: Writes, post_id: int, words: Sequence[str]) -> None:
    """These are the words of the post now."""
    if dialect() == "sqlite":
        writes.add("INSERT OR REPLACE INTO post_text (rowid, words) VALUES (?, ?)", (post_id, " ".join(words)))
        return
    writes.add(
        "INSERT INTO post_text (post_id, words) VALUES (?, CAST(CAST(? AS TEXT) AS TSVECTOR))"
        " ON CONFLICT (post_id) DO UPDATE SET words = excluded.words",
        (post_id, _vector(words)),
    )


def drop(writes: Writes, post_id: int) -> None:
    """The post has no words any more."""
    writes.add(f"DELETE FROM post_text WHERE {_key()} = ?", (post_id,))


async def missing(below: int, limit: int) -> list[int]:
    """Ids of posts below that one whose words are not kept, the newest first."""
    sql = (
        "SELECT id FROM post WHERE id < ? AND deleted_at IS NULL"
        f" AND NOT EXISTS (SELECT 1 FROM post_text WHERE post_text.{_key()} = post.id) ORDER BY id DESC LIMIT ?"
    )
    return [found[0] for found in await rows(sql, (below, limit))]


async def find(viewer: int, query: Query, page: Page, offset: int = 0) -> list[int]:
    """Ids of the posts that somebody may find, the newest first; nothing when neither words nor an author are given.

    Whom they muted is left out, and of whose server they want nothing, as Mastodon does (status_filter.rb).
    """
    if not viewer or not (query.words or query.author_id):
        return []
    if not query.words:
        return await _found(viewer, query, page, offset, _WITHOUT_WORDS, ())
    if dialect() == "sqlite":
        return await _found(viewer, query, page, offset, _BY_MATCH, (_match(query),))
    words = _tsquery(query)
    newest = await _found(viewer, query, page, offset, _NEWEST, (*page.bounds, words))
    return newest if len(newest) == page.limit else await _found(viewer, query, page, offset, _ALL, (words,))


async def _found(
    viewer: int, query: Query, page: Page, offset: int, source: str, words: tuple[object, ...]
) -> list[int]:
    """What `find` gives, of the posts that `source` has for the words."""
    sql = source.format(order=page.order)
    args = [*words, *page.bounds, *visible.reading(viewer)]
    for condition, values in _conditions(viewer, query):
        sql += f" AND {condition}"
        args += values
    order = _IN_ORDER[source]
    sql += f" ORDER BY {order} {page.order} LIMIT ? OFFSET ?"
    ids = [row[0] for row in await rows(sql, (*args, page.limit, offset))]
    return ids[::-1] if page.forward else ids


def _conditions(viewer: int, query: Query) -> Iterable[tuple[str, list[object]]]:
    mine: list[object] = [viewer] * _LIBRARY.count("?")
    yield {"library": (_LIBRARY, mine), "public": (_PUBLIC, [])}.get(query.within, (f"({_PUBLIC} OR {_LIBRARY})", mine))
    if query.author_id:
        yield "post.author_id = ?", [query.author_id]
    if query.language:
        yield "post.language = ?", [query.language]
    if query.after:
        yield "post.published >= ?", [query.after]
    if query.before:
        yield "post.published < ?", [query.before]
    yield from ((_HAS[name], []) for name in query.has)
    yield from ((f"NOT ({_HAS[name]})", []) for name in query.has_not)


def _key() -> str:
    return "rowid" if dialect() == "sqlite" else "post_id"


def _match(query: Query) -> str:
    """For FTS5: each phrase in quotes, `*` for a last word that may go on."""
    wanted, unwanted = (
        [f'"{" ".join(words)}"{" *" if goes_on else ""}' for words, goes_on in phrases]
        for phrases in (query.words, query.without)
    )
    return f"({' AND '.join(wanted)})" + "".join(f" NOT {phrase}" for phrase in unwanted)


def _tsquery(query: Query) -> str:
    wanted, unwanted = (
        [" <-> ".join(f"'{word}'" for word in words) + ":*" * goes_on for words, goes_on in phrases]
        for phrases in (query.words, query.without)
    )
    return " & ".join([*(f"({phrase})" for phrase in wanted), *(f"!({phrase})" for phrase in unwanted)])


def _vector(words: Sequence[str]) -> str:
    """For PostgreSQL: each word with its places, of which it keeps 256."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(words, start=1):
        places.setdefault(word, []).append(str(place))
    return " ".join(f"'{word}':{','.join(at[:256])}" for word, at in places.items())
