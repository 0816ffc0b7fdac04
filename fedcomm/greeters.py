"""Who greets in a group is told when a newcomer begins a first thread, and once again if nobody has answered it.

They are told as of what people write whom one wants to hear of (`status`): nobody has named them. Who lives elsewhere
is told by a message of the group.
"""

from fedcomm import clock, letters, members, welcomes
from fedcomm.app import App
from storage import actors, jobs, posts, telling, unanswered, visible
from storage import groups as stored
from storage.actors import Actor
from storage.connect import Writes, apply, transaction, write
from storage.groups import Group
from storage.ids import next_id
from storage.posts import Post

LATER = 3_600_000  # ms after which they are told again


async def tell(app: App, thread: int) -> None:
    """Tell who greets in its group of a newcomer's first thread."""
    post, group = await _waiting(thread)
    if post is None or group is None:
        return
    writes = Writes()
    greeter = (await welcomes.setting(group)).greeter
    await _tell(app, writes, post, [greeter] if greeter is not None else [])
    jobs.add(writes, next_id(), "remind_greeters", {"thread": post.id}, clock.now_ms() + LATER)
    await apply(writes)


async def remind(app: App, thread: int) -> None:
    """Tell them once more, and who looks after the group as well: nobody has answered for an hour."""
    post, group = await _waiting(thread)
    if post is None or group is None:
        return
    writes = Writes()
    leading = (await actors.by_uris(await members.leading(group))).values()
    greeter = (await welcomes.setting(group)).greeter
    await _tell(app, writes, post, [*([greeter] if greeter is not None else []), *leading])
    await apply(writes)


async def _waiting(thread: int) -> tuple[Post, Group] | tuple[None, None]:
    """A thread that nobody has answered, and its group, if that is open."""
    post = await posts.by_id(thread)
    group, _face = await stored.with_face(post.group_id if post is not None else None)
    if post is None or group is None or group.closed_at is not None or not await unanswered.waits(post.id):
        return None, None
    return post, group


async def write_to(app: App, post: int, greeter: int) -> None:
    """The job: tell who greets, or looks after the group, and lives elsewhere, of what a newcomer has written.

    Raises:
        Unreachable: it is not known yet what their server runs (`letters.learn`).
    """
    said, who = await posts.by_id(post), await actors.by_id(greeter)
    _group, face = await stored.with_face(said.group_id if said is not None else None)
    if said is None or said.deleted_at is not None or said.removed_at is not None or who is None or face is None:
        return
    await letters.learn(app, who)
    async with transaction():
        await letters.newcomer(app, writes := Writes(), face, who, said.url or said.uri, next_id())
        await write(writes)


async def _tell(app: App, writes: Writes, post: Post, who: list[Actor]) -> None:
    people = {each.id: each for each in who if each.kind == "Person" and not each.gone and each.id != post.author_id}
    for owner, each in people.items():
        if not each.local:
            jobs.add(writes, next_id(), "write_to_greeter", {"post": post.id, "greeter": owner}, clock.now_ms())
            app.jobs_added(writes)
        elif await visible.sees(owner, post.id):
            telling.tell_anew(writes, next_id(), owner, "status", post.author_id, post.id, clock.now_ms())
