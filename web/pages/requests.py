"""Who wants to join a group, and what moderators decide: let in, turn down with a reason, let in after all."""

from collections.abc import Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.join_requests
from fedcomm import deputies, requests, rights
from fedcomm.app import App
from fedcomm.errors import AppError
from storage.actors import Actor
from storage.join_requests import JoinRequest, Waiting
from web import paging, state
from web.pages import decisions, frame
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
        }
    return await decisions.taken(request, place, where, acts, partial(_page, request, place))


async def _answer(app: App, place: Place, given: Decision, *, granted: bool) -> None:
    """Answer for a group of another server."""
    by = place.reader.actor
    await deputies.answer(app, place.group, place.face, given.id, by, granted=granted, reason=given.reason)


def _denied(request: Request) -> bool:
    return str(request.scope["path"]).endswith("/denied")


async def _page(
    request: Request, place: Place, given: Decision = Decision(), refused: AppError | None = None
) -> Response:
    denied, page = _denied(request), paging.page_of(request, usual=_PEOPLE)
    found: Sequence[JoinRequest | Waiting]
    if denied:
        found, older = await storage.join_requests.denied(place.group.id, page)
    else:
        found, older = await storage.join_requests.waiting(place.group.id, page)
    return await frame.with_form(
        request,
        "requests.html",
        refused,
        group=place.group,
        face=place.face,
        given=given,
        denied=denied,
        asking=await _with_people(found),
        older=found[-1].id if older else 0,
        longest=requests.MAX_REASON,
    )


async def _with_people(
    found: Sequence[JoinRequest | Waiting],
) -> list[tuple[JoinRequest | Waiting, Actor, Actor | None]]:
    """Each with who asked, and who turned them down, if somebody did."""
    deciders = {each.decided_by for each in found if isinstance(each, JoinRequest) and each.decided_by}
    people = await storage.actors.by_ids([*{each.actor_id for each in found} | deciders])
    return [
        (each, people[each.actor_id], people.get(each.decided_by or 0) if isinstance(each, JoinRequest) else None)
        for each in found
        if each.actor_id in people
    ]


routes = [
    Route("/c/{name}/requests", show),
    Route("/c/{name}/requests", decide, methods=["POST"]),
    Route("/c/{name}/requests/denied", show),
    Route("/c/{name}/requests/denied", decide, methods=["POST"]),
]
