"""What this server is, its rules, whom to ask."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.peers
from fedcomm import peers, settings
from storage import visible
from storage.peers import Decision
from web import state
from web.pages import frame
from web.pages.readers import reader_of


async def show(request: Request) -> Response:
    """`GET /about`"""
    site = await settings.current(state.app_of(request))
    contact = await storage.actors.local(site.contact_account) if site.contact_account else None
    if contact and not await visible.seen_actors(visible.ANYBODY, [contact.id]):
        contact = None
    return await frame.page(request, "about.html", contact=contact)


async def federation(request: Request) -> Response:
    """`GET /about/federation`: with whom this server speaks, and about which it decided what and why.

    Which those are is told to whom an admin opened it, as in the client API (attack PRI-20).
    """
    app, shown_to = state.app_of(request), (await settings.current(state.app_of(request))).blocks_shown
    may = shown_to == "everybody" or (shown_to == "members" and await reader_of(request) is not None)
    found = [each for each in await storage.peers.decided() if _told(each.decision)] if may else []
    decided = [(peers.obfuscated(each.host) if each.decision.obfuscate else each.host, each.decision) for each in found]
    return await frame.page(
        request,
        "federation.html",
        allow_list=app.peers.allow_list,
        shown_to=shown_to,
        may=may,
        decided=sorted(decided, key=lambda each: (each[1].policy != "suspend", each[1].policy != "limit", each[0])),
    )


def _told(decision: Decision) -> bool:
    """Whether others are told: what is done to a server, not that it is let in."""
    return decision.policy in ("limit", "suspend") or decision.reject_media or decision.reject_reports


routes = [
    Route("/about", show),
    Route("/about/federation", federation),
]
