"""Posts that the lists of a private group tell whole, where their origins show them to nobody here (`attesting.py`)."""

from contextlib import suppress
from typing import Any

import msgspec

from activitypub.client import Allowance
from activitypub.errors import ProtocolError, Unreachable
from fedcomm import admit, attesting, errors, fetching
from fedcomm.app import App
from fedcomm.recording import record
from storage import media, posts, registers
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.errors import IntegrityError
from storage.groups import Group
from storage.posts import MEMBERS, Post


async def keep(app: App, group: Group, face: Actor, raw: Any, allowance: Allowance) -> Post | None:
    """Keep a post that a list of the group tells, whose origin was asked for it in vain; None where that counts not."""
    note = attesting.note_of(app.urls, raw) if attesting.attests(group) else None
    if note is None or note.attributed_to is None:
        return None
    try:
        author = await fetching.actor(app, note.attributed_to, allowance=allowance)
    except (ProtocolError, Unreachable, errors.AppError):
        return None
    parent = await posts.by_uri(note.in_reply_to) if note.in_reply_to else None
    if note.in_reply_to and (parent is None or parent.group_id != group.id):
        return None
    if author.gone or app.peers.blocked(author.host) or not attesting.inside(note, author, group, face, parent):
        return None
    buried = [await posts.dead(uri) for uri in (note.uri, posts.taken_back(note.uri, author.uri))]
    if any(buried) or admit.banned(await registers.get(group.id, "ban", author.uri)):
        return None
    arrival = await fetching.arrival_of(app, note, author, parent, face.host)
    told = {"truth": attesting.TRUTH, "group": group, "visibility": MEMBERS, "awaited": False}
    kept = record(app, writes := Writes(), msgspec.structs.replace(arrival, **told))
    media.vouched(writes, kept.id)
    with suppress(IntegrityError):  # it came another way meanwhile
        await apply(writes)
    return await posts.by_uri(note.uri)
