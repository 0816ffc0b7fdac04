"""What this server is, its rules, whom to ask."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
from fedcomm import settings
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


routes = [Route("/about", show)]
