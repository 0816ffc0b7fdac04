"""What a group of ours says itself: to one person, or in public in one of its threads."""

from collections.abc import Sequence

import msgspec

from activitypub import render
from activitypub.objects import Hashtag, Mention, Note, Source
from fedcomm import addressing, admit, clock, groups, proving, recording, sanitise, writing
from fedcomm.app import App
from fedcomm.mapping import activities
from fedcomm.mapping.posts import Shown, audience_for, on_the_wire
from fedcomm.outbox import publish
from fedcomm.recording import Arrival
from storage.actors import Actor
from storage.connect import Writes
from storage.groups import Group
from storage.outbox import Audience
from storage.posts import DIRECT, LOCAL, MEMBERS, PUBLIC, Post


class Saying(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be said: `text`, as members' posts are written, and below it a `quote` of somebody, clean HTML."""

    text: str
    quote: str = ""
    title: str = ""
    summary: str = ""
    language: str = ""
    to: Sequence[Actor] = ()  # who is named
    parent: Post | None = None


async def privately(app: App, writes: Writes, face: Actor, post_id: int, saying: Saying) -> Post:
    """A direct message of a group to those it names, and to nobody else; each gets it at their own inbox."""
    admit.actor(face)
    note = _note(app, face, post_id, DIRECT, saying)
    post = recording.record(app, writes, _arrival(app, face, None, note, post_id, saying))
    create = activities.create(post.create_uri, _document(note))
    publish(app, writes, face, create, _to_named(post, saying), thread_id=post.thread_id, post_id=post.id)
    return post


async def publicly(app: App, writes: Writes, group: Group, face: Actor, post_id: int, saying: Saying) -> Post:
    """A post of a group in itself, for whom all in it is. Followers get it as all others, who is named also from it."""
    admit.actor(face)
    note = _note(app, face, post_id, groups.LEVELS[group.visibility], saying)
    post = recording.record(app, writes, _arrival(app, face, group, note, post_id, saying))
    create = await proving.proven(app, face, activities.create(post.create_uri, _document(note)))
    named = await addressing.apart(app, group, face, post, _to_named(post, saying))
    publish(app, writes, face, create, named, thread_id=post.thread_id, post_id=post.id)
    groups.accept_post(app, writes, group, face, post, create, named)
    if not post.starter:
        await addressing.tell_boosted(app, writes, group, face, face, create, post, named)
    return post


def mention(app: App, actor: Actor) -> str:
    """How somebody is named in a text, so that it becomes a link (`known` of `writing.write`)."""
    return app.urls.handle(actor.username, actor.host)


def _note(app: App, face: Actor, post_id: int, visibility: int, saying: Saying) -> Note:
    known = {mention(app, actor)[1:].lower(): (actor.url or actor.uri, mention(app, actor)[1:]) for actor in saying.to}
    written = writing.write(saying.text, known, app.base_url)
    group = face if visibility != DIRECT else None
    parent = saying.parent
    return Note(
        uri=app.urls.post(post_id),
        kind="Note",
        attributed_to=face.uri,
        name=saying.title,
        content=written.html + (f"<blockquote>{saying.quote}</blockquote>" if saying.quote else ""),
        source=Source(saying.text + (f"\n\n> {sanitise.text_of(saying.quote)}" if saying.quote else "")),
        summary=saying.summary,
        language=saying.language or None,
        in_reply_to=parent.uri if parent else None,
        audience=audience_for(visibility, Shown(author=face, group=group, mentioned=tuple(saying.to))),
        context=(parent.context if parent else "") or app.urls.context(parent.thread_id if parent else post_id),
        replies=app.urls.replies(post_id),
        url=app.urls.post_page(face.username, post_id),
        published=clock.now_ms(),
        sensitive=bool(saying.summary),
        mentions=tuple(Mention(actor.uri, mention(app, actor)) for actor in saying.to),
        hashtags=tuple(Hashtag(name, app.urls.tag(name)) for name in written.tags),
    )


def _arrival(app: App, face: Actor, group: Group | None, note: Note, post_id: int, saying: Saying) -> Arrival:
    level = groups.LEVELS[group.visibility] if group is not None else PUBLIC
    return Arrival(
        visibility=level if level >= MEMBERS else None,
        note=note, author=face, truth="home", entered_by=app.host, create_uri=app.urls.create(post_id),
        post_id=post_id, parent=saying.parent, group=group, mentioned=tuple(saying.to),
    )  # fmt: skip


def _document(note: Note) -> activities.Json:
    return render.document(on_the_wire(note))


def _to_named(post: Post, saying: Saying) -> Audience:
    if post.visibility == LOCAL:
        return Audience()
    return Audience(inboxes=tuple(dict.fromkeys(who.inbox for who in saying.to if not who.local and not who.gone)))
