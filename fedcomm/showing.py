"""What a group does that shows a thread beside its own: it boosts it, and takes that back; its callers have asked."""

from collections.abc import Iterable, Sequence

import msgspec

from activitypub.contexts import PUBLIC
from fedcomm import clock, groups
from fedcomm.app import App
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from fedcomm.reach import inbox_of
from storage import actors, boosts, posts, shares, telling
from storage import groups as stored
from storage.actors import Actor
from storage.boosts import Boost
from storage.connect import Writes
from storage.groups import Group
from storage.ids import next_id
from storage.outbox import Audience
from storage.posts import Post


async def concerned(post: Post) -> list[Actor]:
    """Who is told what becomes of a thread besides those who follow its groups: its author, and where it began."""
    _home, home_face = await stored.with_face(post.group_id)
    author = await actors.by_id(post.author_id)
    return [actor for actor in (author, home_face) if actor is not None]


def places(concerned: Iterable[Actor]) -> tuple[str, ...]:
    """The inboxes in which those of `concerned` who live elsewhere are told."""
    inboxes = [inbox_of(actor, public=True) for actor in concerned if not actor.local and not actor.gone]
    return tuple(dict.fromkeys(inboxes))


def decided(
    app: App, writes: Writes, group: Group, face: Actor, post: Post, act: activities.Json, told: Iterable[Actor]
) -> None:
    """A group of ours tells what its moderators decided about a thread that it shows: that it is locked there, or
    pinned, and so no more. Only servers hear of it that take it so, for this group alone (`quirks.keeps_apart`)."""
    groups.pass_on(app, writes, group, face, act, about=post, form="aside", also=places(told))


def record(app: App, writes: Writes, group: Group, face: Actor, post: Post, by: int, told: Iterable[Actor]) -> None:
    """The group boosts the thread: the same id, to every server that follows the group (attack GRP-12: once).

    What was taken out meanwhile it boosts once that is put back (settling.py). The servers of those in `told` hear of
    it too (`concerned`), and its author when somebody else shared it.
    """
    now, boost_id = clock.now_ms(), next_id()
    uri = app.urls.activity(boost_id)
    boosts.insert(writes, Boost(boost_id, uri, face.id, post.id, posts.PUBLIC, now), standing=True)
    shares.put(writes, group.id, post.id, by, now)  # posts are held before talks (storage/counting.py)
    if post.local and by != post.author_id:
        telling.tell(writes, next_id(), post.author_id, "reblog", face.id, post.id, now)
    announce = activities.announce(uri, face.uri, face.followers, post.uri, now)
    audience = _audience(face, told)
    publish(
        app, writes, face, announce, audience, form="beside", thread_id=post.thread_id, post_id=post.id, boost=boost_id
    )
    writes.after(lambda: app.forget_post(post.id))


async def withdraw(app: App, writes: Writes, group: Group, face: Actor, threads: Sequence[Post]) -> None:
    """The group takes its boosts of the threads back."""
    for post in threads:
        if (boost := await boosts.of(face.id, post.id)) is not None:
            boosts.remove(writes, boost)
            told = await concerned(post)
            once = group.visibility != "public"
            take_back(app, writes, face, post, boost.uri, boost.published, told, once=once)
    for post in threads:
        shares.drop(writes, group.id, post.id)


async def hide(app: App, writes: Writes, group: Group, face: Actor, post: Post) -> None:
    """A thread is not shown any more by a group elsewhere, which says so itself."""
    if (boost := await boosts.of(face.id, post.id)) is not None:
        boosts.remove(writes, boost)
    shares.drop(writes, group.id, post.id)
    writes.after(lambda: app.forget_post(post.id))


def take_back(
    app: App, writes: Writes, face: Actor, post: Post, uri: str, at_ms: int, told: Iterable[Actor], *,
    once: bool = False,
) -> None:  # fmt: skip
    """Undo the announcement of that id, which was made then, for all who were told of it; `once`: also for those who
    followed the group when it was for more people."""
    announced = activities.announce(uri, face.uri, face.followers, post.uri, at_ms)
    to, cc = [PUBLIC], [face.followers]
    undo = activities.undo(app.urls.activity(next_id()), face.uri, announced, to=to, cc=cc)
    audience = _audience(face, told)
    if once:
        audience = msgspec.structs.replace(audience, once=(face.id,))
    publish(app, writes, face, undo, audience, form="beside", thread_id=post.thread_id)
    writes.after(lambda: app.forget_post(post.id))


def _audience(face: Actor, told: Iterable[Actor]) -> Audience:
    return Audience(followers=(face.id,), inboxes=places(told))
