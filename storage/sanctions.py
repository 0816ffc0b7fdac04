"""What who looks after this server did about somebody, here or elsewhere."""

from collections.abc import Sequence

import msgspec

from storage.connect import Writes, rows


class Sanction(msgspec.Struct, frozen=True):
    """One act. `act`: note, warn, freeze, sensitive, limit, suspend, or what takes one back; `made_by` a local name."""

    id: int
    target_id: int
    act: str
    text: str
    made_by: str
    report_id: int | None
    created_at: int


_COLUMNS = ", ".join(Sanction.__struct_fields__)


def insert(writes: Writes, made: Sanction) -> None:
    """Keep it."""
    writes.add(f"INSERT INTO sanction ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(made))


async def by_ids(ids: Sequence[int]) -> dict[int, Sanction]:
    """Those of them that there are."""
    found = await rows(f"SELECT {_COLUMNS} FROM sanction WHERE id IN (?ints)", (list(ids),))
    return {each[0]: Sanction(*each) for each in found}


async def of(target_id: int, limit: int = 100) -> list[Sanction]:
    """What was done about somebody, the latest first."""
    sql = f"SELECT {_COLUMNS} FROM sanction WHERE target_id = ? ORDER BY id DESC LIMIT ?"
    return [Sanction(*each) for each in await rows(sql, (target_id, limit))]
