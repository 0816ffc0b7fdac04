"""`POST /api/v1/accounts`: signing up with a program."""

from collections.abc import Iterator
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import accounts, clock, confirming, consents, emails, names, passwords, tokens
from fedcomm.app import App
from fedcomm.errors import Conflict, Invalid
from web import auth, params, respond, state
from web.errors import Refusal

WAITING = "Thank you. An admin will look at your sign-up; you can sign in as soon as it is approved."
CONFIRMED = "This method is only available while the e-mail is awaiting confirmation"
Details = dict[str, list[dict[str, str]]]

_WORDS = {"name": "username", "password": "password", "email": "email", "reason": "reason"}


class SignUp(msgspec.Struct, frozen=True):
    """Who wants an account."""

    username: str = ""
    email: str = ""
    password: str = ""
    agreement: bool = False
    reason: str = ""
    invite_code: str = ""
    locale: str = ""


class Address(msgspec.Struct, frozen=True):
    """Another address; '' is the one that they gave."""

    email: str = ""


async def sign_up(request: Request) -> Response:
    """`POST /api/v1/accounts`: the token of the new person; 403 with a sentence while they wait for approval.

    The token of who has to confirm their address opens nothing but `POST /api/v1/emails/confirmations` until then.

    `agreement` says yes to the rules of this server (Mastodon API: "Register an account"), which programs can show. No
    program shows those of the group that an invitation leads into, so nothing is kept as if they were agreed to.
    """
    holder = await auth.require_program(request, "write:accounts")
    wish = await params.read(request, SignUp)
    app = state.app_of(request)
    if not wish.agreement:
        unread = _of("agreement", "ERR_ACCEPTED", "Please agree to the rules of this server.")
        return _refused(_details(*_wrong(app, wish)) | unread)
    rules = (await consents.of_server(app),)
    address = request.client.host if request.client else ""
    try:
        account = await accounts.sign_up(
            app, wish.username, wish.password, wish.email, wish.reason, wish.invite_code, address,
            consents.Agreement(rules, consents.seal(rules)), wish.locale.partition("-")[0],
        )  # fmt: skip
    except Invalid as wrong:
        return _refused(_details(wrong, *_wrong(app, wish)))
    except Conflict as taken:
        return _refused(_of("username", "ERR_TAKEN", str(taken)))
    if account.state == "pending":
        raise Refusal(403, WAITING)
    scopes = " ".join(sorted(holder.scopes))
    token = await tokens.issue(app, wish.username, scopes, holder.app_id, unconfirmed=True)
    return respond.json(
        {"access_token": token, "token_type": "Bearer", "scope": scopes, "created_at": clock.now_ms() // 1000}
    )


async def confirm_again(request: Request) -> Response:
    """`POST /api/v1/emails/confirmations`: another mail, to another address if they give one.

    Mastodon API: "Resend confirmation email"
    """
    account = await auth.require_unconfirmed(request, "write:accounts")
    app, given = state.app_of(request), await params.read(request, Address)
    confirming.offered(app)
    if account is None:
        raise Refusal(403, CONFIRMED)
    await confirming.send_again(app, account, given.email)
    return respond.json({})


async def confirmed(request: Request) -> Response:
    """`GET /api/v1/emails/check_confirmation`"""
    return respond.json(await auth.require_unconfirmed(request, "read:accounts") is None)


def _wrong(app: App, wish: SignUp) -> Iterator[Invalid]:
    """Everything in the form that is no name, password or address; the service stops at the first."""
    for check in (
        partial(names.check, wish.username, app.host), partial(passwords.check, wish.password, wish.username),
        partial(emails.check, wish.email),
    ):  # fmt: skip
        try:
            check()
        except Invalid as wrong:
            yield wrong


def _details(*faults: Invalid) -> Details:
    return {
        field: said
        for fault in faults
        for field, said in _of(_WORDS.get(fault.field, fault.field or "username"), "ERR_INVALID", str(fault)).items()
    }


def _of(field: str, code: str, sentence: str) -> Details:
    return {field: [{"error": code, "description": sentence}]}


def _refused(details: Details) -> Response:
    """422 that says which fields are wrong."""
    sentences = ", ".join(each["description"] for said in details.values() for each in said)
    return respond.json({"error": f"Validation failed: {sentences}", "details": details}, 422)


routes = [
    Route("/api/v1/accounts", sign_up, methods=["POST"]),
    Route("/api/v1/emails/confirmations", confirm_again, methods=["POST"]),
    Route("/api/v1/emails/check_confirmation", confirmed),
]
