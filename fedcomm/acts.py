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
) -> Act:
    """Write a register: `by` is who acted, `uri` the activity, `value` None the neutral value.

    The same activity coming again, by whatever way, changes nothing.
    """
    uri = uri or app.urls.activity(next_id())
    act = _act(app, group, face, property_, subject, value, by, uri, summary[:1_000], undoes or None)
    registers.write(writes, act)
    bus.add(writes, "acts", act.clock)
    return act


def note_before(app: App, writes: Writes, group: Group, face: Actor, property_: str, value: Value) -> None:
    """Keep what a register of a group held by itself, unless it was written before: so the first act can be undone."""
    act = _act(app, group, face, property_, "", value, face.uri, f"{face.uri}#before", "", None)
    registers.note(writes, msgspec.structs.replace(act, effective=0))


def _act(
    app: App, group: Group, face: Actor, property_: str, subject: str, value: Value, by: str, uri: str, summary: str,
    undoes: str | None,
) -> Act:  # fmt: skip
    encoded = msgspec.json.encode(value).decode() if value is not None else None
    return Act(
        id=next_id(), group_id=group.id, property=property_, subject=subject, value=encoded,
        clock=app.acts_clock.tick(), actor_uri=by, face=face.uri, uri=uri, undoes=undoes, summary=summary,
        effective=1, recorded_at=clock.now_ms(),
    )  # fmt: skip
