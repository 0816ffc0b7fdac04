"""Votes of members here, and where they are told."""

from activitypub.contexts import GOTOSOCIAL, including
from fedcomm import admit, clock, controls, groups, members, pleas, proving
from fedcomm.app import App
from fedcomm.errors import Invalid, NotAllowed, NotFound
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from fedcomm.reach import inbox_of
from storage import actors, blocks, posts, reactions, telling, visible
from storage import groups as stored
from storage import pleas as asked_for
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.groups import Group
from storage.ids import next_id
from storage.outbox import Audience
from storage.posts import Post

_TYPES = {"like": "Like", "dislike": "Dislike"}


async def like(app: App, actor: Actor, post_id: int) -> None:
    """A member likes a post; once is enough.

    Raises:
        NotFound: there is no such post for the member.
        NotAllowed: banned from the post's group, blocked, or moved away, or its author does not let the member.
        Invalid: its group has no votes.
    """
    await _vote(app, actor, post_id, "like")


async def dislike(app: App, actor: Actor, post_id: int) -> None:
    """A member votes a post down.

    Raises:
        NotFound: there is no such post for the member.
        NotAllowed: banned from the post's group, blocked, or moved away.
        Invalid: its group has no votes against posts.
    """
    await _vote(app, actor, post_id, "dislike")


async def unlike(app: App, actor: Actor, post_id: int) -> None:
    """A member takes their vote back; without one nothing happens.

    Raises:
        NotFound: there is no such post for the member.
    """
    post = await _seen(actor, post_id)
    known = await reactions.of(post.id, actor.id)
    if known is None:
        return
    kind, uri = known
    writes = Writes()
    reactions.remove(writes, post.id, actor.id)
    group, face = await stored.with_face(post.group_id)
    vote = _activity(kind, uri, actor, post, face)
    undo = activities.undo(f"{uri}#undo", actor.uri, vote, to=vote.get("to", []), cc=vote.get("cc", []))
    if (plea := await asked_for.by_uri(uri)) is not None and plea.state == asked_for.WAITING:
        asked_for.drop(writes, "like", actor.id, post.id)
        group, face = None, None  # who has not heard of it
    await _tell(app, writes, actor, post, undo, group, face)
    writes.after(lambda: app.forget_post(post.id))
    await apply(writes)


async def pass_on_granted(app: App, like: str) -> None:
    """The job of a like (its id) to which the author of a post has agreed: the group of that hears of it now."""
    plea = await asked_for.by_uri(like)
    if plea is None or plea.state != asked_for.GRANTED:
        return
    post, actor, known = await posts.by_id(plea.post_id), await actors.by_id(plea.actor_id), None
    if post is not None and post.deleted_at is None and actor is not None and not actor.gone:
        known = await reactions.of(post.id, actor.id)
    group, face = await stored.with_face(post.group_id if post is not None else None)
    if post is None or actor is None or group is None or face is None or known is None or known[1] != like:
        return
    if group.local:
        try:
            admit.voting(group, await members.standing(group, actor), "like")
        except (NotAllowed, Invalid):  # since they asked
            return
    said = _activity("like", like, actor, post, face) | pleas.stamps("like", plea.stamp)
    said |= {"@context": including(said["@context"], GOTOSOCIAL)}
    await _tell(app, writes := Writes(), actor, post, said, group, face)
    await apply(writes)


async def _vote(app: App, actor: Actor, post_id: int, kind: str) -> None:
    admit.acting(actor)
    post = await _seen(actor, post_id)
    known = await reactions.of(post.id, actor.id)
    if known is not None and known[0] == kind:
        return
    if await blocks.between(actor.id, post.author_id):
        raise NotAllowed("You cannot vote on posts of an account that you block or that blocks you.")
    allowed = await controls.check(actor, post, "like") if kind == "like" else controls.OPEN
    group, face = await stored.with_face(post.group_id)
    if group is not None and group.local:
        admit.voting(group, await members.standing(group, actor), kind)
    uri, now = app.urls.activity(next_id()), clock.now_ms()
    writes = Writes()
    reactions.put(writes, post.id, actor.id, kind, uri, "home", app.host, now)
    if post.local and kind == "like" and post.author_id != actor.id:
        telling.tell(writes, next_id(), post.author_id, "favourite", actor.id, post.id, now)
    said = _activity(kind, uri, actor, post, face)
    if controls.pleads(allowed, "like"):
        polite = "like" in allowed.polite
        await pleas.ask(app, writes, "like", actor, post, said, post.id, post.visibility, polite=polite)
    else:
        await _tell(app, writes, actor, post, said, group, face)
    writes.after(lambda: app.forget_post(post.id))
    await apply(writes)


async def _tell(
    app: App,
    writes: Writes,
    actor: Actor,
    post: Post,
    activity: activities.Json,
    group: Group | None,
    face: Actor | None,
) -> None:
    """The author's server learns of a vote from us; all others from the group.

    NodeBB 4.15 passes over an announced vote down, and one that is taken back. Among the members of a private group
    fedcomm counts what that vouches for alone: it does not know who belongs to it.
    """
    author = await actors.by_id(post.author_id)
    public, told = post.visibility <= posts.UNLISTED, tuple[Actor, ...]()
    if author is not None and not author.local and not author.gone:
        alone = post.visibility == posts.MEMBERS and app.peers.hears_group_alone(author.host)
        told = () if alone else (author,)
    inboxes = [inbox_of(each, public=public) for each in told]
    if group is not None and not group.local and face is not None:
        inboxes.append(inbox_of(face, public=public))
    passed_on = post.visibility not in (posts.FOLLOWERS, posts.DIRECT)
    if group is not None and passed_on:
        activity = await proving.proven(app, actor, activity)
    publish(app, writes, actor, activity, Audience(inboxes=tuple(dict.fromkeys(inboxes))), thread_id=post.thread_id)
    if group is not None and group.local and face is not None and passed_on:
        groups.pass_on(app, writes, group, face, activity, about=post, without=tuple(each.host for each in told))


def _activity(kind: str, uri: str, actor: Actor, post: Post, face: Actor | None) -> activities.Json:
    to = [face.uri] if face is not None else []
    more = {"audience": face.uri} if face is not None else {}
    return activities.activity(_TYPES[kind], uri, actor.uri, post.uri, to=to, **more)


async def _seen(actor: Actor, post_id: int) -> Post:
    post = await posts.by_id(post_id)
    if post is None or not await visible.sees(actor.id, post.id):
        raise NotFound("There is no such post.")
    return post
