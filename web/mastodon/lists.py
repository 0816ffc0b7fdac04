"""`/api/v1/lists`: each joined group as a read-only list of what begins threads in it; its id is that of the group."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.groups
import storage.members
from fedcomm.errors import Invalid, NotFound
from storage import relationships
from storage.groups import Group
from storage.relationships import People
from web import auth, paging, params, respond, state
from web.auth import Viewer
from web.mastodon import subjects
from web.mastodon.entities import account

FIXED = "Lists follow the groups you are in: join or leave a group to change them."


async def groups_of(viewer: Viewer) -> list[dict[str, Any]]:
    """The lists of the viewer (Mastodon API: "List"), by title; `exclusive`: the group is kept out of home."""
    joined = await storage.groups.by_ids(await storage.members.groups_of(viewer.actor_id))
    faces = await storage.actors.by_ids([group.actor_id for group in joined.values()])
    present = [face for face in faces.values() if not face.gone]
    quiet = {
        found.id: found.following and not found.showing_reblogs
        for found in await relationships.between(viewer.actor_id, [face.id for face in present])
    }
    shown = [
        {"id": str(face.id), "title": face.name or face.acct, "replies_policy": "none", "exclusive": quiet[face.id]}
        for face in present
    ]
    return sorted(shown, key=lambda each: (str(each["title"]).lower(), each["id"]))


async def joined(viewer: Viewer, actor_id: int) -> Group:
    """The joined group with this face.

    Raises:
        NotFound: the viewer is in no such group (attack OAU-13).
    """
    group = await storage.groups.by_actor(actor_id)
    if group is None or group.id not in await storage.members.groups_of(viewer.actor_id):
        raise NotFound(subjects.MISSING)
    return group


async def everything(request: Request) -> Response:
    """`GET /api/v1/lists`"""
    return respond.json(await groups_of(await auth.require(request, "read:lists")))


async def one(request: Request) -> Response:
    """`GET /api/v1/lists/:id`"""
    viewer = await auth.require(request, "read:lists")
    wanted = str(params.number(request))
    found = [shown for shown in await groups_of(viewer) if shown["id"] == wanted]
    if not found:
        raise NotFound(subjects.MISSING)
    return respond.json(found[0])


async def accounts(request: Request) -> Response:
    """`GET /api/v1/lists/:id/accounts`: the group."""
    viewer = await auth.require(request, "read:lists")
    group = await joined(viewer, params.number(request))
    found = People([(group.actor_id, group.actor_id)], False)
    page = paging.page_of(request)
    if page.before and page.before <= group.actor_id:
        found = People([], False)
    body = await account.list_of(state.app_of(request).base_url, found.ids)
    return respond.json_bytes(body, paging.link(request, found.cursors, found.older))


async def create(request: Request) -> Response:
    """`POST /api/v1/lists`"""
    await auth.require(request, "write:lists")
    raise Invalid(FIXED)


async def change(request: Request) -> Response:
    """Every other change of a list."""
    viewer = await auth.require(request, "write:lists")
    await joined(viewer, params.number(request))
    raise Invalid(FIXED)


routes = [
    Route("/api/v1/lists", everything),
    Route("/api/v1/lists", create, methods=["POST"]),
    Route("/api/v1/lists/{id}", one),
    Route("/api/v1/lists/{id}", change, methods=["PUT", "DELETE"]),
    Route("/api/v1/lists/{id}/accounts", accounts),
    Route("/api/v1/lists/{id}/accounts", change, methods=["POST", "DELETE"]),
]
