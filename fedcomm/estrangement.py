"""Groups that come back after a long silence with other keys: a domain may have been sold meanwhile (attack GRP-18).

Nothing that such a group says has an effect until an admin here has recognised it. A group that is heard regularly may
change its keys as anybody may: its server has shown all the time that it is the same.
"""

import logging

from activitypub.errors import Forbidden
from fedcomm import audit, clock
from fedcomm.app import App
from fedcomm.errors import NotFound
from storage import actors, groups, jobs
from storage.accounts import Account
from storage.actors import Actor
from storage.connect import Writes, apply, transaction, write
from storage.ids import next_id

LOG = logging.getLogger("fedcomm.fetching")
LONG_SILENCE = 30 * 24 * 60 * 60 * 1000  # ms
RECOGNISED = 0  # in place of when it was noticed: the next keys are those of the same group


async def check(app: App, writes: Writes, face: Actor, *, replaced: bool) -> None:
    """Look at an actor elsewhere whose document was fetched anew; `replaced`: none of its keys is one that it had.

    That its home says so is no word on whether the same people are there (attack ORI-28): it is logged, and who looks
    after a group of ours together with them hears of it. `writes` are of the transaction that keeps the keys.

    Raises:
        Forbidden: it has not been heard for long, and no admin has recognised it since.
    """
    if replaced:
        LOG.warning("all keys replaced actor=%s", face.uri)
        jobs.add(writes, next_id(), "alert_keys", {"actor": face.id}, clock.now_ms(), key=f"alert_keys:{face.id}")
        app.jobs_added(writes)
    group = await groups.by_actor(face.id) if face.kind == "Group" else None
    if group is None:
        return
    now = clock.now_ms()
    heard = max(face.fetched_at or 0, group.last_active_at or 0)
    if not replaced or group.estranged_at == RECOGNISED:
        await _note(group.id, None) if group.estranged_at is not None else None
        return
    if group.estranged_at is None and now - heard < LONG_SILENCE:
        return
    if group.estranged_at is None:
        await _note(group.id, now)
    raise Forbidden("The group came back with other keys; an admin has to say that it is the same.")


async def recognise(face_id: int, by: Account | None) -> Actor:
    """An admin says that it is the same group: the keys that it shows next are believed.

    Raises:
        NotFound: no such group waits for that.
    """
    group = await groups.by_actor(face_id)
    face = await actors.by_id(face_id)
    if group is None or face is None or not group.estranged_at:
        raise NotFound("There is no such group that waits to be recognised.")
    async with transaction():
        writes = Writes()
        groups.change(writes, group.id, estranged_at=RECOGNISED)
        await write(writes)
        await audit.record(by, "group.recognise", f"!{face.acct}")
    return face


async def _note(group_id: int, at: int | None) -> None:
    writes = Writes()
    groups.change(writes, group_id, estranged_at=at)
    await apply(writes)
