"""Groups of ours and authors elsewhere who decide who boosts their posts: they are asked before a thread is boosted.

The thread stands in its group meanwhile; in members' homes and on microblogs it is once the author has agreed.
"""

from fedcomm import admit, boosting, clock, controls, groups, members, pleas
from fedcomm.app import App
from fedcomm.errors import NotAllowed
from storage import actors, posts
from storage import groups as stored
from storage import pleas as rows
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.groups import Group
from storage.ids import next_id
from storage.pleas import GRANTED
from storage.posts import PUBLIC, Post


async def show(app: App, post: int, group: int) -> None:
    """The job: boost a thread of a group, or ask its author; whoever lets nobody boost it is not asked."""
    known, found, face = await _standing(post, group)
    if known is None or found is None or face is None:
        return
    allowed = (await controls.of_posts(face.id, [known])).get(known.id, controls.OPEN)
    if allowed.never("boost"):
        return
    writes = Writes()
    if controls.pleads(allowed, "boost"):
        if not await rows.waiting("boost", face.id, known.id):
            boost_id, now = next_id(), clock.now_ms()
            said = boosting.announce(app.urls.activity(boost_id), face, known, PUBLIC, now)
            await pleas.ask(app, writes, "boost", face, known, said, boost_id, PUBLIC, polite="boost" in allowed.polite)
    else:
        groups.show_thread(app, writes, found, face, known)
    await apply(writes)


async def shown(app: App, boost: str) -> None:
    """The job of a boost (its id) to which the author of a thread has agreed, while the thread is in the group."""
    plea = await rows.by_uri(boost)
    post = await posts.by_id(plea.post_id) if plea is not None and plea.state == GRANTED else None
    if plea is None or post is None or post.group_id is None:
        return
    known, group, face = await _standing(post.id, post.group_id)
    if known is None or group is None or face is None or face.id != plea.actor_id:
        return
    groups.show_thread(
        app, writes := Writes(), group, face, known, (plea.subject_id, plea.uri), pleas.stamps("boost", plea.stamp)
    )
    await apply(writes)


async def _standing(post: int, group: int) -> tuple[Post | None, Group | None, Actor | None]:
    """A thread that stands in a group of ours still, with both."""
    known, found = await posts.by_id(post), await stored.by_id(group)
    face = await actors.by_id(found.actor_id) if found is not None else None
    there = known is not None and known.group_id == group and known.deleted_at is None and known.removed_at is None
    author = await actors.by_id(known.author_id) if known is not None else None
    if not there or found is None or not found.local or face is None or face.gone or author is None:
        return None, None, None
    try:
        admit.actor(author)
        admit.belated(found, await members.standing(found, author))
    except NotAllowed:  # since they wrote it
        return None, None, None
    return known, found, face
