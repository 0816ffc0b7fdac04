"""Who asks for a document: a server that signs its request, or anybody."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from activitypub import quirks, verify
from activitypub.errors import BadSignature, Forbidden
from fedcomm import admit, clock, fetching
from fedcomm.app import App
from fedcomm.mapping import plain
from storage import actors, visible
from storage.actors import Actor
from web.state import app_of

PRIVATE = "private, no-store"


def signed(request: Request, body: bytes) -> verify.Request:
    """The request as it arrived, for the check of its signature; nothing that a proxy added is asked."""
    scope = request.scope
    target = scope["raw_path"].decode("latin-1")
    if scope["query_string"]:
        target += "?" + scope["query_string"].decode("latin-1")
    return verify.Request(scope["method"], target, scope["headers"], body)


async def asker(request: Request) -> Actor | None:
    """The actor elsewhere in whose name a document is asked for; None for an unsigned request.

    Raises:
        BadSignature: signed, but not well (attack SIG-33).
        Forbidden, NotAllowed: of a server or actor that is not heard here.
        Unreachable: whose key it is cannot be found out now.
    """
    if "signature" not in request.headers:
        return None
    app = app_of(request)
    claim = verify.claim(signed(request, b""), host=app.host, now=clock.now(), scheme=scheme(app))
    admit.sender(app.peers, claim.key_id)
    signer = verify.known(claim, app.keyring.lookup)
    if signer is None:
        signer = await verify.signer(claim, finder(app))
        app.keyring.proved(signer.key_id)
    found = await actors.by_uri(signer.actor)
    if found is None:
        raise BadSignature("The signer is not known.")
    if found.gone:
        raise Forbidden("The signer is not heard here.")
    return found


async def viewer(request: Request) -> int:
    """For whom a document is shown: the id of the actor who asks, or `visible.ANYBODY`.

    In allow-list mode only allowed servers are told anything.

    Raises:
        BadSignature, Forbidden, NotAllowed, Unreachable: as `asker`.
    """
    found = await asker(request)
    if found is None and app_of(request).peers.allow_list:
        where = app_of(request).peers.rules_at
        raise Forbidden(f"This server speaks only with servers it knows. Please sign the request. What holds: {where}")
    return found.id if found is not None else visible.ANYBODY


class Worded(msgspec.Struct, frozen=True):
    """Documents as the program of who asks reads them; `polls`: there are some; `changed`: they are texts now."""

    documents: tuple[Any, ...]
    polls: bool = False
    changed: bool = False

    def mark(self, answer: Response) -> Response:
        """The answer, kept by no cache for a program that reads something else."""
        if self.polls:
            answer.headers["vary"] += ", User-Agent"
        if self.changed:
            answer.headers["cache-control"] = PRIVATE
        return answer


async def worded(request: Request, told: tuple[Any, ...]) -> Worded:
    """What is served, as it is sent to the server that asks: polls as texts where its program reads none.

    Of who does not sign, the program is what it says of itself, which opens nothing.
    """
    if not any(plain.asks(each) for each in told):
        return Worded(told)
    asking = await asker(request)
    if asking is not None:
        reads = app_of(request).peers.reads_polls(asking.host)
    else:
        reads = quirks.reads_polls(request.headers.get("user-agent", "").partition("/")[0])
    if reads:
        return Worded(told, polls=True)
    return Worded(tuple(plain.without_polls(each) if plain.asks(each) else each for each in told), True, True)


def finder(app: App) -> verify.KeyFinder:
    """Looks keys up for `verify`."""

    async def find(key_id: str, fresh: bool) -> verify.KnownKey:
        return await fetching.key(app, key_id, fresh)

    return find


def scheme(app: App) -> str:
    """http or https, as this server is known."""
    return app.base_url.partition(":")[0]
