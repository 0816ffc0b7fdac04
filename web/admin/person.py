"""One account as who looks after the server sees it: what was done about it, and what can be."""

import secrets

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

import storage.actors
from fedcomm import accounts, erasing, erasure_report, powers, sanctions
from fedcomm.app import App
from fedcomm.erasing import Progress
from fedcomm.errors import AppError, Invalid, NotFound
from storage import people
from storage import sanctions as stored
from storage.actors import Actor
from storage.people import Person
from web import respond, state
from web.pages import frame
from web.pages.readers import Reader, form, with_power


class Act(msgspec.Struct, frozen=True):
    """What is done about an account."""

    act: str = ""
    role: str = ""
    reason: str = ""  # which they are told, or a note
    sure: bool = False
    noted: bool = False  # of deleting: for a report
    csrf: str = ""


@with_power(powers.PEOPLE)
async def show(request: Request, reader: Reader) -> Response:
    """`GET /admin/people/{name}`: `name` of who is here, `name@host` of others; of who was deleted how far that is."""
    if (gone := await _gone(request)) is not None:
        told = await erasure_report.summed(state.app_of(request), gone)
        return await frame.page(request, "admin/erased.html", gone=gone, actor=gone.actor, told=told)
    return await _page(request, reader)


@with_power(powers.PEOPLE)
async def act(request: Request, reader: Reader) -> Response:
    """`POST /admin/people/{name}`; a new password is shown once."""
    given = await form(request, Act, reader)
    app, person = state.app_of(request), await _found(request)
    try:
        match given.act:
            case "role":
                await accounts.promote(app, person.actor.username, given.role, reader.account)
            case "password":
                return await _new_password(request, reader, person)
            case "delete" if given.sure:
                await _delete(app, person, reader, noted=given.noted)
                here = person.account is not None
                return respond.redirect(request.scope["path"] if here else "/admin/people?done=deleted")
            case "delete":
                raise Invalid("Please say that you are sure.", field="sure")
            case _:
                await sanctions.act(app, person.id, given.act, reader.account, given.reason)
    except AppError as refused:
        return await _page(request, reader, refused, reason=given.reason)
    return respond.redirect(f"{request.scope['path']}?done=saved")


@with_power(powers.DELETE)
async def report(request: Request, reader: Reader) -> Response:
    """`GET /admin/people/{name}/report.{form}`: what was erased of who was deleted, and who was told, as a file."""
    app, form_of = state.app_of(request), request.path_params["form"]
    if form_of not in erasure_report.FORMS:
        raise NotFound("There is no such file.")
    found = await erasure_report.ordered(reader.account, request.path_params["name"])
    file = f"{found.actor.username}-erased.{form_of}"
    headers = {"content-disposition": f'attachment; filename="{file}"', "cache-control": "no-store"}
    kind = {"json": "application/json", "txt": "text/plain; charset=utf-8"}[form_of]
    return StreamingResponse(erasure_report.pieces(app, found, form_of), 200, headers, kind)


async def _delete(app: App, person: Person, reader: Reader, *, noted: bool) -> None:
    powers.require(
        reader.account, powers.DELETE
    )  # their own account anybody deletes in their settings, by the password
    if person.account is not None:
        await accounts.delete(app, person.actor.username, reader.account, noted=noted)
    else:
        await sanctions.erase_elsewhere(app, person.id, reader.account)


async def _new_password(request: Request, reader: Reader, person: Person) -> Response:
    password = secrets.token_urlsafe(12)
    await accounts.set_password(state.app_of(request), person.actor.username, password, reader.account)
    return await _page(request, reader, password=password)


async def _gone(request: Request) -> Progress | None:
    """Somebody of ours who was deleted lately."""
    actor = await _actor(request)
    return await erasing.progress(actor.id) if actor is not None and actor.local and actor.gone else None


async def _actor(request: Request) -> Actor | None:
    name, _, host = request.path_params["name"].partition("@")
    return await storage.actors.by_handle(name, host)


async def _found(request: Request) -> Person:
    actor = await _actor(request)
    found = await people.one(actor.id) if actor is not None else None
    if found is None:
        raise NotFound("There is no such account.")
    return found


async def _page(
    request: Request, reader: Reader, refused: AppError | None = None, password: str = "", reason: str = ""
) -> Response:  # fmt: skip
    person = await _found(request)
    return await frame.with_form(
        request,
        "admin/person.html",
        refused,
        account=person.account,
        actor=person.actor,
        reached=powers.reaches(reader.account, person.account),
        history=await stored.of(person.id),
        ends=sanctions.ends(person.actor),
        at_home=not person.actor.local and person.actor.suspended_at and not await stored.suspends(person.id),
        roles=accounts.ROLES,
        password=password,
        reason=reason,
        longest=sanctions.MOST_TEXT,
        field=getattr(refused, "field", ""),
    )


routes = [
    Route("/admin/people/{name}", show),
    Route("/admin/people/{name}", act, methods=["POST"]),
    Route("/admin/people/{name}/report.{form}", report),
]
