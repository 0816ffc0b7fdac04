"""Signing a browser in and out."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import accounts, mails, sessions, settings
from fedcomm.errors import AppError, NotAllowed
from web import auth, params, respond, state
from web.pages.readers import own_path, reader_of


class SignIn(msgspec.Struct, frozen=True):
    """The form; `next` is where to go then, on this server, and `done` what was done before."""

    login: str = ""
    password: str = ""
    next: str = ""
    done: str = ""
    csrf: str = ""


class SignOut(msgspec.Struct, frozen=True):
    """The form of somebody who leaves."""

    csrf: str = ""


async def form(request: Request) -> Response:
    """`GET /sign_in`; who is signed in and wants to go nowhere in particular is there already."""
    given = params.query(request, SignIn)
    if not given.next and await reader_of(request):
        return respond.redirect("/")
    return await _page(request, given)


async def sign_in(request: Request) -> Response:
    """`POST /sign_in`: a new session, and on to where one wanted to go."""
    given = await params.read(request, SignIn)
    auth.check_form(request, given.csrf)
    app = state.app_of(request)
    address = request.client.host if request.client else ""
    try:
        account = await accounts.authenticate(app, given.login, given.password, address)
    except NotAllowed as refused:
        return await _page(request, given, refused)
    before = await auth.session_of(request)
    if before:
        await sessions.close(app, before)
    token = await sessions.open(app, account.id, request.headers.get("user-agent", ""))
    response = respond.redirect(own_path(given.next))
    auth.keep_session(request, response, token)
    return response


async def sign_out(request: Request) -> Response:
    """`POST /sign_out`"""
    given = await params.read(request, SignOut)
    session = await auth.session_of(request)
    if session:
        auth.check_form(request, given.csrf, session)
        await sessions.close(state.app_of(request), session)
    response = respond.redirect("/")
    auth.drop_session(request, response)
    return response


async def _page(request: Request, given: SignIn, refused: AppError | None = None) -> Response:
    """The form is of somebody who is not known, even when somebody is: they may want to be somebody else."""
    app = state.app_of(request)
    await settings.current(app)
    token = auth.form_token(request)
    response = respond.page(
        request, "sign_in.html", 422 if refused else 200,
        login=given.login, next=own_path(given.next), csrf=token, problem=refused, done=given.done,
        mail=mails.on(app),
    )  # fmt: skip
    auth.keep_form_token(request, response, token)
    return response


routes = [
    Route("/sign_in", form),
    Route("/sign_in", sign_in, methods=["POST"]),
    Route("/sign_out", sign_out, methods=["POST"]),
]
