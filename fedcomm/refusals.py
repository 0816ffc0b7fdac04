"""What a group elsewhere decides against a member of ours: it does not let them in, or has them among it no more.

They are told once, by a message of this server, and the page of the group says that they were not let in.
"""

import contextlib

from activitypub.errors import ProtocolError
from fedcomm import admit, clock, dispatches, fetching, follows
from fedcomm.app import App
from fedcomm.deputies import MAX_REASON
from storage import actors, groups, jobs, join_requests, registers
from storage import follows as stored
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.counting import hold
from storage.follows import Follow
from storage.groups import Group
from storage.ids import next_id
from storage.join_requests import JoinRequest


async def end(app: App, asked: Follow, group: Group, face: Actor, reason: str = "") -> None:
    """A group elsewhere answers the request of a member of ours with no, or ends their membership.

    The `reason` is plain text, as that of a ban is everywhere. Nothing when it has ended already.
    """
    async with transaction():
        hold(writes := Writes(), "groups", group.id)
        await write(writes)
        known, who = await stored.of(asked.follower_id, face.id), await actors.by_id(asked.follower_id)
        if known is None or who is None:
            return
        if not admit.banned(await registers.get(group.id, "ban", who.uri)):  # who is was told so
            await tell(app, writes := Writes(), known, group, face, who, reason, refused=known.state == "pending")
            await write(writes)
        await follows.record_end(app, who.id, face.id)


async def tell(
    app: App, writes: Writes, asked: Follow, group: Group, face: Actor, who: Actor, reason: str = "", *, refused: bool
) -> None:
    """A member of ours learns that a group elsewhere `refused` their request, or else has ended their membership."""
    reason = reason.strip()[:MAX_REASON]
    if not refused:
        return await dispatches.ended(app, writes, face, who, reason)
    now = clock.now_ms()
    denied = JoinRequest(
        asked.id, group.id, who.id, "denied", asked.uri, "", asked.created_at, decided_at=now, reason=reason
    )
    join_requests.deny(writes, denied)
    jobs.add(writes, next_id(), "look_at_group", {"group": group.id}, now, key=f"look_at_group:{group.id}")
    app.jobs_added(writes)
    await dispatches.not_let_in(app, writes, face, who, reason, invited_only=group.join_mode == "invite")


async def look(app: App, group: int) -> None:
    """The job: know anew how one comes into a group elsewhere. Where nobody followed it, nobody was told of a change.

    Raises:
        Unreachable: its server does not answer now.
    """
    _found, face = await groups.with_face(group)
    if face is not None and not face.local and not face.gone:
        with contextlib.suppress(ProtocolError):
            await fetching.actor(app, face.uri, fresh=True)
