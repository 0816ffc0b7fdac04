"""What stands in feeds (Atom, RSS, JSON): what everybody may see, and nobody has taken out of the reach of programs.

Feeds are read without a name, so the viewer is always `visible.ANYBODY`; what is in a group that is not for everybody
is in none of them, whoever wrote it.
"""

from collections import defaultdict

import msgspec

from storage import visible
from storage.connect import Args, rows
from storage.posts import Post


class Item(msgspec.Struct, frozen=True):
    """A post in a feed; `at` is its cursor."""

    at: int
    post: Post


_POST = ", ".join(f"post.{name}" for name in Post.__struct_fields__)
_OPEN = f"""post.visibility <= 1 AND post.removed_at IS NULL AND <at> < ? AND {visible.TO_VIEWER}
AND NOT EXISTS (SELECT 1 FROM groups closed WHERE closed.id = post.group_id AND closed.visibility <> 'public')"""
# Who does not want to be listed by programs elsewhere is listed in no feed of a tag; of people elsewhere their servers
# say in what they mark as public.
_LISTED = """(post.local = 0 OR EXISTS
(SELECT 1 FROM actor writer WHERE writer.id = post.author_id AND writer.discoverable = 1))"""
_OF_GROUP = "post.id = talk.id AND talk.group_id = ?"
_IN_THREAD = "post.thread_id = ? AND (CAST(? AS BIGINT) IS NULL OR post.group_id = ?)"
_OF_AUTHOR = "post.author_id = ? AND post.local = 1"
_TAGGED = f"""post.visibility = 0 AND {_LISTED} AND post.id IN
(SELECT post_tag.post_id FROM post_tag JOIN tag ON tag.id = post_tag.tag_id WHERE tag.name = ?)"""
_TAGS = """
SELECT post_tag.post_id, tag.name FROM post_tag JOIN tag ON tag.id = post_tag.tag_id
WHERE post_tag.post_id IN (?ints) ORDER BY tag.name"""


async def of_group(group_id: int, before: int, limit: int) -> list[Item]:
    """What began threads in a group, and what it shows beside them; what came into it last is the first."""
    return await _newest(_OF_GROUP, (group_id,), before, limit, "talk.since", "talk")


async def of_thread(root: Post, before: int, limit: int) -> list[Item]:
    """What is in a thread, newest first, its beginning last; of a thread in a group what the group took in."""
    return await _newest(_IN_THREAD, (root.id, root.group_id, root.group_id), before, limit)


async def of_author(author_id: int, before: int, limit: int) -> list[Item]:
    """What a member wrote for everybody, newest first."""
    return await _newest(_OF_AUTHOR, (author_id,), before, limit)


async def tagged(name: str, before: int, limit: int) -> list[Item]:
    """What was written under a tag and may be listed, newest first."""
    return await _newest(_TAGGED, (name,), before, limit)


async def is_open(post: Post) -> bool:
    """Whether a post could stand in a feed, and so what answers it."""
    sql = f"SELECT 1 FROM post WHERE post.id = ? AND {_OPEN}".replace("<at>", "post.id")
    return bool(await rows(sql, (post.id, *_args(post.id + 1))))


async def tags(post_ids: list[int]) -> dict[int, list[str]]:
    """The tags of posts, by the post."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for post_id, name in await rows(_TAGS, (post_ids,)):
        found[post_id].append(name)
    return dict(found)


async def _newest(of: str, about: Args, before: int, limit: int, at: str = "post.id", first: str = "") -> list[Item]:
    """SQLite takes a CROSS JOIN in the order in which it is written: `first` has the index of the order."""
    joined = f"{first} CROSS JOIN" if first else ""
    sql = f"SELECT {at}, {_POST} FROM {joined} post WHERE {of} AND {_OPEN} ORDER BY {at} DESC LIMIT ?"
    found = await rows(sql.replace("<at>", at), (*about, *_args(before), limit))
    return [Item(each[0], Post(*each[1:])) for each in found]


def _args(before: int) -> tuple[int, ...]:
    return (before, *visible.args(visible.ANYBODY))
