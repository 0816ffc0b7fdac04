"""What is for the members of a group, told again by the group for those on servers without groups.

Such a server can show neither the announcement of a post that is not for everybody nor the post of somebody whom nobody
there follows (Mastodon: ActivityPub::Activity::Announce, `announceable?`). It shows a note of the group for its
followers: threads to all of them, answers to whom they are for, when their authors tell the group alone. What is said
to that note is said to what it tells (docs/decisions/0023).
"""

import html
from typing import Any

import msgspec

from activitypub import render
from activitypub.activities import Activity, Thing
from activitypub.objects import Audience, Mention, Note
from activitypub.quirks import GROUPS
from fedcomm import clock, groups
from fedcomm.app import App
from fedcomm.errors import NotFound
from fedcomm.mapping import activities
from fedcomm.mapping.posts import titled, to_attachment
from fedcomm.outbox import publish
from fedcomm.urls import Urls
from storage import actors, media, members, outbox, posts
from storage import groups as stored
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.groups import Group
from storage.ids import next_id
from storage.outbox import Audience as Readers
from storage.posts import MEMBERS, Post

_ENDING = "/retold"
_LOGGED = 25 * 86_400_000  # ms for which the log is sure to have what was told


async def retell(app: App, post: int) -> None:
    """The job: let a group tell a thread or an answer again, or how it reads since it was edited."""
    known = await posts.by_id(post)
    group, face = await stored.with_face(known.group_id if known is not None else None)
    if known is None or group is None or face is None or known.deleted_at is not None or known.removed_at is not None:
        return
    author = await actors.by_id(known.author_id)
    if author is None or author.gone or face.gone or groups.reach(group, known) != MEMBERS:
        return
    told = () if known.starter else await _told(app, known, group, author)
    if not known.starter and not told:
        return
    note = render.document(await _note(app, known, face, author, told))
    uri = f"{note['id']}#updates/{clock.now_ms()}" if known.edited_at else _create_of(note["id"])
    said = activities.update(uri, face.uri, note) if known.edited_at else activities.create(uri, note)
    writes = Writes()
    inboxes = tuple(dict.fromkeys(actor.inbox for actor in told))
    readers = Readers(followers=(face.id,)) if known.starter else Readers(inboxes=inboxes)
    publish(app, writes, face, said, readers, form="plain", thread_id=known.thread_id, post_id=known.id)
    await apply(writes)


async def unretell(app: App, post: int) -> None:
    """The job: an answer is gone, and so is what its group told of it; whoever got that is told."""
    known = await posts.by_id(post)
    _group, face = await stored.with_face(known.group_id if known is not None else None)
    if known is None or face is None or face.gone:
        return
    retold = app.urls.retold(known.id)
    told = await outbox.by_uri(_create_of(retold))
    if told is None and known.received_at > clock.now_ms() - _LOGGED:
        return
    readers = outbox.audience_of(told) if told is not None else Readers(followers=(face.id,))
    gone = activities.delete(f"{retold}#delete/{next_id()}", face.uri, retold, to=[face.followers])
    publish(app, writes := Writes(), face, gone, readers, form="plain", thread_id=known.thread_id)
    await apply(writes)


async def _told(app: App, post: Post, group: Group, author: Actor) -> tuple[Actor, ...]:
    """The members to whom their group tells an answer: who is answered or named, and does not get it otherwise.

    Ours send what they say to these themselves (`posts.audience_of`), as most programs do; a server that does not know
    who is in the group tells it alone. Who is no member is told nothing.
    """
    if post.local:
        return ()
    parent = await posts.by_id(post.parent_id) if post.parent_id is not None else None
    named = await posts.mentioned(post.id)
    reached = set(named) if app.peers.tells_whom_it_names(author.host) else set[int]()
    answered = [parent.author_id] if parent is not None else []
    wanted = [who for who in dict.fromkeys((*answered, *named)) if who != author.id and who not in reached]
    joined = await members.joined(group.id, wanted)
    people = await actors.by_ids([who for who in wanted if who in joined])
    return tuple(
        actor
        for actor in people.values()
        if not actor.local and not actor.gone and app.peers.family(actor.host) != GROUPS
    )


def _create_of(retold: str) -> str:
    return f"{retold}#create"


async def document_of(app: App, post: Post) -> activities.Json:
    """The note by which a group tells a thread or an answer again.

    Raises:
        NotFound: it is told again by none.
    """
    group, face = await stored.with_face(post.group_id)
    author = await actors.by_id(post.author_id)
    inside = group is not None and bool(group.local) and post.visibility == MEMBERS
    if group is None or face is None or author is None or author.gone or not inside:
        raise NotFound("There is no such post.")
    told = () if post.starter else await _told(app, post, group, author)
    if not post.starter and not told:
        raise NotFound("There is no such post.")
    return render.document(await _note(app, post, face, author, told))


async def resolved(urls: Urls, activity: Activity) -> Activity:
    """What is said about such a note, as said about the post that it tells again, also where it is passed on."""
    if not any(_told_again(urls, uri) for uri in _spoken_of(activity)):
        return activity
    numbers = {uri: urls.post_id(uri) for uri in _spoken_of(activity) if _told_again(urls, uri)}
    known = await posts.by_ids([number for number in numbers.values() if number is not None])
    names = {uri: known[number].uri for uri, number in numbers.items() if number in known}
    return _renamed(activity, names) if names else activity


def _told_again(urls: Urls, uri: str) -> bool:
    return uri.endswith(_ENDING) and urls.own(uri)


def _spoken_of(thing: Thing) -> list[str]:
    """The ids that may be of such a note: of what something is done to, and of what is answered."""
    if isinstance(thing, str):
        return [thing]
    if isinstance(thing, Activity):
        return [uri for each in thing.objects for uri in _spoken_of(each)]
    return [thing.in_reply_to] if isinstance(thing, Note) and thing.in_reply_to else []


def _renamed(activity: Activity, names: dict[str, str]) -> Activity:
    things = tuple(_with_name(thing, names) for thing in activity.objects)
    raw = _reworded(activity.raw, names)
    return msgspec.structs.replace(activity, object=things[0], objects=things, raw=raw)


def _with_name(thing: Thing, names: dict[str, str]) -> Thing:
    if isinstance(thing, str):
        return names.get(thing, thing)
    if isinstance(thing, Activity):
        return _renamed(thing, names)
    if isinstance(thing, Note) and thing.in_reply_to in names:
        raw = _reworded(thing.raw, names)
        return msgspec.structs.replace(thing, in_reply_to=names[thing.in_reply_to], raw=raw)
    return thing


def _reworded(raw: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """The document with the other name; what is proven stays as it is."""
    if "proof" in raw:
        return raw
    named = {key: raw[key] for key in ("object", "inReplyTo") if isinstance(raw.get(key), str)}
    changed = {key: names[uri] for key, uri in named.items() if uri in names}
    inner = raw.get("object")
    return raw | changed | ({"object": _reworded(inner, names)} if isinstance(inner, dict) else {})


async def _note(app: App, post: Post, face: Actor, author: Actor, told: tuple[Actor, ...]) -> Note:
    """`told` are those for whom an answer is told again; none for a thread, which is for all followers."""
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
        in_reply_to=await _answered(app, post, told),
        # Were it for those alone who are told, what they answer would be a direct message (Mastodon).
        audience=Audience(to=(face.followers,), cc=tuple(actor.uri for actor in told)),
        mentions=tuple(Mention(actor.uri, app.urls.handle(actor.username, actor.host)) for actor in told),
        url=post.url,
        published=post.published,
        updated=post.edited_at,
        sensitive=bool(post.sensitive or post.summary),
        attachments=tuple(
            to_attachment(app.urls, file) for file in await media.of_post(post.id) if file.key or file.remote_url
        ),
    )


async def _answered(app: App, post: Post, told: tuple[Actor, ...]) -> str | None:
    """What an answer answers, under the id by which those who are told know it."""
    parent = await posts.by_id(post.parent_id) if told and post.parent_id is not None else None
    if parent is None:
        return None
    author = await actors.by_id(parent.author_id)
    known = author is not None and author.host in {actor.host for actor in told}
    return parent.uri if known or (parent.local and not parent.starter) else app.urls.retold(parent.id)
