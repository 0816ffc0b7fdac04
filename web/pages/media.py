"""`/media/…`: the pictures that are kept here, for everybody who knows their address, which nobody guesses."""

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

import fedcomm.elsewhere
import storage.media
from fedcomm import stills
from fedcomm.errors import NotFound
from storage.copies import Copy
from web import params, state
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
    if found is None and (reader := await reader_of(request)) is not None:
        found = await storage.media.served(key, reader.actor.id)  # what was taken out of a group stays its author's
    if found is None:
        raise NotFound(_MISSING)
    return await _handed_out(request, found.key, found.mime, shared=found.shared)


async def elsewhere(request: Request) -> Response:
    """`GET /media/elsewhere/{name}`: a picture of another server, which does not learn who looks."""
    app = state.app_of(request)
    found, shared = await fedcomm.elsewhere.copy(app, request.path_params["name"])
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
