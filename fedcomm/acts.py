"""Acts of those who run a group: each is a write of a register with a hybrid logical clock (cohosting.md §6).

Whoever acts and wherever they live, the time of an act is the one at which it was taken in here: what somebody claims
about time gives no advantage. What an act means for posts and groups is written with `take_effect`.
"""

from typing import Any

import msgspec

from fedcomm import clock
from fedcomm.app import App
from storage import bus, registers
from storage.actors import Actor
from storage.connect import Writes
from storage.groups import Group
from storage.ids import next_id
from storage.registers import Act

Value = dict[str, Any] | list[str] | list[dict[str, str]] | str | None


def record(
    app: App,
    writes: Writes,
    group: Group,
    face: Actor,
    property_: str,
    subject: str,
    value: Value,
    *,
    by: str,
    uri: str,
    summary: str = "",
    undoes: str | None = None,
    effective: bool = True,
) -> Act:
    """Write a register: `by` is who acted, `uri` the activity, `value` None the neutral value.

    The same activity coming again, by whatever way, changes nothing.
    """
    encoded = msgspec.json.encode(value).decode() if value is not None else None
    act = Act(
        id=next_id(), group_id=group.id, property=property_, subject=subject, value=encoded,
        clock=app.acts_clock.tick(), actor_uri=by, face=face.uri, uri=uri or app.urls.activity(next_id()),
        undoes=undoes or None, summary=summary[:1_000], effective=int(effective), recorded_at=clock.now_ms(),
    )  # fmt: skip
    registers.write(writes, act)
    bus.add(writes, "acts", act.clock)
    return act
