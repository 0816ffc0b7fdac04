"""`/media/…`: the pictures that are kept here. One of a post for everybody is there for whoever knows its address,
which nobody guesses; of another for whoever has one that has not ended (`passes.py`) or may see the post.
"""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

import fedcomm.elsewhere
import storage.media
from activitypub.errors import ProtocolError, Unreachable
from fedcomm import oauth, passes, stills
from fedcomm.errors import NotAllowed, NotFound
from storage import visible
from storage.copies import Copy
from web import auth, params, state
from web.federation.asking import asker
from web.pages.readers import reader_of

# Whatever a file holds, a browser that opens it by itself runs and loads nothing (attacks XSS-09, XSS-19).
POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
# A browser keeps what its reader saw. A cache that serves many asks here each minute whether it is still shown, and
# gives nothing else when it cannot ask (RFC 9111 §5.2.2.10): what is deleted is gone there as well (attack PRI-13).
_HEADERS = {
    "cache-control": "public, max-age=31536000, s-maxage=60, immutable",
    "content-security-policy": POLICY,
    "content-disposition": "inline",
    "cross-origin-resource-policy": "cross-origin",
    "access-control-allow-origin": "*",
    "vary": "Accept-Encoding",
}
_OF_FEW = {"cache-control": "private, max-age=3600"}
_MISSING = "There is no such picture, or not any more."


async def file(request: Request) -> Response:
    """`GET /media/{folder}/{name}`: whole, also to who asks for a part (RFC 9110 §14.2)."""
    name = request.path_params["name"].partition(".")[0]
    key = f"{request.path_params['folder']}/{name}"
    found = await storage.media.served(key)
    if found is None or not found.shared:  # what is not there is asked for as what is for others, and takes as long
        passed = found is not None and not found.removed and _opened(request, key)
        if not (passed or await _may_see(request, found.post_id if found else 0)) or found is None:
            raise NotFound(_MISSING)
    return await _handed_out(request, found.key, found.mime, shared=found.shared)


async def elsewhere(request: Request) -> Response:
    """`GET /media/elsewhere/{name}`: a picture of another server, which does not learn who looks."""
    app = state.app_of(request)
    found, shared = await fedcomm.elsewhere.copy(app, request.path_params["name"], partial(_admitted, request))
    try:
        return await _handed_out(request, found.key or "", found.mime, shared=shared)
    except NotFound:
        await fedcomm.elsewhere.lost(app, found)
        raise


async def still(request: Request) -> Response:
    """`GET /emojis/{id}/still`: one of our emojis, for who does not want to see it move."""
    found = await stills.of_ours(state.app_of(request), params.number(request))
    if isinstance(found, Copy):
        return await _handed_out(request, found.key or "", found.mime)
    return Response(found[1], 200, _HEADERS, found[0])


async def _admitted(request: Request, post_id: int) -> bool:
    """As `elsewhere.copy` asks: the same picture without movement has the same address with a letter before it."""
    name = request.path_params["name"].removeprefix("s")
    return _opened(request, f"elsewhere/{name}") or await _may_see(request, post_id)


def _opened(request: Request, name: str) -> bool:
    given = request.query_params
    return passes.opens(name, given.get("until", ""), given.get("by", ""))


async def _may_see(request: Request, post_id: int) -> bool:
    """Whether who asks may see the post: a reader here, by a page or a program, or a server that signs its request.

    Who asks badly is nobody: that there is something is told to nobody else (attack PRI-02).
    """
    if (reader := await reader_of(request)) is not None and await visible.sees(reader.actor.id, post_id):
        return True
    if "authorization" in request.headers:
        holder = await auth.identify(request)
        if holder is not None and holder.state == "active" and oauth.covers(holder.scopes, "read:statuses"):
            return await visible.sees(holder.actor_id or visible.ANYBODY, post_id)
    try:
        asking = await asker(request)
    except (ProtocolError, Unreachable, NotAllowed):
        return False
    if asking is None:
        return False
    return await visible.sees(asking.id, post_id) or bool(await visible.on_server(asking.id, post_id))


async def _handed_out(request: Request, key: str, mime: str, *, shared: bool = True) -> Response:
    """`shared`: whoever passes it on may keep it; what is for few may be taken out, and is gone then."""
    blobs, tag = state.app_of(request).blobs, f'"{key[3:]}"'
    told = _HEADERS if shared else _HEADERS | _OF_FEW
    if request.headers.get("if-none-match") == tag:
        return Response(b"", 304, told | {"etag": tag})
    try:
        size = await blobs.size(key)
    except FileNotFoundError:
        raise NotFound(_MISSING) from None
    headers = told | {"etag": tag, "content-length": str(size)}
    return StreamingResponse(blobs.read(key, 0, size), 200, headers, mime)


routes = [
    Route("/media/{folder}/{name}", file),
    Route("/media/elsewhere/{name}", elsewhere),
    Route("/emojis/{id}/still", still),
]
