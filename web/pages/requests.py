"""Who wants to join a group, and what moderators decide: let in, turn down with a reason, let in after all."""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.join_requests
from fedcomm import deputies, requests, rights
from fedcomm.errors import AppError, Invalid
from storage.actors import Actor
from storage.join_requests import JoinRequest, Waiting
from web import paging, respond, state
from web.pages import frame, shown
from web.pages.moderating import Place, looking_after_any
from web.pages.readers import form

_PEOPLE = 30


class Decision(msgspec.Struct, frozen=True):
    """What is decided about whom, and why."""

    act: str = ""
    id: int = 0
    reason: str = ""
    csrf: str = ""


@looking_after_any
async def show(request: Request, place: Place) -> Response:
    """`GET /c/{name}/requests`; `…/requests/denied`: those that were turned down"""
    place.by(rights.APPROVE)
    return await _page(request, place)


@looking_after_any
async def decide(request: Request, place: Place) -> Response:
    """`POST /c/{name}/requests`, and `…/requests/denied`"""
    given = await form(request, Decision, place.reader)
    app, name, by = state.app_of(request), place.face.username, place.by(rights.APPROVE)
    try:
        if not place.group.local:
            granted = {"accept": True, "deny": False}.get(given.act)
            if granted is None:
                raise Invalid("There is no such act.")
            await deputies.answer(
                app, place.group, place.face, given.id, place.reader.actor, granted=granted, reason=given.reason
            )
            return respond.redirect(f"{shown.profile(place.face)}/requests?done={given.act}")
        match given.act:
            case "accept":
                await requests.accept(app, name, given.id, by)
            case "deny":
                await requests.deny(app, name, given.id, given.reason, by)
            case "let_in":
                await requests.let_in(app, name, given.id, by)
            case _:
                raise Invalid("There is no such act.")
    except AppError as refused:
        return await _page(request, place, given, refused)
    where = "/denied" if _denied(request) else ""
    return respond.redirect(f"{shown.profile(place.face)}/requests{where}?done={given.act}")


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
