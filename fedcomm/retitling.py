"""Moderators give a thread of their group another title; its text stays its author's.

The title is a register of the group. What its author said before stays known: an edit that says the same again, as one
does that comes from a server which knows of no such act, changes nothing of the title; another one is the author's
later word, and counts (docs/decisions/0057). The author gets at most one letter about it a day (UTC), unless it was a
title of theirs that was replaced; the log has every change.
"""

from typing import Any

import msgspec

from activitypub.contexts import PUBLIC
from fedcomm import clock, dispatches, groups, indexing, letters, mapping, members, moderation, retouching, rights
from fedcomm.app import App
from fedcomm.errors import Invalid, NotFound
from fedcomm.mapping import activities
from fedcomm.mapping.posts import MAX_TITLE
from fedcomm.outbox import publish
from storage import actors, media, registers
from storage import groups as stored
from storage import posts as rows
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.counting import hold
from storage.groups import Group
from storage.ids import next_id
from storage.outbox import Audience
from storage.posts import UNLISTED, Post

MAX_REASON = 500  # characters
_DAY = 86_400_000  # ms


class Retitling(msgspec.Struct, frozen=True):
    """Which thread of which group is called `title` from now on; `by` whom (an id), `uri` is the id of that act."""

    post: Post
    group: Group
    face: Actor
    title: str
    by: str
    uri: str
    reason: str = ""


async def retitle(app: App, moderator: Actor | None, post_id: int, title: str, reason: str = "") -> None:
    """A thread has this title, whatever its author called it; '' gives that back. None is who runs the server.

    Raises:
        NotFound: there is no such thread in a group.
        NotAllowed: no moderator of the group, or its server takes that from nobody here.
        Invalid: too long.
    """
    async with transaction():
        post = await held(post_id)
        group, face = await stored.with_face(post.group_id if post is not None else None)
        if post is None or group is None or face is None or post.deleted_at is not None or not post.starter:
            raise NotFound("There is no such thread in a group.")
        by = await members.who_acts(group, face, moderator, rights.TITLE)
        wanted = " ".join(title.split())
        if len(wanted) > MAX_TITLE:
            raise Invalid("A title may have {limit} characters.", field="title", limit=MAX_TITLE)
        wanted = wanted or own(post)
        if wanted == post.title:
            return
        act = Retitling(post, group, face, wanted, by, app.urls.activity(next_id()), reason.strip()[:MAX_REASON])
        await take_in(app, act)
        if not group.local and moderator is not None:
            said = await _said(app, act, moderator.uri)
            publish(app, writes := Writes(), moderator, said, Audience(inboxes=(face.inbox,)), thread_id=post.thread_id)
            await write(writes)


def own(post: Post) -> str:
    """What the author of a thread calls it."""
    return post.title if post.own_title is None else post.own_title


async def held(post_id: int) -> Post | None:
    """A post as it is now; nobody else changes it before the transaction ends."""
    hold(writes := Writes(), "post", post_id)
    await write(writes)
    return await rows.by_id(post_id)


async def take_in(app: App, act: Retitling) -> None:
    """What it means here that a moderator, wherever they live, gave a thread another title; part of a transaction,
    which holds the post (`held`).

    Of a post of ours everybody who has it hears as of an edit. A group of ours announces of that of somebody elsewhere
    what its moderator did, in our words: nothing else that stood with it is passed on.
    """
    post, writes, now = act.post, Writes(), clock.now_ms()
    author = await actors.by_id(post.author_id)
    moderation.record_title(app, writes, act.group, act.face, post, act.title, own(post), act.by, act.uri, act.reason)
    if author is not None and author.uri != act.by:
        await _tell_author(app, writes, act, author)
    await write(writes)
    await indexing.renew(post.id)
    known = await rows.by_id(post.id)
    if known is None or known.removed_at is not None:
        return
    if post.local and author is not None and not author.gone:
        await retouching.tell(app, known, author, now)
    elif act.group.local:
        ours = app.urls.own(act.uri)
        by = await members.speaker(app, act.group, act.face, act.by) if ours else act.by
        update = await _said(app, act, by)
        groups.pass_on(app, writes := Writes(), act.group, act.face, update, about=known)
        await write(writes)


async def _tell_author(app: App, writes: Writes, act: Retitling, author: Actor) -> None:
    if await _told_today(act):
        return
    old, link = act.post.title, act.post.url or act.post.uri
    if act.group.local:
        await letters.retitled(app, writes, act.face, author, (old, act.title, link), act.reason, next_id())
    elif author.local and await stored.program(act.group.id) != "fedcomm":
        await dispatches.retitled(app, writes, act.face, author, (old, act.title, link), act.reason)


async def _told_today(act: Retitling) -> bool:
    """Whether the group gave the thread the title that it has, or its own one back, today."""
    last = await registers.winner(act.group.id, "title", act.post.uri)
    if last is None or last.recorded_at // _DAY != clock.now_ms() // _DAY:
        return False
    return last.value is None or msgspec.json.decode(last.value)["title"] == act.post.title


async def _said(app: App, act: Retitling, by: str) -> dict[str, Any]:
    """The act as it is told: the post with its new title, and without its text, which is not a moderator's to say.

    PieFed 1.6 takes what is missing for what stays, but for files and whether it can be answered
    (activitypub/util.py: update_post_from_activity).
    """
    post, author = act.post, await actors.by_id(act.post.author_id)
    files = mapping.posts.to_attachments(app.urls, await media.of_post(post.id), post.visibility)
    page = {
        "id": post.uri,
        "type": "Page",
        "attributedTo": author.uri if author is not None else act.face.uri,
        "to": [act.face.uri, PUBLIC],
        "name": act.title,
        "audience": act.face.uri,
        "commentsEnabled": not post.locked,
        "attachment": [{"type": each.kind, "url": each.url, "name": each.description} for each in files],
        "updated": activities.timestamp(clock.now_ms()),
    }
    said = activities.activity(
        "Update", act.uri, by, page, to=[PUBLIC], cc=[act.face.uri], audience=act.face.uri, summary=act.reason or None
    )
    return said if groups.reach(act.group, post) <= UNLISTED else activities.for_followers(said, act.face.followers)
