"""Where a post has gone: an addition of ours to the client API (docs/clients.md)."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import receipts
from fedcomm.receipts import STATES, Act, Receipt, Server
from web import auth, respond, state
from web.mastodon import subjects
from web.mastodon.entities.times import moment, moment_or_none

_MOST = 1_000  # servers that are listed of one act; all are counted


async def show(request: Request) -> Response:
    """`GET /api/v1/statuses/:id/delivery`: for its author, who looks after its group, and admins; 404 for others."""
    viewer = await auth.require(request, "read:statuses")
    post = await subjects.post(request, viewer)
    asker = await auth.actor_of(viewer)
    found = await receipts.of(state.app_of(request), asker, post, admin=viewer.role == "admin")
    return respond.json({"id": str(post.id), **_counted(found), "acts": [_act(act) for act in found.acts]})


def _act(act: Act) -> dict[str, Any]:
    kind = "announce" if act.announced else "create"
    return {"type": kind, "by": act.actor.acct, "created_at": moment(act.at), **_counted(act)}


def _counted(found: Act | Receipt) -> dict[str, Any]:
    counts, servers = found.counts, found.servers
    told: dict[str, Any] = {name: counts[name] for name in STATES}
    return {**told, "total": len(servers), "servers": [_server(each) for each in servers[:_MOST]]}


def _server(found: Server) -> dict[str, Any]:
    return {
        "host": found.host,
        "state": found.state,
        "at": moment_or_none(found.at),
        "next_try_at": moment_or_none(found.next_try),
        "status": found.status or None,
        "answer": found.answer,
    }


routes = [Route("/api/v1/statuses/{id}/delivery", show)]
