"""Votes: one of each person on each post, the last word counts."""

from storage.connect import Writes, dialect, row, rows
from storage.counting import each_once, hold
from storage.dialect import Args

# A vote that was taken back is not told of any more, as on Mastodon.
_FORGET = "DELETE FROM notification WHERE kind = 'favourite' AND actor_id = ? AND post_id = ?"

_HAD = "(SELECT COUNT(*) FROM reaction WHERE post_id = ? AND actor_id IN (?ints) AND kind = '{0}')"
_COUNT = (
    f"UPDATE post SET likes_count = likes_count + ? - {_HAD.format('like')},"
    f" dislikes_count = dislikes_count + ? - {_HAD.format('dislike')} WHERE id = ?"
)


async def of(post_id: int, actor_id: int) -> tuple[str, str] | None:
    """(kind, uri) of the vote of an actor on a post."""
    found = await row("SELECT kind, uri FROM reaction WHERE post_id = ? AND actor_id = ?", (post_id, actor_id))
    return (found[0], found[1]) if found else None


async def by(actor_id: int, post_ids: list[int]) -> dict[int, str]:
    """The kinds of the votes of an actor on these posts, by post."""
    return dict(
        await rows("SELECT post_id, kind FROM reaction WHERE actor_id = ? AND post_id IN (?ints)", (actor_id, post_ids))
    )


def put(
    writes: Writes, post_id: int, actor_id: int, kind: str, uri: str, truth: str, entered_by: str, now_ms: int
) -> None:
    """Set the vote ('like' or 'dislike'); the counters of the post follow in the same transaction."""
    hold(writes, "post", post_id)
    if kind != "like":
        writes.add(_FORGET, (actor_id, post_id))
    writes.add(_COUNT, (post_id, actor_id, kind), _counted)
    writes.add(
        "INSERT INTO reaction (post_id, actor_id, kind, uri, truth, entered_by, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (post_id, actor_id) DO UPDATE SET kind = excluded.kind, uri = excluded.uri,"
        " truth = excluded.truth, entered_by = excluded.entered_by, created_at = excluded.created_at",
        (post_id, actor_id, kind, uri, truth, entered_by, now_ms),
    )


def _counted(votes: list[Args]) -> list[Args]:
    """What is added to the counters of each post, for all who vote on it: of each the last word counts."""
    words: dict[int, dict[int, str]] = {}
    for post_id, actor_id, kind in votes:
        words.setdefault(post_id, {})[actor_id] = kind
    calls: list[Args] = []
    for post_id, said in words.items():
        likes, voters = sum(kind == "like" for kind in said.values()), list(said)
        calls.append((likes, post_id, voters, len(said) - likes, post_id, voters, post_id))
    return calls


def remove(writes: Writes, post_id: int, actor_id: int, kind: str = "") -> None:
    """Take the vote back; only one of that kind when `kind` is given."""
    hold(writes, "post", post_id)
    for column, name in (("likes_count", "like"), ("dislikes_count", "dislike")):
        if kind in ("", name):
            writes.add(
                f"UPDATE post SET {column} = {column} - (SELECT COUNT(*) FROM reaction WHERE post_id = ?"
                f" AND actor_id = ? AND kind = '{name}') WHERE id = ?",
                (post_id, actor_id, post_id),
                each_once,
            )
    writes.add(
        "DELETE FROM reaction WHERE post_id = ? AND actor_id = ? AND (? = '' OR kind = ?)",
        (post_id, actor_id, kind, kind),
    )
    if kind in ("", "like"):
        writes.add(_FORGET, (actor_id, post_id))


def remove_by_uri(writes: Writes, uri: str, actor_id: int) -> None:
    """Take back the vote of an actor that has this activity id."""
    if dialect() == "postgres":
        writes.add(
            "SELECT 1 FROM post WHERE id IN (SELECT post_id FROM reaction WHERE uri = ? AND actor_id = ?)"
            " FOR NO KEY UPDATE",
            (uri, actor_id),
        )
    for column, name in (("likes_count", "like"), ("dislikes_count", "dislike")):
        writes.add(
            f"UPDATE post SET {column} = {column} - 1 WHERE id IN (SELECT post_id FROM reaction WHERE uri = ?"
            f" AND actor_id = ? AND kind = '{name}')",
            (uri, actor_id),
            each_once,
        )
    writes.add(
        "DELETE FROM notification WHERE kind = 'favourite' AND actor_id = ?"
        " AND post_id IN (SELECT post_id FROM reaction WHERE uri = ? AND actor_id = ?)",
        (actor_id, uri, actor_id),
    )
    writes.add("DELETE FROM reaction WHERE uri = ? AND actor_id = ?", (uri, actor_id))
