"""An answer that was found where its author published it, and that nobody sent here: it counts as if it had been sent.

In a thread of a group of ours it is in the group then, which tells those who follow it. Whoever may not write there, or
has to wait, may not and has to in this way either.
"""

from contextlib import suppress

import msgspec

from activitypub import authenticity, parse, quirks
from activitypub.activities import Activity
from activitypub.client import Allowance
from activitypub.contexts import ACTIVITYSTREAMS
from activitypub.errors import ProtocolError, Unreachable
from activitypub.objects import Note
from activitypub.origins import host_of
from fedcomm import errors
from fedcomm.app import App
from fedcomm.inbox import contacts, create, facts, spoken
from fedcomm.inbox.hand import Hand, Ignored, Wants
from storage import posts
from storage.connect import Writes, apply
from storage.errors import IntegrityError

_SAME = ("attributed_to", "in_reply_to", "name", "content", "summary", "audience")  # of one post, however it came


async def take(app: App, note: Note, allowance: Allowance, without: set[str]) -> bool:
    """Take a post, as its origin told it just now, into the group of ours in whose thread it answers; says if it is in.

    `without` are hosts that give no `Create` of their posts; they are not asked again.
    """
    said = await _create_of(app, note, allowance, without) or _unnamed(note)
    known = await facts.gather([said], [spoken.names(said)], app.host)
    await contacts.look(app, known, [said])
    hand = Hand(
        app=app, facts=known, writes=Writes(), signer=said.actor, document=said.raw, fetched=frozenset((note.uri,))
    )
    try:
        author, parent = hand.actor(said.actor), hand.known_post(note.in_reply_to or "")
        group = create.group_for(hand, note, author, parent)
        if group is None or not group.local:
            return False
        create.note(hand, said)
    except (Ignored, Wants, ProtocolError, errors.AppError):
        return False
    with suppress(IntegrityError):  # it came another way meanwhile
        await apply(hand.writes)
    found = await posts.by_uri(note.uri)
    return found is not None and found.group_id == group.id


async def _create_of(app: App, note: Note, allowance: Allowance, without: set[str]) -> Activity | None:
    """By which activity the author published it, where their server has that beside the post.

    Mastodon and Misskey do (`…/activity`). It says the same as the post, or it is not used.
    """
    host = host_of(note.uri)
    if host in without or "?" in note.uri or app.peers.family(host) == quirks.GROUPS:
        return None
    try:
        said = parse.activity((await app.client.get_document(f"{note.uri}/activity", allowance=allowance)).raw)
        authenticity.genuine(said)
    except (ProtocolError, Unreachable):
        without.add(host)
        return None
    inside = said.object
    same = isinstance(inside, Note) and inside.uri == note.uri
    if said.type != "Create" or said.actor != note.attributed_to or not same:
        return None
    if any(getattr(inside, name) != getattr(note, name) for name in _SAME):
        return None
    return msgspec.structs.replace(said, object=note, objects=(note,))


def _unnamed(note: Note) -> Activity:
    """That the author published it, without an id: nobody else makes one up."""
    inside = {name: value for name, value in note.raw.items() if name != "@context"}
    raw = {
        "@context": note.raw.get("@context", ACTIVITYSTREAMS),
        "type": "Create",
        "actor": note.attributed_to,
        "object": inside,
    }
    raw |= {name: note.raw[name] for name in ("to", "cc", "published") if name in note.raw}
    return parse.activity(raw)
