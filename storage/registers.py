"""A group's acts as last-writer-wins registers with clocks: its moderation log, from the first day.

A register is (property, subject) -> value; the write with the highest (clock, face, uri) wins, so the order in which
writes arrive never matters. Unknown properties are kept without effect.
"""

from collections.abc import Collection, Sequence

import msgspec

from storage.connect import Writes, dialect, row, rows, value

FOLD_VERSION = 1  # of the rules by which acts make the state of a group; kept with each


class Act(msgspec.Struct, frozen=True):
    """One act of somebody who runs a group; `value` is JSON, None is the neutral value.

    One that is not `effective` is no act of anybody: it keeps what a register held before its first write.
    """

    id: int
    group_id: int
    property: str
    subject: str
    value: str | None
    clock: str
    actor_uri: str
    face: str
    uri: str
    undoes: str | None
    summary: str
    effective: int
    recorded_at: int


class Register(msgspec.Struct, frozen=True):
    """The winning write of one (property, subject)."""

    group_id: int
    property: str
    subject: str
    value: str | None
    clock: str


class Span(msgspec.Struct, frozen=True):
    """The acts of somebody in a group between two times (ms since 1970, both within)."""

    group_id: int
    actor_uri: str
    since: int
    until: int


class _Role(msgspec.Struct, frozen=True):
    role: str = ""


_ROLE = msgspec.json.Decoder(_Role)
_APART = 86_400_000  # ms by which the clocks of two processes differ at most
_ACT = ", ".join(Act.__struct_fields__)
_INTEGERS = {"id": "BIGINT", "group_id": "BIGINT", "recorded_at": "BIGINT", "effective": "SMALLINT"}
_REGISTER = ", ".join(Register.__struct_fields__)
BANS_OF = (
    "SELECT group_id, subject, value FROM register WHERE subject IN (?texts) AND property = 'ban' AND value IS NOT NULL"
)


async def get(group_id: int, property_: str, subject: str = "") -> str | None:
    """The value of a register as JSON, None when neutral or never written."""
    sql = "SELECT value FROM register WHERE group_id = ? AND property = ? AND subject = ?"
    found = await row(sql, (group_id, property_, subject))
    return found[0] if found else None


async def several(group_ids: Sequence[int], property_: str, subject: str = "") -> dict[int, str | None]:
    """As `get`, of several groups."""
    sql = "SELECT group_id, value FROM register WHERE group_id IN (?ints) AND property = ? AND subject = ?"
    return {each[0]: each[1] for each in await rows(sql, (list(group_ids), property_, subject))} if group_ids else {}


async def winner(group_id: int, property_: str, subject: str = "") -> Act | None:
    """The act that gave a register its value, None when it was never written."""
    sql = (
        f"SELECT {_ACT} FROM act WHERE id = (SELECT act_id FROM register WHERE group_id = ? AND property = ?"
        " AND subject = ?)"
    )
    found = await row(sql, (group_id, property_, subject))
    return Act(*found) if found else None


async def winners(group_ids: Sequence[int], property_: str, subject: str) -> dict[int, Act]:
    """As `winner`, of several groups."""
    sql = (
        f"SELECT {_ACT} FROM act WHERE id IN (SELECT act_id FROM register WHERE group_id IN (?ints) AND property = ?"
        " AND subject = ?)"
    )
    found = [Act(*each) for each in await rows(sql, (list(group_ids), property_, subject))] if group_ids else []
    return {act.group_id: act for act in found}


async def acts(act_ids: Sequence[int]) -> dict[int, Act]:
    """The acts with these numbers, by number."""
    found = await rows(f"SELECT {_ACT} FROM act WHERE id IN (?ints)", (list(act_ids),)) if act_ids else []
    return {each[0]: Act(*each) for each in found}


async def latest(group_id: int, properties: Sequence[str]) -> dict[str, Act]:
    """The acts that gave those registers without a subject their values, by property; without those never written."""
    sql = (
        f"SELECT {_ACT} FROM act WHERE id IN (SELECT act_id FROM register WHERE group_id = ? AND subject = ''"
        " AND property IN (?texts))"
    )
    found = [Act(*each) for each in await rows(sql, (group_id, list(properties)))]
    return {act.property: act for act in found}


async def all_of(group_id: int, property_: str) -> list[Register]:
    """Every register of that property that is not neutral, oldest write first."""
    sql = f"SELECT {_REGISTER} FROM register WHERE group_id = ? AND property = ? AND value IS NOT NULL ORDER BY clock"
    return [Register(*found) for found in await rows(sql, (group_id, property_))]


async def given(group_id: int, properties: Sequence[str], subjects: Collection[str]) -> set[tuple[str, str]]:
    """Which of these registers about these subjects are not neutral, as (property, subject)."""
    sql = (
        "SELECT property, subject FROM register WHERE group_id = ? AND property IN (?texts) AND subject IN (?texts)"
        " AND value IS NOT NULL"
    )
    found = await rows(sql, (group_id, list(properties), list(subjects))) if subjects else []
    return {(each[0], each[1]) for each in found}


async def in_force(group_id: int, property_: str, subjects: Collection[str]) -> set[int]:
    """The ids of the acts by which registers of that property about these subjects are not neutral."""
    sql = (
        "SELECT act_id FROM register WHERE group_id = ? AND property = ? AND subject IN (?texts) AND value IS NOT NULL"
    )
    found = await rows(sql, (group_id, property_, list(subjects))) if subjects else []
    return {each[0] for each in found}


async def last_clock() -> str:
    """The highest clock of all groups, '' when there is none."""
    found = await row("SELECT MAX(clock) FROM register")
    return (found[0] if found else None) or ""


async def holders(group_ids: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """Who was given which role in each of these groups and is there still: ids and roles, the first appointed first.

    Who is deleted, suspended or moved to another account is not there.
    """
    sql = (
        "SELECT r.group_id, r.subject, r.value FROM register r LEFT JOIN actor a ON a.uri = r.subject"
        " WHERE r.group_id IN (?ints) AND r.property = 'role' AND r.value IS NOT NULL AND a.deleted_at IS NULL"
        " AND a.suspended_at IS NULL AND a.moved_to_id IS NULL ORDER BY r.clock"
    )
    found: dict[int, list[tuple[str, str]]] = {}
    for group_id, subject, given_ in await rows(sql, (list(group_ids),)):
        found.setdefault(group_id, []).append((subject, role(given_)))
    return found


async def moderated(uri: str) -> list[int]:
    """Ids of the groups in which somebody was given a role."""
    sql = "SELECT group_id, value FROM register WHERE subject = ? AND property = 'role' ORDER BY clock"
    return [group_id for group_id, value in await rows(sql, (uri,)) if role(value)]


async def unmoderated() -> list[int]:
    """Ids of the groups of ours that nobody here moderates."""
    sql = (
        "SELECT g.id FROM groups g WHERE g.local = 1 AND NOT EXISTS (SELECT 1 FROM register r"
        " JOIN actor a ON a.uri = r.subject AND a.host = '' AND a.deleted_at IS NULL AND a.suspended_at IS NULL"
        " WHERE r.group_id = g.id AND r.property = 'role' AND r.value IS NOT NULL)"
    )
    return [found[0] for found in await rows(sql)]


def role(value: str | None) -> str:
    """The role that the value of a role register gives, '' for none."""
    return _ROLE.decode(value).role if value is not None else ""


# That groups show threads no more beside their own, by the ids of these.
ENDED = (
    "SELECT group_id, subject, value FROM register"
    " WHERE subject IN (?texts) AND property = 'share' AND value IS NOT NULL"
)


async def log(group_id: int, limit: int = 100, below: int = 2**62) -> list[Act]:
    """The acts of a group with an id `below` this, newest first."""
    sql = f"SELECT {_ACT} FROM act WHERE group_id = ? AND id < ? AND effective = 1 ORDER BY id DESC LIMIT ?"
    return [Act(*found) for found in await rows(sql, (group_id, below, limit))]


async def standing(span: Span, limit: int, below: int = 2**62) -> list[Act]:
    """Those acts that still give their register its value, with an id `below` this, newest first."""
    sql = (
        f"SELECT {', '.join(f'act.{name}' for name in Act.__struct_fields__)} FROM act"
        " JOIN register ON register.act_id = act.id WHERE act.group_id = ? AND act.actor_uri = ?"
        " AND act.recorded_at BETWEEN ? AND ? AND act.effective = 1 AND act.id < ? ORDER BY act.id DESC LIMIT ?"
    )
    return [Act(*found) for found in await rows(sql, (*msgspec.structs.astuple(span), below, limit))]


async def before(span: Span, subjects: Collection[str]) -> dict[tuple[str, str], str | None]:
    """What the registers about these subjects held without those acts: property and subject -> value as JSON."""
    sql = (
        "SELECT act.property, act.subject, act.value FROM act JOIN (SELECT property, subject, MAX(clock) AS clock"
        " FROM act WHERE group_id = ? AND NOT (actor_uri = ? AND recorded_at BETWEEN ? AND ?) AND subject IN (?texts)"
        " GROUP BY property, subject) last ON last.property = act.property AND last.subject = act.subject"
        " AND last.clock = act.clock WHERE act.group_id = ?"
    )
    found = await rows(sql, (*msgspec.structs.astuple(span), list(subjects), span.group_id))
    return {(property_, subject): value for property_, subject, value in found}


async def taken_out(group_id: int, uri: str, since: int) -> int:
    """How often somebody has taken something out of a group since then (ms): posts, each time all of somebody, and
    threads that went into another group.

    What was put back counts as well, and what they agreed to take out does not: somebody else had looked at it.
    """
    sql = (
        "SELECT COUNT(*) FROM act WHERE group_id = ? AND id > ? AND actor_uri = ? AND recorded_at > ? AND effective = 1"
        " AND ((property = 'removed' AND value IS NOT NULL AND value NOT LIKE '%\"proposer\"%')"
        " OR (property = 'ban' AND value LIKE '%\"remove\":true%')"
        " OR (property = 'moved' AND value LIKE '%\"to\"%'))"
    )
    return int(await value(sql, (group_id, _before(since), uri, since)))


async def proposed(group_id: int, uri: str, since: int) -> bool:
    """Whether somebody has proposed anything in a group since then (ms)."""
    sql = (
        "SELECT 1 FROM act WHERE group_id = ? AND id > ? AND actor_uri = ? AND recorded_at > ?"
        " AND property = 'proposed' AND value IS NOT NULL LIMIT 1"
    )
    return await row(sql, (group_id, _before(since), uri, since)) is not None


async def all_proposed(group_id: int, limit: int) -> list[Act]:
    """What is proposed in a group, the first first."""
    sql = (
        f"SELECT {', '.join(f'act.{name}' for name in Act.__struct_fields__)} FROM register"
        " JOIN act ON act.id = register.act_id WHERE register.group_id = ? AND register.property = 'proposed'"
        " AND register.value IS NOT NULL ORDER BY act.id LIMIT ?"
    )
    return [Act(*found) for found in await rows(sql, (group_id, limit))]


async def proposed_about(group_id: int, uri: str, actor_id: int) -> list[Act]:
    """What is proposed in a group about somebody, and about what they wrote."""
    sql = (
        f"SELECT {', '.join(f'act.{name}' for name in Act.__struct_fields__)} FROM register"
        " JOIN act ON act.id = register.act_id WHERE register.group_id = ? AND register.property = 'proposed'"
        " AND register.value IS NOT NULL AND (register.subject = ? OR EXISTS (SELECT 1 FROM post"
        " WHERE post.uri = register.subject AND post.author_id = ?)) ORDER BY register.subject"
    )
    return [Act(*found) for found in await rows(sql, (group_id, uri, actor_id))]


def hold(writes: Writes, group_id: int, property_: str, subject: str) -> None:
    """Nobody else holds this register until these writes are made or given up; SQLite has one writer anyway."""
    if dialect() == "postgres":
        sql = "SELECT 1 FROM register WHERE group_id = ? AND property = ? AND subject = ? FOR NO KEY UPDATE"
        writes.add(sql, (group_id, property_, subject))


def _before(ms: int) -> int:
    """Below the ids of all acts since then: an id begins with the time at which it was made."""
    return max(0, ms - _APART) << 16


def note(writes: Writes, act: Act) -> None:
    """Keep what a register that was never written held by itself: an act without effect, before the first one."""
    casts = ", ".join(f"CAST(? AS {_INTEGERS.get(name, 'TEXT')})" for name in Act.__struct_fields__)
    writes.add(
        f"INSERT INTO act ({_ACT}) SELECT {casts} WHERE NOT EXISTS (SELECT 1 FROM register WHERE group_id = ?"
        " AND property = ? AND subject = ?) ON CONFLICT DO NOTHING",
        (*msgspec.structs.astuple(act), act.group_id, act.property, act.subject),
    )


def write(writes: Writes, act: Act) -> None:
    """Record an act, once; it becomes the register's value only when it is the latest write."""
    writes.add(
        f"INSERT INTO act ({_ACT}) VALUES ({', '.join('?' * len(Act.__struct_fields__))}) ON CONFLICT DO NOTHING",
        msgspec.structs.astuple(act),
    )
    writes.add(
        "INSERT INTO register (group_id, property, subject, value, clock, face, uri, act_id)"
        " SELECT act.group_id, act.property, act.subject, act.value, act.clock, act.face, act.uri, act.id FROM act"
        " WHERE act.id = ? ON CONFLICT (group_id, property, subject) DO UPDATE SET"
        " value = excluded.value, clock = excluded.clock, face = excluded.face, uri = excluded.uri,"
        " act_id = excluded.act_id WHERE (excluded.clock, excluded.face, excluded.uri)"
        " > (register.clock, register.face, register.uri)",
        (act.id,),
    )


def take_effect(writes: Writes, act: Act, table: str, row_id: int, **columns: object) -> None:
    """Set columns of the row that an act is about, when it has become the value of its register."""
    assignments = ", ".join(f"{name} = ?" for name in columns)
    writes.add(
        f"UPDATE {table} SET {assignments} WHERE id = ? AND EXISTS (SELECT 1 FROM register WHERE group_id = ?"
        " AND property = ? AND subject = ? AND act_id = ?)",
        (*columns.values(), row_id, act.group_id, act.property, act.subject, act.id),
    )
