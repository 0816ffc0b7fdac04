"""`/api/v1/scheduled_statuses`: what will be published later (Mastodon API: "ScheduledStatus")."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.media
import storage.scheduled
from fedcomm import scheduled
from fedcomm.drafting import Draft
from fedcomm.errors import Invalid
from storage.actors import Actor
from storage.scheduled import Scheduled
from web import auth, paging, params, respond, state
from web.auth import Viewer
from web.mastodon.entities.media import attachment
from web.mastodon.entities.times import moment


class Wish(msgspec.Struct, frozen=True):
    """When to publish it."""

    scheduled_at: str = ""


def time_of(text: str) -> int:
    """When a post is to be published, in ms; without an offset the time is UTC.

    Raises:
        Invalid: it is no time.
    """
    try:
        found = datetime.fromisoformat(text)
        return int((found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Invalid("“scheduled_at” is no time like 2027-01-31T10:00:00Z.", field="scheduled_at") from None


async def add(request: Request, viewer: Viewer, author: Actor, draft: Draft, when: str, key: str) -> Response:
    """`POST /api/v1/statuses` with `scheduled_at`"""
    made = await scheduled.add(state.app_of(request), author, draft, time_of(when), viewer.account_id, key)
    return respond.json((await _shown(request, viewer, [made]))[0])


async def everything(request: Request) -> Response:
    """`GET /api/v1/scheduled_statuses`"""
    viewer = await auth.require(request, "read:statuses")
    found, older = await storage.scheduled.of(viewer.account_id, paging.page_of(request))
    cursors = (found[0].id, found[-1].id) if found else ()
    return respond.json(await _shown(request, viewer, found), headers=paging.link(request, cursors, older))


async def one(request: Request) -> Response:
    """`GET /api/v1/scheduled_statuses/:id`"""
    viewer = await auth.require(request, "read:statuses")
    found = await scheduled.of(viewer.account_id, params.number(request))
    return respond.json((await _shown(request, viewer, [found]))[0])


async def move(request: Request) -> Response:
    """`PUT /api/v1/scheduled_statuses/:id`: only the time can be changed, and what says none changes nothing."""
    viewer = await auth.require(request, "write:statuses")
    found = await scheduled.of(viewer.account_id, params.number(request))
    wish = await params.read(request, Wish)
    if wish.scheduled_at:
        app, when = state.app_of(request), time_of(wish.scheduled_at)
        found = await scheduled.move(app, viewer.account_id, found.id, when)
    return respond.json((await _shown(request, viewer, [found]))[0])


async def cancel(request: Request) -> Response:
    """`DELETE /api/v1/scheduled_statuses/:id`"""
    viewer = await auth.require(request, "write:statuses")
    await scheduled.cancel(state.app_of(request), viewer.account_id, params.number(request))
    return respond.json({})


async def _shown(request: Request, viewer: Viewer, found: Sequence[Scheduled]) -> list[dict[str, Any]]:
    drafts = [scheduled.draft_of(each) for each in found]
    wanted = [media_id for draft in drafts for media_id in draft.media_ids or ()]
    files = await storage.media.several(viewer.actor_id, wanted) if wanted else {}
    base = state.app_of(request).base_url
    return [
        {
            "id": str(each.id), "scheduled_at": moment(each.publish_at), "params": _params(draft),
            "refused": each.refused or None,  # why it was not published when its time came; ours alone
            "media_attachments": [attachment(base, files[at]) for at in draft.media_ids or () if at in files],
        }
        for each, draft in zip(found, drafts, strict=True)
    ]  # fmt: skip


def _params(draft: Draft) -> dict[str, Any]:
    """The post as it was asked for, with what the client API keeps for older programs."""
    poll = None if draft.poll is None else {
        "options": list(draft.poll.options), "expires_in": draft.poll.seconds, "multiple": draft.poll.multiple,
        "hide_totals": draft.poll.hide_totals,
    }  # fmt: skip
    return {
        "text": draft.text, "poll": poll, "sensitive": draft.sensitive, "spoiler_text": draft.summary,
        "media_ids": None if draft.media_ids is None else [str(each) for each in draft.media_ids],
        "visibility": draft.visibility, "in_reply_to_id": draft.in_reply_to_id, "language": draft.language or None,
        "application_id": draft.app_id or 0, "scheduled_at": None, "idempotency": None, "with_rate_limit": False,
        "quoted_status_id": None, "allowed_mentions": None,
    }  # fmt: skip


routes = [
    Route("/api/v1/scheduled_statuses", everything),
    Route("/api/v1/scheduled_statuses/{id}", one),
    Route("/api/v1/scheduled_statuses/{id}", move, methods=["PUT"]),
    Route("/api/v1/scheduled_statuses/{id}", cancel, methods=["DELETE"]),
]
