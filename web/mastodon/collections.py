"""`/api/v1/collections`: one that the server makes of the groups that live here (Mastodon API: "Collection").

It belongs to the account of the server itself, and has its number. Members make none.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
from fedcomm.actors import SERVICE
from fedcomm.errors import Invalid, NotFound
from storage import discovery
from storage.actors import Actor
from web import auth, languages, params, respond, state
from web.languages import later
from web.mastodon import subjects
from web.mastodon.entities import account
from web.mastodon.entities.times import moment

MOST = 25  # accounts, as in Mastodon's
NAME = later("Groups here")
NOTE = later("The groups of this server in which something was said lately.")
NONE_MADE = later("Collections cannot be made here.")


class Part(msgspec.Struct, frozen=True):
    """Which part of a list."""

    offset: int = 0


async def one(request: Request) -> Response:
    """`GET /api/v1/collections/:id`, with its accounts."""
    viewer = await auth.optional(request, "read:collections")
    service = await _service()
    if params.number(request) != service.id:
        raise NotFound(subjects.MISSING)
    groups = await discovery.groups_here(subjects.id_of(viewer), MOST)
    accounts = await account.list_of(state.app_of(request).base_url, [group.id for group in groups])
    return respond.json({"collection": _shown(request, service, groups), "accounts": msgspec.Raw(accounts)})


async def of_account(request: Request) -> Response:
    """`GET /api/v1/accounts/:id/collections`: that of the server, if it is about the server."""
    viewer = await auth.optional(request, "read:collections")
    owner = await subjects.actor(request)
    found: list[dict[str, Any]] = []
    if owner.username == SERVICE and owner.local and params.query(request, Part).offset <= 0:
        found = [_shown(request, owner, await discovery.groups_here(subjects.id_of(viewer), MOST))]
    return respond.json({"collections": found})


async def holding(request: Request) -> Response:
    """`GET /api/v1/accounts/:id/in_collections`: of oneself alone; no member is in any."""
    viewer = await auth.require(request, "read:collections")
    if (await subjects.actor(request)).id != viewer.actor_id:
        raise NotFound(subjects.MISSING)
    return respond.json({"collections": []})


async def refuse(request: Request) -> Response:
    """`POST /api/v1/collections`: members make none."""
    await auth.require(request, "write:collections")
    raise Invalid(NONE_MADE)


async def missing(request: Request) -> Response:
    """Changes of a collection: nobody has one that they could change."""
    await auth.require(request, "write:collections")
    raise NotFound(subjects.MISSING)


async def found(request: Request, viewer: int, text: str) -> list[dict[str, Any]]:
    """Those whose name begins with these words, in the language of whoever asks or as it is."""
    names = {NAME.lower(), _said(request, NAME).lower()}
    if not text or not any(name.startswith(text.lower()) for name in names):
        return []
    return [_shown(request, await _service(), await discovery.groups_here(viewer, MOST))]


async def _service() -> Actor:
    service = await storage.actors.local(SERVICE)
    if service is None:
        raise NotFound(subjects.MISSING)
    return service


def _shown(request: Request, service: Actor, groups: Sequence[Actor]) -> dict[str, Any]:
    base, own = state.app_of(request).base_url, str(service.id)
    created = moment(service.created_at)
    return {
        "id": own, "account_id": own, "uri": f"{base}/api/v1/collections/{own}", "url": f"{base}/", "local": True,
        "name": _said(request, NAME), "description": _said(request, NOTE), "language": languages.asked(request),
        "sensitive": False, "discoverable": True, "tag": None, "created_at": created,
        "updated_at": moment(max((group.created_at for group in groups), default=service.created_at)),
        "item_count": len(groups),
        "items": [
            {"id": str(each.id), "account_id": str(each.id), "state": "accepted", "created_at": moment(each.created_at)}
            for each in groups
        ],
    }  # fmt: skip


def _said(request: Request, text: str) -> str:
    return languages.words(languages.asked(request)).gettext(text)


routes = [
    Route("/api/v1/collections", refuse, methods=["POST"]),
    Route("/api/v1/collections/{id}", one),
    Route("/api/v1/collections/{id}", missing, methods=["PATCH", "DELETE"]),
    Route("/api/v1/collections/{id}/items", missing, methods=["POST"]),
    Route("/api/v1/collections/{id}/items/{item}", missing, methods=["DELETE"]),
    Route("/api/v1/collections/{id}/items/{item}/revoke", missing, methods=["POST"]),
    Route("/api/v1/accounts/{id}/collections", of_account),
    Route("/api/v1/accounts/{id}/in_collections", holding),
]
