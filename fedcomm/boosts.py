"""Boosts of members here."""

from activitypub.contexts import PUBLIC
from fedcomm import admit, clock, controls
from fedcomm.app import App
from fedcomm.errors import Invalid, NotAllowed, NotFound
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from fedcomm.reach import inbox_of
from storage import actors, blocks, boosts, posts, telling, visible
from storage.actors import Actor
from storage.boosts import Boost
from storage.connect import Writes, apply
from storage.ids import next_id
from storage.outbox import Audience
from storage.posts import Post


async def boost(app: App, actor: Actor, post_id: int, visibility: int = posts.PUBLIC) -> int:
    """A member passes a post on to their followers; gives the id of the boost, also when it was there already.

    Who sees that they did is theirs to say. What they wrote for followers can be passed on to these once more.

    Raises:
        NotFound: there is no such post for the member.
        NotAllowed: the post is not for everybody, its author does not want it from the member, or these have moved.
        Invalid: a boost cannot be a direct message, nor of what is for the members of a group (attack PRI-04).
    """
    admit.acting(actor)
    post = await posts.by_id(post_id)
    if post is None or not await visible.sees(actor.id, post.id):
        raise NotFound("There is no such post.")
    if visibility > posts.FOLLOWERS:
        raise Invalid("A boost is for everybody or for followers.", field="visibility")
    if post.visibility >= posts.MEMBERS:
        raise Invalid("What is said for those of a group stays there, and cannot be boosted.")
    if post.visibility > posts.UNLISTED:
        if post.author_id != actor.id or post.visibility > posts.FOLLOWERS:
            raise NotAllowed("Only what everybody may see can be boosted.")
        visibility = post.visibility
    if await blocks.between(actor.id, post.author_id):
        raise NotAllowed("You cannot boost an account that you block or that blocks you.")
    known = await boosts.of(actor.id, post.id)
    if known is not None:
        return known.id
    await controls.check(actor, post, "boost")
    boost_id, now = next_id(), clock.now_ms()
    uri = app.urls.activity(boost_id)
    writes = Writes()
    boosts.insert(writes, Boost(boost_id, uri, actor.id, post.id, visibility, now))
    posts.home_for_followers(writes, boost_id, post.id, actor.id, actor.id)
    if post.local and post.author_id != actor.id:
        telling.tell(writes, next_id(), post.author_id, "reblog", actor.id, post.id, now)
    await _publish(app, writes, actor, post, _announce(uri, actor, post, visibility, now))
    writes.after(lambda: app.forget_post(post.id))
    await apply(writes)
    return boost_id


async def unboost(app: App, actor: Actor, post_id: int) -> None:
    """A member takes a boost back; without one nothing happens."""
    known, post = await boosts.of(actor.id, post_id), await posts.by_id(post_id)
    if known is None or post is None:
        return
    writes = Writes()
    boosts.remove(writes, known)
    announce = _announce(known.uri, actor, post, known.visibility, known.published)
    undo = activities.undo(f"{known.uri}#undo", actor.uri, announce, to=announce["to"], cc=announce.get("cc", []))
    await _publish(app, writes, actor, post, undo)
    writes.after(lambda: app.forget_post(post.id))
    await apply(writes)


def _announce(uri: str, actor: Actor, post: Post, visibility: int, at_ms: int) -> activities.Json:
    to, cc = {
        posts.PUBLIC: ([PUBLIC], [actor.followers]),
        posts.UNLISTED: ([actor.followers], [PUBLIC]),
    }.get(visibility, ([actor.followers], []))
    return activities.activity(
        "Announce", uri, actor.uri, post.uri, to=to, cc=cc, published=activities.timestamp(at_ms)
    )


async def _publish(app: App, writes: Writes, actor: Actor, post: Post, activity: activities.Json) -> None:
    author = await actors.by_id(post.author_id)
    public = post.visibility <= posts.UNLISTED
    inboxes = (inbox_of(author, public=public),) if author is not None and not author.local and not author.gone else ()
    publish(app, writes, actor, activity, Audience(followers=(actor.id,), inboxes=inboxes), thread_id=post.thread_id)
