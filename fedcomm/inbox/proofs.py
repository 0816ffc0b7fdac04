"""Proofs in what comes in (FEP-8b32): who vouches for an activity besides the one who brought it."""

import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from activitypub import documents, verify
from activitypub.activities import Activity, Thing
from activitypub.errors import ProtocolError
from activitypub.objects import Note
from activitypub.origins import host_of
from fedcomm import clock
from fedcomm.app import App
from fedcomm.inbox.hand import Wants
from storage import posts
from storage.connect import Writes

MAX_PROOFS = 20  # of one item that are looked at; one costs 0.14 ms


class Proven(msgspec.Struct, frozen=True):
    """An activity or a post whose owner has proven it, as it read."""

    uri: str
    object_uri: str
    document: dict[str, Any]


async def proven(app: App, activity: Activity, asked: frozenset[str]) -> tuple[Proven, ...]:
    """What in an activity its owner has proven: the activity itself, one that it passes on, a post in it.

    A proof that does not hold proves nothing, and does no harm: whoever brought the document may still vouch for it.
    An id that stands for two things proves neither, so that nobody hides a forged one behind a real one.

    Raises:
        Wants: keys must be asked for first, and were not `asked` for yet.
    """
    if not _mentioned(activity):
        return ()
    times = Counter(thing.uri for thing, _document in within(activity, {}))
    found: list[Proven] = []
    unknown: list[str] = []
    for thing, document in within(activity, {}):
        key_id = _key_of(document) if len(found) + len(unknown) < MAX_PROOFS else None
        if thing.uri is None or key_id is None or times[thing.uri] > 1 or app.peers.blocked(host_of(key_id)):
            continue
        key = await app.keyring.stored(key_id)
        if key is None:
            unknown.append(key_id)
        elif _holds(document, key):
            about = (thing.object_id or "") if isinstance(thing, Activity) else thing.uri
            found.append(Proven(thing.uri, about, document))
    missing = [key_id for key_id in unknown if key_id not in asked and not app.urls.own(key_id)]
    if missing:
        raise Wants(keys=dict.fromkeys(missing))
    return tuple(found)


def keep(writes: Writes, found: tuple[Proven, ...]) -> None:
    """Remember proven activities as they read, compressed, so that others can be shown the proof (cohosting.md §15)."""
    for each in found:
        if "actor" in each.document:
            raw = zlib.compress(documents.write(each.document))
            posts.prove(writes, each.uri, each.object_uri, raw, clock.now_ms())


def within(thing: Thing, around: dict[str, Any]) -> Iterator[tuple[Activity | Note, dict[str, Any]]]:
    """An activity and all that it carries, each with its document under the `@context` that stands for it."""
    if not isinstance(thing, Activity | Note):
        return
    context = {"@context": around["@context"]} if "@context" in around else {}
    document = {**context, **thing.raw}
    yield thing, document
    if isinstance(thing, Activity):
        for inner in thing.objects:
            yield from within(inner, document)


def _mentioned(thing: Thing) -> bool:
    if isinstance(thing, Note):
        return "proof" in thing.raw
    return isinstance(thing, Activity) and ("proof" in thing.raw or any(map(_mentioned, thing.objects)))


def _key_of(document: dict[str, Any]) -> str | None:
    try:
        key_id = verify.proof_key(document)
        return key_id if key_id is not None and host_of(key_id) else None
    except ProtocolError:
        return None


def _holds(document: dict[str, Any], key: verify.KnownKey) -> bool:
    try:
        verify.proof(document, key, clock.now())
    except ProtocolError:
        return False
    return True
