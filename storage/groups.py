"""Groups, ours and others': one row each, whatever URLs the world knows them by."""

from collections.abc import Sequence

import msgspec

from storage.actors import Actor
from storage.connect import Writes, row, rows


class Group(msgspec.Struct, frozen=True):
    """One row of `groups`; `actor_id` is the face by which this server speaks of it.

    `join_mode` is open, approval (moderators let in) or invite (only who is invited comes in). `visibility` is public,
    members or local; `votes` both, up or none; `promotion` answers that are owed before a new thread that promotes;
    `slow` seconds between two posts of one person, 0 for no pause.
    """

    id: int
    actor_id: int
    local: int
    genesis: str | None
    join_mode: str
    posting: str
    fold_version: int
    members_count: int
    threads_count: int
    last_active_at: int | None
    created_by: int | None
    created_at: int
    closed_at: int | None
    visibility: str = "public"
    question: str = ""
    votes: str = "both"
    ladder: int = 0
    promotion: int = 0
    estranged_at: int | None = None  # when it came back with other keys (fedcomm/estrangement.py)
    ruled: int = 0  # whether it has rules
    slow: int = 0

    @property
    def asks(self) -> bool:
        """Whether it asks of anybody more than to be let in: consent, a first day, answers to others, a pause."""
        return bool(self.ruled or self.ladder or self.promotion or self.slow)


COLUMNS = ", ".join(Group.__struct_fields__)
_SELECT = f"SELECT {COLUMNS} FROM groups "
BY_FACES = (
    f"SELECT f.url, {', '.join('g.' + name for name in Group.__struct_fields__)}"
    " FROM face_alias f JOIN groups g ON g.id = f.group_id WHERE f.url IN (?texts)"
)
_WITH_FACE = (
    f"SELECT {', '.join('g.' + name for name in Group.__struct_fields__)},"
    f" {', '.join('a.' + name for name in Actor.__struct_fields__)}"
    " FROM groups g JOIN actor a ON a.id = g.actor_id WHERE g.id "
)


async def by_id(group_id: int) -> Group | None:
    """The group with this id."""
    found = await row(_SELECT + "WHERE id = ?", (group_id,))
    return Group(*found) if found else None


async def by_ids(group_ids: list[int]) -> dict[int, Group]:
    """The groups with these ids, by id."""
    return {found[0]: Group(*found) for found in await rows(_SELECT + "WHERE id IN (?ints)", (group_ids,))}


async def by_actors(actor_ids: Sequence[int]) -> list[Group]:
    """The groups whose faces these actors are."""
    sql = _SELECT + "WHERE actor_id IN (?ints)"
    return [Group(*found) for found in await rows(sql, (list(actor_ids),))] if actor_ids else []


async def by_actor(actor_id: int) -> Group | None:
    """The group whose face this actor is."""
    found = await row(_SELECT + "WHERE actor_id = ?", (actor_id,))
    return Group(*found) if found else None


async def with_face(group_id: int | None) -> tuple[Group, Actor] | tuple[None, None]:
    """The group with this id, as that of a post, and the actor by which this server speaks of it; else twice None."""
    found = await row(_WITH_FACE + "= ?", (group_id,)) if group_id is not None else None
    if found is None:
        return None, None
    width = len(Group.__struct_fields__)
    return Group(*found[:width]), Actor(*found[width:])


async def with_faces(group_ids: Sequence[int]) -> list[tuple[Group, Actor]]:
    """As `with_face`, those of several that there are, by their numbers."""
    width = len(Group.__struct_fields__)
    found = await rows(_WITH_FACE + "IN (?ints) ORDER BY g.id", (list(group_ids),)) if group_ids else []
    return [(Group(*each[:width]), Actor(*each[width:])) for each in found]


async def by_faces(actor_ids: Sequence[int]) -> dict[int, Group]:
    """The groups whose faces these actors are, by the id of the face."""
    found = [Group(*each) for each in await rows(_SELECT + "WHERE actor_id IN (?ints)", (list(actor_ids),))]
    return {group.actor_id: group for group in found}


async def by_face(url: str) -> Group | None:
    """The group that has, or had, a face at this URL."""
    sql = f"SELECT {COLUMNS} FROM groups WHERE id = (SELECT group_id FROM face_alias WHERE url = ?)"
    found = await row(sql, (url,))
    return Group(*found) if found else None


async def program(group_id: int) -> str:
    """What the server of a group elsewhere runs, by its NodeInfo name in lower case; '' while that is not known."""
    sql = (
        "SELECT p.software FROM groups g JOIN actor a ON a.id = g.actor_id JOIN peer p ON p.host = a.host"
        " WHERE g.id = ?"
    )
    found = await row(sql, (group_id,))
    return str(found[0]).lower() if found else ""


async def stay_here(face_ids: Sequence[int]) -> set[int]:
    """Those of some actors that are groups for this server alone: who is not signed in learns of none of them."""
    sql = "SELECT actor_id FROM groups WHERE local = 1 AND visibility = 'local' AND actor_id IN (?ints)"
    return {found[0] for found in await rows(sql, (list(face_ids),))} if face_ids else set()


async def here() -> list[Group]:
    """Open groups of this server, the liveliest first (at most 200)."""
    sql = _SELECT + "WHERE local = 1 AND closed_at IS NULL ORDER BY COALESCE(last_active_at, created_at) DESC LIMIT 200"
    return [Group(*found) for found in await rows(sql)]


async def unattended() -> list[Group]:
    """Open groups of this server that nobody looks after who is there, the oldest first (at most 200)."""
    sql = (
        _SELECT + "WHERE local = 1 AND closed_at IS NULL AND NOT EXISTS (SELECT 1 FROM register r"
        " LEFT JOIN actor a ON a.uri = r.subject WHERE r.group_id = groups.id AND r.property = 'role'"
        " AND r.value IS NOT NULL AND a.deleted_at IS NULL AND a.suspended_at IS NULL AND a.moved_to_id IS NULL)"
        " ORDER BY created_at, id LIMIT 200"
    )
    return [Group(*found) for found in await rows(sql)]


async def estranged() -> list[int]:
    """Ids of the faces of groups that wait to be recognised, the latest first (at most 200)."""
    sql = "SELECT actor_id FROM groups WHERE estranged_at > 0 ORDER BY estranged_at DESC LIMIT 200"
    return [found[0] for found in await rows(sql)]


def insert(writes: Writes, group: Group, face: str, status: str) -> None:
    """Add the group with its first face; `status` is 'own' or 'remote'."""
    writes.add(
        f"INSERT INTO groups ({COLUMNS}) VALUES ({', '.join('?' * len(Group.__struct_fields__))})"
        " ON CONFLICT DO NOTHING",
        msgspec.structs.astuple(group),
    )
    writes.add(
        "INSERT INTO face_alias (url, group_id, status) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (face, group.id, status),
    )


class Talk(msgspec.Struct, frozen=True):
    """That something is said in a group, and when somebody last wrote in it (ms).

    Of one that is not `open` to everybody that is nobody's business who is shown the same as all others.
    """

    id: int
    last: int | None
    open: bool


async def talk(actor_ids: Sequence[int]) -> dict[int, Talk]:
    """What is said in the groups with these faces, by face."""
    sql = (
        "SELECT actor_id, id, CASE WHEN visibility = 'public' THEN last_active_at END,"
        " CASE WHEN visibility = 'public' THEN 1 ELSE 0 END FROM groups WHERE actor_id IN (?ints)"
    )
    found = await rows(sql, (list(actor_ids),)) if actor_ids else []
    return {each[0]: Talk(each[1], each[2], bool(each[3])) for each in found}


def learn(writes: Writes, said: Group) -> None:
    """For whom a group elsewhere is now, and how one joins it, as its actor says; the group has its row."""
    writes.add(
        "UPDATE groups SET visibility = ?, join_mode = ? WHERE actor_id = ? AND local = 0",
        (said.visibility, said.join_mode, said.actor_id),
    )


def count_post(writes: Writes, group_id: int, at_ms: int, *, starter: bool) -> None:
    """One post more in a group, written at that time; `starter` says whether it began a thread."""
    writes.add(
        "UPDATE groups SET threads_count = threads_count + ?, last_active_at = CASE WHEN last_active_at > ?"
        " THEN last_active_at ELSE ? END WHERE id = ?",
        (int(starter), at_ms, at_ms, group_id),
    )


def change(writes: Writes, group_id: int, **columns: object) -> None:
    """Set the given columns of one group."""
    assignments = ", ".join(f"{name} = ?" for name in columns)
    writes.add(f"UPDATE groups SET {assignments} WHERE id = ?", (*columns.values(), group_id))
