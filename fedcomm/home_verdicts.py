"""What an actor's own server says of them: that it has suspended them ("toot:suspended"), or has taken that back.

As on Mastodon nothing of them is shown until then, nothing is deleted, ties stay, and what they take back themselves is
still taken. Who was suspended here as well stays so, whatever is said elsewhere.
"""

import msgspec

from activitypub.actors import Actor as Described
from fedcomm.app import App
from storage import actors, events, sanctions
from storage.actors import Actor
from storage.connect import Writes


async def learn(app: App, writes: Writes, described: Described, old: Actor | None, row: Actor, now_ms: int) -> Actor:
    """The row of an actor elsewhere as it is from now on. Of who is suspended the profile stays what it was."""
    if row.kind == "Group" or described.suspended is (row.suspended_at is not None):
        return _kept(old, row) if described.suspended and row.kind != "Group" else row
    if not described.suspended and await sanctions.suspends(row.id):
        return row
    if old is not None:
        for followed in await actors.followed_by(old.id):
            app.followers_changed(writes, followed)
        sanctions.at_home(writes, old.id, now_ms if described.suspended else None)
    if not described.suspended:
        return row
    events.tell(writes, "hidden", row.id)
    return _kept(old, msgspec.structs.replace(row, suspended_at=now_ms))


def _kept(old: Actor | None, row: Actor) -> Actor:
    if old is None:
        return row
    said = {name: getattr(old, name) for name in ("name", "summary", "icon", "image", "fields", "discoverable")}
    return msgspec.structs.replace(row, **said)
