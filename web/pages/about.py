"""What this server is, its rules, whom to ask."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
from fedcomm import settings
from fedcomm.errors import NotFound
from storage import visible
from web import state
from web.pages import frame


async def show(request: Request) -> Response:
    """`GET /about`"""
    site = await settings.current(state.app_of(request))
    contact = await storage.actors.local(site.contact_account) if site.contact_account else None
    if contact and not await visible.seen_actors(visible.ANYBODY, [contact.id]):
        contact = None
    return await frame.page(request, "about.html", contact=contact)


async def privacy_policy(request: Request) -> Response:
    """`GET /privacy-policy`"""
    site = await settings.current(state.app_of(request))
    return await _paper(request, "privacy", site.privacy_policy)


async def terms(request: Request) -> Response:
    """`GET /terms-of-service`"""
    site = await settings.current(state.app_of(request))
    return await _paper(request, "terms", site.terms)


async def _paper(request: Request, kind: str, text: str) -> Response:
    if not text:
        raise NotFound("Nothing has been written down yet.")
    return await frame.page(request, "paper.html", kind=kind, text=text)


routes = [
    Route("/about", show),
    Route("/privacy-policy", privacy_policy),
    Route("/terms-of-service", terms),
]
