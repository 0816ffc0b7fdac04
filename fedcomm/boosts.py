"""Boosts of members here."""

from fedcomm import admit, boosting, clock, controls, pleas
from fedcomm.app import App
from fedcomm.errors import Invalid, NotAllowed, NotFound
from fedcomm.mapping import activities
from storage import blocks, boosts, posts, telling, visible
from storage.actors import Actor
from storage.boosts import Boost
from storage.connect import Writes, apply
from storage.ids import next_id
from storage.pleas import waiting
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
    allowed = await controls.check(actor, post, "boost")
    boost_id, now = next_id(), clock.now_ms()
    uri = app.urls.activity(boost_id)
    writes = Writes()
    if controls.pleads(allowed, "boost"):
        said = boosting.announce(uri, actor, post, visibility, now)
        await _plead(app, actor, post, said, boost_id, visibility, polite="boost" in allowed.polite)
    boosts.insert(writes, Boost(boost_id, uri, actor.id, post.id, visibility, now))
    posts.home_for_followers(writes, boost_id, post.id, actor.id, actor.id)
    if post.local and post.author_id != actor.id:
        telling.tell(writes, next_id(), post.author_id, "reblog", actor.id, post.id, now)
    await boosting.tell(app, writes, actor, post, boosting.announce(uri, actor, post, visibility, now), boost_id)
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
    announce = boosting.announce(known.uri, actor, post, known.visibility, known.published)
    undo = activities.undo(f"{known.uri}#undo", actor.uri, announce, to=announce["to"], cc=announce.get("cc", []))
    await boosting.tell(app, writes, actor, post, undo)
    writes.after(lambda: app.forget_post(post.id))
    await apply(writes)


async def _plead(
    app: App, actor: Actor, post: Post, said: activities.Json, boost_id: int, visibility: int, *, polite: bool
) -> None:
    """The author is asked, once; nothing is boosted before they agree.

    Raises:
        NotAllowed: always.
    """
    if await waiting("boost", actor.id, post.id):
        raise NotAllowed("The author of this post was asked already. Once they agree, you pass it on.")
    await pleas.ask(app, writes := Writes(), "boost", actor, post, said, boost_id, visibility, polite=polite)
    await apply(writes)
    raise NotAllowed(
        "The author of this post decides who passes it on, and was asked. When they agree, it is passed on."
    )
