"""Asking authors elsewhere who decide about it whether somebody here may answer, like or boost a post of theirs.

What is asked for is sent to nobody else until they agree, and is shown to nobody else here (GoToSocial: "Requesting,
Obtaining, and Proving Interaction Authorization"). A like counts meanwhile, for it goes to the author alone.
"""

from typing import Any

from activitypub.activities import Activity
from activitypub.contexts import ACTIVITYSTREAMS, GOTOSOCIAL, including
from activitypub.origins import same_origin
from fedcomm import admit, boosting, clock, dispatches
from fedcomm.app import App
from fedcomm.errors import NotAllowed
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage import actors, blocks, boosts, jobs, pleas, posts, reactions, visible
from storage.actors import Actor
from storage.boosts import Boost
from storage.connect import Writes
from storage.ids import next_id
from storage.outbox import Audience
from storage.pleas import Plea
from storage.posts import Post

_STAMPS = {"reply": "replyAuthorization", "like": "likeAuthorization", "boost": "announceAuthorization"}
_TYPES = {"reply": "ReplyRequest", "like": "LikeRequest", "boost": "AnnounceRequest"}
REQUEST = "#request"  # at the end of the id of what is asked for: the id of the request


async def ask(
    app: App, writes: Writes, kind: str, actor: Actor, post: Post, thing: dict[str, Any], subject_id: int, level: int,
    *, polite: bool,
) -> None:  # fmt: skip
    """Ask the author of a post for `thing`, which is a note or an activity of ours.

    That is done by a request where it is `polite`, else by the thing itself, which nobody else gets (GoToSocial before
    0.20: "Requesting, Obtaining, and Validating Approval").
    """
    author = await actors.by_id(post.author_id)
    if author is None or author.gone:
        return
    uri, now = thing["id"], clock.now_ms()
    pleas.put(writes, Plea(uri, kind, actor.id, post.id, subject_id, level, pleas.WAITING, "", now))
    if polite:
        inner = {name: value for name, value in thing.items() if name != "@context"}
        said = activities.activity(_TYPES[kind], uri + REQUEST, actor.uri, post.uri, to=[author.uri], instrument=inner)
        said |= {"@context": including(thing.get("@context", said["@context"]), GOTOSOCIAL)}
    else:
        said = activities.create(app.urls.create(subject_id), thing) if kind == "reply" else thing
    publish(app, writes, actor, said, Audience(inboxes=(author.inbox,)), thread_id=post.thread_id)


def stamps(kind: str, stamp: str) -> dict[str, str]:
    """What says in a reply, like or boost that its author was asked, by the new name and the one before 0.20."""
    return {_STAMPS[kind]: stamp, "approvedBy": stamp} if stamp else {}


async def asked(uri: str, by: str) -> Plea | None:
    """What the actor `by` was asked for by a request or thing with that id; None when they were not."""
    plea = await pleas.by_uri(uri.removesuffix(REQUEST))
    post = await posts.by_id(plea.post_id) if plea is not None else None
    author = await actors.by_id(post.author_id) if post is not None else None
    return plea if author is not None and author.uri == by else None


async def grant(app: App, writes: Writes, plea: Plea, by: str, stamp: str) -> None:
    """The author agrees; a boost is passed on, and a reply is published by a job, as what a group does or is told of
    is. Once is enough."""
    if plea.state != pleas.WAITING:
        return
    stamp = stamp if stamp and same_origin(stamp, by) else ""
    pleas.grant(writes, plea.uri, stamp)
    if plea.kind == "boost":
        await _boost(app, writes, plea, stamp)
    elif plea.kind == "reply":
        _soon(app, writes, "publish_granted", post=plea.subject_id)
    elif plea.kind == "like":
        _soon(app, writes, "pass_on_like", like=plea.uri)


def _soon(app: App, writes: Writes, kind: str, **about: object) -> None:
    jobs.add(writes, next_id(), kind, about, clock.now_ms())
    app.jobs_added(writes)


async def refuse(app: App, writes: Writes, plea: Plea) -> None:
    """The author does not agree, or no more: a like is taken back, a reply stays with who wrote it."""
    if plea.state == pleas.REFUSED:
        return
    pleas.refuse(writes, plea.uri)
    if plea.kind == "like":
        reactions.remove(writes, plea.post_id, plea.actor_id, "like")
        writes.after(lambda: app.forget_post(plea.post_id))
    elif plea.kind == "reply":
        await _tell_refused(app, writes, plea)
        writes.after(lambda: app.forget_post(plea.subject_id))


async def _tell_refused(app: App, writes: Writes, plea: Plea) -> None:
    """Who answered reads that their answer was not wanted: in clients it looks like any message."""
    reply, who = await posts.by_id(plea.subject_id), await actors.by_id(plea.actor_id)
    post = await posts.by_id(plea.post_id)
    author = await actors.by_id(post.author_id) if post is not None else None
    if reply is not None and reply.deleted_at is None and who is not None and not who.gone and author is not None:
        await dispatches.not_agreed(app, writes, author, who, reply.url, public=reply.visibility != posts.DIRECT)


async def answer(
    app: App, writes: Writes, request: Activity, author: Actor, post: Post, thing: str, asker: Actor, *, granted: bool
) -> None:
    """Somebody elsewhere asks one of ours for `thing` (its id); who asks again gets the same authorization."""
    known, kind = await pleas.by_uri(thing), request.type.replace("Request", "Authorization")
    stamp = known.stamp if known is not None else app.urls.authorization(number := next_id())
    if known is not None and (known.kind != kind or known.post_id != post.id or known.actor_id != asker.id):
        return
    if granted and known is None:
        given = Plea(thing, kind, asker.id, post.id, number, post.visibility, pleas.GRANTED, stamp, clock.now_ms())
        pleas.put(writes, given)
    said = {"id": request.uri, "type": request.type, "actor": asker.uri, "object": post.uri, "instrument": thing}
    word, more = ("Accept", {"result": stamp}) if granted else ("Reject", {})
    uri = app.urls.activity(next_id())
    told = activities.activity(word, uri, author.uri, said, to=[asker.uri], **more)
    told |= {"@context": including(told["@context"], GOTOSOCIAL)}
    publish(app, writes, author, told, Audience(inboxes=(asker.inbox,)))


async def authorization(number: int, asking: int) -> dict[str, Any] | None:
    """The document that proves that one of ours lets somebody do something with a post, for who may see that."""
    plea = await pleas.given(number)
    post = await posts.by_id(plea.post_id) if plea is not None else None
    author = await actors.by_id(post.author_id) if post is not None else None
    if plea is None or post is None or author is None or not await visible.sees(asking, post.id):
        return None
    return {
        "@context": including(ACTIVITYSTREAMS, GOTOSOCIAL),
        "id": plea.stamp,
        "type": plea.kind,
        "attributedTo": author.uri,
        "interactingObject": plea.uri,
        "interactionTarget": post.uri,
    }


async def stamped(post: Post, document: dict[str, Any]) -> dict[str, Any]:
    """The document of a reply of ours, with the authorization that its author got for it, if one was needed."""
    if post.parent_id is None:
        return document
    plea = (await pleas.of_replies([post.id])).get(post.id)
    if plea is None or plea.state != pleas.GRANTED or not plea.stamp:
        return document
    context = including(document["@context"], GOTOSOCIAL)
    return document | {"@context": context} | stamps("reply", plea.stamp)


async def check_edit(post: Post) -> None:
    """Whether a reply of ours may be changed.

    Raises:
        NotAllowed: whom it answers was asked for it as it is, and has not answered yet.
    """
    plea = (await pleas.of_replies([post.id])).get(post.id)
    if plea is not None and plea.state == pleas.WAITING:
        raise NotAllowed(
            "Whom you answer decides who may answer, and was asked for this as it is. Delete it to write another."
        )


async def _boost(app: App, writes: Writes, plea: Plea, stamp: str) -> None:
    post, actor = await posts.by_id(plea.post_id), await actors.by_id(plea.actor_id)
    if post is None or post.deleted_at is not None or actor is None or await blocks.between(actor.id, post.author_id):
        return
    if actor.kind == "Group":
        return _soon(app, writes, "show_granted", boost=plea.uri)
    try:
        admit.acting(actor)
    except NotAllowed:  # since they asked
        return
    now = clock.now_ms()
    boosts.insert(writes, Boost(plea.subject_id, plea.uri, actor.id, post.id, plea.visibility, now))
    posts.home_for_followers(writes, plea.subject_id, post.id, actor.id, actor.id)
    said = boosting.announce(plea.uri, actor, post, plea.visibility, now)
    said |= {"@context": including(said["@context"], GOTOSOCIAL)} | stamps("boost", stamp)
    await boosting.tell(app, writes, actor, post, said)
    writes.after(lambda: app.forget_post(post.id))
