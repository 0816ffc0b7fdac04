"""Lists of servers to block that others keep and that are read again each day; and what each of them said last."""

from collections.abc import Iterable

import msgspec

from storage.connect import Writes, row, rows, value
from storage.peers import Decision


class Subscription(msgspec.Struct, frozen=True):
    """One list; times in ms. `most` is the strictest that is taken from it: suspend or limit.

    `shrunk`: how many servers a version names that lost more than half, and waits for a yes; `accepted`: how few it may
    name now that there was one.
    """

    id: int
    url: str
    priority: int
    most: str
    automatic: int
    adopt: int
    made_by: str
    etag: str = ""
    modified: str = ""
    entries: int = 0
    read_at: int | None = None
    next_at: int = 0
    failures: int = 0
    error: str = ""
    shrunk: int | None = None
    accepted: int | None = None


class Said(msgspec.Struct, frozen=True):
    """What a list says about one server."""

    subscription_id: int
    host: str
    wanted: Decision


_COLUMNS = ", ".join(Subscription.__struct_fields__)
_decision = msgspec.json.Decoder(Decision)


async def everything() -> list[Subscription]:
    """All of them, whose word counts most first."""
    found = await rows(f"SELECT {_COLUMNS} FROM block_subscription ORDER BY priority DESC, id")
    return [Subscription(*each) for each in found]


async def by_id(number: int) -> Subscription | None:
    """The one with this number."""
    found = await row(f"SELECT {_COLUMNS} FROM block_subscription WHERE id = ?", (number,))
    return Subscription(*found) if found else None


async def any_due(now_ms: int) -> bool:
    """Whether one of them is to be read."""
    return bool(await value("SELECT COUNT(*) FROM block_subscription WHERE next_at <= ?", (now_ms,)))


def put(writes: Writes, wanted: Subscription) -> None:
    """Keep one, in place of the one with its number."""
    marks = ", ".join("?" * len(Subscription.__struct_fields__))
    changed = ", ".join(f"{name} = excluded.{name}" for name in Subscription.__struct_fields__[1:])
    writes.add(
        f"INSERT INTO block_subscription ({_COLUMNS}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {changed}",
        msgspec.structs.astuple(wanted),
    )


def put_said(writes: Writes, number: int, said: Iterable[tuple[str, Decision]]) -> None:
    """All that a list says now."""
    writes.add("DELETE FROM block_subscribed WHERE subscription_id = ?", (number,))
    writes.add_many(
        "INSERT INTO block_subscribed (subscription_id, host, wanted) VALUES (?, ?, ?)",
        [(number, host, msgspec.json.encode(wanted).decode()) for host, wanted in said],
    )


def remove(writes: Writes, number: int) -> None:
    """Forget one with all it said."""
    writes.add("DELETE FROM block_subscribed WHERE subscription_id = ?", (number,))
    writes.add("DELETE FROM block_subscription WHERE id = ?", (number,))


async def said() -> list[Said]:
    """What all of them say."""
    found = await rows("SELECT subscription_id, host, wanted FROM block_subscribed", ())
    return [Said(number, host, _decision.decode(wanted)) for number, host, wanted in found]
