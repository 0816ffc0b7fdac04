"""Terms of service: every version, from when it holds."""

import msgspec

from storage.connect import Writes, rows


class Terms(msgspec.Struct, frozen=True):
    """One version; `text` is plain, '' where there are none from then on. Times in ms since 1970."""

    id: int
    text: str
    effective_at: int
    written_at: int


_COLUMNS = ", ".join(Terms.__struct_fields__)


async def versions() -> list[Terms]:
    """All of them, those that hold last first."""
    return [Terms(*each) for each in await rows(f"SELECT {_COLUMNS} FROM terms ORDER BY effective_at DESC, id DESC")]


def insert(writes: Writes, made: Terms) -> None:
    """Keep one, in place of all that would have held later."""
    writes.add("DELETE FROM terms WHERE effective_at > ?", (made.written_at,))
    writes.add(f"INSERT INTO terms ({_COLUMNS}) VALUES (?, ?, ?, ?)", msgspec.structs.astuple(made))
