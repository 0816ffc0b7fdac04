"""`/api/v1/reports`: tell those who look after the server that something is wrong."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
from fedcomm import reports
from fedcomm.errors import NotFound
from fedcomm.reports import Complaint
from web import auth, params, respond, state
from web.mastodon import subjects
from web.mastodon.entities.report import report


class NewReport(msgspec.Struct, frozen=True):
    """A report as clients send it."""

    account_id: str = ""
    status_ids: list[str] = []
    comment: str = ""
    forward: bool = False
    category: str = ""
    rule_ids: list[str] = []


async def create(request: Request) -> Response:
    """`POST /api/v1/reports`; rules that are named make it a violation, as on Mastodon."""
    viewer = await auth.require(request, "write:reports")
    wish = await params.read(request, NewReport)
    app = state.app_of(request)
    complaint = Complaint(
        target_id=subjects.identifier(wish.account_id),
        post_ids=tuple(subjects.identifier(post_id) for post_id in wish.status_ids),
        comment=wish.comment,
        category="violation" if wish.rule_ids else wish.category or "other",
        forward=wish.forward,
    )
    made = await reports.report(app, await auth.actor_of(viewer), complaint)
    target = await storage.actors.by_id(made.target_id)
    if target is None:
        raise NotFound(subjects.MISSING)
    forwarded = wish.forward and bool(target.host)
    return respond.json(report(app.base_url, made, target, forwarded=forwarded, rule_ids=wish.rule_ids))


routes = [Route("/api/v1/reports", create, methods=["POST"])]
