"""What an actor's own server says of them: that it has suspended them ("toot:suspended"), or has taken that back.

Or who runs it has banned them from it, as Lemmy and PieFed say it (`Block`): then nothing of theirs is taken, and what
they wrote goes out of sight where that is asked for.

As on Mastodon nothing of them is shown until then, nothing is deleted, ties stay, and what they take back themselves is
still taken. Who was suspended here as well stays so, whatever is said elsewhere.
"""

import msgspec

from activitypub.actors import Actor as Described
from fedcomm import clock
from fedcomm.app import App
from storage import actors, bus, events, jobs, sanctions
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.ids import next_id
from storage.sanctions import HOME_FREEZE, HOME_RESTORE, HOME_SUSPEND, Sanction


async def learn(app: App, writes: Writes, described: Described, old: Actor | None, row: Actor, now_ms: int) -> Actor:
    """The row of an actor elsewhere as it is from now on. Of who is suspended the profile stays what it was."""
    if row.kind == "Group" or described.suspended is (row.suspended_at is not None):
        return _kept(old, row) if described.suspended and row.kind != "Group" else row
    if not described.suspended and (await sanctions.suspends(row.id) or await sanctions.hidden_at_home(row.id)):
        return row
    if old is not None:
        await _show(app, writes, old, now_ms if described.suspended else None)
    if not described.suspended:
        return row
    events.tell(writes, "hidden", row.id)
    return _kept(old, msgspec.structs.replace(row, suspended_at=now_ms))


async def ban(
    app: App, writes: Writes, who: Actor, by: Actor, reason: str, until: int | None, *, hidden: bool
) -> None:  # fmt: skip
    """Who runs the server of somebody has banned them, until `until` (ms since 1970) or for good; with `hidden` nothing
    that they wrote is shown until it is taken back."""
    before = await sanctions.last_at_home(who.id)
    made = _made(HOME_SUSPEND if hidden else HOME_FREEZE, who, f"@{by.acct}", reason)
    sanctions.insert(writes, made)
    if hidden:
        await _show(app, writes, who, made.created_at)
        events.tell(writes, "hidden", who.id)
    elif before is not None and before.act == HOME_SUSPEND:
        await _show(app, writes, who, None)
    bus.add(writes, "resting", f"+{who.uri}")
    if until is not None:
        jobs.add(writes, next_id(), "end_home_ban", {"ban": made.id}, until)
        app.jobs_added(writes)


async def lift(app: App, writes: Writes, who: Actor, by: str, reason: str = "") -> bool:
    """Who runs the server of somebody, named `by`, has taken their ban back; False when there is none."""
    before = await sanctions.last_at_home(who.id)
    if before is None or before.act == HOME_RESTORE:
        return False
    sanctions.insert(writes, _made(HOME_RESTORE, who, by, reason))
    if before.act == HOME_SUSPEND:
        await _show(app, writes, who, None)
    bus.add(writes, "resting", f"-{who.uri}")
    return True


async def end(app: App, ban: int) -> None:
    """The job: a ban is over, unless it was taken back or another came since."""
    async with transaction():
        made = (await sanctions.by_ids([ban])).get(ban)
        who = await actors.by_id(made.target_id) if made is not None else None
        last = await sanctions.last_at_home(who.id) if who is not None else None
        if made is None or who is None or last is None or last.id != made.id:
            return
        await lift(app, writes := Writes(), who, made.made_by)
        await write(writes)


async def _show(app: App, writes: Writes, who: Actor, hidden_at: int | None) -> None:
    """Somebody is out of sight since then, or (None) no more; whom they follow has a follower less, or one more."""
    for followed in await actors.followed_by(who.id):
        app.followers_changed(writes, followed)
    sanctions.at_home(writes, who.id, hidden_at)


def _made(act: str, who: Actor, by: str, reason: str) -> Sanction:
    return Sanction(next_id(), who.id, act, reason, by, None, clock.now_ms())


def _kept(old: Actor | None, row: Actor) -> Actor:
    if old is None:
        return row
    said = {name: getattr(old, name) for name in ("name", "summary", "icon", "image", "fields", "discoverable")}
    return msgspec.structs.replace(row, **said)
