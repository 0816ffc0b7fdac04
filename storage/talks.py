"""Threads of groups as talk: who has a part in each, whether anybody has answered, and how high it stands so.

A thread has a row for each group in whose lists it stands: that in which it began, and all that show it beside their
own (`storage/shares.py`). What is counted is the same in all of them.

What counts is how many *people* answer, each once, and the author not among them. Programs do not count; votes weigh
less than one person all together, and nobody counts how often something is looked at.
"""

from storage.connect import Writes, execute, rows
from storage.counting import hold
from storage.posts import DIRECT, FOR_FEW, Post

NEW_FOR = 3  # posts of somebody in a group, in which they are new there
FRESH = 259_200_000  # ms that the talk of very many people is worth in `hot`: three days
_HALF = 60  # weight that is worth half of that: six people
_MOST = 800  # people that make a difference in `top`
_WHOLE = 1 << 50  # one of `top`; below it is the moment at which the thread began, and the last bits of its id
_AT_ONCE = 500  # threads weighed in one transaction

_PERSON = "{0}.bot = 0 AND {0}.kind = 'Person'"
_STARTER = "post.parent_id IS NULL AND post.parent_uri IS NULL AND post.group_id IS NOT NULL"
# Of rows of `post`, `author` and `groups`: one of the first posts of somebody who does not look after the group.
NEW_HERE = f"""(groups.local = 1 AND {_PERSON.format("author")} AND COALESCE(groups.created_by, 0) <> post.author_id
 AND NOT EXISTS (SELECT 1 FROM register WHERE register.group_id = groups.id AND register.property = 'role'
  AND register.subject = author.uri AND register.value IS NOT NULL)
 AND (SELECT COUNT(*) FROM (SELECT 1 FROM post before WHERE before.group_id = post.group_id
  AND before.author_id = post.author_id AND before.id < post.id LIMIT {NEW_FOR}) counted) < {NEW_FOR})"""
_MOMENT = "({0}.id / 65536 * 256 + {0}.id % 256)"
_BEGIN = f"""
INSERT INTO talk (id, group_id, newcomer, waiting, active, hot, top, since) SELECT post.id, post.group_id,
CASE WHEN {NEW_HERE} THEN 1 ELSE 0 END, CASE WHEN {_PERSON.format("author")} AND post.removed_at IS NULL
THEN 1 ELSE 0 END, post.id, CASE WHEN {_PERSON.format("author")} THEN post.id ELSE 0 END,
CASE WHEN {_PERSON.format("author")} THEN {_MOMENT.format("post")} ELSE 0 END, post.id
FROM post JOIN actor author ON author.id = post.author_id JOIN groups ON groups.id = post.group_id
WHERE post.id IN (<threads>) AND {_STARTER} AND post.deleted_at IS NULL
ON CONFLICT (id, group_id) DO UPDATE SET shared = 0, since = excluded.since"""
# In a group that shows a thread beside its own; `since` then. What it stands at is counted after it.
_SHOW = """
INSERT INTO talk (id, group_id, newcomer, waiting, active, hot, top, shared, since)
SELECT post.id, CAST(? AS BIGINT), 0, 0, CAST(? AS BIGINT) + post.id % 65536, 0, 0, 1,
CAST(? AS BIGINT) + post.id % 65536 FROM post
WHERE post.id = ? AND post.deleted_at IS NULL AND EXISTS (SELECT 1 FROM share WHERE share.post_id = post.id
 AND share.group_id = ?) ON CONFLICT (id, group_id) DO NOTHING"""
# Of rows of `said` (a post) and `begun` (what began its thread): it is an answer that counts, if its author does.
# In a thread of a group that is what the group took in; one that began in none is shown with all its answers.
_STANDS = f"""said.parent_id IS NOT NULL AND (said.group_id IS NOT NULL OR EXISTS (SELECT 1 FROM talk beside
 JOIN post own ON own.id = beside.id WHERE beside.id = said.thread_id AND beside.shared = 1 AND own.group_id IS NULL))
 AND said.visibility NOT IN {FOR_FEW}
 AND said.deleted_at IS NULL AND said.removed_at IS NULL"""
_COUNTS = f"{_STANDS} AND said.author_id <> begun.author_id"
_SAID = f"""
INSERT INTO talker (thread_id, actor_id, said_at) SELECT said.thread_id, said.author_id, MIN(said.id / 65536)
FROM post said JOIN post begun ON begun.id = said.thread_id
JOIN actor ON actor.id = said.author_id AND {_PERSON.format("actor")}
WHERE <these> AND {_COUNTS} GROUP BY said.thread_id, said.author_id
ON CONFLICT (thread_id, actor_id) DO UPDATE SET said_at = excluded.said_at WHERE excluded.said_at < talker.said_at"""
# Votes that a group has switched off weigh nothing.
_AGAINST = "CASE WHEN groups.votes = 'up' THEN 0 ELSE post.dislikes_count END"
# Grouped, so that SQLite counts once and not wherever a count is used.
_TOLD = f"""(SELECT post.id AS id, COUNT(talker.actor_id) AS people, MIN(talker.said_at) AS answered_at,
 CASE WHEN {_PERSON.format("author")} THEN 1 ELSE 0 END AS person,
 CASE WHEN post.removed_at IS NULL AND post.deleted_at IS NULL THEN 1 ELSE 0 END AS there,
 CASE WHEN groups.votes = 'none' OR post.likes_count < {_AGAINST} THEN 0 ELSE post.likes_count - {_AGAINST} END AS liked
 FROM post JOIN actor author ON author.id = post.author_id LEFT JOIN groups ON groups.id = post.group_id
 LEFT JOIN talker ON talker.thread_id = post.id
 WHERE post.id IN (<threads>) GROUP BY post.id, author.id, groups.id)"""
# In tenths of a person, votes rounded up: the first of them weighs one tenth, any number of them less than a person.
_WEIGHED = f"""(SELECT told.id, told.people, told.answered_at, told.person, told.there,
 10 * (CASE WHEN told.people > {_MOST} THEN {_MOST} ELSE told.people END) + (10 * told.liked + 9) / (told.liked + 10)
 AS weight FROM {_TOLD} told) told"""
_RANKED = "told.person = 1 OR told.people > 0"
_HOT = f"""CASE WHEN {_RANKED} THEN (told.id / 65536 + {FRESH} * told.weight / (told.weight + {_HALF})) * 65536
 + told.id % 65536 ELSE 0 END"""
_TOP = f"CASE WHEN {_RANKED} THEN told.weight * {_WHOLE} + {_MOMENT.format('told')} ELSE 0 END"
_COUNT = f"""
UPDATE talk SET people = told.people, answered_at = told.answered_at, hot = {_HOT}, top = {_TOP},
waiting = CASE WHEN told.people = 0 AND told.person = 1 AND told.there = 1 THEN 1 ELSE 0 END,
active = CASE WHEN told.people > 0 AND CAST(? AS BIGINT) > talk.active THEN CAST(? AS BIGINT) ELSE talk.active END
FROM {_WEIGHED} WHERE talk.id = told.id"""
_LATEST = f"""((SELECT COALESCE(MAX(said.id / 65536), 0) * 65536 FROM post said JOIN actor ON actor.id = said.author_id
 WHERE said.thread_id = talk.id AND {_PERSON.format("actor")} AND {_STANDS}) + talk.id % 65536)"""
_WEIGH = f"""
UPDATE talk SET hot = {_HOT}, top = {_TOP} FROM {_WEIGHED} WHERE talk.id = told.id AND (talk.hot <> {_HOT}
 OR talk.top <> {_TOP})"""
_NEWCOMERS = f"""
SELECT post.id FROM post JOIN actor author ON author.id = post.author_id JOIN groups ON groups.id = post.group_id
WHERE post.id IN (?ints) AND {NEW_HERE}"""
# Of a thread: a newcomer began it, and none before it in the group.
FIRST = """EXISTS (SELECT 1 FROM talk JOIN post ON post.id = talk.id WHERE talk.id = ? AND talk.newcomer = 1
 AND NOT EXISTS (SELECT 1 FROM post before WHERE before.group_id = post.group_id AND before.author_id = post.author_id
 AND before.id < post.id AND before.parent_id IS NULL AND before.parent_uri IS NULL))"""
_ONE = "CAST(? AS BIGINT)"
_BEGIN_ONE, _COUNT_ONE = _BEGIN.replace("<threads>", _ONE), _COUNT.replace("<threads>", _ONE)
_COUNT_WHOLE = _COUNT_ONE.replace(f"{_ONE} > ", f"{_LATEST} > ").replace(f"THEN {_ONE}", f"THEN {_LATEST}")
_SAID_ONE = _SAID.replace("<these>", "said.id = ?")
_SAID_BY = _SAID.replace("<these>", "said.thread_id = ? AND said.author_id = ?")
_SAID_IN = _SAID.replace("<these>", "said.thread_id = ?")
_GONE = """
DELETE FROM talk WHERE id = ? AND EXISTS (SELECT 1 FROM post WHERE post.id = talk.id AND (post.deleted_at IS NOT NULL
 OR post.parent_id IS NOT NULL OR post.parent_uri IS NOT NULL
 OR (talk.shared = 0 AND COALESCE(post.group_id, 0) <> talk.group_id)))"""
_OF_PERSON = "SELECT mine.thread_id FROM post mine WHERE mine.author_id = ? AND mine.group_id = ?"


def record(writes: Writes, post: Post, *, person: bool) -> None:
    """A new post, after its row; an answer by a program (no `person`) changes nothing.

    Who answers in a thread makes it active; its author does so once others have a part in it.
    """
    if post.group_id is None or post.visibility == DIRECT:
        return
    if post.starter:
        writes.add(_BEGIN_ONE, (post.id,))
    elif post.parent_id is not None and person:
        hold(writes, "talk", post.thread_id)
        writes.add(_SAID_ONE, (post.id,))
        writes.add(_COUNT_ONE, (_cursor(post), _cursor(post), post.thread_id))


def again(writes: Writes, post: Post, *, news: bool = False) -> None:
    """Something about a post has changed that decides whether it counts: it went, came back, or came into a group.

    With `news` it is something that a person has said, as for `record`.
    """
    if post.visibility == DIRECT:
        return
    cursor = _cursor(post) if news else 0
    hold(writes, "talk", post.thread_id)
    _begin_anew(writes, post.thread_id)
    writes.add("DELETE FROM talker WHERE thread_id = ? AND actor_id = ?", (post.thread_id, post.author_id))
    writes.add(_SAID_BY, (post.thread_id, post.author_id))
    writes.add(_COUNT_ONE, (cursor, cursor, post.thread_id))


def whole(writes: Writes, thread_id: int) -> None:
    """As `again`, when answers by anybody came into a thread."""
    hold(writes, "talk", thread_id)
    _begin_anew(writes, thread_id)
    writes.add("DELETE FROM talker WHERE thread_id = ?", (thread_id,))
    writes.add(_SAID_IN, (thread_id,))
    writes.add(_COUNT_WHOLE, (thread_id,))


def of_person(writes: Writes, author_id: int, group_id: int) -> None:
    """As `again`, of everything that somebody wrote in a group."""
    mine = (author_id, group_id)
    writes.add(f"DELETE FROM talker WHERE actor_id = ? AND thread_id IN ({_OF_PERSON})", (author_id, *mine))
    writes.add(_SAID.replace("<these>", "said.author_id = ? AND said.group_id = ?"), mine)
    writes.add(_COUNT.replace("<threads>", _OF_PERSON), (0, 0, *mine))


def show(writes: Writes, thread_id: int, group_id: int, now_ms: int) -> None:
    """A group shows a thread beside its own: it stands in its lists as in those of its own, new from now."""
    hold(writes, "talk", thread_id)
    writes.add(_SHOW, (group_id, now_ms << 16, now_ms << 16, thread_id, group_id))
    writes.add(_SAID_IN, (thread_id,))
    writes.add(_COUNT_ONE, (0, 0, thread_id))


def hide(writes: Writes, thread_id: int, group_id: int) -> None:
    """A group shows a thread no more beside its own."""
    hold(writes, "talk", thread_id)
    writes.add("DELETE FROM talk WHERE id = ? AND group_id = ? AND shared = 1", (thread_id, group_id))


async def weigh(since: int) -> int:
    """Votes have come since threads were counted: let those begun after `since` (ms) stand where they belong.

    Gives how many stand elsewhere now.
    """
    return await _weigh_all("id > ?", since << 16)


async def weigh_group(group_id: int) -> int:
    """As `weigh`, of all threads of a group: which votes count in it has changed."""
    return await _weigh_all("group_id = ?", group_id)


async def newcomers(post_ids: list[int]) -> set[int]:
    """Those of the posts that are among the first of their authors in a group of ours."""
    return {found[0] for found in await rows(_NEWCOMERS, (post_ids,))} if post_ids else set()


async def _weigh_all(which: str, about: int) -> int:
    begun = [found[0] for found in await rows(f"SELECT DISTINCT id FROM talk WHERE {which} ORDER BY id", (about,))]
    changed = 0
    for at in range(0, len(begun), _AT_ONCE):
        changed += await execute(_WEIGH.replace("<threads>", "?ints"), (begun[at : at + _AT_ONCE],))
    return changed


def _begin_anew(writes: Writes, thread_id: int) -> None:
    writes.add(_GONE, (thread_id,))
    writes.add(_BEGIN_ONE, (thread_id,))


def _cursor(post: Post) -> int:
    """Where a thread stands among the active ones when this is the last that was said in it."""
    return (post.id >> 16 << 16) + post.thread_id % 65536
