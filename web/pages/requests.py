"""Who wants to join a group, and what moderators decide: let in, turn down with a reason, let in after all."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.join_requests
from fedcomm import deputies, requests, rights
from fedcomm.app import App
from fedcomm.desk import afar, lists, reading, values
from fedcomm.desk.values import Denied
from fedcomm.errors import AppError
from storage.join_requests import Waiting
from storage.paging import Page
from web import paging, state
from web.pages import decisions, frame, whom
from web.pages.decisions import Act, Decision
from web.pages.looking_after import Place, looking_after_any

_PEOPLE = 30


@looking_after_any
async def show(request: Request, place: Place) -> Response:
    """`GET /c/{name}/requests`; `…/requests/denied`: those that were turned down"""
    place.by(rights.APPROVE)
    return await _page(request, place)


@looking_after_any
async def decide(request: Request, place: Place) -> Response:
    """`POST /c/{name}/requests`, and `…/requests/denied`"""
    app, name, by = state.app_of(request), place.face.username, place.by(rights.APPROVE)
    where = "requests/denied" if _denied(request) else "requests"
    acts: dict[str, Act] = {
        "accept": lambda given: requests.accept(app, name, given.id, by),
        "deny": lambda given: requests.deny(app, name, given.id, given.reason, by),
        "let_in": lambda given: requests.let_in(app, name, given.id, by),
    }
    if not place.group.local:
        acts = {
            "accept": partial(_answer, app, place, granted=True),
            "deny": partial(_answer, app, place, granted=False),
            "let_in": partial(_let_in_afar, app, place),
        }
    return await decisions.taken(request, place, where, acts, partial(_page, request, place))


async def _answer(app: App, place: Place, given: Decision, *, granted: bool) -> None:
    """Answer for a group of another server."""
    by = place.reader.actor
    await deputies.answer(app, place.group, place.face, given.id, by, granted=granted, reason=given.reason)


def _denied(request: Request) -> bool:
    return str(request.scope["path"]).endswith("/denied")


async def _let_in_afar(app: App, place: Place, given: Decision) -> None:
    said = values.Decision(act="let_in", id=given.who)
    await afar.decide(app, place.group, place.face, place.reader.actor, said)


async def _page(
    request: Request, place: Place, given: Decision = Decision(), refused: AppError | None = None
) -> Response:
    page, app = paging.page_of(request, usual=_PEOPLE), state.app_of(request)
    denied, asking, older = Denied(), list[Waiting](), 0
    if _denied(request):
        try:
            denied = await _turned_down(app, place, page)
        except AppError as why:
            refused = refused or why
    else:
        asking, more = await storage.join_requests.waiting(place.group.id, page)
        older = asking[-1].id if more else 0
    people = await storage.actors.by_ids([each.actor_id for each in asking])
    gone = request.query_params.get("decided", "")
    return await frame.with_form(
        request,
        "requests.html",
        refused,
        {"cache-control": "no-store"},
        group=place.group,
        face=place.face,
        given=given,
        denied=_denied(request),
        turned_down=[line for line in await whom.lines(denied.entries) if line.told.id != gone],
        asking=[(each, people[each.actor_id]) for each in asking if each.actor_id in people],
        unasked={each.id for each in people.values() if app.peers.deaf(each.host)},
        older=older or denied.older,
        longest=requests.MAX_REASON,
    )


async def _turned_down(app: App, place: Place, page: Page) -> Denied:
    if place.group.local:
        return await lists.of_denied(app, place.group, page)
    return await reading.denied_of(app, place.group, place.face, place.reader.actor, page)


routes = [
    Route("/c/{name}/requests", show),
    Route("/c/{name}/requests", decide, methods=["POST"]),
    Route("/c/{name}/requests/denied", show),
    Route("/c/{name}/requests/denied", decide, methods=["POST"]),
]
