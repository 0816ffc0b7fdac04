"""Who follows a group that is not for them any more: their follows end, and their servers are told so.

`Reject` of a follow that was accepted ends it on Mastodon (`ActivityPub::Activity::Reject`), on Lemmy 1.0 and here; a
server that does not know it keeps a follow to which nothing comes any more.
"""

from fedcomm import follows, letters
from fedcomm.app import App
from storage import actors, groups, members
from storage import follows as stored
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.groups import Group
from storage.ids import next_id

AT_ONCE = 100  # follows that are looked up together; each ends in a transaction of its own


async def part(app: App, group: int) -> None:
    """The job: in a group of this server alone nobody elsewhere stays, and in one for its members only these.

    Members elsewhere get one message of the group that they are none any more.
    """
    while True:
        found, face = await groups.with_face(group)
        if found is None or face is None or face.gone or found.visibility == "public":
            return
        some = await stored.outside(face.id, elsewhere=found.visibility == "local", limit=AT_ONCE)
        people = await actors.by_ids([each.follower_id for each in some])
        for each in some:
            await _end(app, found, face, people[each.follower_id], each.uri)
        if len(some) < AT_ONCE:
            return


async def _end(app: App, group: Group, face: Actor, who: Actor, uri: str) -> None:
    reason = ""
    async with transaction():
        member = await members.of(group.id, who.id)
        if member is not None and member.state == "joined" and group.visibility == "local":
            reason = await letters.stays_here(app, writes := Writes(), face, who, next_id())
            await write(writes)
        await follows.refuse(app, face, who, uri, reason)
