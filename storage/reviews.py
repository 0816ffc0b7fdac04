"""Posts that are out of a group of ours until somebody has looked at them again, by the register that took them out."""

from collections.abc import Sequence

import msgspec

from storage.connect import rows, value
from storage.posts import COLUMNS, Post

# The whole value of the register `removed` of such a post, and of no other (`moderation.record_removal`).
_VALUE = '{"removed":true,"review":true}'
FROM = (
    "FROM register r JOIN act a ON a.id = r.act_id JOIN post p ON p.uri = r.subject AND p.group_id = r.group_id"
    f" AND p.deleted_at IS NULL AND p.removed_at IS NOT NULL WHERE r.property = 'removed' AND r.value = '{_VALUE}'"
)
_POST = ", ".join(f"p.{name.strip()}" for name in COLUMNS.split(","))


class Review(msgspec.Struct, frozen=True):
    """A post that is out: under which number that is decided, by whom it was taken out (their id), when and why."""

    id: int
    group_id: int
    by: str
    reason: str
    since: int
    post: Post


async def of_group(group_id: int, limit: int) -> list[Review]:
    """What is out of a group until somebody has looked at it, the longest first."""
    return await _found(f"{FROM} AND r.group_id = ? ORDER BY a.id LIMIT ?", (group_id, limit))


async def by_ids(ids: Sequence[int]) -> dict[int, Review]:
    """Those of them with these numbers, by number."""
    found = await _found(f"{FROM} AND a.id IN (?ints)", (list(ids),)) if ids else []
    return {each.id: each for each in found}


async def count(group_id: int) -> int:
    """How many are out of a group."""
    return int(await value(f"SELECT COUNT(*) {FROM} AND r.group_id = ?", (group_id,)))


async def _found(where: str, args: tuple[object, ...]) -> list[Review]:
    sql = f"SELECT a.id, a.group_id, a.actor_uri, a.summary, a.recorded_at, {_POST} {where}"
    return [Review(each[0], each[1], each[2], each[3], each[4], Post(*each[5:])) for each in await rows(sql, args)]
