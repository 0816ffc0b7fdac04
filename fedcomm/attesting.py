"""What only a group for its members vouches for: that somebody wrote something in it, on a server that shows it to few.

Mastodon serves what is for followers to nobody else, and proves nothing. So a group that is for its members is believed
what it tells them of posts in it, and of nothing else: the origin of such a post is asked first, what it says itself
counts from the moment it says it, and the post stays among the members of that group (docs/decisions/0034).
"""

from typing import Any

import msgspec

from activitypub import authenticity, parse
from activitypub.activities import Activity
from activitypub.errors import ProtocolError
from activitypub.objects import Note
from fedcomm import clock, mapping, memberships, recording
from fedcomm.app import App
from fedcomm.urls import Urls
from storage import actors, attested, groups, posts
from storage.actors import Actor
from storage.connect import Writes
from storage.groups import Group
from storage.posts import MEMBERS, Post

TRUTH = "attested"  # of such a post
_TELLING = frozenset(("Create", "Update"))


def attests(group: Group) -> bool:
    """Whether a group is believed what others wrote in it: one of another server that is for its members."""
    return not group.local and group.visibility == "members"


def note_of(urls: Urls, raw: Any) -> Note | None:
    """The post in a document that such a group tells; None where its word counts for nothing.

    Its author lives where it has its id, and not here; and it is not for everybody (attack ORI-19).
    """
    try:
        note = parse.object(raw) if isinstance(raw, dict) else None
        if not isinstance(note, Note):
            return None
        authenticity.genuine(note)
    except ProtocolError:
        return None
    if note.audience.public or note.vote or urls.own(note.uri) or urls.own(note.attributed_to or ""):
        return None
    # What an emoji looks like is for the author's server alone to say.
    return msgspec.structs.replace(note, emojis=())


async def restored(app: App, activity: Activity) -> tuple[Activity, frozenset[str]]:
    """An announcement with the post in it that nobody but the group vouches for, and the id of that post.

    All others are given back as they are.
    """
    inner = activity.object
    if activity.type != "Announce" or activity.audience.public or len(activity.objects) != 1:
        return activity, frozenset()
    if isinstance(inner, str):
        return await _discussed(app, activity, inner)
    note = _told(app.urls, activity)
    group = await groups.by_face(activity.actor) if note is not None else None
    if note is None or group is None or not attests(group) or not isinstance(inner, Activity):
        return activity, frozenset()
    inner = msgspec.structs.replace(inner, object=note, objects=(note,))
    return msgspec.structs.replace(activity, object=inner, objects=(inner,)), frozenset((note.uri,))


async def in_doubt(app: App, activity: Activity) -> str:
    """The id of a group that tells what `restored` would believe of a private one, and is for everybody as far as is
    known here: it may have become private a moment ago. '' when there is nothing to ask."""
    if _told(app.urls, activity) is None or app.openness_read.lately(activity.actor):
        return ""
    group = await groups.by_face(activity.actor)
    return activity.actor if group is not None and not group.local and group.visibility == "public" else ""


def _told(urls: Urls, activity: Activity) -> Note | None:
    """The post in an announcement that is for nobody but followers, of which nothing but its id counts otherwise."""
    inner = activity.object
    if activity.type != "Announce" or activity.audience.public or len(activity.objects) != 1:
        return None
    if not isinstance(inner, Activity) or inner.type not in _TELLING or not isinstance(inner.object, str):
        return None
    note = note_of(urls, inner.raw.get("object"))
    return note if note is not None and note.uri == inner.object and note.attributed_to == inner.actor else None


async def _discussed(app: App, activity: Activity, uri: str) -> tuple[Activity, frozenset[str]]:
    """A group of Mobilizon 5 announces what somebody elsewhere said among its members, and how it reads since, as the
    post itself (Utils.do_maybe_relay_if_group_activity, from Actions.Create and Update); here as what was done."""
    told = activity.raw.get("object")
    note = note_of(app.urls, told) if isinstance(told, dict) else None
    if note is None or note.uri != uri or note.attributed_to is None or activity.actor not in note.audience.audience:
        return activity, frozenset()
    group, face = await groups.by_face(activity.actor), await actors.by_uri(activity.actor)
    if group is None or group.local or face is None or not await memberships.apart(face):
        return activity, frozenset()
    known = await posts.by_uri(uri)
    kind = "Update" if known is not None and known.group_id == group.id else "Create"
    said = Activity(type=kind, actor=note.attributed_to, object=note, objects=(note,), audience=note.audience)
    return msgspec.structs.replace(activity, object=said, objects=(said,)), frozenset((uri,))


def inside(note: Note, author: Actor, group: Group, face: Actor, parent: Post | None) -> bool:
    """Whether a post says that it is for the members of the group: by naming it, or by answering among them."""
    if mapping.posts.confined(note, author, face):
        return True
    among = parent is not None and parent.group_id == group.id and parent.visibility == MEMBERS
    to_followers = bool(author.followers) and author.followers in note.audience.everyone
    return among and to_followers and not note.audience.public


def fits(note: Note, known: Post, author: Actor, group: Group, face: Actor, parent: Post | None) -> bool:
    """Whether what an author says is what the group told of them: by them, among its members, in answer to the same.

    What it answers may have another id for its author, which only the group knows (`retelling.py`).
    """
    if known.author_id != author.id or known.deleted_at is not None or not inside(note, author, group, face, parent):
        return False
    if note.in_reply_to is None or parent is not None:
        return known.parent_id == (parent.id if parent is not None else None)
    return known.parent_id is not None


def confirm(
    app: App, writes: Writes, known: Post, author: Actor, note: Note, named: tuple[Actor, ...], truth: str
) -> None:
    """An author says what a group told of them: only their words count, also where the group told a later version.

    Nor is what it told an earlier version of theirs, or its poll theirs.
    """
    attested.forget_poll(writes, known.id)
    recording.edit(app, writes, msgspec.structs.replace(known, author_updated=None), author, note, named)
    published = min(note.published or known.published, clock.now_ms())
    own = {"url": note.url or note.uri, "kind": note.kind.lower(), "published": published}
    posts.change(writes, known.id, truth=truth, edited_at=None, **own)
    attested.forget_revisions(writes, known.id)


def displace(app: App, writes: Writes, known: Post) -> None:
    """What a group said somebody wrote is not what they wrote: it goes, and leaves its id to what they did."""
    name = f"{known.uri}#told-{known.id}"
    posts.change(writes, known.id, uri=name)
    recording.erase(app, writes, msgspec.structs.replace(known, uri=name))
