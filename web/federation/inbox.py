"""The inbox: who says it is checked, it is made durable, and only then answered with 202."""

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from activitypub import documents, properties, quirks, verify
from activitypub.errors import BadSignature, Forbidden, Gone, Malformed, NotFound
from activitypub.origins import host_of
from fedcomm import admit, clock
from fedcomm.errors import NotFound as NobodyHere
from storage import actors
from web.federation.asking import finder, scheme, signed
from web.state import app_of


async def shared(request: Request) -> Response:
    """`POST /inbox`: for whomever it is here."""
    return await receive(request)


async def personal(request: Request) -> Response:
    """`POST` to the inbox of one of our people or groups.

    Raises:
        NobodyHere: there is no such actor.
    """
    found = await actors.local(request.path_params["name"])
    if found is None or found.gone:
        raise NobodyHere("There is nobody of that name here.")
    return await receive(request)


async def receive(request: Request) -> Response:
    """Take an activity in (architecture §2.3a). Nothing is answered "known already" before the signature is checked.

    Raises:
        BadSignature: 401: unsigned, or not signed by whom it says.
        NotAllowed: 403: of a server or actor that is not heard here.
        Malformed: 400: no activity.
        Unreachable: 503: the key cannot be had now; the sender tries again (attack SIG-19).
    """
    app = app_of(request)
    body = await _body(request)
    claim = verify.claim(signed(request, body), host=app.host, now=clock.now(), scheme=scheme(app))
    admit.sender(app.peers, claim.key_id)
    signer = verify.known(claim, app.keyring.lookup)
    if signer is None:
        try:
            if await _stranger_leaves(body, claim):
                return Response(b"", 202)
            signer = await verify.signer(claim, finder(app))
            app.keyring.proved(signer.key_id)
        except (Gone, NotFound) as fault:
            if verify.farewell(documents.read(body), claim.key_id):
                return Response(b"", 202)  # whose key is gone as well cannot be asked: nothing to do
            raise BadSignature("The key of the signature is not there any more.") from fault
    document = documents.read(body)
    try:
        verify.activity(document, signer)
    except Forbidden as fault:
        raise BadSignature(str(fault)) from fault
    admit.sender(app.peers, signer.actor)
    # What has no id of its own is known by its signature, with which it would come again.
    name = claim.signature.hex() if quirks.transient(document) else document["id"]
    await app.intake.take(signer.actor, name, body)
    await app.heard_from(host_of(signer.actor))
    return Response(b"", 202)


async def _stranger_leaves(body: bytes, claim: verify.Claim) -> bool:
    """Whether somebody says goodbye who was never known here: nothing to do, and nobody to ask for a key (SIG-20)."""
    try:
        document = documents.read(body)
        leaves = verify.farewell(document, claim.key_id)
    except Malformed:
        return False  # said when it is known who sent it
    actor = properties.reference(document.get("actor"))
    return leaves and actor is not None and await actors.by_uri(actor) is None


async def _body(request: Request) -> bytes:
    """The body, which mostly comes in one piece; its size and time are the guard's business (web/guard.py).

    Raises:
        ClientDisconnect: whoever sent it is gone.
    """
    pieces = []
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)


routes = [
    Route("/inbox", shared, methods=["POST"]),
    Route("/actor/inbox", shared, methods=["POST"]),
    Route("/users/{name}/inbox", personal, methods=["POST"]),
    Route("/c/{name}/inbox", personal, methods=["POST"]),
]
