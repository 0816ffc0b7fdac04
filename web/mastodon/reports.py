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
    forward_to_domains: list[str] = []
    category: str = ""
    rule_ids: list[str] = []


async def create(request: Request) -> Response:
    """`POST /api/v1/reports`; rules that are named make it a violation, as on Mastodon.

    What is in a group goes to who looks after it, whatever a client says of other servers: it knows no groups.
    `forward` is about the server of who is reported, when `forward_to_domains` names it or nothing.
    """
    viewer = await auth.require(request, "write:reports")
    wish = await params.read(request, NewReport)
    app, domains = state.app_of(request), [each.strip().lower() for each in wish.forward_to_domains]
    target = await storage.actors.by_id(subjects.identifier(wish.account_id))
    complaint = Complaint(
        target_id=subjects.identifier(wish.account_id),
        post_ids=tuple(subjects.identifier(post_id) for post_id in wish.status_ids),
        comment=wish.comment,
        category="violation" if wish.rule_ids else wish.category or "other",
        server_rules=tuple(subjects.identifier(rule) for rule in wish.rule_ids),
        forward=wish.forward and (not wish.forward_to_domains or (target is not None and target.host in domains)),
    )
    made = await reports.report(app, await auth.actor_of(viewer), complaint)
    if target is None:
        raise NotFound(subjects.MISSING)
    return respond.json(report(app.base_url, made, target))


routes = [Route("/api/v1/reports", create, methods=["POST"])]
