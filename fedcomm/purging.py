"""All that is kept here of another server is erased, bit by bit and however often that is interrupted.

Only of one that is suspended, so that nothing comes in meanwhile, and the step that can be taken back was taken first.
When it is let in again its people are met anew, and whoever here followed them asks anew.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from fedcomm import audit, clock, copying, peers, recording
from fedcomm.app import App
from fedcomm.errors import Conflict
from fedcomm.peerbook import SUSPEND
from storage import actors, bus, events, groups, jobs, members, posts, purges, severances
from storage.connect import Writes, apply, transaction, write
from storage.ids import next_id
from storage.purges import Amount

JOB = "purge_peer"
AT_ONCE = 100  # posts or copies erased in one transaction; others write between two of them
IN_A_ROW = 100  # accounts in one job; another one goes on
WAIT = 60_000  # ms: whom the suspension concerns is told first, and how much it cut


async def there(app: App, host: str) -> Amount:
    """How much there is of a server and its sub-domains that a purge would erase.

    Raises:
        Invalid: no name of another server.
        Conflict: it is not suspended.
    """
    name = peers.named(app, host)
    if app.peers.policy(name) != SUSPEND:
        raise Conflict(
            "Suspend the server first: that can be taken back.", fix=f"fedcomm peer suspend {name}, and then this again"
        )
    return await purges.amount(name)


async def begin(app: App, host: str, by: str) -> Amount:
    """Erase all of it, soon; what there is. It cannot be undone.

    Raises:
        Invalid, Conflict: as `there`.
    """
    name, found = peers.named(app, host), await there(app, host)
    async with transaction():
        await audit.note(by, "peer.purge", name, **msgspec.structs.asdict(found))
        severances.purge(writes := Writes(), name)
        _order(app, writes, name, WAIT)
        await write(writes)
    return found


async def work(app: App, host: str) -> None:
    """The job: each step finds what is left, so that it goes on where the last try ended."""
    await jobs.release(f"{JOB}:{host}")
    for actor_id in await purges.some_actors(host, IN_A_ROW):
        await _erase(app, actor_id)
    while found := await purges.some_copies(host, AT_ONCE):
        await copying.forget(app, found)
    writes = Writes()
    if await purges.some_actors(host, 1):
        _order(app, writes, host)
    else:
        purges.forget_rest(writes, host)
        severances.purge(writes, host)
    await apply(writes)


async def _erase(app: App, actor_id: int) -> None:
    while some := await posts.some_by(actor_id, AT_ONCE):
        writes = Writes()
        for post in some:
            recording.erase(app, writes, post, told=False)
        await apply(writes)
    who, writes = await actors.by_id(actor_id), Writes()
    for group in (await groups.by_faces([actor_id])).values():
        members.end_all(writes, group.id, clock.now_ms())
    for target in await actors.followed_by(actor_id):
        app.followers_changed(writes, target)
    purges.forget_actor(writes, actor_id, clock.now_ms())
    if who is not None:
        bus.add(writes, "keys", who.uri)
        events.tell(writes, "hidden", actor_id)
    await apply(writes)


def _order(app: App, writes: Writes, host: str, wait: int = 0) -> None:
    jobs.add(writes, next_id(), JOB, {"host": host}, clock.now_ms() + wait, key=f"{JOB}:{host}")
    app.jobs_added(writes)


async def _purge(app: App, host: str, dry_run: bool) -> dict[str, Any]:
    found = await (there(app, host) if dry_run else begin(app, host, audit.OPERATOR))
    return msgspec.structs.asdict(found)


COMMANDS: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {"peer.purge": _purge}
