"""What our collections show: posts as documents, as the activities that published them, as a group's announcements."""

import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from activitypub import documents, render
from fedcomm import elsewhere, emojis, mapping
from fedcomm.app import App
from fedcomm.mapping import activities
from fedcomm.mapping.posts import Shown, on_the_wire, to_note
from storage import actors, announcements, boosts, flairs, outbox, proven, shown, visible
from storage.actors import Actor
from storage.media import Media
from storage.posts import DIRECT, FOLLOWERS, MEMBERS, UNLISTED, Post

Json = dict[str, Any]

MOST_BYTES = 65_536  # of an activity of others in our collections; of a longer one they have what we know


async def outbox_items(app: App, actor: Actor, found: list[Post]) -> list[Json]:
    """The activities for these posts of a person or group of ours, in the same order."""
    notes = await notes_of(app, found)
    if actor.kind != "Group":
        return [activities.create(app.urls.create(post.id), notes[post.id]) for post in found if post.id in notes]
    announced = await boosts.of_all(actor.id, [post.id for post in found])
    said = await _announced(actor, found)
    as_it_came = await _as_they_came(said, found, notes)
    items: list[Json] = []
    for post in (post for post in found if post.id in notes):
        # PieFed 1.6.6 reads the newest threads of a group from here when it first hears of it.
        boost = announced.get(post.id)
        uri, at = (boost.uri, boost.published) if boost else (f"{actor.outbox}/{post.id}", post.published)
        came, public = as_it_came.get(post.uri), post.visibility <= UNLISTED
        if came is None:
            created = _create(app, post, notes[post.id], uri)
            announce = activities.announce(uri, actor.uri, actor.followers, created, at, public=public)
        else:
            announce = activities.announce(uri, actor.uri, actor.followers, post.uri, at, public=public)
            # With its own `@context`, which its author's proof covers.
            announce["object"] = activities.without_hidden(came)
        if post.id in said:  # under this id the group announced the activity; the boost has the post's id in it
            announce |= {name: said[post.id][name] for name in ("id", "published")}
        items.append(announce)
    return items


async def _announced(face: Actor, found: list[Post]) -> dict[int, Json]:
    """By which activities a group announced the Creates of these posts, by id, as far back as the log goes."""
    said: dict[int, Json] = {}
    for post_id, body in await outbox.announced(face.id, [post.id for post in found], MOST_BYTES):
        announce = documents.read(body)
        inner = announce["object"]
        if isinstance(inner, dict) and inner.get("type") == "Create":
            said.setdefault(post_id, announce)
    return said


async def notes_of(app: App, found: list[Post]) -> dict[int, Json]:
    """The posts as documents, by id; without those whose authors are gone. Five queries, however many they are.

    A post of another server reads as we know it; who wants to be sure asks there.
    """
    bundle = await shown.bundle([post.id for post in found])
    named = {mention.id for mentions in bundle.mentions.values() for mention in mentions}
    faces = {face.id for face in bundle.faces.values()}
    labels = await flairs.of_posts([post.id for post in found if post.starter and post.group_id])
    people = await actors.by_ids(list({post.author_id for post in found} | named | faces))
    notes: dict[int, Json] = {}
    for post in found:
        author, face = people.get(post.author_id), bundle.faces.get(post.id)
        if author is None or author.gone or post.id not in bundle.posts:
            continue
        with_ = Shown(
            author=author,
            parent_uri=post.parent_uri,
            group=people.get(face.id) if face is not None and post.visibility not in (FOLLOWERS, DIRECT) else None,
            mentioned=tuple(people[m.id] for m in bundle.mentions.get(post.id, ()) if m.id in people),
            tags=tuple(bundle.tags.get(post.id, ())),
            poll=bundle.polls.get(post.id),
            emojis=await emojis.told(app.urls, post.source, post.summary) if post.local else (),
            flairs=tuple(map(mapping.actors.to_flair, labels.get(post.id, ()))),
            files=tuple(_files(app, post, author, bundle.media.get(post.id, ()))),
        )
        note = to_note(app.urls, post, with_)
        if not post.local:
            kind = note.kind if with_.poll else _KINDS.get(post.kind, "Note")
            context = app.urls.context(post.thread_id) if _is_told(post) else note.context
            note = msgspec.structs.replace(note, kind=kind, context=context)
        notes[post.id] = render.document(on_the_wire(note))
    return notes


def _files(app: App, post: Post, author: Actor, files: Sequence[Media]) -> Iterable[Media]:
    """Files of a post; of another server in a group of ours where they are for as long as this server has them."""
    if not _is_told(post):
        return files
    return (elsewhere.passed_on(app.base_url, file, author.host, post.visibility) for file in files)


async def activity(uri: str, viewer: int) -> Json | None:
    """The activity of ours with this id: published by itself, or announced by a group (a moderator's act).

    What says how a post reads is there as long as the viewer may see the post (attack PRI-13).
    """
    entry = await outbox.by_uri(uri)
    found = documents.read(entry.body) if entry is not None else None
    if entry is None and (entry := await announcements.carrying(uri)) is not None:
        announce = documents.read(entry.body)
        inner = announce["object"]
        found = {"@context": announce["@context"], **inner} if isinstance(inner, dict) else None
    if entry is None or found is None or (_tells(found) and not await _is_shown(viewer, entry.post_id)):
        return None
    return found


def _tells(activity: Json) -> bool:
    """Whether there is a post in it, not just its id."""
    inner: Any = activity
    while isinstance(inner, dict):
        if inner.get("type") in ("Create", "Update"):
            return True
        inner = inner.get("object")
    return False


async def _is_shown(viewer: int, post_id: int | None) -> bool:
    return post_id is None or await visible.sees(viewer, post_id)


def bare(document: Json) -> Json:
    """The document as part of another one, whose `@context` stands for it."""
    return {name: value for name, value in document.items() if name != "@context"}


async def _as_they_came(said: dict[int, Json], found: list[Post], notes: dict[int, Json]) -> dict[str, Json]:
    """The activities by which posts came, by the id of the post: as their authors proved them, else as the group
    announced them (`said`). What we would write of a post of others has less: no link of a Page, no picture.

    What was edited since is not there: it says something else now; nor what has addresses of pictures that end.
    """
    there = [
        post for post in found if post.edited_at is None and post.id in notes and not (_is_told(post) or _ends(post))
    ]
    authors = {post.uri: notes[post.id]["attributedTo"] for post in there}
    came: dict[str, Json] = {}
    for post in there:
        if (announce := said.get(post.id)) is not None:
            came[post.uri] = {"@context": announce["@context"], **announce["object"]}
    elsewhere = [post.uri for post in there if not post.local]
    came |= {uri: documents.read(zlib.decompress(raw)) for uri, raw in (await proven.creates(elsewhere)).items()}
    return {uri: create for uri, create in came.items() if _own_words(create, uri, authors[uri])}


def _is_told(post: Post) -> bool:
    """Whether a post is for members alone and of another server: who has it from its group completes it there."""
    return post.visibility == MEMBERS and not post.local


def _ends(post: Post) -> bool:
    return bool(post.local) and post.visibility >= MEMBERS and post.attachments_count > 0


def _own_words(create: Json, uri: str, author: str) -> bool:
    """Whether it is the author's own publication of that post, and not somebody's word about it (attack GRP-04)."""
    note = create.get("object")
    own = create.get("type") == "Create" and create.get("actor") == author
    return own and isinstance(note, dict) and note.get("id") == uri


_KINDS = {"page": "Page", "article": "Article"}


def _create(app: App, post: Post, note: Json, announce: str) -> Json:
    """As its author published it. Where that is not known, the id is one of ours, from that of the announcement: nobody
    makes ids at another host. PieFed 1.6.6 reads nothing of an outbox in which a mere id is announced.
    """
    uri = app.urls.create(post.id) if post.local else post.create_uri or f"{announce}#create"
    return activities.create(uri, note)
