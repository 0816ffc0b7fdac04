"""What is counted of a group as a place where people meet: who was answered, who talked with whom, who came back."""

from collections.abc import Sequence

import msgspec

from storage.connect import execute, row, rows, value

MOST = 50_000  # threads, and people in weeks, that are looked at


class Begun(msgspec.Struct, frozen=True):
    """A thread of the group that stands; `people` answered besides its author, who is a `person` or a program."""

    id: int
    newcomer: int
    people: int
    answered_at: int | None
    person: int


_THERE = "post.deleted_at IS NULL AND post.removed_at IS NULL"
_PERSON = "actor.bot = 0 AND actor.kind = 'Person'"
_BEGUN = f"""
SELECT talk.id, talk.newcomer, talk.people, talk.answered_at, CASE WHEN {_PERSON} THEN 1 ELSE 0 END
FROM talk CROSS JOIN post JOIN actor ON actor.id = post.author_id
WHERE talk.group_id = ? AND talk.since >= ? AND talk.shared = 0 AND post.id = talk.id AND {_THERE}
ORDER BY talk.since DESC LIMIT {MOST}"""
_WROTE = f"""
SELECT DISTINCT post.author_id, (post.id / 65536 - ?) / ? FROM post JOIN actor ON actor.id = post.author_id
WHERE post.group_id = ? AND post.id >= ? AND {_THERE} AND {_PERSON} LIMIT {MOST}"""
_BEFORE = """
SELECT DISTINCT post.author_id FROM post WHERE post.group_id = ? AND post.author_id IN (?ints) AND post.id < ?"""
_LANGUAGES = f"""
SELECT post.language, COUNT(*) FROM post WHERE post.group_id = ? AND post.id >= ? AND {_THERE} AND post.language <> ''
GROUP BY post.language ORDER BY COUNT(*) DESC, post.language LIMIT 20"""
_WAITING = f"""
SELECT COUNT(*) FROM talk CROSS JOIN post WHERE talk.group_id = ? AND talk.waiting = 1 AND post.id = talk.id
AND (talk.newcomer = 1 OR talk.since < ?) AND post.locked = 0 AND {_THERE}"""


async def begun(group_id: int, since_ms: int) -> list[Begun]:
    """The threads that began since then, newest first."""
    return [Begun(*found) for found in await rows(_BEGUN, (group_id, since_ms << 16))]


async def wrote(group_id: int, since_ms: int, span_ms: int) -> list[tuple[int, int]]:
    """Which people wrote something in which span of time, counted from `since_ms` on."""
    return [(found[0], found[1]) for found in await rows(_WROTE, (since_ms, span_ms, group_id, since_ms << 16))]


async def before(group_id: int, actor_ids: Sequence[int], until_ms: int) -> set[int]:
    """Those who had written something in the group before then."""
    return {found[0] for found in await rows(_BEFORE, (group_id, list(actor_ids), until_ms << 16))}


async def languages(group_id: int, since_ms: int) -> list[tuple[str, int]]:
    """In which languages how many posts were written since then, the most usual first."""
    return [(found[0], found[1]) for found in await rows(_LANGUAGES, (group_id, since_ms << 16))]


async def waiting(group_id: int, until_ms: int) -> int:
    """How many threads wait for an answer; those of others than newcomers if they began before then."""
    return int(await value(_WAITING, (group_id, until_ms << 16)))


async def kept(group_id: int, since_ms: int) -> str | None:
    """The figures of a group, if they were counted since then."""
    sql = "SELECT figures FROM group_statistics WHERE group_id = ? AND counted_at > ?"
    found = await row(sql, (group_id, since_ms))
    return str(found[0]) if found else None


async def keep(group_id: int, figures: str, now_ms: int) -> None:
    """Put figures in the place of those counted before."""
    await execute(
        "INSERT INTO group_statistics (group_id, counted_at, figures) VALUES (?, ?, ?) ON CONFLICT (group_id)"
        " DO UPDATE SET counted_at = excluded.counted_at, figures = excluded.figures",
        (group_id, now_ms, figures),
    )
