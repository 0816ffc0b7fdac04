"""What a post answers, and what answers it."""

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from storage import visible
from storage.connect import read_many, rows
from storage.media import Media

_files = msgspec.json.Decoder(list[str | tuple[str, str]])  # before descriptions were kept, names alone


class Context(msgspec.Struct, frozen=True):
    """Ids of the posts above, from the first on, and of those below, each branch in the order of time."""

    ancestors: list[int]
    descendants: list[int]


class Branches(msgspec.Struct, frozen=True):
    """What hangs where below a post: its answers by what they answer, in the order of time.

    `seen` are those that the viewer may see; the others still hold their branch together.
    """

    answers: dict[int, list[int]]
    seen: set[int]


class Revision(msgspec.Struct, frozen=True):
    """What a post said before it was edited; `created_at` is when it began to say so (ms).

    `poll` is a JSON list of the answers there were, `media` one of the files, as `named` writes them.
    """

    title: str
    content: str
    summary: str
    sensitive: int
    created_at: int
    poll: str | None
    media: str


_UP = f"""
WITH RECURSIVE up (id, parent_id, height) AS (
 SELECT post.id, post.parent_id, 0 FROM post WHERE post.id = ?
 UNION ALL SELECT post.id, post.parent_id, up.height + 1 FROM up
 JOIN post ON post.id = up.parent_id WHERE up.height < ?
) SELECT post.id FROM up JOIN post ON post.id = up.id
WHERE up.height > 0 AND {visible.READ} ORDER BY up.height DESC"""
# In the thread of a group stands what the group took in, and what was said to the viewer or by them.
_INSIDE = """(post.group_id IS NOT NULL OR post.visibility > 1 OR post.author_id = ?
 OR EXISTS (SELECT 1 FROM mention named WHERE named.post_id = post.id AND named.actor_id = ?)
 OR NOT EXISTS (SELECT 1 FROM post parent WHERE parent.id = post.thread_id AND parent.group_id IS NOT NULL))"""
# Posts that the viewer may not see still hold their branch together.
_THREAD = f"""
SELECT post.id, post.parent_id, CASE WHEN {visible.READ} AND {_INSIDE} THEN 1 ELSE 0 END FROM post
WHERE post.thread_id = (SELECT own.thread_id FROM post own WHERE own.id = ?) AND post.parent_id IS NOT NULL
ORDER BY post.id LIMIT ?"""
_SIZES = f"""
SELECT starter.id, (SELECT COUNT(*) FROM (SELECT 1 FROM post
 WHERE post.thread_id = starter.id AND post.parent_id IS NOT NULL AND {visible.READ} AND {_INSIDE} LIMIT ?) told)
FROM post starter WHERE starter.id IN (?ints)"""
_DELETED_BEGINNING = f"""
SELECT begun.id FROM post JOIN post begun ON begun.id = post.thread_id
WHERE post.id = ? AND begun.deleted_at IS NOT NULL AND begun.group_id IS NOT NULL AND {visible.READ}"""
_GONE = f"""
SELECT post.id, CASE WHEN post.deleted_at IS NULL THEN 'removed'
 WHEN (SELECT author.deleted_at FROM actor author WHERE author.id = post.author_id) IS NULL THEN 'deleted'
 ELSE 'account' END FROM post
WHERE post.id IN (?ints) AND (post.deleted_at IS NOT NULL OR post.removed_at IS NOT NULL) AND {visible.PAST}"""
_REVISIONS = """
SELECT title, content, summary, sensitive, created_at, poll, media FROM post_revision
WHERE post_id = ? ORDER BY number LIMIT 200"""

LONGEST_THREAD = 10_000  # posts that are looked at


async def context(viewer: int, post_id: int, *, above: int, below: int, depth: int) -> Context:
    """What lies above and below a post: at most so many, and below not deeper than `depth`.

    When what began the thread of a group was deleted, nothing above holds its answers together: the others come below.
    """
    up, thread, gone = await read_many(
        [
            (_UP, (post_id, above, *visible.reading(viewer))),
            (_THREAD, (*visible.reading(viewer), viewer, viewer, post_id, LONGEST_THREAD)),
            (_DELETED_BEGINNING, (post_id, *visible.reading(viewer))),
        ]
    )
    children: defaultdict[int, list[tuple[int, bool]]] = defaultdict(list)
    for child, parent, seen in thread:
        children[parent].append((child, bool(seen)))
    ancestors, descendants = [found[0] for found in up], _below(children, post_id, below, depth)
    if gone:
        near = {post_id, *ancestors, *descendants}
        others = [each for each in _below(children, gone[0][0], below, depth) if each not in near]
        descendants += others[: below - len(descendants)]
    return Context(ancestors, descendants)


async def titles(post_ids: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
    """What these threads were called before they were changed, and since when (ms since 1970), the first first."""
    sql = "SELECT post_id, created_at, title FROM post_revision WHERE post_id IN (?ints) ORDER BY post_id, number"
    found: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for post_id, since, title in await rows(sql, (list(post_ids),)) if post_ids else ():
        found[post_id].append((since, title))
    return found


async def branches(viewer: int, post_id: int) -> Branches:
    """The answers of the thread that a post is in; which of them are below it, says the walk from it."""
    found = Branches(defaultdict(list), set())
    args = (*visible.reading(viewer), viewer, viewer, post_id, LONGEST_THREAD)
    for child, parent, seen in await rows(_THREAD, args):
        found.answers[parent].append(child)
        if seen:
            found.seen.add(child)
    return found


async def gone(viewer: int, post_ids: Sequence[int]) -> dict[int, str]:
    """What became of those of the posts that are gone: 'deleted' by the author, 'removed' by moderators, or gone with
    the 'account' of the author, whoever deleted that.

    Of what was not for the viewer, and of what is hidden from them for other reasons, nothing is said.
    """
    if not post_ids:
        return {}
    return {found[0]: found[1] for found in await rows(_GONE, (list(post_ids), *visible.past(viewer)))}


async def above(viewer: int, post_id: int, most: int) -> list[int]:
    """Ids of the posts that a post answers, the nearest `most` of them, from the first on."""
    return [found[0] for found in await rows(_UP, (post_id, most, *visible.reading(viewer)))]


async def sizes(viewer: int, starters: Sequence[int], most: int) -> dict[int, int]:
    """How many answers the viewer may see in each of the threads that these posts began; counted up to `most`."""
    args = (*visible.reading(viewer), viewer, viewer, most, list(starters))
    return {found[0]: found[1] for found in await rows(_SIZES, args)} if starters else {}


def known_by(file: Media) -> str:
    """How a file is named in `Revision.media`: what a post elsewhere shows has another id after each edit."""
    return file.remote_url or str(file.id)


def _lasting(name: str) -> str:
    """What a file is known by, without what an edit of another week changes: when an address of it ends (`passes`)."""
    return name.partition("?until=")[0]


def named(files: Sequence[Media]) -> str:
    """Files as in `Revision.media`: what each is known by, and how it is described."""
    return msgspec.json.encode([(known_by(file), file.description) for file in files]).decode()


def shown_then(version: Revision, files: Sequence[Media]) -> list[Media]:
    """Those of the files that the version showed, as they were described then."""
    told = [(each, None) if isinstance(each, str) else each for each in _files.decode(version.media)]
    then = {_lasting(name): said for name, said in told}
    return [
        file if (said := then[name]) is None else msgspec.structs.replace(file, description=said)
        for file in files
        if (name := _lasting(known_by(file))) in then
    ]


async def history(post_id: int) -> list[Revision]:
    """Earlier versions of a post, the first one first."""
    return [Revision(*found) for found in await rows(_REVISIONS, (post_id,))]


def _below(children: dict[int, list[tuple[int, bool]]], post_id: int, most: int, depth: int) -> list[int]:
    found: list[int] = []
    known = {post_id}
    waiting = [(child, seen, 1) for child, seen in reversed(children.get(post_id, ()))]
    while waiting and len(found) < most:
        child, seen, level = waiting.pop()
        if child in known:
            continue
        known.add(child)
        if seen:
            found.append(child)
        if level < depth:
            waiting += ((each, shown, level + 1) for each, shown in reversed(children.get(child, ())))
    return found
