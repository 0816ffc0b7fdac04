"""What becomes of threads that several groups show, when the first of these takes one out, or another is for everybody
no more (docs/decisions/0033)."""

from fedcomm import admit, clock, showing
from fedcomm.app import App
from storage import actors, boosts, groups, jobs, posts, registers, shares
from storage.actors import Actor
from storage.connect import Writes, apply, transaction, write
from storage.counting import hold
from storage.groups import Group
from storage.ids import next_id


def later(app: App, writes: Writes, author_id: int) -> None:
    """A group takes a thread of somebody out, or puts it back: with `writes` others are told soon that show it."""
    jobs.add(writes, next_id(), "settle_shares", {"author": author_id}, clock.now_ms())
    app.jobs_added(writes)


async def settle(app: App, author: int) -> None:
    """The job: what was taken out where it began, groups of ours take back their boosts of, and boost it again when it
    was put back. That they show it stays as it is."""
    for post_id, group_id in await shares.unsettled(author):
        await _settle(app, post_id, group_id)


async def withdraw(app: App, group: Group, face: Actor) -> None:
    """A group that is not for everybody shows nothing of others any more, and who was told of it hears that."""
    for post_id in await shares.of_group(group.id):
        post = await posts.by_id(post_id)
        if post is not None:
            writes = Writes()
            await showing.withdraw(app, writes, group, face, [post])
            await apply(writes)


async def _settle(app: App, post_id: int, group_id: int) -> None:
    async with transaction():
        hold(writes := Writes(), "post", post_id)
        await write(writes)
        post, (group, face) = await posts.by_id(post_id), await groups.with_face(group_id)
        if post is None or group is None or face is None or await shares.by(group_id, post_id) is None:
            return
        boost, told = await boosts.of(face.id, post_id), await showing.concerned(post)
        author = await actors.by_id(post.author_id)
        unwelcome = author is None or admit.banned(await registers.get(group.id, "ban", author.uri))
        writes = Writes()
        if post.removed_at is not None and boost is not None:
            boosts.remove(writes, boost)
            showing.take_back(app, writes, face, post, boost.uri, boost.published, told)
        elif post.removed_at is None and post.deleted_at is None and boost is None and not unwelcome:
            showing.record(app, writes, group, face, post, post.author_id, told)
        await write(writes)
