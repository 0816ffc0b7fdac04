"""Lists of people that members make, and how each wants the list that a joined group is."""

from collections.abc import Sequence

import msgspec

from storage import visible
from storage.connect import Writes, row, rows, value
from storage.paging import Page
from storage.relationships import People, paged


class List(msgspec.Struct, frozen=True):
    """One row of `list`; `replies_policy` is followed, list or none; `exclusive`: who is in it is kept out of home."""

    id: int
    owner_id: int
    title: str
    replies_policy: str
    exclusive: int
    created_at: int


class GroupList(msgspec.Struct, frozen=True):
    """How a member wants the list of a group; `title` '' = the group's name, `sort` is one of `rankings.SORTS`.

    `queue` says whether they want the list of what waits for an answer; None is as usual for what they are there.
    """

    title: str = ""
    sort: str = "new"
    hidden: int = 0
    queue: int | None = None


_SELECT = f"SELECT {', '.join(List.__struct_fields__)} FROM list "


async def of(owner_id: int) -> list[List]:
    """The lists somebody made, the oldest first."""
    return [List(*found) for found in await rows(_SELECT + "WHERE owner_id = ? ORDER BY id", (owner_id,))]


async def one(owner_id: int, list_id: int) -> List | None:
    """One list of its owner's; None for everybody else."""
    found = await row(_SELECT + "WHERE id = ? AND owner_id = ?", (list_id, owner_id))
    return List(*found) if found else None


async def count(owner_id: int) -> int:
    """How many lists somebody made."""
    return int(await value("SELECT COUNT(*) FROM list WHERE owner_id = ?", (owner_id,)))


async def holding(owner_id: int, actor_id: int) -> list[List]:
    """The lists of an owner that the actor is in."""
    sql = _SELECT + "WHERE owner_id = ? AND id IN (SELECT list_id FROM list_entry WHERE actor_id = ?) ORDER BY id"
    return [List(*found) for found in await rows(sql, (owner_id, actor_id))]


async def among(list_ids: Sequence[int], actor_id: int) -> list[List]:
    """Those of some lists, whoever made them, that the actor is in."""
    sql = _SELECT + "WHERE id IN (?ints) AND id IN (SELECT list_id FROM list_entry WHERE actor_id = ?)"
    return [List(*found) for found in await rows(sql, (list(list_ids), actor_id))] if list_ids else []


async def entries(list_: List, page: Page) -> People:
    """Who is in a list, as its owner sees them."""
    sql = f"""SELECT list_entry.actor_id, list_entry.actor_id FROM list_entry
WHERE list_entry.list_id = ? AND {visible.actor("list_entry.actor_id")} AND list_entry.actor_id < ?
AND list_entry.actor_id > ?"""
    return await paged(sql, (list_.id, *visible.actor_args(list_.owner_id)), page)


async def members(list_id: int) -> set[int]:
    """Everybody in a list."""
    return {found[0] for found in await rows("SELECT actor_id FROM list_entry WHERE list_id = ?", (list_id,))}


async def group_lists(owner_id: int) -> dict[int, GroupList]:
    """How somebody wants the lists of their groups, by the ids of their actors; those never changed are absent."""
    sql = "SELECT face_id, title, sort, hidden, queue FROM group_list WHERE owner_id = ?"
    return {found[0]: GroupList(*found[1:]) for found in await rows(sql, (owner_id,))}


def put(writes: Writes, list_: List) -> None:
    """Keep a list, new or changed."""
    writes.add(
        f"INSERT INTO list ({', '.join(List.__struct_fields__)}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
        " SET title = excluded.title, replies_policy = excluded.replies_policy, exclusive = excluded.exclusive",
        msgspec.structs.astuple(list_),
    )


def delete(writes: Writes, list_id: int) -> None:
    """Forget a list."""
    writes.add("DELETE FROM list_entry WHERE list_id = ?", (list_id,))
    writes.add("DELETE FROM list WHERE id = ?", (list_id,))


def add(writes: Writes, list_id: int, actor_ids: Sequence[int]) -> None:
    """Put people into a list."""
    writes.add(
        "INSERT INTO list_entry (list_id, actor_id) SELECT CAST(? AS BIGINT), a.id FROM actor a WHERE a.id IN (?ints)"
        " ON CONFLICT DO NOTHING",
        (list_id, list(actor_ids)),
    )


def drop(writes: Writes, list_id: int, actor_ids: Sequence[int]) -> None:
    """Take people out of a list."""
    writes.add("DELETE FROM list_entry WHERE list_id = ? AND actor_id IN (?ints)", (list_id, list(actor_ids)))


def put_group_list(writes: Writes, owner_id: int, face_id: int, wish: GroupList) -> None:
    """Keep how somebody wants the list of a group."""
    writes.add(
        "INSERT INTO group_list (owner_id, face_id, title, sort, hidden, queue) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (owner_id, face_id) DO UPDATE SET title = excluded.title, sort = excluded.sort,"
        " hidden = excluded.hidden, queue = excluded.queue",
        (owner_id, face_id, *msgspec.structs.astuple(wish)),
    )
