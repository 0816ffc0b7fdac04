"""`/api/v1/admin/accounts` and `/api/v2/admin/accounts`: people here and elsewhere, and what is done about them."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import accounts, powers, sanctions
from fedcomm.errors import Conflict, Invalid, NotFound
from storage import people
from storage.accounts import Account
from storage.people import Person, Wanted
from web import auth, paging, params, respond, state
from web.mastodon import subjects
from web.mastodon.entities.admin_account import admin_accounts

READ, WRITE = "admin:read:accounts", "admin:write:accounts"
_STATES = {"disabled": "frozen", "silenced": "limited", "sensitized": "sensitive"}  # that Mastodon calls differently
_ACTIONS = {"none": sanctions.WARN, "disable": sanctions.FREEZE, "silence": sanctions.LIMIT,
            "sensitive": sanctions.SENSITIVE, "suspend": sanctions.SUSPEND}  # fmt: skip
_ROLES = {"2": "moderator", "3": "admin"}


class Asked(msgspec.Struct, frozen=True):
    """Which people; the flags are those of the first version."""

    origin: str = ""
    status: str = ""
    permissions: str = ""
    role_ids: list[str] = []
    username: str = ""
    display_name: str = ""
    by_domain: str = ""
    email: str = ""
    local: bool = False
    remote: bool = False
    active: bool = False
    pending: bool = False
    disabled: bool = False
    silenced: bool = False
    suspended: bool = False
    sensitized: bool = False
    staff: bool = False

    @property
    def wanted(self) -> Wanted:
        """The same as it is looked for."""
        flagged = ("active", "pending", "disabled", "silenced", "suspended", "sensitized")
        status = self.status or next((name for name in flagged if getattr(self, name)), "")
        role = next((_ROLES.get(each, "member") for each in self.role_ids), "")
        return Wanted(
            origin=self.origin or ("local" if self.local else "remote" if self.remote else ""),
            state=_STATES.get(status, status), staff=self.staff or self.permissions == "staff", host=self.by_domain,
            username=self.username, name=self.display_name, email=self.email, role=role,
        )  # fmt: skip


class Action(msgspec.Struct, frozen=True):
    """What is to be done about somebody, and why."""

    type: str = ""
    report_id: str = ""
    text: str = ""
    send_email_notification: bool = True


async def several(request: Request) -> Response:
    """`GET /api/v1/admin/accounts` and `/api/v2/admin/accounts`: who came last first."""
    await auth.require_power(request, READ, powers.PEOPLE)
    page = paging.page_of(request, 100, 200)
    found, older = await people.page(params.query(request, Asked).wanted, page)
    cursors = (found[0].id, found[-1].id) if found else ()
    shown = await admin_accounts(state.app_of(request).base_url, found)
    return respond.json(shown, headers=paging.link(request, cursors, older))


async def one(request: Request) -> Response:
    """`GET /api/v1/admin/accounts/:id`"""
    await auth.require_power(request, READ, powers.PEOPLE)
    return respond.json(await _entity(request, await _found(request)))


async def act(request: Request) -> Response:
    """`POST /api/v1/admin/accounts/:id/action`; of the type none with a text is a warning."""
    by = await auth.require_power(request, WRITE, powers.SANCTION)
    given, person = await params.read(request, Action), await _found(request)
    if given.type not in _ACTIONS:
        raise Invalid("A type is none, sensitive, disable, silence or suspend.", field="type")
    report = subjects.identifier(given.report_id) if given.report_id else None
    await sanctions.act(
        state.app_of(request), person.id, _ACTIONS[given.type], by, given.text, report,
        tell=given.send_email_notification,
    )  # fmt: skip
    return respond.json({})


async def approve(request: Request) -> Response:
    """`POST /api/v1/admin/accounts/:id/approve`"""
    by = await auth.require_power(request, WRITE, powers.PEOPLE)
    person = await _found(request)
    await accounts.approve(state.app_of(request), _here(person).username, by)
    return respond.json(await _entity(request, await _found(request)))


async def reject(request: Request) -> Response:
    """`POST /api/v1/admin/accounts/:id/reject`: gives them as they were, of whom nothing is kept."""
    by = await auth.require_power(request, WRITE, powers.PEOPLE)
    person = await _found(request)
    was = await _entity(request, person)
    await accounts.reject(state.app_of(request), _here(person).username, by)
    return respond.json(was | {"approved": False})


async def enable(request: Request) -> Response:
    """`POST /api/v1/admin/accounts/:id/enable`"""
    return await _take_back(request, "unfreeze")


async def unsensitive(request: Request) -> Response:
    """`POST /api/v1/admin/accounts/:id/unsensitive`"""
    return await _take_back(request, "unsensitive")


async def unsilence(request: Request) -> Response:
    """`POST /api/v1/admin/accounts/:id/unsilence`"""
    return await _take_back(request, "unlimit")


async def unsuspend(request: Request) -> Response:
    """`POST /api/v1/admin/accounts/:id/unsuspend`"""
    return await _take_back(request, "restore")


async def delete(request: Request) -> Response:
    """`DELETE /api/v1/admin/accounts/:id`: only who is suspended, which can be taken back, is deleted."""
    by = await auth.require_power(request, WRITE, powers.DELETE)
    app, person = state.app_of(request), await _found(request)
    was = await _entity(request, person)
    if person.actor.suspended_at is None or (person.account and person.account.state in accounts.WAITING):
        raise Conflict("Suspend the account first: that can be taken back.")
    if person.account is not None:
        await accounts.delete(app, person.actor.username, by)
    else:
        await sanctions.erase_elsewhere(app, person.id, by)
    return respond.json(was)


async def _take_back(request: Request, what: str) -> Response:
    by: Account = await auth.require_power(request, WRITE, powers.SANCTION)
    await sanctions.act(state.app_of(request), (await _found(request)).id, what, by)
    return respond.json(await _entity(request, await _found(request)))


async def _found(request: Request) -> Person:
    found = await people.one(params.number(request))
    if found is None:
        raise NotFound(subjects.MISSING)
    return found


def _here(person: Person) -> Any:
    if person.account is None:
        raise NotFound(subjects.MISSING)
    return person.actor


async def _entity(request: Request, person: Person) -> dict[str, Any]:
    (shown,) = await admin_accounts(state.app_of(request).base_url, [person])
    return shown


_ONE = "/api/v1/admin/accounts/{id}"
routes = [
    Route("/api/v1/admin/accounts", several),
    Route("/api/v2/admin/accounts", several),
    Route(_ONE, one),
    Route(_ONE, delete, methods=["DELETE"]),
    Route(f"{_ONE}/action", act, methods=["POST"]),
    Route(f"{_ONE}/approve", approve, methods=["POST"]),
    Route(f"{_ONE}/reject", reject, methods=["POST"]),
    Route(f"{_ONE}/enable", enable, methods=["POST"]),
    Route(f"{_ONE}/unsensitive", unsensitive, methods=["POST"]),
    Route(f"{_ONE}/unsilence", unsilence, methods=["POST"]),
    Route(f"{_ONE}/unsuspend", unsuspend, methods=["POST"]),
]
