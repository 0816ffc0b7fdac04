"""Answers that came before what they answer: found, tied to it, and not heard of yet by those who follow its group."""

from collections.abc import Sequence

from storage.connect import Writes, row, rows

# Answers that are not tied to what they answer, and what was said below them: of which post, by whom.
EARLY = (
    "SELECT DISTINCT e.parent_uri, a.id, a.uri FROM post e JOIN post p ON p.thread_id = e.id"
    " JOIN actor a ON a.id = p.author_id WHERE e.parent_uri IN (?texts) AND e.parent_id IS NULL"
)
# What is in a group of ours and was not announced by it; the log knows of what came in under more than one id.
_UNHEARD = (
    "SELECT p.id, p.parent_id FROM post p JOIN groups g ON g.id = p.group_id AND g.local = 1"
    " JOIN actor face ON face.id = g.actor_id WHERE p.parent_id IS NOT NULL AND p.create_uri <> ''"
    " AND p.visibility IN (0, 1, 4) AND p.deleted_at IS NULL AND p.removed_at IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM announced said WHERE said.face = face.uri AND said.object_uri = p.create_uri"
    " AND said.form = 'wrapped') AND NOT EXISTS (SELECT 1 FROM outbox sent WHERE sent.post_id = p.id"
    " AND sent.actor_id = face.id AND sent.form = 'wrapped')"
)


# What waits for that post, and is not above it itself: answers in a ring are cut where the ring closes.
_WAITING = "parent_uri = ? AND parent_id IS NULL AND id <> (SELECT own.thread_id FROM post own WHERE own.id = ?)"


async def missed(since_ms: int, limit: int) -> list[int]:
    """Ids of posts to which answers, come since then, are not tied."""
    sql = (
        "SELECT DISTINCT p.id FROM post c JOIN post p ON p.uri = c.parent_uri"
        " WHERE c.parent_uri IS NOT NULL AND c.parent_id IS NULL AND c.received_at >= ? AND c.deleted_at IS NULL"
        " AND p.deleted_at IS NULL AND p.thread_id <> c.id LIMIT ?"
    )
    return [found[0] for found in await rows(sql, (since_ms, limit))]


async def authors(uri: str) -> list[int]:
    """Ids of those who wrote answers to a post that are not tied to it, or below them."""
    return [found[1] for found in await rows(EARLY, ([uri],))]


async def awaited(uri: str) -> bool:
    """Whether answers to a post came before it."""
    return await row("SELECT 1 FROM post WHERE parent_uri = ? AND parent_id IS NULL LIMIT 1", (uri,)) is not None


def adopt(
    writes: Writes, post_id: int, uri: str, thread_id: int, group_id: int | None, left_out: Sequence[int] = ()
) -> None:
    """Tie answers that came before this post to it, with their own answers; not what it answers itself (GRP-15).

    They are where it is: in its group, or in none though they were taken for threads of one of ours; but what is not
    for everybody is in none, nor what is by authors that are `left_out`. What is in a group elsewhere, that group says,
    but not in a thread of another group (attack GRP-15); what was only fetched nobody brought to a group of ours.
    """
    writes.add(
        "UPDATE post SET replies_count = replies_count"
        f" + (SELECT COUNT(*) FROM post c WHERE {_WAITING} AND c.deleted_at IS NULL"
        " AND c.visibility NOT IN (2, 3)) WHERE id = ?",
        (uri, post_id, post_id),
    )
    writes.add(
        "UPDATE post SET thread_id = ?, group_id = CASE WHEN visibility >= 4 THEN group_id"
        " WHEN visibility > 1 OR author_id IN (?ints) THEN NULL"
        " WHEN group_id IN (SELECT id FROM groups WHERE local = 0) THEN CASE WHEN group_id = COALESCE("
        "(SELECT root.group_id FROM post root WHERE root.id = ?), group_id) THEN group_id END"
        " WHEN truth = 'fetched' THEN (SELECT id FROM groups WHERE id = ? AND local = 0) ELSE ? END WHERE thread_id IN"
        f" (SELECT id FROM post WHERE {_WAITING}) AND visibility <> 3",
        (thread_id, list(left_out), thread_id, group_id, group_id, uri, post_id),
    )
    writes.add(f"UPDATE post SET parent_id = ? WHERE {_WAITING}", (post_id, uri, post_id))


async def unheard(thread_id: int) -> list[int]:
    """Ids of the answers in a thread of a group of ours that it did not announce; each behind what it answers."""
    sql = _UNHEARD + " AND p.thread_id = ? ORDER BY p.id"
    left: dict[int, int] = {found[0]: found[1] for found in await rows(sql, (thread_id,))}
    ordered: list[int] = []
    while left:
        ready = [post_id for post_id, parent_id in left.items() if parent_id not in left] or list(left)
        ordered += ready
        for post_id in ready:
            del left[post_id]
    return ordered


async def is_unheard(post_id: int) -> bool:
    """Whether a post is such an answer."""
    return await row(_UNHEARD + " AND p.id = ?", (post_id,)) is not None
