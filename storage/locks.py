"""Answers that moderators have locked: who answers anywhere below one, answers in what is closed."""

from collections.abc import Sequence

from storage.connect import rows

# Which of these posts are a locked answer or stand below one; what began a thread is asked for with it.
CLOSED = (
    "WITH RECURSIVE above (start, id, parent_id, thread_id, locked) AS ("
    "SELECT id, id, parent_id, thread_id, locked FROM post WHERE id IN (?ints) AND id <> thread_id"
    " UNION ALL SELECT a.start, p.id, p.parent_id, p.thread_id, p.locked FROM above a JOIN post p ON p.id = a.parent_id"
    " WHERE a.locked = 0 AND p.id <> p.thread_id)"
    " SELECT start FROM above WHERE locked = 1"
)


async def closed(post_ids: Sequence[int]) -> set[int]:
    """Which of these posts are an answer that is locked, or stand below one."""
    return {each[0] for each in await rows(CLOSED, (list(post_ids),))} if post_ids else set()
