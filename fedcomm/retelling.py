"""A thread for the members of a group, told again by the group for those on servers without groups.

Such a server can show neither the announcement of a post that is not for everybody nor the post of somebody whom nobody
there follows (Mastodon: ActivityPub::Activity::Announce, `announceable?`). It shows a note of the group for its
followers. What is said to that note is said to the thread (docs/decisions/0023).
"""

import html

import msgspec

from activitypub import render
from activitypub.activities import Activity, Thing
from activitypub.objects import Audience, Note
from fedcomm import clock, groups
from fedcomm.app import App
from fedcomm.errors import NotFound
from fedcomm.mapping import activities
from fedcomm.mapping.posts import titled, to_attachment
from fedcomm.outbox import publish
from fedcomm.urls import Urls
from storage import actors, media, posts
from storage import groups as stored
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.outbox import Audience as Readers
from storage.posts import MEMBERS, Post

_ENDING = "/retold"


async def retell(app: App, post: int) -> None:
    """The job: let a group tell a thread again, or how it reads since it was edited."""
    known = await posts.by_id(post)
    group, face = await stored.with_face(known.group_id if known is not None else None)
    if known is None or group is None or face is None or known.deleted_at is not None or known.removed_at is not None:
        return
    author = await actors.by_id(known.author_id)
    if author is None or author.gone or face.gone or groups.reach(group, known) != MEMBERS:
        return
    note = render.document(await _note(app, known, face, author))
    uri = f"{note['id']}#{'updates/' + str(clock.now_ms()) if known.edited_at else 'create'}"
    said = activities.update(uri, face.uri, note) if known.edited_at else activities.create(uri, note)
    writes = Writes()
    readers = Readers(followers=(face.id,))
    publish(app, writes, face, said, readers, form="plain", thread_id=known.thread_id, post_id=known.id)
    await apply(writes)


async def document_of(app: App, post: Post) -> activities.Json:
    """The note by which the group of a thread tells it again.

    Raises:
        NotFound: it is told again by none.
    """
    group, face = await stored.with_face(post.group_id)
    author = await actors.by_id(post.author_id)
    told = group is not None and bool(group.local) and post.starter and post.visibility == MEMBERS
    if face is None or author is None or author.gone or not told:
        raise NotFound("There is no such post.")
    return render.document(await _note(app, post, face, author))


def resolved(urls: Urls, activity: Activity) -> Activity:
    """What is said about such a note, as said about the post that it tells again."""
    things = tuple(_resolved(urls, thing) for thing in activity.objects)
    if things == activity.objects:
        return activity
    return msgspec.structs.replace(activity, object=things[0], objects=things)


def _resolved(urls: Urls, thing: Thing) -> Thing:
    if isinstance(thing, str):
        return thing.removesuffix(_ENDING) if urls.own(thing) else thing
    if isinstance(thing, Activity):
        return resolved(urls, thing)
    if isinstance(thing, Note) and thing.in_reply_to and urls.own(thing.in_reply_to):
        return msgspec.structs.replace(thing, in_reply_to=thing.in_reply_to.removesuffix(_ENDING))
    return thing


async def _note(app: App, post: Post, face: Actor, author: Actor) -> Note:
    name, handle = html.escape(author.name or author.username), app.urls.handle(author.username, author.host)
    by = f'<p><a href="{html.escape(author.url or author.uri)}">{name}</a> ({html.escape(handle)}):</p>'
    there = f'<p><a href="{html.escape(post.url)}">{html.escape(post.url)}</a></p>'
    return Note(
        uri=app.urls.retold(post.id),
        kind="Note",
        attributed_to=face.uri,
        content=by + (titled(post.title, post.content) if post.title else post.content) + there,
        summary=post.summary,
        language=post.language or None,
        audience=Audience(to=(face.followers,)),
        url=post.url,
        published=post.published,
        updated=post.edited_at,
        sensitive=bool(post.sensitive or post.summary),
        attachments=tuple(
            to_attachment(app.urls, file) for file in await media.of_post(post.id) if file.key or file.remote_url
        ),
    )
