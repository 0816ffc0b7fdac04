"""What the suspension of a server cut for members here. The follows stay, so that they work again afterwards."""

from collections.abc import Sequence

import msgspec

from storage import peers
from storage.connect import Row, Writes, rows


class Severance(msgspec.Struct, frozen=True):
    """One member's part: how many they follow at `host` and below it, and how many follow them from there.

    `joined` of those they follow are groups; `members` is how often people there are in groups that they look after.
    `host` '' is all servers that were not allowed when this one began to speak with allowed ones alone. `purged` (1)
    is what was erased since, and does not come back.
    """

    id: int
    cut_id: int
    owner_id: int
    host: str
    following: int
    followers: int
    created_at: int
    joined: int = 0
    members: int = 0
    purged: int = 0


class Untold(msgspec.Struct, frozen=True):
    """What is cut for a member who has not been told."""

    owner_id: int
    following: int
    followers: int
    joined: int
    members: int


_COLUMNS = ", ".join(Severance.__struct_fields__)
_MARKS = ", ".join("?" * len(Severance.__struct_fields__))
# Of those at a server that is cut off now, as `_which` says.
_OUT = """FROM follow f JOIN actor a ON a.id = f.target_id JOIN peer ON peer.host = a.host
WHERE f.state = 'accepted' AND a.deleted_at IS NULL AND {which}"""
_IN = """FROM follow f JOIN actor a ON a.id = f.follower_id JOIN peer ON peer.host = a.host
WHERE f.state = 'accepted' AND a.deleted_at IS NULL AND {which}"""
_OF_GROUPS = """FROM follow f JOIN actor a ON a.id = f.follower_id JOIN peer ON peer.host = a.host
JOIN groups g ON g.actor_id = f.target_id AND g.local = 1 JOIN actor face ON face.id = f.target_id
JOIN register r ON r.group_id = g.id AND r.property = 'role' AND r.value IS NOT NULL
JOIN actor leader ON leader.uri = r.subject
WHERE f.state = 'accepted' AND a.deleted_at IS NULL AND {which}"""
_UNTOLD = f"""
SELECT tied.owner_id, SUM(tied.outward), SUM(tied.inward), SUM(tied.joined), SUM(tied.members) FROM (
 SELECT f.follower_id AS owner_id, 1 AS outward, 0 AS inward, CASE WHEN a.kind = 'Group' THEN 1 ELSE 0 END AS joined,
 0 AS members {_OUT}
 UNION ALL SELECT f.target_id, 0, 1, 0, 0 {_IN}
 UNION ALL SELECT leader.id, 0, 0, 0, 1 {_OF_GROUPS}
) tied JOIN account ON account.actor_id = tied.owner_id
WHERE NOT EXISTS (SELECT 1 FROM severance told WHERE told.cut_id = ? AND told.owner_id = tied.owner_id)
GROUP BY tied.owner_id ORDER BY tied.owner_id LIMIT ?"""


async def untold(host: str, cut_id: int, limit: int, *, strict: bool) -> list[Untold]:
    """What is cut for some members whom that suspension concerns and who have not been told.

    `strict`: only servers that were allowed are spoken with, so that all others count as suspended.
    """
    which, args = _which(host, strict)
    found = await rows(_UNTOLD.format(which=which), (*args, *args, *args, cut_id, limit))
    return [Untold(*map(int, each)) for each in found]


def insert(writes: Writes, made: Severance) -> None:
    """Keep it; once for a member and suspension."""
    writes.add(
        f"INSERT INTO severance ({_COLUMNS}) VALUES ({_MARKS}) ON CONFLICT DO NOTHING", msgspec.structs.astuple(made)
    )


def purge(writes: Writes, host: str) -> None:
    """What tied members to a server and its sub-domains is erased from now on."""
    writes.add(f"UPDATE severance SET purged = 1 WHERE {peers.below('host')}", peers.below_args(host))


async def by_ids(ids: Sequence[int]) -> dict[int, Severance]:
    """Those of them that there are."""
    found = await rows(f"SELECT {_COLUMNS} FROM severance WHERE id IN (?ints)", (list(ids),))
    return {each[0]: Severance(*each) for each in found}


async def of(owner_id: int) -> list[Severance]:
    """All of a member, the latest first."""
    found = await rows(f"SELECT {_COLUMNS} FROM severance WHERE owner_id = ? ORDER BY id DESC LIMIT 100", (owner_id,))
    return [Severance(*each) for each in found]


async def following(cut: Severance, *, strict: bool) -> list[Row]:
    """(username, host, whether boosts are shown, whether posts are told of, languages) of whom the member follows."""
    which, args = _which(cut.host, strict)
    sql = "SELECT a.username, a.host, f.reblogs, f.notify, f.languages"
    return await rows(
        f"{sql} {_OUT.format(which=which)} AND f.follower_id = ? ORDER BY f.id DESC", (*args, cut.owner_id)
    )


async def followers(cut: Severance, *, strict: bool) -> list[Row]:
    """(username, host) of who follows the member from there."""
    which, args = _which(cut.host, strict)
    sql = f"SELECT a.username, a.host {_IN.format(which=which)} AND f.target_id = ? ORDER BY f.id DESC"
    return await rows(sql, (*args, cut.owner_id))


async def members(cut: Severance, *, strict: bool) -> list[Row]:
    """(name of the group, username, host) of who is in groups that the member looks after, from there."""
    which, args = _which(cut.host, strict)
    sql = f"SELECT face.username, a.username, a.host {_OF_GROUPS.format(which=which)} AND leader.id = ?"
    return await rows(f"{sql} ORDER BY f.id DESC", (*args, cut.owner_id))


def _which(host: str, strict: bool) -> tuple[str, tuple[str, ...]]:
    """The condition on `peer`, with its arguments; what was decided otherwise about a sub-domain is left out."""
    if not host:
        return "peer.holds NOT IN ('allow', 'suspend')", ()
    cut_off = "peer.holds <> 'allow'" if strict else "peer.holds = 'suspend'"
    return f"{cut_off} AND {peers.below('a.host')}", peers.below_args(host)
