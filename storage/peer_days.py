"""What passed between here and other servers, day by day."""

from collections.abc import Iterable

import msgspec

from storage.connect import Writes, execute, rows

DAY = 86_400_000  # ms
_NAMES = ("came", "taken", "failed", "refused")


class PeerDay(msgspec.Struct, frozen=True):
    """One day (UTC, counted from 1970) with one server: activities that came, deliveries that it took, tries that
    failed, deliveries that it refused for good.
    """

    host: str
    day: int
    came: int = 0
    taken: int = 0
    failed: int = 0
    refused: int = 0

    @property
    def anything(self) -> bool:
        """Whether something passed."""
        return bool(self.came or self.taken or self.failed or self.refused)


def add(writes: Writes, days: Iterable[PeerDay]) -> None:
    """Count these as well."""
    more = ", ".join(f"{name} = peer_day.{name} + excluded.{name}" for name in _NAMES)
    writes.add_many(
        f"INSERT INTO peer_day (host, day, {', '.join(_NAMES)}) VALUES (?, ?, ?, ?, ?, ?)"
        f" ON CONFLICT (host, day) DO UPDATE SET {more}",
        [msgspec.structs.astuple(each) for each in days],
    )


async def of(host: str, since: int) -> list[PeerDay]:
    """The days with a server from that one on on which something passed, in order."""
    sql = f"SELECT host, day, {', '.join(_NAMES)} FROM peer_day WHERE host = ? AND day >= ? ORDER BY day"
    return [PeerDay(*found) for found in await rows(sql, (host, since))]


async def forget(before: int) -> int:
    """Days before that one are counted no more; gives how many there were."""
    return await execute("DELETE FROM peer_day WHERE day < ?", (before,))
