"""What those who look after a group of ours are told of at once, by a message of the group: something is not right.

Where nobody looks after it, whoever runs this server is told.
"""

from fedcomm import clock, letters, members
from fedcomm.app import App
from storage import actors, collections, jobs, posts, registers
from storage import groups as stored
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.groups import Group
from storage.ids import next_id
from storage.posts import Post


def of_votes(app: App, writes: Writes, group: Group, post: Post, host: str) -> None:
    """A server gives more votes to a post than count at once (attack GRP-11): told once a day of each server."""
    if app.vote_alerts.due(f"{group.id} {host}"):
        jobs.add(writes, next_id(), "alert_votes", {"group": group.id, "post": post.id, "host": host}, clock.now_ms())
        app.jobs_added(writes)


async def votes(app: App, group: int, post: int, host: str) -> None:
    """The job of `of_votes`."""
    _group, face = await stored.with_face(group)
    voted = await posts.by_id(post)
    if face is None or face.gone or voted is None or voted.deleted_at is not None:
        return
    writes = Writes()
    for who in await _told(face):
        await letters.many_votes(app, writes, face, who, host, voted.url or voted.uri, next_id())
    await apply(writes)


async def keys(app: App, actor: int) -> None:
    """Who looks after groups of ours together with somebody whose keys are all new hears of that (attack ORI-28)."""
    subject = await actors.by_id(actor)
    if subject is None or subject.gone:
        return
    for group_id in await registers.moderated(subject.uri):
        group, face = await stored.with_face(group_id)
        if group is None or face is None or not group.local or face.gone:
            continue
        writes = Writes()
        for who in await _told(face, but=subject.id):
            await letters.other_keys(app, writes, face, who, subject, next_id())
        await apply(writes)


async def _told(face: Actor, but: int = 0) -> list[Actor]:
    leaders = [who for who in await members.leaders(face) if who.id != but]
    return leaders or [admin for admin in await collections.admins() if not admin.gone]
