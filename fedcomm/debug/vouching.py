"""`fedcomm debug verify`: who says what a recorded request or a document says, rule by rule; nothing is kept."""

import base64
from datetime import UTC, datetime
from typing import Any

from activitypub import documents, parse, verify
from activitypub.activities import Activity
from activitypub.errors import Forbidden, ProtocolError, Unreachable
from fedcomm import admit, clock
from fedcomm.app import App
from fedcomm.debug import meaning, recorded
from fedcomm.debug.looking import told
from fedcomm.debug.recorded import Recorded
from fedcomm.debug.steps import Steps
from fedcomm.errors import AppError

_FIXES = {
    "The request was made to another host.": "say with --host to which server it was made",
    "The request is not signed.": "record all headers, Signature too; a server that signs nothing is not heard",
    "The signature is too old, or from the future.": "look at the clocks of both servers",
}
_BYTES = "record the body as a string, byte by byte as it came: the digest is of these bytes"


async def verify_file(app: App, content: str, host: str = "") -> dict[str, Any]:
    """What holds of it and what does not; `content` is the file in base64, `host` the server that it was sent to.

    Raises:
        Invalid: it cannot be read.
    """
    steps = Steps()
    signer = await examine(app, steps, recorded.read(base64.b64decode(content)), host)
    return steps.answer(signer=signer)


async def examine(app: App, steps: Steps, found: Recorded, host: str = "") -> str:
    """Who vouches for what was recorded, by signature; '' when nobody does."""
    claim = _claimed(app, steps, found, host or app.host) if found.request is not None else None
    signer = await _signer(app, steps, claim) if claim is not None else None
    try:
        raw = documents.read(found.body)
        value = parse.document(raw)
    except ProtocolError as fault:
        if found.body or found.request is None:
            steps.fault("document", fault)
        return signer.actor if signer else ""
    if isinstance(value, Activity):
        _own(steps, raw, signer)
        await meaning.of_activity(app, steps, value, signer.actor if signer else "", key)
    else:
        await told(app, steps, raw)
        await meaning.proofs(app, steps, value, key)
    return signer.actor if signer else ""


async def key(app: App, key_id: str, fresh: bool = False) -> verify.KnownKey:
    """The key of that id, which is not kept when it has to be asked for.

    Raises:
        ProtocolError, Unreachable: it cannot be had.
    """
    if not fresh and (known := await app.keyring.stored(key_id)) is not None:
        return known
    if app.urls.own(key_id):
        raise Forbidden("Nobody else signs with a key of ours.")
    return await verify.find_key(key_id, app.client.get_document)


def _claimed(app: App, steps: Steps, found: Recorded, host: str) -> verify.Claim | None:
    """What the request claims, looked at as at the time that it names itself."""
    assert found.request is not None
    now, at = clock.now(), verify.signed_at(found.request)
    try:
        scheme = app.base_url.partition(":")[0]
        claim = verify.claim(found.request, host=host, now=at or now, scheme=scheme)
    except ProtocolError as fault:
        inexact = "digest" in str(fault).lower() and not found.exact
        steps.fault("signature", fault, _BYTES if inexact else _FIXES.get(str(fault), ""))
        return None
    steps.yes("signature", f"{claim.scheme}, says to be by {claim.key_id}; target, host, time and body are as signed")
    if at is not None and abs(now - at) > verify.MAX_AGE:
        when = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        steps.note("time", f"signed {when}: as it came now it would be refused as too old")
    return claim


async def _signer(app: App, steps: Steps, claim: verify.Claim) -> verify.Signer | None:
    """Whose key it is, and that it has made the signature."""

    async def find(key_id: str, fresh: bool) -> verify.KnownKey:
        return await key(app, key_id, fresh)

    try:
        admit.sender(app.peers, claim.key_id)
        signer = await verify.signer(claim, find)
        steps.yes("key", f"it is of {signer.actor}, which lists it, and it has made the signature")
        admit.sender(app.peers, signer.actor)
    except (ProtocolError, Unreachable, AppError) as fault:
        steps.fault("key", fault)
        return None
    return signer


def _own(steps: Steps, raw: dict[str, Any], signer: verify.Signer | None) -> None:
    if signer is None:
        return
    try:
        verify.activity(raw, signer)
        steps.yes("actor", "the activity is by who signed it, and its id is of that origin (FEP-fe34 §Authentication)")
    except ProtocolError as fault:
        steps.fault("actor", fault)
