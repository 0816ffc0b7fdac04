"""What the suspension of a server cut for members here. The follows stay, so that they work again afterwards."""

from collections.abc import Sequence

import msgspec

from storage import peers
from storage.connect import Row, Writes, rows


class Severance(msgspec.Struct, frozen=True):
    """One member's part: how many they follow at `host` and below it, and how many follow them from there."""

    id: int
    cut_id: int
    owner_id: int
    host: str
    following: int
    followers: int
    created_at: int


_COLUMNS = ", ".join(Severance.__struct_fields__)
# Of those at a server that is suspended now; what was decided otherwise about a sub-domain is left out.
_OUT = f"""FROM follow f JOIN actor a ON a.id = f.target_id JOIN peer ON peer.host = a.host AND peer.holds = 'suspend'
WHERE f.state = 'accepted' AND a.deleted_at IS NULL AND {peers.below("a.host")}"""
_IN = f"""FROM follow f JOIN actor a ON a.id = f.follower_id JOIN peer ON peer.host = a.host AND peer.holds = 'suspend'
WHERE f.state = 'accepted' AND a.deleted_at IS NULL AND {peers.below("a.host")}"""
_UNTOLD = f"""
SELECT tied.owner_id, SUM(tied.outward), SUM(tied.inward) FROM (
 SELECT f.follower_id AS owner_id, 1 AS outward, 0 AS inward {_OUT}
 UNION ALL SELECT f.target_id, 0, 1 {_IN}
) tied JOIN account ON account.actor_id = tied.owner_id
WHERE NOT EXISTS (SELECT 1 FROM severance told WHERE told.cut_id = ? AND told.owner_id = tied.owner_id)
GROUP BY tied.owner_id ORDER BY tied.owner_id LIMIT ?"""


async def untold(host: str, cut_id: int, limit: int) -> list[tuple[int, int, int]]:
    """(member, following, followers) of some whom that suspension concerns and who have not been told."""
    args = (*peers.below_args(host), *peers.below_args(host), cut_id, limit)
    return [(found[0], int(found[1]), int(found[2])) for found in await rows(_UNTOLD, args)]


def insert(writes: Writes, made: Severance) -> None:
    """Keep it; once for a member and suspension."""
    writes.add(
        f"INSERT INTO severance ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        msgspec.structs.astuple(made),
    )


async def by_ids(ids: Sequence[int]) -> dict[int, Severance]:
    """Those of them that there are."""
    found = await rows(f"SELECT {_COLUMNS} FROM severance WHERE id IN (?ints)", (list(ids),))
    return {each[0]: Severance(*each) for each in found}


async def of(owner_id: int) -> list[Severance]:
    """All of a member, the latest first."""
    found = await rows(f"SELECT {_COLUMNS} FROM severance WHERE owner_id = ? ORDER BY id DESC LIMIT 100", (owner_id,))
    return [Severance(*each) for each in found]


async def following(cut: Severance) -> list[Row]:
    """(username, host, whether boosts are shown, whether posts are told of, languages) of whom the member follows."""
    sql = f"SELECT a.username, a.host, f.reblogs, f.notify, f.languages {_OUT} AND f.follower_id = ? ORDER BY f.id DESC"
    return await rows(sql, (*peers.below_args(cut.host), cut.owner_id))


async def followers(cut: Severance) -> list[Row]:
    """(username, host) of who follows the member from there."""
    sql = f"SELECT a.username, a.host {_IN} AND f.target_id = ? ORDER BY f.id DESC"
    return await rows(sql, (*peers.below_args(cut.host), cut.owner_id))
