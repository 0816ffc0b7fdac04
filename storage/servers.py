"""Other servers as admins look at them: which there are, and what ties people here to one of them."""

from collections.abc import Sequence

import msgspec

from storage import peers
from storage.connect import read_many, rows
from storage.peers import Peer

SORTS = ("host", "failing", "backlog", "heard", "reached", "software", "followed", "decided", "met")
_ORDER = {
    "host": "host",
    "failing": "CASE WHEN failing_since IS NULL THEN 1 ELSE 0 END, failing_since, host",
    "backlog": "cursor, host",
    "software": "CASE WHEN software = '' THEN 1 ELSE 0 END, software, software_version, host",
    "followed": "COALESCE(followed, 0) DESC, host",
    "decided": "CASE policy WHEN 'suspend' THEN 0 WHEN 'limit' THEN 1 WHEN 'allow' THEN 4"
    " ELSE CASE WHEN reject_media + reject_reports + hold_contact > 0 THEN 2 ELSE 3 END END, host",
    "heard": "COALESCE(last_in_at, 0) DESC, host",
    "reached": "COALESCE(last_out_at, 0) DESC, host",
    "met": "first_seen_at DESC, host",
}
# Whom members here follow at each server.
_FOLLOWED = """(SELECT a.host AS there, COUNT(*) AS followed FROM follow f JOIN actor a ON a.id = f.target_id
JOIN account m ON m.actor_id = f.follower_id WHERE f.state = 'accepted' AND a.host <> '' GROUP BY a.host)"""
_DECIDED = "(policy <> '' OR reject_media = 1 OR reject_reports = 1 OR hold_contact = 1)"


class Ties(msgspec.Struct, frozen=True):
    """Accepted follows between members here and a server with all its sub-domains; `people` are the members.

    `joined` is how often somebody there is in a group of ours, `groups` how many follows from here are of groups.
    """

    following: int
    followers: int
    people: int
    joined: int
    groups: int

    @property
    def any(self) -> bool:
        """Whether there are some."""
        return bool(self.people or self.joined)


async def page(sort: str, limit: int, offset: int, *, decided: bool = False) -> list[Peer]:
    """Some of the servers that are known, in an order of `SORTS`; `decided`: those about which something was."""
    where = f"WHERE {_DECIDED} " if decided else ""
    join = f"LEFT JOIN {_FOLLOWED} counted ON there = host " if sort == "followed" else ""
    sql = f"SELECT {peers.COLUMNS} FROM peer {join}{where}ORDER BY {_ORDER[sort]} LIMIT ? OFFSET ?"
    return [Peer(*found) for found in await rows(sql, (limit, offset))]


async def followed(hosts: Sequence[str] | None = None) -> dict[str, int]:
    """How many accepted follows lead from members here to each server, or to each of some."""
    if hosts is None:
        found = await rows(f"SELECT there, followed FROM {_FOLLOWED} counted", ())
    else:
        sql = f"SELECT there, followed FROM {_FOLLOWED.replace('GROUP', 'AND a.host IN (?texts) GROUP')} counted"
        found = await rows(sql, (list(hosts),)) if hosts else []
    return {host: int(count) for host, count in found}


async def all_ties() -> dict[str, int]:
    """How many accepted follows there are between members and groups here and each server, its sub-domains counted with
    it."""
    sql = """SELECT a.host, COUNT(*) FROM follow f JOIN actor a ON a.id = f.target_id
JOIN actor own ON own.id = f.follower_id AND own.host = '' WHERE f.state = 'accepted' AND a.host <> '' GROUP BY a.host
UNION ALL SELECT a.host, COUNT(*) FROM follow f JOIN actor a ON a.id = f.follower_id
JOIN actor own ON own.id = f.target_id AND own.host = '' WHERE f.state = 'accepted' AND a.host <> '' GROUP BY a.host"""
    found: dict[str, int] = {}
    for host, count in await rows(sql, ()):
        for name in peers.domains(host):
            found[name] = found.get(name, 0) + count
    return found


async def ties(host: str) -> Ties:
    """What a suspension of that server would cut, or has cut."""
    outward = (
        "FROM follow f JOIN actor a ON a.id = f.target_id JOIN account m ON m.actor_id = f.follower_id"
        f" WHERE f.state = 'accepted' AND {peers.below('a.host')}"
    )
    inward = (
        "FROM follow f JOIN actor a ON a.id = f.follower_id JOIN account m ON m.actor_id = f.target_id"
        f" WHERE f.state = 'accepted' AND {peers.below('a.host')}"
    )
    joined = (
        "SELECT COUNT(*) FROM follow f JOIN actor a ON a.id = f.follower_id JOIN actor face ON face.id = f.target_id"
        " WHERE f.state = 'accepted' AND face.host = '' AND face.kind = 'Group'"
        f" AND {peers.below('a.host')}"
    )
    both = f"SELECT COUNT(*) FROM (SELECT m.id {outward} UNION SELECT m.id {inward}) tied"
    args = peers.below_args(host)
    found = await read_many(
        [
            (f"SELECT COUNT(*) {outward}", args),
            (f"SELECT COUNT(*) {inward}", args),
            (both, (*args, *args)),
            (joined, args),
            (f"SELECT COUNT(*) {outward} AND a.kind = 'Group'", args),
        ]
    )
    return Ties(*(int(each[0][0]) for each in found))
