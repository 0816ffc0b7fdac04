"""Acts of moderators of groups here, in the chain of the audit log: which still wait for it, and which were changed."""

import hashlib
from collections.abc import Sequence

import msgspec

from storage import audit, registers
from storage.audit import Entry
from storage.connect import execute, rows, transaction, value
from storage.registers import Act

PREFIX = "moderate."  # of what such an entry says was done
_MARK = "moderate/"  # the character after the dot: what lies between them begins with the prefix


class _Detail(msgspec.Struct, frozen=True):
    id: str = ""
    digest: str = ""


_DETAIL = msgspec.json.Decoder(_Detail)


async def waiting(limit: int) -> list[Act]:
    """Acts that are not in the chain yet, the first first."""
    found = await rows("SELECT act_id FROM audit_waiting ORDER BY act_id LIMIT ?", (limit,))
    acts = await registers.acts([each[0] for each in found])
    return [acts[each] for each in sorted(acts)]


async def count_waiting() -> int:
    """How many acts are not in the chain yet."""
    return int(await value("SELECT COUNT(*) FROM audit_waiting"))


async def chain(act_ids: Sequence[int], entries: Sequence[audit.Told]) -> None:
    """Add entries, which tell of these acts in turn; of acts that another process added meanwhile none."""
    async with transaction():
        await audit.take_turn()
        sql = "SELECT act_id FROM audit_waiting WHERE act_id IN (?ints)"
        left = {each[0] for each in await rows(sql, (list(act_ids),))}
        await audit.append_all([told for act_id, told in zip(act_ids, entries, strict=True) if act_id in left])
        await execute("DELETE FROM audit_waiting WHERE act_id IN (?ints)", (list(act_ids),))


def digest(act: Act) -> str:
    """Of every field of an act, as an array of strings in canonical JSON (RFC 8785); in hex."""
    fields = [None if each is None else str(each) for each in msgspec.structs.astuple(act)]
    return hashlib.sha256(msgspec.json.encode(fields)).hexdigest()


async def first_changed() -> int | None:
    """The number of the first entry whose act was changed or taken out since, None when all is well."""
    number: int = 0
    sql = (
        f"SELECT {', '.join(Entry.__struct_fields__)} FROM audit WHERE id > ? AND act >= ? AND act < ?"
        " ORDER BY id LIMIT 500"
    )
    while found := await rows(sql, (number, PREFIX, _MARK)):
        told = {each[0]: _DETAIL.decode(each[5]) for each in found}
        acts = await registers.acts([int(each.id) for each in told.values()])
        for entry, each in told.items():
            act = acts.get(int(each.id))
            if act is None or digest(act) != each.digest:
                return int(entry)
        number = max(told)
    return None


async def count_unchained() -> int:
    """How many acts neither are in the chain nor wait for it: put in where nobody was to see it."""
    acts = "SELECT COUNT(*) FROM act JOIN groups ON groups.id = act.group_id WHERE effective = 1 AND groups.local = 1"
    there, left = int(await value(acts)), await count_waiting()  # in this order: what goes on meanwhile is no fault
    chained = await value("SELECT COUNT(*) FROM audit WHERE act >= ? AND act < ?", (PREFIX, _MARK))
    return max(0, there - left - int(chained))
