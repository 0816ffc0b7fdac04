"""`/api/v1/admin/reports`: work on reports with a program, for who looks after this server."""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import casework, powers
from fedcomm.casework import Worker
from fedcomm.errors import Invalid, NotFound
from fedcomm.reports import CATEGORIES
from storage import reports
from storage.reports import Report
from web import auth, paging, params, respond, state
from web.mastodon import subjects
from web.mastodon.entities.admin_report import admin_reports

READ, WRITE = "admin:read:reports", "admin:write:reports"


class Asked(msgspec.Struct, frozen=True):
    """Which reports: those that are open, unless `resolved`; by and about whom."""

    resolved: bool = False
    account_id: str = ""
    target_account_id: str = ""


class Change(msgspec.Struct, frozen=True):
    """What of a report is to be otherwise; None: as it is."""

    category: str | None = None
    rule_ids: list[str] | None = None


async def several(request: Request) -> Response:
    """`GET /api/v1/admin/reports`: newest first; nobody is shown what is said about themselves."""
    worker, asked = await _worker(request, READ), params.query(request, Asked)
    by = {"reporter": asked.account_id, "target": asked.target_account_id}
    named = {name: subjects.identifier(text) or -1 for name, text in by.items() if text}
    wanted = worker.wanted(state=reports.CLOSED if asked.resolved else reports.OPEN, **named)
    found, older = await reports.listed(wanted, paging.page_of(request, 100, 200))
    cursors = (found[0].id, found[-1].id) if found else ()
    shown = await admin_reports(state.app_of(request).base_url, worker.actor.id, found)
    return respond.json(shown, headers=paging.link(request, cursors, older))


async def one(request: Request) -> Response:
    """`GET /api/v1/admin/reports/:id`"""
    worker = await _worker(request, READ)
    return await _shown(request, worker, await _found(request, worker))


async def change(request: Request) -> Response:
    """`PUT /api/v1/admin/reports/:id`: another category, and which rules of the server are broken."""
    worker, wish = await _worker(request, WRITE), await params.read(request, Change)
    found = await _found(request, worker)
    if wish.category is not None and wish.category not in CATEGORIES:
        raise Invalid("A report is about spam, legal, violation or other.", field="category")
    numbers = None if wish.rule_ids is None else [subjects.identifier(each) for each in wish.rule_ids]
    await casework.change(state.app_of(request), worker, found.id, wish.category, numbers)
    return await _shown(request, worker, found)


async def assign(request: Request) -> Response:
    """`POST /api/v1/admin/reports/:id/assign_to_self`"""
    return await _done(request, lambda worker, number: casework.assign(worker, number, taken=True))


async def unassign(request: Request) -> Response:
    """`POST /api/v1/admin/reports/:id/unassign`"""
    return await _done(request, lambda worker, number: casework.assign(worker, number, taken=False))


async def resolve(request: Request) -> Response:
    """`POST /api/v1/admin/reports/:id/resolve`: nothing had to be done, as far as the program says.

    Mastodon's acts about an account end the report that they name by themselves, with something done.
    """
    app = state.app_of(request)
    return await _done(request, lambda worker, number: casework.close(app, worker, number, "none"))


async def reopen(request: Request) -> Response:
    """`POST /api/v1/admin/reports/:id/reopen`"""
    return await _done(request, casework.reopen)


async def _done(request: Request, act: Callable[[Worker, int], Awaitable[None]]) -> Response:
    worker = await _worker(request, WRITE)
    found = await _found(request, worker)
    await act(worker, found.id)
    return await _shown(request, worker, found)


async def _worker(request: Request, scope: str) -> Worker:
    return await casework.of_server(await auth.require_power(request, scope, powers.REPORTS))


async def _found(request: Request, worker: Worker) -> Report:
    found = await reports.one(params.number(request), worker.wanted())
    if found is None:
        raise NotFound(subjects.MISSING)
    return found


async def _shown(request: Request, worker: Worker, found: Report) -> Response:
    now = await reports.by_ids([found.id])
    shown = await admin_reports(state.app_of(request).base_url, worker.actor.id, now)
    if not shown:
        raise NotFound(subjects.MISSING)
    return respond.json(shown[0])


routes = [
    Route("/api/v1/admin/reports", several),
    Route("/api/v1/admin/reports/{id}", one),
    Route("/api/v1/admin/reports/{id}", change, methods=["PUT"]),
    Route("/api/v1/admin/reports/{id}/assign_to_self", assign, methods=["POST"]),
    Route("/api/v1/admin/reports/{id}/unassign", unassign, methods=["POST"]),
    Route("/api/v1/admin/reports/{id}/resolve", resolve, methods=["POST"]),
    Route("/api/v1/admin/reports/{id}/reopen", reopen, methods=["POST"]),
]
