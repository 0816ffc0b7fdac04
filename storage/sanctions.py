"""What who looks after this server did about somebody, here or elsewhere."""

from collections.abc import Sequence

import msgspec

from storage.connect import Writes, rows, value


class Sanction(msgspec.Struct, frozen=True):
    """One act. `act`: note, warn, freeze, sensitive, limit, suspend, or what takes one back; `made_by` a local name.

    What begins with home_ was done by who runs the server of somebody elsewhere, whose handle `made_by` is then.
    """

    id: int
    target_id: int
    act: str
    text: str
    made_by: str
    report_id: int | None
    created_at: int


# Of an actor elsewhere whose `suspended_at` is set; what is suspended and not for this is so at home.
SUSPENDED_HERE = """'suspend' = (SELECT act FROM sanction WHERE target_id = actor.id AND act IN ('suspend', 'restore')
ORDER BY id DESC LIMIT 1)"""
# What who runs the server of somebody elsewhere did: they are banned, with all they wrote or without, or no more.
HOME_FREEZE, HOME_SUSPEND, HOME_RESTORE = "home_freeze", "home_suspend", "home_restore"
_AT_HOME = f"act IN ('{HOME_FREEZE}', '{HOME_SUSPEND}', '{HOME_RESTORE}')"
_HIDDEN_AT_HOME = f"""'{HOME_SUSPEND}' = (SELECT act FROM sanction WHERE target_id = actor.id AND {_AT_HOME}
ORDER BY id DESC LIMIT 1)"""
_COLUMNS = ", ".join(Sanction.__struct_fields__)


def insert(writes: Writes, made: Sanction) -> None:
    """Keep it."""
    writes.add(f"INSERT INTO sanction ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(made))


async def by_ids(ids: Sequence[int]) -> dict[int, Sanction]:
    """Those of them that there are."""
    found = await rows(f"SELECT {_COLUMNS} FROM sanction WHERE id IN (?ints)", (list(ids),))
    return {each[0]: Sanction(*each) for each in found}


async def suspends(target_id: int) -> bool:
    """Whether who looks after this server has suspended somebody elsewhere, and not taken that back."""
    return bool(await value(f"SELECT 1 FROM actor WHERE id = ? AND {SUSPENDED_HERE}", (target_id,)))


def at_home(writes: Writes, target_id: int, at_ms: int | None) -> None:
    """The server of somebody elsewhere has suspended them, or (None) no more; who is suspended here too stays so."""
    writes.add(
        "UPDATE actor SET suspended_at = COALESCE(suspended_at, ?) WHERE id = ?"
        if at_ms is not None
        else f"UPDATE actor SET suspended_at = ? WHERE id = ? AND NOT EXISTS (SELECT 1 WHERE {SUSPENDED_HERE})"
        f" AND NOT EXISTS (SELECT 1 WHERE {_HIDDEN_AT_HOME})",
        (at_ms, target_id),
    )


async def hidden_at_home(target_id: int) -> bool:
    """Whether who runs the server of somebody has banned them with all that they wrote, and not taken that back."""
    return bool(await value(f"SELECT 1 FROM actor WHERE id = ? AND {_HIDDEN_AT_HOME}", (target_id,)))


async def last_at_home(target_id: int) -> Sanction | None:
    """What who runs the server of somebody did about them last, None when that is nothing."""
    sql = f"SELECT {_COLUMNS} FROM sanction WHERE target_id = ? AND {_AT_HOME} ORDER BY id DESC LIMIT 1"
    found = await rows(sql, (target_id,))
    return Sanction(*found[0]) if found else None


async def resting() -> list[str]:
    """Ids of the actors elsewhere that are banned by who runs their server."""
    sql = f"""SELECT actor.uri FROM sanction JOIN actor ON actor.id = sanction.target_id WHERE sanction.id IN
(SELECT MAX(id) FROM sanction WHERE {_AT_HOME} GROUP BY target_id) AND act <> '{HOME_RESTORE}'"""
    return [found[0] for found in await rows(sql)]


async def of(target_id: int, limit: int = 100) -> list[Sanction]:
    """What was done about somebody, the latest first."""
    sql = f"SELECT {_COLUMNS} FROM sanction WHERE target_id = ? ORDER BY id DESC LIMIT ?"
    return [Sanction(*each) for each in await rows(sql, (target_id, limit))]
