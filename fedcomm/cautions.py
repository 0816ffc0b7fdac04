"""Moderators warn who wrote something in a group: with a reason, to them alone, and in the log of the group.

A member here is notified as well (Mastodon: "moderation_warning"), by the number of the act.
Lemmy 1.0 does so by `Warn` to the author's server (crates/apub: protocol/activities/community/warn.rs); who lives where
that is not known gets a message of the group.
"""

import msgspec

from fedcomm import acts, admit, dispatches, letters, members, rights
from fedcomm.app import App
from fedcomm.errors import Invalid, NotFound
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage import actors, peers, posts, telling
from storage import groups as stored
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.groups import Group
from storage.ids import next_id
from storage.outbox import Audience
from storage.posts import Post
from storage.registers import Act

MAX_REASON = 1_000  # characters, with a rule
_SHOW_WARNINGS = frozenset({"fedcomm", "lemmy"})


async def warn(app: App, moderator: Actor, post_id: int, reason: str) -> None:
    """Warn the author of a post in a group, for this reason.

    Raises:
        NotFound: there is no such post in a group.
        NotAllowed: no moderator of the group.
        Invalid: no reason, or their own post.
    """
    post = await posts.by_id(post_id)
    group, face = await stored.with_face(post.group_id if post is not None else None)
    author = await actors.by_id(post.author_id) if post is not None else None
    if post is None or post.deleted_at or group is None or face is None or face.gone or author is None or author.gone:
        raise NotFound("There is no such post in a group.")
    admit.actor(moderator)
    admit.right(await members.standing(group, moderator), rights.REMOVE)
    reason = reason.strip()[:MAX_REASON]
    if not reason:
        raise Invalid("Say why: who is warned is to know what not to do again.", field="reason")
    if author.id == moderator.id:
        raise Invalid("Nobody warns themselves.")
    writes, uri = Writes(), app.urls.activity(next_id())
    await record(app, writes, group, face, post, author, moderator, uri, reason)
    inboxes = tuple(who.inbox for who in (author, face) if not who.local)
    said = activities.activity("Warn", uri, moderator.uri, post.uri, to=[author.uri], audience=face.uri, summary=reason)
    publish(app, writes, moderator, said, Audience(inboxes=inboxes), thread_id=post.thread_id)
    await apply(writes)


async def record(
    app: App, writes: Writes, group: Group, face: Actor, post: Post, author: Actor, moderator: Actor, uri: str,
    reason: str,
) -> None:  # fmt: skip
    """A moderator warned the author of a post: it stands in the log, and they are told, where nobody else does it."""
    act = acts.record(
        app, writes, group, face, "warned", author.uri, {"post": post.uri}, by=moderator.uri, uri=uri, summary=reason
    )
    if author.local:
        telling.tell(writes, next_id(), author.id, "moderation_warning", author.id, 0, act.recorded_at, act.id)
    link = post.url or post.uri
    if not group.local:
        if author.local:
            await dispatches.warned(app, writes, face, author, link, reason)
        return
    peer = await peers.get(author.host) if author.host else None
    if peer is None or peer.software not in _SHOW_WARNINGS:
        await letters.warned(app, writes, face, author, link, reason, next_id())


def post_of(act: Act) -> str:
    """The id (URI) of the post for which somebody was warned."""
    return str(msgspec.json.decode(act.value or "{}").get("post", ""))
