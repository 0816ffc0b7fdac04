"""Acts of those who run a group: each is a write of a register with a hybrid logical clock (cohosting.md §6)."""

from typing import Any

import msgspec

from fedcomm import clock
from fedcomm.app import App
from storage import registers
from storage.actors import Actor
from storage.connect import Writes
from storage.groups import Group
from storage.ids import next_id
from storage.registers import Act

_COUNTER = 0x10000


class Clock:
    """A hybrid logical clock: milliseconds and a counter, written `%012x-%04x`, so that it sorts as text."""

    def __init__(self) -> None:
        self._last = (0, 0)

    def tick(self) -> str:
        """A time later than all given or heard of so far."""
        now = clock.now_ms()
        ms, count = self._last
        self._last = (now, 0) if now > ms else (ms + (count + 1) // _COUNTER, (count + 1) % _COUNTER)
        return "{:012x}-{:04x}".format(*self._last)

    def hear(self, text: str) -> None:
        """Somebody else's clock has got this far."""
        ms, _, count = text.partition("-")
        self._last = max(self._last, (int(ms, 16), int(count, 16)))


_clock = Clock()


def record(
    app: App,
    writes: Writes,
    group: Group,
    face: Actor,
    property_: str,
    subject: str,
    value: dict[str, Any] | None,
    *,
    by: str,
    uri: str,
    summary: str = "",
    undoes: str | None = None,
    effective: bool = True,
) -> None:
    """Write a register: `by` is who acted, `uri` the activity, `value` None the neutral value."""
    encoded = msgspec.json.encode(value).decode() if value is not None else None
    registers.write(
        writes,
        Act(
            id=next_id(), group_id=group.id, property=property_, subject=subject, value=encoded, clock=_clock.tick(),
            actor_uri=by, face=face.uri, uri=uri, undoes=undoes, summary=summary[:1_000], effective=int(effective),
            recorded_at=clock.now_ms(),
        ),
    )  # fmt: skip


async def catch_up(group_id: int) -> None:
    """Let the clock go on from the group's latest act, after a restart with a clock that was put back."""
    if last := await registers.last_clock(group_id):
        _clock.hear(last)
