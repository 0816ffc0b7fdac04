"""Our custom emojis for everybody: their pictures, and what other servers ask of them."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.emojis
from activitypub import documents
from activitypub.contexts import context_for
from fedcomm import emojis
from fedcomm.errors import NotFound
from web import params, respond, state

# Whatever the bytes are, no browser runs anything of them (attack XSS-09); another picture has another address.
_HEADERS = {
    "cache-control": "public, max-age=31536000, immutable",
    "content-security-policy": "default-src 'none'; sandbox",
    "access-control-allow-origin": "*",
}
_MISSING = "There is no such emoji."


async def picture(request: Request) -> Response:
    """`GET /emojis/{id}.png` and its like."""
    found = await storage.emojis.picture(params.number(request))
    if found is None or not request.scope["path"].endswith(f".{emojis.ENDINGS[found[0]]}"):
        raise NotFound(_MISSING)
    return Response(found[1], 200, _HEADERS, found[0])


async def document(request: Request) -> Response:
    """`GET /emojis/{id}`"""
    wanted = params.number(request)
    for found in (await emojis.ours()).values():
        if found.id == wanted:
            told = emojis.as_told(state.app_of(request).urls, found)
            icon = {"type": "Image", "mediaType": told.media_type, "url": told.url}
            body = {"id": told.uri, "type": "Emoji", "name": f":{told.shortcode}:", "icon": icon}
            return respond.document(request, documents.write({"@context": context_for({"Emoji"}), **body}))
    raise NotFound(_MISSING)


routes = [
    Route("/emojis/{id}", document),
    *(Route(f"/emojis/{{id}}.{ending}", picture) for ending in emojis.ENDINGS.values()),
]
