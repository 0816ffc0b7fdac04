"""Votes in polls of ours: each counts once, while the poll is open."""

from storage import visible
from storage.connect import Writes, dialect, rows
from storage.counting import hold

# The answer is found by its name among the poll's options; an unknown one finds no row.
_ANSWER_SQLITE = "SELECT CAST(o.key AS INTEGER) FROM json_each(p.options) o WHERE o.value = ?"
_ANSWER_POSTGRES = (
    "SELECT (o.place - 1)::smallint FROM jsonb_array_elements_text(p.options::jsonb) WITH ORDINALITY AS o(value, place)"
    " WHERE o.value = ?"
)


def cast(writes: Writes, post_id: int, actor_id: int, answer: str, uri: str, now_ms: int) -> None:
    """Count a vote for the answer of that name, of somebody who may see the poll.

    In a poll with one choice only the first vote of a person counts.
    """
    hold(writes, "poll", post_id, "post_id")
    choice = _ANSWER_POSTGRES if dialect() == "postgres" else _ANSWER_SQLITE
    writes.add(
        "INSERT INTO poll_vote (post_id, actor_id, choice, uri, created_at)"
        f" SELECT p.post_id, CAST(? AS BIGINT), ({choice}), CAST(? AS TEXT), CAST(? AS BIGINT) FROM poll p"
        f" WHERE p.post_id = ? AND p.closed_at IS NULL AND (p.ends_at IS NULL OR p.ends_at > ?)"
        f" AND ({choice}) IS NOT NULL AND (p.multiple = 1 OR NOT EXISTS (SELECT 1 FROM poll_vote v"
        " WHERE v.post_id = p.post_id AND v.actor_id = ?))"
        f" AND EXISTS (SELECT 1 FROM post WHERE post.id = p.post_id AND {visible.TO_VIEWER}) ON CONFLICT DO NOTHING",
        (actor_id, answer, uri, now_ms, post_id, now_ms, answer, actor_id, *visible.args(actor_id)),
    )
    writes.add(_RECOUNT_POSTGRES if dialect() == "postgres" else _RECOUNT_SQLITE, (post_id,))


def cast_elsewhere(writes: Writes, post_id: int, actor_id: int, choice: int, uri: str, now_ms: int) -> None:
    """Keep a vote in a poll of another server, whose count it raises until that server says its own."""
    writes.add(
        "INSERT INTO poll_vote (post_id, actor_id, choice, uri, created_at) VALUES (?, ?, ?, ?, ?)",
        (post_id, actor_id, choice, uri, now_ms),
    )
    writes.add(_RAISE_POSTGRES if dialect() == "postgres" else _RAISE_SQLITE, (str(choice), str(choice), post_id))


def count_voter(writes: Writes, post_id: int) -> None:
    """One person more votes in a poll of another server."""
    hold(writes, "poll", post_id, "post_id")
    writes.add("UPDATE poll SET voters_count = voters_count + 1 WHERE post_id = ?", (post_id,))


async def voters(post_id: int) -> list[int]:
    """Who voted."""
    return [found[0] for found in await rows("SELECT DISTINCT actor_id FROM poll_vote WHERE post_id = ?", (post_id,))]


async def own_votes(post_id: int, actor_id: int) -> list[int]:
    """Which answers an actor chose, by their places."""
    sql = "SELECT choice FROM poll_vote WHERE post_id = ? AND actor_id = ? ORDER BY created_at, choice"
    return [found[0] for found in await rows(sql, (post_id, actor_id))]


_RECOUNT_SQLITE = (
    "UPDATE poll SET votes = (SELECT json_group_array(n) FROM (SELECT (SELECT COUNT(*) FROM poll_vote v"
    " WHERE v.post_id = poll.post_id AND v.choice = o.key) AS n FROM json_each(poll.options) o ORDER BY o.key)),"
    " voters_count = (SELECT COUNT(DISTINCT actor_id) FROM poll_vote v WHERE v.post_id = poll.post_id)"
    " WHERE post_id = ?"
)
_RECOUNT_POSTGRES = (
    "UPDATE poll SET votes = (SELECT jsonb_agg((SELECT COUNT(*) FROM poll_vote v WHERE v.post_id = poll.post_id"
    " AND v.choice = o.place - 1) ORDER BY o.place)::text FROM jsonb_array_elements(poll.options::jsonb)"
    " WITH ORDINALITY AS o(value, place)),"
    " voters_count = (SELECT COUNT(DISTINCT actor_id) FROM poll_vote v WHERE v.post_id = poll.post_id)"
    " WHERE post_id = ?"
)
_RAISE_SQLITE = (
    "UPDATE poll SET votes = json_set(votes, '$[' || ? || ']', COALESCE(json_extract(votes, '$[' || ? || ']'), 0) + 1)"
    " WHERE post_id = ?"
)
_RAISE_POSTGRES = (
    "UPDATE poll SET votes = jsonb_set(votes::jsonb, ARRAY[CAST(? AS TEXT)],"
    " to_jsonb(COALESCE((votes::jsonb ->> CAST(CAST(? AS TEXT) AS INTEGER))::integer, 0) + 1))::text WHERE post_id = ?"
)
