"""Threads of direct messages, as each of those in them sees them: the last word, and whether it was read."""

from collections.abc import Sequence
from functools import partial

import msgspec

from storage import events, visible
from storage.connect import Writes, after_commit, execute, rows, value
from storage.paging import Page


class Conversation(msgspec.Struct, frozen=True):
    """One thread; `people` are the others whom its last post is from or for."""

    thread_id: int
    last_post_id: int
    unread: bool
    people: list[int]


_ADD = """
INSERT INTO conversation (owner_id, thread_id, last_post_id, unread) VALUES (?, ?, ?, ?)
ON CONFLICT (owner_id, thread_id) DO UPDATE SET unread = excluded.unread, last_post_id = CASE
 WHEN excluded.last_post_id > conversation.last_post_id THEN excluded.last_post_id ELSE conversation.last_post_id END"""
_OF = f"""
SELECT c.thread_id, c.last_post_id, c.unread FROM conversation c JOIN post ON post.id = c.last_post_id
WHERE c.owner_id = ? AND {visible.TO_VIEWER}"""
_PEOPLE = """
SELECT post.id, post.author_id FROM post WHERE post.id IN (?ints)
UNION SELECT mention.post_id, mention.actor_id FROM mention
WHERE mention.post_id IN (?ints) AND mention.addressed = 1 ORDER BY 1, 2"""
_WITHOUT = """
UPDATE conversation SET last_post_id = COALESCE((SELECT MAX(post.id) FROM post
 WHERE post.thread_id = conversation.thread_id AND post.visibility = 3 AND post.deleted_at IS NULL
 AND (post.author_id = conversation.owner_id OR EXISTS (SELECT 1 FROM mention WHERE mention.post_id = post.id
  AND mention.actor_id = conversation.owner_id AND mention.addressed = 1))), 0)
WHERE last_post_id = ? RETURNING owner_id, thread_id"""


def add(writes: Writes, owner_id: int, thread_id: int, post_id: int, *, unread: bool) -> None:
    """A direct message is the last word of a conversation of a member."""
    writes.add(_ADD, (owner_id, thread_id, post_id, int(unread)))
    events.tell(writes, "conversation", owner_id, thread_id)


def without(writes: Writes, post_id: int) -> None:
    """A post is deleted: in its place what was said before is the last word; where that was nothing, nothing stays."""
    events.tell_each(writes, _WITHOUT, (post_id,), "conversation")
    writes.add("DELETE FROM conversation WHERE last_post_id = 0")


async def page(owner: int, page: Page) -> tuple[list[Conversation], bool]:
    """Conversations by their last word, the latest first, and whether there are older ones."""

    async def fetch(page: Page, limit: int) -> list[tuple[int, int, int]]:
        sql = f"{_OF} AND c.last_post_id < ? AND c.last_post_id > ? ORDER BY c.last_post_id {page.order} LIMIT ?"
        return await rows(sql, (owner, *visible.args(owner), *page.bounds, limit))

    found = await fetch(page, page.limit + 1)
    older, found = len(found) > page.limit, found[: page.limit]
    if page.forward and found:
        found.reverse()
        older = bool(await fetch(page.under(found[-1][1]), 1))
    return await _with_people(owner, found), older


async def one(owner: int, thread_id: int) -> Conversation | None:
    """A conversation of a member."""
    found = await rows(f"{_OF} AND c.thread_id = ?", (owner, *visible.args(owner), thread_id))
    return (await _with_people(owner, found))[0] if found else None


async def unread(owner: int, thread_id: int) -> bool:
    """Whether something in a conversation of a member waits to be read."""
    sql = "SELECT unread FROM conversation WHERE owner_id = ? AND thread_id = ?"
    return bool(await value(sql, (owner, thread_id)))


async def set_unread(owner: int, thread_id: int, *, unread: bool) -> None:
    """Somebody has read a conversation, or wants it to look as if they had not."""
    sql = "UPDATE conversation SET unread = ? WHERE owner_id = ? AND thread_id = ?"
    await execute(sql, (int(unread), owner, thread_id))
    after_commit(partial(events.happened, "conversation", owner, thread_id))


async def forget(owner: int, thread_id: int) -> None:
    """Take it from a member's list until something new is said; what was said stays."""
    await execute("DELETE FROM conversation WHERE owner_id = ? AND thread_id = ?", (owner, thread_id))


async def _with_people(owner: int, found: Sequence[tuple[int, int, int]]) -> list[Conversation]:
    last = [post_id for _thread, post_id, _unread in found]
    people: dict[int, list[int]] = {}
    for post_id, actor_id in await rows(_PEOPLE, (last, last)) if last else ():
        people.setdefault(post_id, []).append(actor_id)
    return [
        Conversation(thread, last_id, bool(unread), [a for a in people[last_id] if a != owner] or people[last_id])
        for thread, last_id, unread in found
    ]
