"""Who belongs to a group. A member of one of ours follows its actor; the follow is what peers see."""

from collections.abc import Collection, Sequence

import msgspec

from storage.connect import Writes, row, rows
from storage.counting import hold


class Member(msgspec.Struct, frozen=True):
    """One row of `member`; `state` is pending, joined or left; `home_host` is '' for ours."""

    group_id: int
    actor_id: int
    state: str
    home_host: str
    joined_at: int
    left_at: int | None


_SELECT = f"SELECT {', '.join(Member.__struct_fields__)} FROM member "
OF_URIS = (
    "SELECT m.group_id, a.uri, m.state FROM member m JOIN actor a ON a.id = m.actor_id"
    " WHERE a.uri IN (?texts) AND m.state = 'joined'"
)


async def of(group_id: int, actor_id: int) -> Member | None:
    """The membership of one actor in one group."""
    found = await row(_SELECT + "WHERE group_id = ? AND actor_id = ?", (group_id, actor_id))
    return Member(*found) if found else None


async def joined(group_id: int, actor_ids: Sequence[int]) -> set[int]:
    """Those of the actors who belong to the group."""
    sql = "SELECT actor_id FROM member WHERE group_id = ? AND state = 'joined' AND actor_id IN (?ints)"
    return {found[0] for found in await rows(sql, (group_id, list(actor_ids)))} if actor_ids else set()


async def others_at(group_id: int, actor_id: int, host: str) -> bool:
    """Whether anybody else on a server belongs to the group, or did so once."""
    sql = "SELECT 1 FROM member WHERE group_id = ? AND home_host = ? AND actor_id <> ? AND state <> 'pending' LIMIT 1"
    return await row(sql, (group_id, host, actor_id)) is not None


async def hosts(group_id: int, among: Collection[str]) -> set[str]:
    """Those of some servers that have a member of the group; who is suspended or gone is none."""
    sql = (
        "SELECT DISTINCT m.home_host FROM member m JOIN actor a ON a.id = m.actor_id WHERE m.group_id = ?"
        " AND m.state = 'joined' AND m.home_host IN (?texts) AND a.deleted_at IS NULL AND a.suspended_at IS NULL"
    )
    return {found[0] for found in await rows(sql, (group_id, list(among)))} if among else set()


async def groups_of(actor_id: int) -> list[int]:
    """Ids of the groups the actor belongs to, oldest membership first."""
    sql = "SELECT group_id FROM member WHERE actor_id = ? AND state = 'joined' ORDER BY joined_at, group_id"
    return [found[0] for found in await rows(sql, (actor_id,))]


async def of_group(group_id: int, state: str = "joined", limit: int = 200) -> list[Member]:
    """Members of a group, newest first."""
    sql = _SELECT + "WHERE group_id = ? AND state = ? ORDER BY joined_at DESC LIMIT ?"
    return [Member(*found) for found in await rows(sql, (group_id, state, limit))]


async def one_here(group_id: int) -> int | None:
    """Somebody of ours who belongs to a group, the one who has for longest; None when nobody does."""
    sql = (
        "SELECT m.actor_id FROM member m JOIN actor a ON a.id = m.actor_id AND a.host = '' AND a.deleted_at IS NULL"
        " AND a.suspended_at IS NULL WHERE m.group_id = ? AND m.state = 'joined' AND m.home_host = ''"
        " ORDER BY m.joined_at, m.actor_id LIMIT 1"
    )
    found = await row(sql, (group_id,))
    return found[0] if found else None


def put(writes: Writes, member: Member) -> None:
    """Store the membership as it is now."""
    _count(writes, member.group_id, member.actor_id, joined=member.state == "joined")
    writes.add(
        "INSERT INTO member (group_id, actor_id, state, home_host, joined_at, left_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (group_id, actor_id) DO UPDATE SET state = excluded.state, left_at = excluded.left_at,"
        " joined_at = CASE WHEN member.state = 'joined' THEN member.joined_at ELSE excluded.joined_at END",
        msgspec.structs.astuple(member),
    )


def leave(writes: Writes, group_id: int, actor_id: int, now_ms: int) -> None:
    """The actor is no member and no applicant any more; that they were one is kept."""
    leave_all(writes, group_id, [actor_id], now_ms)


def leave_all(writes: Writes, group_id: int, actor_ids: Sequence[int], now_ms: int) -> None:
    """As `leave`, of several."""
    ids = list(actor_ids)
    hold(writes, "groups", group_id)
    writes.add(
        "UPDATE groups SET members_count = members_count - (SELECT COUNT(*) FROM member WHERE group_id = ?"
        " AND state = 'joined' AND actor_id IN (?ints)) WHERE id = ?",
        (group_id, ids, group_id),
    )
    writes.add(
        "UPDATE member SET state = 'left', left_at = ? WHERE group_id = ? AND actor_id IN (?ints)",
        (now_ms, group_id, ids),
    )


def end_all(writes: Writes, group_id: int, now_ms: int) -> None:
    """As `leave`, of everybody."""
    hold(writes, "groups", group_id)
    writes.add(
        "UPDATE groups SET members_count = members_count - (SELECT COUNT(*) FROM member WHERE group_id = ?"
        " AND state = 'joined') WHERE id = ?",
        (group_id, group_id),
    )
    writes.add(
        "UPDATE member SET state = 'left', left_at = ? WHERE group_id = ? AND state <> 'left'", (now_ms, group_id)
    )


def _count(writes: Writes, group_id: int, actor_id: int, *, joined: bool) -> None:
    hold(writes, "groups", group_id)
    writes.add(
        "UPDATE groups SET members_count = members_count + ? - (SELECT COUNT(*) FROM member WHERE group_id = ?"
        " AND actor_id = ? AND state = 'joined') WHERE id = ?",
        (int(joined), group_id, actor_id, group_id),
    )
