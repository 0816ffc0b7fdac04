"""`POST /api/v1/accounts`: signing up with a program."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import accounts, clock, consents, tokens
from fedcomm.errors import Conflict, Invalid
from web import auth, params, respond, state
from web.errors import Refusal

WAITING = "Thank you. An admin will look at your sign-up; you can sign in as soon as it is approved."
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


async def sign_up(request: Request) -> Response:
    """`POST /api/v1/accounts`: the token of the new person; 403 with a sentence while they wait for approval."""
    holder = await auth.require_program(request, "write:accounts")
    wish = await params.read(request, SignUp)
    if not wish.agreement:
        return _refused("agreement", "ERR_ACCEPTED", "Please agree to the rules of this server.")
    app = state.app_of(request)
    rules = (await consents.of_server(app),)
    address = request.client.host if request.client else ""
    try:
        account = await accounts.sign_up(
            app, wish.username, wish.password, wish.email, wish.reason, wish.invite_code, address,
            consents.Agreement(rules, consents.seal(rules)), wish.locale.partition("-")[0],
        )  # fmt: skip
    except Invalid as wrong:
        return _refused(_WORDS.get(wrong.field, wrong.field or "username"), "ERR_INVALID", str(wrong))
    except Conflict as taken:
        return _refused("username", "ERR_TAKEN", str(taken))
    if account.state != "active":
        raise Refusal(403, WAITING)
    scopes = " ".join(sorted(holder.scopes))
    token = await tokens.issue(app, wish.username, scopes, holder.app_id)
    return respond.json(
        {"access_token": token, "token_type": "Bearer", "scope": scopes, "created_at": clock.now_ms() // 1000}
    )


def _refused(field: str, code: str, sentence: str) -> Response:
    """422 that says which field is wrong."""
    details: dict[str, Any] = {field: [{"error": code, "description": sentence}]}
    return respond.json({"error": f"Validation failed: {sentence}", "details": details}, 422)


routes = [Route("/api/v1/accounts", sign_up, methods=["POST"])]
