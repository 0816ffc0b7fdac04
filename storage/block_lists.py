"""Lists of servers to block that admins brought in: what each would change, and what was before."""

from collections.abc import Sequence

import msgspec

from storage.connect import Writes, row, rows, value
from storage.peers import Decision

_OF = "SELECT host, wanted, cuts, before FROM block_entry WHERE list_id = ?"


class BlockList(msgspec.Struct, frozen=True):
    """One list. `state` is draft, applying, applied, undoing, undone or dropped; `unread`: lines nobody understood.

    The `subscribed` ones were made of what subscriptions say (`block_rounds`).
    """

    id: int
    source: str
    made_by: str
    state: str
    added: int
    raised: int
    present: int
    left_out: int
    unread: str
    changed_at: int
    subscribed: int = 0

    @property
    def total(self) -> int:
        """How many decisions it changes."""
        return self.added + self.raised


class Change(msgspec.Struct, frozen=True):
    """What a list changes for one server; `before` once it was applied. `cuts` follows of members end with it."""

    host: str
    wanted: Decision
    cuts: int
    before: Decision | None


_COLUMNS = ", ".join(BlockList.__struct_fields__)
_decision = msgspec.json.Decoder(Decision)


async def newest(limit: int) -> list[BlockList]:
    """The lists that were brought in last."""
    return [
        BlockList(*found)
        for found in await rows(f"SELECT {_COLUMNS} FROM block_list ORDER BY id DESC LIMIT ?", (limit,))
    ]


async def by_id(list_id: int) -> BlockList | None:
    """The list with this number."""
    found = await row(f"SELECT {_COLUMNS} FROM block_list WHERE id = ?", (list_id,))
    return BlockList(*found) if found else None


def insert(writes: Writes, made: BlockList, changes: Sequence[Change]) -> None:
    """Keep a list with all that it changes."""
    marks = ", ".join("?" * len(BlockList.__struct_fields__))
    writes.add(f"INSERT INTO block_list ({_COLUMNS}) VALUES ({marks})", msgspec.structs.astuple(made))
    writes.add_many(
        "INSERT INTO block_entry (list_id, host, wanted, cuts, before) VALUES (?, ?, ?, ?, ?)",
        [(made.id, each.host, _encoded(each.wanted), each.cuts, _told(each.before)) for each in changes],
    )


def set_state(writes: Writes, list_id: int, state: str, now_ms: int) -> None:
    """How far it is."""
    writes.add("UPDATE block_list SET state = ?, changed_at = ? WHERE id = ?", (state, now_ms, list_id))


def set_before(writes: Writes, list_id: int, host: str, before: Decision | None) -> None:
    """What was decided before it was applied; None when that is so again."""
    writes.add("UPDATE block_entry SET before = ? WHERE list_id = ? AND host = ?", (_told(before), list_id, host))


def remove(writes: Writes, list_id: int) -> None:
    """Forget a list."""
    writes.add("DELETE FROM block_entry WHERE list_id = ?", (list_id,))
    writes.add("DELETE FROM block_list WHERE id = ?", (list_id,))


async def changes(list_id: int, limit: int, offset: int = 0) -> list[Change]:
    """What it changes: first what cuts most."""
    found = await rows(f"{_OF} ORDER BY cuts DESC, host LIMIT ? OFFSET ?", (list_id, limit, offset))
    return [_change(*each) for each in found]


async def hosts(list_id: int) -> list[str]:
    """All servers about which it changes something, by name."""
    found = await rows("SELECT host FROM block_entry WHERE list_id = ? ORDER BY host", (list_id,))
    return [each[0] for each in found]


async def left(list_id: int, limit: int, *, applied: bool) -> list[Change]:
    """Some of what has been applied, or has not."""
    done = "IS NOT NULL" if applied else "IS NULL"
    found = await rows(f"{_OF} AND before {done} ORDER BY host LIMIT ?", (list_id, limit))
    return [_change(*each) for each in found]


async def done(list_id: int) -> int:
    """How many of its changes are applied."""
    return int(await value("SELECT COUNT(*) FROM block_entry WHERE list_id = ? AND before IS NOT NULL", (list_id,)))


async def cuts(list_id: int) -> int:
    """How many follows of members it ends."""
    return int(await value("SELECT COALESCE(SUM(cuts), 0) FROM block_entry WHERE list_id = ?", (list_id,)))


async def policies(list_id: int) -> dict[str, int]:
    """For how many servers it wants which policy, of those whose policy is another so far, and none is stricter."""
    found = await rows(
        "SELECT entry.wanted, COALESCE(peer.policy, '') FROM block_entry entry LEFT JOIN peer ON peer.host = entry.host"
        " WHERE entry.list_id = ?",
        (list_id,),
    )
    wanted = [
        policy for each, now in found if (policy := _decision.decode(each).policy) and now not in (policy, "suspend")
    ]
    return {policy: wanted.count(policy) for policy in sorted(set(wanted))}


class Made(msgspec.Struct, frozen=True):
    """What a list of the subscriptions says of a server; `before` is set while it is in force."""

    list_id: int
    state: str
    change: Change


async def subscribed() -> list[Made]:
    """All that lists of the subscriptions say, the newest first."""
    sql = (
        "SELECT l.id, l.state, e.host, e.wanted, e.cuts, e.before FROM block_list l JOIN block_entry e"
        " ON e.list_id = l.id WHERE l.subscribed = 1 ORDER BY l.id DESC"
    )
    return [Made(found[0], found[1], _change(*found[2:])) for found in await rows(sql, ())]


def forget(writes: Writes, list_id: int, host: str) -> None:
    """A list says nothing of a server any more."""
    writes.add("DELETE FROM block_entry WHERE list_id = ? AND host = ?", (list_id, host))


def _encoded(decision: Decision) -> str:
    return msgspec.json.encode(decision).decode()


def _told(before: Decision | None) -> str | None:
    return _encoded(before) if before is not None else None


def _change(host: str, wanted: str, cut: int, before: str | None) -> Change:
    return Change(host, _decision.decode(wanted), cut, _decision.decode(before) if before is not None else None)
