"""Who and what is behind an interest: people who show a tag on their profile, groups that are about it."""

from storage import visible
from storage.connect import rows

_LATELY = 300  # posts under a tag that are looked at for the groups they are in
_PEOPLE = f"""
SELECT a.id FROM featured_tag f JOIN tag ON tag.id = f.tag_id JOIN actor a ON a.id = f.actor_id
WHERE tag.name = ? AND a.discoverable = 1 AND a.moved_to_id IS NULL AND {visible.actor("a.id")}
AND {visible.wanted("a.id")} ORDER BY COALESCE(a.last_post_at, 0) DESC, a.id DESC LIMIT ?"""
_ABOUT = f"""
SELECT a.id FROM group_topic topic JOIN groups ON groups.id = topic.group_id JOIN actor a ON a.id = groups.actor_id
WHERE topic.name = ? AND {visible.actor("a.id")} AND {visible.within("a.id")}
ORDER BY groups.members_count DESC, a.id LIMIT ?"""
# Of groups of which nobody has said what they are about: in how many voices it was spoken of lately.
_SPOKEN = f"""
SELECT groups.actor_id, COUNT(DISTINCT post.author_id) FROM post JOIN groups ON groups.id = post.group_id
WHERE post.id IN (SELECT post_tag.post_id FROM post_tag JOIN tag ON tag.id = post_tag.tag_id WHERE tag.name = ?
 ORDER BY post_tag.post_id DESC LIMIT {_LATELY})
AND post.visibility <= 1 AND {visible.READ} GROUP BY groups.actor_id ORDER BY 2 DESC, 1 LIMIT ?"""


async def people(viewer: int, name: str, limit: int) -> list[int]:
    """Ids of those who show the tag on their profile and want to be found, those first who wrote lately."""
    args = (name, *visible.actor_args(viewer), *visible.wanted_args(viewer), limit)
    return [found[0] for found in await rows(_PEOPLE, args)]


async def groups(viewer: int, name: str, limit: int) -> list[int]:
    """Ids of the faces of groups that are about the tag, then of those where it was written about lately."""
    about = (name, *visible.actor_args(viewer), *visible.within_args(viewer), limit)
    named = [found[0] for found in await rows(_ABOUT, about)]
    spoken = [found[0] for found in await rows(_SPOKEN, (name, *visible.reading(viewer), limit))]
    seen = await visible.seen_actors(viewer, spoken)
    return list(dict.fromkeys([*named, *(face for face in spoken if face in seen)]))[:limit]
