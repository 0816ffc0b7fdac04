"""Whom somebody may want to know: the directory, suggestions, and which of those one follows know another."""

from collections.abc import Sequence

from storage import actors, visible
from storage.actors import Actor
from storage.connect import Writes, rows

ACTIVE, NEW = "COALESCE(a.last_post_at, 0) DESC, a.id DESC", "a.id DESC"

_SHOWN = f"""
SELECT a.id FROM actor a WHERE (a.discoverable = 1 OR (a.kind = 'Group' AND a.host = ''))
AND a.kind IN ('Person', 'Group', 'Service') AND a.moved_to_id IS NULL
AND {visible.actor("a.id")} AND {visible.wanted("a.id")} AND {visible.within("a.id")}"""
# People and groups of here that were active lately, the most followed first; none the reader has to do with already.
_SUGGESTED = f"""{_SHOWN} AND a.host = '' AND a.id <> ?
AND NOT EXISTS (SELECT 1 FROM follow f WHERE f.follower_id = ? AND f.target_id = a.id)
AND NOT EXISTS (SELECT 1 FROM dismissed_suggestion d WHERE d.actor_id = ? AND d.target_id = a.id)
ORDER BY a.followers_count DESC, {ACTIVE} LIMIT ? OFFSET ?"""
_FAMILIAR = f"""
SELECT other.target_id, other.follower_id FROM follow other
JOIN follow mine ON mine.target_id = other.follower_id AND mine.follower_id = ? AND mine.state = 'accepted'
JOIN actor about ON about.id = other.target_id AND about.hide_collections = 0
JOIN actor friend ON friend.id = other.follower_id AND friend.hide_collections = 0
WHERE other.target_id IN (?ints) AND other.state = 'accepted' AND {visible.actor("other.follower_id")}
AND {visible.actor("other.target_id")} AND {visible.within("other.target_id")} ORDER BY other.id DESC LIMIT ?"""


async def directory(viewer: int, order: str, limit: int, offset: int, *, local: bool) -> list[int]:
    """Ids of those who want to be found, in the order ACTIVE or NEW; `local`: of here only."""
    sql = _SHOWN + " AND a.host = ''" * local + f" ORDER BY {order} LIMIT ? OFFSET ?"
    args = (*_shown_to(viewer), limit, offset)
    return [found[0] for found in await rows(sql, args)]


async def groups_here(viewer: int, limit: int) -> list[Actor]:
    """The groups of this server, those first in which something was said lately."""
    sql = _SHOWN + f" AND a.kind = 'Group' AND a.host = '' ORDER BY {ACTIVE} LIMIT ?"
    found = [each[0] for each in await rows(sql, (*_shown_to(viewer), limit))]
    known = await actors.by_ids(found)
    return [known[actor_id] for actor_id in found if actor_id in known]


async def suggestions(viewer: int, limit: int, offset: int) -> list[int]:
    """Ids of people and groups of here whom the viewer does not follow yet."""
    args = (*_shown_to(viewer), viewer, viewer, viewer, limit, offset)
    return [found[0] for found in await rows(_SUGGESTED, args)]


async def familiar(viewer: int, actor_ids: Sequence[int], limit: int) -> dict[int, list[int]]:
    """Whom of those the viewer follows each of the actors is followed by, unless either keeps that to themselves."""
    seeing = (*visible.actor_args(viewer), *visible.actor_args(viewer), *visible.within_args(viewer))
    args = (viewer, list(actor_ids), *seeing, limit)
    found: dict[int, list[int]] = {actor_id: [] for actor_id in actor_ids}
    for target, follower in await rows(_FAMILIAR, args):
        found[target].append(follower)
    return found


def dismiss(writes: Writes, actor_id: int, target_id: int) -> None:
    """Suggest that one to this one no more."""
    writes.add(
        "INSERT INTO dismissed_suggestion (actor_id, target_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (actor_id, target_id),
    )


def _shown_to(viewer: int) -> tuple[int, ...]:
    return (*visible.actor_args(viewer), *visible.wanted_args(viewer), *visible.within_args(viewer))
