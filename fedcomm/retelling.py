"""What is for the members of a group, told again by the group for those on servers without groups.

Such a server can show neither the announcement of a post that is not for everybody nor the post of somebody whom nobody
there follows (Mastodon: ActivityPub::Activity::Announce, `announceable?`). It shows a note of the group for its
followers: threads to all of them, answers to whom they are for, when their authors tell the group alone. What is said
to that note is said to what it tells (docs/decisions/0023).
"""

import html
from collections.abc import Iterable
from typing import Any

import msgspec

from activitypub import render
from activitypub.activities import Activity, Thing
from activitypub.objects import Audience, Mention, Note
from activitypub.quirks import GROUPS
from fedcomm import clock, elsewhere, groups
from fedcomm.app import App
from fedcomm.errors import NotFound
from fedcomm.mapping import activities
from fedcomm.mapping.posts import titled, to_attachments
from fedcomm.outbox import publish
from fedcomm.reach import Destinations
from fedcomm.urls import Urls
from storage import actors, announcements, media, members, outbox, posts
from storage import groups as stored
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.counting import hold
from storage.groups import Group
from storage.ids import next_id
from storage.media import Media
from storage.outbox import Audience as Readers
from storage.outbox import Entry
from storage.posts import MEMBERS, Post

_LOGGED = 25 * 86_400_000  # ms for which the log is sure to have what was told
_FORM = "retold"  # of what stands told again, among what the group announced


async def retell(app: App, post: int) -> None:
    """The job: let a group tell a thread or an answer again, or how it reads since it was edited; each once.

    After it took that back it does so under another id. Who is named by an edit alone gets the note first.
    """
    async with transaction():
        known, group, face = await _held(post)
        if known is None or group is None or face is None or known.deleted_at is not None:
            return
        author = await actors.by_id(known.author_id)
        if known.removed_at is not None or author is None or author.gone or groups.reach(group, known) != MEMBERS:
            return
        uri, again = await _id_of(app, face, known)
        told = () if known.starter else await _told(app, known, group, author)
        before = await outbox.all_of(_create_of(uri))
        if not known.starter and not told and not before:
            return
        note = render.document(await _note(app, known, uri, face, author, told))
        new, all_ = await _readers(app, known, face, told, before)
        about: dict[str, Any] = {"form": "plain", "thread_id": known.thread_id, "post_id": known.id}
        publish(app, writes := Writes(), face, activities.create(_create_of(uri), note), new, **about)
        if known.edited_at and not again:  # it may have been told before this was noted
            update = activities.update(f"{uri}#updates/{clock.now_ms()}", face.uri, note)
            publish(app, writes, face, update, all_, **about)
        announcements.put(writes, face.uri, known.uri, _FORM, uri, clock.now_ms())
        await write(writes)


async def unretell(app: App, post: int) -> None:
    """The job: a thread or an answer is gone, and so is what its group told of it; whoever got that is told."""
    async with transaction():
        known, group, face = await _held(post)
        if known is None or group is None or face is None or (known.deleted_at is None and known.removed_at is None):
            return
        uri, again = await _id_of(app, face, known)
        told = await outbox.all_of(_create_of(uri))
        if again or (not told and known.received_at > clock.now_ms() - _LOGGED):
            return
        # Also those who had it when the group was for more people than it is now.
        once = (face.id,) if known.starter and known.visibility < groups.reach(group, known) else ()
        whole = known.starter or not told
        readers = Readers(followers=(face.id,), once=once) if whole else Readers(inboxes=_inboxes(told))
        gone = activities.delete(f"{uri}#delete/{next_id()}", face.uri, uri, to=[face.followers])
        publish(app, writes := Writes(), face, gone, readers, form="plain", thread_id=known.thread_id)
        announcements.put(writes, face.uri, known.uri, _FORM, uri, clock.now_ms())
        announcements.withdraw(writes, face.uri, known.uri, _FORM, clock.now_ms())
        await write(writes)


async def _held(post: int) -> tuple[Post | None, Group | None, Actor | None]:
    """A post as it is now, with its group, until what is decided about it is written."""
    hold(writes := Writes(), "post", post)
    await write(writes)
    known = await posts.by_id(post)
    group, face = await stored.with_face(known.group_id if known is not None else None)
    return known, group, None if face is None or face.gone else face


async def _id_of(app: App, face: Actor, post: Post) -> tuple[str, bool]:
    """The id under which a group tells a post again; whether it is a new one, after it took an earlier one back."""
    standing = await announcements.of(face.uri, post.uri, _FORM)
    if standing is not None:
        return standing, False
    if await announcements.was(face.uri, post.uri, _FORM) is None:
        return app.urls.retold(post.id), False
    return app.urls.retold(post.id, next_id()), True


async def _readers(
    app: App, post: Post, face: Actor, told: tuple[Actor, ...], before: list[Entry]
) -> tuple[Readers, Readers]:
    """Who has not got what is told again yet, and who is to know how it reads now.

    That are also those who are not named any more, as long as somebody on their server is a member.
    """
    if post.starter:
        followers = Readers(followers=(face.id,))
        return (Readers() if before else followers), followers
    within = await app.reach.places(Readers(followers=(face.id,)))  # one inbox for all on a server, where it has one
    known_at = await app.reach.places(Readers(inboxes=_inboxes(before)))
    named = await app.reach.places(Readers(inboxes=tuple(actor.inbox for actor in told)))
    new = [host for host in named if host in within and host not in known_at]
    left = [host for host in known_at if host in within]
    return _at(within, new), _at(within, (*left, *new))


def _at(places: Destinations, hosts: Iterable[str]) -> Readers:
    return Readers(inboxes=tuple(inbox for host in hosts for inbox in places[host]))


def _inboxes(told: Iterable[Entry]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(inbox for entry in told for inbox in outbox.audience_of(entry).inboxes))


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


async def document_of(app: App, post: Post, uri: str) -> activities.Json:
    """The note with this id by which a group tells a thread or an answer again.

    Raises:
        NotFound: it is told again by none, or under another id.
    """
    group, face = await stored.with_face(post.group_id)
    author = await actors.by_id(post.author_id)
    inside = group is not None and bool(group.local) and post.visibility == MEMBERS
    if group is None or face is None or author is None or author.gone or not inside:
        raise NotFound("There is no such post.")
    told = () if post.starter else await _told(app, post, group, author)
    if (not post.starter and not told) or uri != (await _id_of(app, face, post))[0]:
        raise NotFound("There is no such post.")
    return render.document(await _note(app, post, uri, face, author, told))


async def resolved(urls: Urls, activity: Activity) -> Activity:
    """What is said about such a note, as said about the post that it tells again, also where it is passed on."""
    numbers = {uri: urls.post_id(uri) for uri in _spoken_of(activity) if urls.is_retold(uri)}
    if not numbers:
        return activity
    known = await posts.by_ids([number for number in numbers.values() if number is not None])
    names = {uri: known[number].uri for uri, number in numbers.items() if number in known}
    return _renamed(activity, names) if names else activity


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


async def _note(app: App, post: Post, uri: str, face: Actor, author: Actor, told: tuple[Actor, ...]) -> Note:
    """`told` are those for whom an answer is told again; none for a thread, which is for all followers."""
    name, handle = html.escape(author.name or author.username), app.urls.handle(author.username, author.host)
    by = f'<p><a href="{html.escape(author.url or author.uri)}">{name}</a> ({html.escape(handle)}):</p>'
    there = f'<p><a href="{html.escape(post.url)}">{html.escape(post.url)}</a></p>'
    return Note(
        uri=uri,
        kind="Note",
        attributed_to=face.uri,
        content=by + (titled(post.title, post.content) if post.title else post.content) + there,
        summary=post.summary,
        language=post.language or None,
        in_reply_to=await _answered(app, post, face, told),
        # Were it for those alone who are told, what they answer would be a direct message (Mastodon).
        audience=Audience(to=(face.followers,), cc=tuple(actor.uri for actor in told)),
        mentions=tuple(Mention(actor.uri, app.urls.handle(actor.username, actor.host)) for actor in told),
        url=post.url,
        published=post.published,
        updated=post.edited_at,
        sensitive=bool(post.sensitive or post.summary),
        attachments=to_attachments(app.urls, await _files(app, post, author), post.visibility),
    )


async def _files(app: App, post: Post, author: Actor) -> list[Media]:
    found = await media.of_post(post.id)
    return [elsewhere.passed_on(app.base_url, file, author.host, post.visibility) for file in found]


async def _answered(app: App, post: Post, face: Actor, told: tuple[Actor, ...]) -> str | None:
    """What an answer answers, under the id by which those who are told know it."""
    parent = await posts.by_id(post.parent_id) if told and post.parent_id is not None else None
    if parent is None:
        return None
    author = await actors.by_id(parent.author_id)
    known = author is not None and author.host in {actor.host for actor in told}
    if known or (parent.local and not parent.starter):
        return parent.uri
    return await announcements.of(face.uri, parent.uri, _FORM) or app.urls.retold(parent.id)
