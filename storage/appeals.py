"""Posts that moderators took out of groups of ours, whose authors may appeal, and what was decided about that."""

from collections.abc import Sequence

import msgspec

from storage.connect import Writes, row, rows, value
from storage.session import Row

OPEN, ASKED, ACCEPTED, REJECTED = "open", "asked", "accepted", "rejected"


class Appeal(msgspec.Struct, frozen=True):
    """One row of `appeal`: `state` is open until its author appeals, then asked, and at last accepted or rejected.

    `act_id` is the removal, `removed_by`, `decided_by` and `proposed_by` (who wanted it out before, '' for nobody) are
    ids of actors; until `ends_at` (ms) one can appeal.
    """

    id: int
    act_id: int
    group_id: int
    post_id: int
    author_id: int
    removed_by: str
    secret_hash: bytes
    text: str
    state: str
    ends_at: int
    asked_at: int | None = None
    decided_by: str = ""
    decided_at: int | None = None
    reason: str = ""
    proposed_by: str = ""

    def against(self, uri: str) -> bool:
        """Whether it is against what the actor with that id did or proposed."""
        return uri in (self.removed_by, self.proposed_by)


COLUMNS = ", ".join(Appeal.__struct_fields__)
_SELECT = f"SELECT {COLUMNS} FROM appeal "


async def by_id(appeal_id: int) -> Appeal | None:
    """The appeal with this number."""
    found = await row(_SELECT + "WHERE id = ?", (appeal_id,))
    return _appeal(found) if found else None


async def by_ids(appeal_ids: Sequence[int]) -> list[Appeal]:
    """The appeals with these numbers."""
    return [_appeal(found) for found in await rows(_SELECT + "WHERE id IN (?ints)", (list(appeal_ids),))]


async def by_secret(secret_hash: bytes) -> Appeal | None:
    """That of whoever has the secret."""
    found = await row(_SELECT + "WHERE secret_hash = ?", (secret_hash,))
    return _appeal(found) if found else None


async def of_act(act_id: int) -> Appeal | None:
    """That against a removal."""
    found = await row(_SELECT + "WHERE act_id = ?", (act_id,))
    return _appeal(found) if found else None


async def asked(group_id: int, limit: int) -> list[Appeal]:
    """Those that wait in a group, the first first."""
    found = await rows(_SELECT + "WHERE group_id = ? AND state = 'asked' ORDER BY id LIMIT ?", (group_id, limit))
    return [_appeal(each) for each in found]


async def decided(group_id: int, limit: int) -> list[Appeal]:
    """The last that were decided in a group."""
    found = await rows(
        _SELECT + "WHERE group_id = ? AND state IN ('accepted', 'rejected') ORDER BY id DESC LIMIT ?",
        (group_id, limit),
    )
    return [_appeal(each) for each in found]


async def count(group_id: int) -> int:
    """How many wait in a group."""
    return int(await value("SELECT COUNT(*) FROM appeal WHERE group_id = ? AND state = 'asked'", (group_id,)))


def insert(writes: Writes, appeal: Appeal) -> None:
    """The author of something that was taken out may appeal; once for each removal."""
    marks = ", ".join("?" * len(Appeal.__struct_fields__))
    writes.add(
        f"INSERT INTO appeal ({COLUMNS}) VALUES ({marks}) ON CONFLICT DO NOTHING", msgspec.structs.astuple(appeal)
    )


def change(writes: Writes, appeal_id: int, only: str, **columns: object) -> None:
    """Set columns of one that is in that state."""
    assignments = ", ".join(f"{name} = ?" for name in columns)
    writes.add(f"UPDATE appeal SET {assignments} WHERE id = ? AND state = ?", (*columns.values(), appeal_id, only))


def _appeal(found: Row) -> Appeal:
    values = dict(zip(Appeal.__struct_fields__, found, strict=True))
    return Appeal(**values | {"secret_hash": bytes(values["secret_hash"])})
