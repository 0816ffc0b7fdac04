"""Who follows a group that is not for them any more: their follows end, and their servers are told so.

`Reject` of a follow that was accepted ends it on Mastodon (`ActivityPub::Activity::Reject`), on Lemmy 1.0 and here; a
server that does not know it keeps a follow to which nothing comes any more.
"""

from collections.abc import Sequence

from fedcomm import clock, follows, letters, settling
from fedcomm.app import App
from storage import actors, groups, jobs, members, peers
from storage import follows as stored
from storage.actors import Actor
from storage.connect import Writes, apply, transaction, write
from storage.follows import Follow
from storage.groups import Group
from storage.ids import next_id

AT_ONCE = 50  # follows that end in one transaction: others write between two of them
IN_A_ROW = 2_000  # in one job; another one goes on, so that a large group keeps no others from their turn


async def part(app: App, group: int) -> None:
    """The job: in a group of this server alone nobody elsewhere stays, and in one for its members only these.

    Members elsewhere get one message of the group that they are none any more. What is done is done when this ends in
    the middle; who is left is found again. What it shows of other groups it shows no more before that.
    """
    found, face = await groups.with_face(group)
    if found is not None and face is not None and found.visibility != "public":
        await settling.withdraw(app, found, face)
    for _ in range(IN_A_ROW // AT_ONCE):
        found, face = await groups.with_face(group)
        if found is None or face is None or face.gone or found.visibility == "public":
            return
        some = await _outside(found, face)
        await _end(app, group, face.id, [each.follower_id for each in some])
        if len(some) < AT_ONCE:
            return
    jobs.add(writes := Writes(), next_id(), "part_group", {"group": group}, clock.now_ms())
    app.jobs_added(writes)
    await apply(writes)


async def _outside(group: Group, face: Actor, among: Sequence[int] = ()) -> list[Follow]:
    elsewhere = group.visibility == "local"
    return await stored.outside(face.id, elsewhere=elsewhere, limit=AT_ONCE, among=among)


async def _end(app: App, group_id: int, face_id: int, ids: list[int]) -> None:
    """End the follows of those of them who are outside still when nothing else changes that."""
    async with transaction():
        stored.hold_all(writes := Writes(), ids, face_id)
        await write(writes)
        group, face = await groups.with_face(group_id)
        left = await _outside(group, face, ids) if ids and group is not None and face is not None else []
        if group is None or face is None or group.visibility == "public" or not left:
            return
        people = await actors.by_ids([each.follower_id for each in left])
        ended = [(each, people[each.follower_id]) for each in left]
        joined = await members.joined(group.id, list(people)) if group.visibility == "local" else set()
        why = {who: await letters.stays_here(app, face, people[who]) for who in joined}
        await follows.refuse_all(app, writes := Writes(), group, face, ended, why)
        tells = await peers.running("fedcomm", [people[who].host for who in joined])  # these say what is in a `Reject`
        for who in (people[who] for who in why):
            if not who.gone and who.kind == "Person" and not app.peers.deaf(who.host) and who.host not in tells:
                await letters.say_to_hearer(app, writes, face, who, [why[who.id]], next_id())
        await write(writes)
