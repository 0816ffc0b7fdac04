"""What stands in feeds (Atom, RSS, JSON): what everybody may see, and nobody has taken out of the reach of programs.

Feeds are read without a name, so the viewer is always `visible.ANYBODY`; what is in a group that is not for everybody
is in none of them, whoever wrote it.
"""

from collections import defaultdict

from storage import visible
from storage.connect import Args, rows
from storage.posts import Post

_POST = ", ".join(f"post.{name}" for name in Post.__struct_fields__)
_OPEN = f"""post.visibility <= 1 AND post.removed_at IS NULL AND post.id < ? AND {visible.TO_VIEWER}
AND NOT EXISTS (SELECT 1 FROM groups closed WHERE closed.id = post.group_id AND closed.visibility <> 'public')"""
# Who does not want to be listed by programs elsewhere is listed in no feed of a tag; of people elsewhere their servers
# say in what they mark as public.
_LISTED = """(post.local = 0 OR EXISTS
(SELECT 1 FROM actor writer WHERE writer.id = post.author_id AND writer.discoverable = 1))"""
_OF_GROUP = "post.group_id = ? AND post.parent_uri IS NULL AND post.parent_id IS NULL"
_IN_THREAD = "post.thread_id = ? AND post.id <> post.thread_id AND (CAST(? AS BIGINT) IS NULL OR post.group_id = ?)"
_OF_AUTHOR = "post.author_id = ? AND post.local = 1"
_TAGGED = f"""post.visibility = 0 AND {_LISTED} AND post.id IN
(SELECT post_tag.post_id FROM post_tag JOIN tag ON tag.id = post_tag.tag_id WHERE tag.name = ?)"""
_TAGS = """
SELECT post_tag.post_id, tag.name FROM post_tag JOIN tag ON tag.id = post_tag.tag_id
WHERE post_tag.post_id IN (?ints) ORDER BY tag.name"""


async def of_group(group_id: int, before: int, limit: int) -> list[Post]:
    """What began threads in a group, newest first."""
    return await _newest(_OF_GROUP, (group_id,), before, limit)


async def of_thread(root: Post, before: int, limit: int) -> list[Post]:
    """The answers in a thread, newest first; of a thread in a group what the group took in."""
    return await _newest(_IN_THREAD, (root.id, root.group_id, root.group_id), before, limit)


async def of_author(author_id: int, before: int, limit: int) -> list[Post]:
    """What a member wrote for everybody, newest first."""
    return await _newest(_OF_AUTHOR, (author_id,), before, limit)


async def tagged(name: str, before: int, limit: int) -> list[Post]:
    """What was written under a tag and may be listed, newest first."""
    return await _newest(_TAGGED, (name,), before, limit)


async def is_open(post: Post) -> bool:
    """Whether a post could stand in a feed, and so what answers it."""
    return bool(await rows(f"SELECT 1 FROM post WHERE post.id = ? AND {_OPEN}", (post.id, *_args(post.id + 1))))


async def tags(post_ids: list[int]) -> dict[int, list[str]]:
    """The tags of posts, by the post."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for post_id, name in await rows(_TAGS, (post_ids,)):
        found[post_id].append(name)
    return dict(found)


async def _newest(of: str, about: Args, before: int, limit: int) -> list[Post]:
    sql = f"SELECT {_POST} FROM post WHERE {of} AND {_OPEN} ORDER BY post.id DESC LIMIT ?"
    return [Post(*found) for found in await rows(sql, (*about, *_args(before), limit))]


def _args(before: int) -> tuple[int, ...]:
    return (before, *visible.args(visible.ANYBODY))
