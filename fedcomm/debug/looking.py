"""`fedcomm debug fetch`: how this server finds what stands at an address or handle of another one, step by step."""

from typing import Any
from urllib.parse import urlsplit

from activitypub import authenticity, parse, verify, webfinger
from activitypub.activities import Activity, Collection
from activitypub.actors import Actor
from activitypub.client import Document
from activitypub.errors import ProtocolError, Unreachable
from activitypub.objects import Note, Tombstone
from activitypub.origins import host_of, is_url
from fedcomm import admit
from fedcomm.app import App
from fedcomm.debug.steps import Steps
from fedcomm.errors import AppError, Invalid
from storage import actors, posts

_OURS = "it is an address of this server: look at it with `curl -H 'Accept: application/activity+json' URL`"


async def fetch(app: App, what: str) -> dict[str, Any]:
    """What came of asking for it; nothing of it is kept.

    Raises:
        Invalid: neither an address nor a handle.
    """
    what, steps = what.strip(), Steps()
    if not is_url(what) and "@" not in what.lstrip("@!"):
        raise Invalid("{what} is neither an address nor a handle.", what=what, fix="name https://… or name@host")
    url = what if is_url(what) else await _found(app, steps, what)
    document = await _asked(app, steps, url) if url else None
    if document is not None:
        await told(app, steps, document.raw)
    return steps.answer(document=document.raw if document else None)


async def _found(app: App, steps: Steps, handle: str) -> str:
    """Where a handle leads; '' when nowhere."""
    scheme = urlsplit(app.base_url).scheme
    try:
        found = await webfinger.lookup(app.client, handle.lstrip("@!"), scheme=scheme)
    except (ProtocolError, Unreachable) as fault:
        steps.fault("WebFinger", fault)
        return ""
    steps.yes("WebFinger", f"{handle} is {found.uri}, and may be called {found.handle}")
    return found.uri


async def _asked(app: App, steps: Steps, url: str) -> Document | None:
    if app.urls.own(url):
        steps.no("address", "this server does not ask itself", _OURS)
        return None
    try:
        admit.server(app.peers, host_of(url))
        steps.yes("server", f"{host_of(url)} is spoken with")
        document = await app.client.get_document(url)
    except (ProtocolError, Unreachable, AppError) as fault:
        steps.fault("document", fault)
        return None
    steps.yes("document", f"found at {document.url}, which is its id or the place that it was asked for at")
    return document


async def told(app: App, steps: Steps, raw: dict[str, Any]) -> None:
    """What a document is, whether it may speak for whom it names, and whether that is known here."""
    try:
        value = parse.document(raw)
    except ProtocolError as fault:
        steps.fault("meaning", fault)
        return
    steps.yes("meaning", _meaning(value))
    if isinstance(value, Note | Actor | Tombstone | Collection | Activity):
        try:
            authenticity.genuine(value)
            steps.yes("owner", "whoever it is by lives at the origin of its id (FEP-fe34 §Ownership)")
        except ProtocolError as fault:
            steps.fault("owner", fault)
    try:
        if (key_id := verify.proof_key(raw)) is not None:
            steps.note("proof", f"it has one by {key_id}: `fedcomm debug verify` looks at that")
    except ProtocolError as fault:
        steps.fault("proof", fault)
    await _known(steps, raw.get("id"))


async def _known(steps: Steps, uri: object) -> None:
    if not isinstance(uri, str):
        return
    if (actor := await actors.by_uri(uri)) is not None:
        state = "deleted" if actor.deleted_at else "suspended" if actor.suspended_at else "known"
        steps.note("here", f"an actor that is {state} here, number {actor.id}")
    elif (post := await posts.by_uri(uri)) is not None:
        steps.note("here", f"a post that is {'deleted' if post.deleted_at else 'known'} here, number {post.id}")
    else:
        steps.note("here", "not known here yet; nothing was kept of it now")


def _meaning(value: object) -> str:
    if isinstance(value, Actor):
        return f"an actor ({value.kind}) called {value.username}"
    if isinstance(value, Note):
        answers = f", answers {value.in_reply_to}" if value.in_reply_to else ""
        return f"a post ({value.kind}) by {value.attributed_to}{answers}"
    if isinstance(value, Activity):
        return f"an activity ({value.type}) by {value.actor}"
    if isinstance(value, Collection):
        return f"a collection of {len(value.items)} things on this page"
    return "a tombstone: it was deleted" if isinstance(value, Tombstone) else "nothing that this server understands"
