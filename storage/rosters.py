"""Who is in a group of ours and who is banned from it, as those are told who look after it: in pages, and by name."""

import msgspec

from storage import search
from storage.connect import rows
from storage.paging import Page
from storage.registers import Act
from storage.talks import NEW_FOR


class Listed(msgspec.Struct, frozen=True):
    """A member: the place in the list, who, since when (ms since 1970), and whether they are in their first posts."""

    place: int
    actor_id: int
    joined_at: int
    new: bool


_MEMBERS = f"""
SELECT f.id, a.id, COALESCE(m.joined_at, f.created_at), CASE WHEN (SELECT COUNT(*) FROM (SELECT 1 FROM post p
 WHERE p.group_id = ? AND p.author_id = a.id LIMIT {NEW_FOR}) counted) < {NEW_FOR} THEN 1 ELSE 0 END
FROM follow f JOIN actor a ON a.id = f.follower_id AND a.deleted_at IS NULL AND a.suspended_at IS NULL
LEFT JOIN member m ON m.group_id = ? AND m.actor_id = a.id
WHERE f.target_id = ? AND f.state = 'accepted' AND <named> AND f.id < ? AND f.id > ? ORDER BY f.id DESC LIMIT ?"""
_BANS = f"""
SELECT {", ".join(f"act.{each}" for each in Act.__struct_fields__)} FROM register r
JOIN act ON act.id = r.act_id LEFT JOIN actor a ON a.uri = r.subject
WHERE r.group_id = ? AND r.property = 'ban' AND r.value IS NOT NULL AND <named> AND r.act_id < ? AND r.act_id > ?
ORDER BY r.act_id DESC LIMIT ?"""


async def members(group_id: int, face_id: int, page: Page, name: str = "") -> tuple[list[Listed], bool]:
    """A page of all members, the newest first, and whether there are more.

    With a `name` those in whose name or handle that is. Whom a group may show to others is not asked here.
    """
    named, words = search.matching(name)
    args = (group_id, group_id, face_id, *words, *page.bounds, page.limit + 1)
    found = await rows(_MEMBERS.replace("<named>", named), args)
    listed = [Listed(place, who, since, bool(new)) for place, who, since, new in found]
    return listed[: page.limit], len(listed) > page.limit


async def bans(group_id: int, page: Page, name: str = "") -> tuple[list[Act], bool]:
    """A page of the acts by which people are banned, the last first, and whether there are more; some may have ended.

    With a `name` as `members`.
    """
    named, words = search.matching(name)
    args = (group_id, *words, *page.bounds, page.limit + 1)
    found = [Act(*each) for each in await rows(_BANS.replace("<named>", named), args)]
    return found[: page.limit], len(found) > page.limit
