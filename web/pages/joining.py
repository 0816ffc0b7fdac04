"""How to join a group, from here and from anywhere: its rules, its question, and what became of one's request."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.follows
import storage.join_requests
from fedcomm import consents, follows, joining, members, memberships
from fedcomm.errors import AppError, Invalid
from storage import visible
from web import errors, headers, respond, state
from web.pages import frame, shown
from web.pages.group import named
from web.pages.readers import Plain, Reader, form, members_only, reader_of


class Joining(msgspec.Struct, frozen=True):
    """A click below the rules: which rules these were, with which invitation, and what was answered, if anything."""

    read: str = ""
    invitation: str = ""
    answer: str = ""
    csrf: str = ""


async def show(request: Request) -> Response:
    """`GET /c/{name}/join`"""
    return await _page(request)


@members_only
async def join(request: Request, reader: Reader) -> Response:
    """`POST /c/{name}/join`: who has not read the present rules, or not answered, is shown what is missing."""
    given = await form(request, Joining, reader)
    app = state.app_of(request)
    group, face = await named(reader.actor.id, request.path_params["name"], app.host)
    try:
        await joining.join(app, reader.actor, group, given.read, given.invitation, given.answer)
    except Invalid as missing:
        return await _page(request, given, missing)
    return respond.redirect(shown.profile(face))


@members_only
async def leave(request: Request, reader: Reader) -> Response:
    """`POST /c/{name}/leave`: also takes a request back"""
    await form(request, Plain, reader)
    _group, face = await named(reader.actor.id, request.path_params["name"], state.app_of(request).host)
    await follows.unfollow(state.app_of(request), reader.actor, face.id)
    return respond.redirect(shown.profile(face))


async def _page(request: Request, given: Joining = Joining(), problem: AppError | None = None) -> Response:
    reader = await reader_of(request)
    viewer = reader.actor.id if reader else visible.ANYBODY
    group, face = await named(viewer, request.path_params["name"], state.app_of(request).host)
    rules = await consents.of_group(group)
    asked = await storage.join_requests.of(group.id, viewer) if reader else None
    return await frame.page(
        request,
        "join.html",
        errors.status_of(problem) if problem else 200,
        {"content-security-policy": headers.CONSENT_POLICY},  # the form leads to the visitor's server
        form=True,
        group=group,
        face=face,
        handle=shown.handle(face, state.app_of(request).host),
        follow=await storage.follows.of(viewer, face.id) if reader else None,
        asked=asked,
        outside=await memberships.outside(await members.standing(group, reader.actor), reader.actor, face, group)
        if reader
        else "",
        answer=given.answer or (asked.answer if asked else ""),
        longest=joining.MAX_ANSWER,
        rules=rules.rules,
        seal=consents.seal((rules,)),
        problem=problem,
        field=getattr(problem, "field", ""),
    )


routes = [
    Route("/c/{name}/join", show),
    Route("/c/{name}/join", join, methods=["POST"]),
    Route("/c/{name}/leave", leave, methods=["POST"]),
]
