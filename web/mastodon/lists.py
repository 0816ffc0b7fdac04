"""`/api/v1/lists`: those that somebody made, and each joined group as one of what begins threads in it.

The list of a group has the id of the group's account. Its title and order are each member's own; deleting it hides it.

Who greets in a group of ours, or looks after it, has a second list of it, of what nobody has answered yet. That has the
id of the group's row, and programs cannot change it.
"""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.groups
import storage.lists
import storage.members
from fedcomm import lists as service
from fedcomm import unanswered
from fedcomm.app import App
from fedcomm.errors import Invalid, NotFound
from fedcomm.unanswered import Queue
from storage.groups import Group
from storage.lists import List
from storage.relationships import People
from web import auth, paging, params, respond, state
from web.auth import Viewer
from web.mastodon import subjects
from web.mastodon.entities import account

QUEUE = "This list follows what waits for an answer. Whether you have it, you say on the page of the list of its group."
FIXED = "This list follows a group: who is in it joined the group, and its account is all there is in it."
MOST_AT_ONCE = 100  # accounts in one request


class Wish(msgspec.Struct, frozen=True):
    """What a list is to be like; `sort` (`storage.rankings.SORTS`) is for those of groups."""

    title: str | None = None
    replies_policy: str | None = None
    exclusive: bool | None = None
    sort: str | None = None


class Accounts(msgspec.Struct, frozen=True):
    """Who is put in or taken out."""

    account_ids: list[str] = []


async def queues_of(request: Request, viewer: Viewer) -> list[dict[str, Any]]:
    """The viewer's lists of what waits for an answer."""
    found = await unanswered.queues(state.app_of(request), await auth.actor_of(viewer))
    return [_of_queue(each) for each in found]


async def groups_of(viewer: Viewer) -> list[dict[str, Any]]:
    """The lists of the viewer's groups, by title; `exclusive`: the group is kept out of home."""
    return [
        {"id": str(each.face.id), "title": each.title, "replies_policy": "none", "exclusive": each.exclusive}
        for each in await service.of_groups(viewer.actor_id)
        if not each.hidden
    ]


def shown(found: List) -> dict[str, Any]:
    """A list that somebody made (Mastodon API: "List")."""
    return {
        "id": str(found.id), "title": found.title, "replies_policy": found.replies_policy,
        "exclusive": bool(found.exclusive),
    }  # fmt: skip


async def holding(viewer: Viewer, actor_id: int) -> list[dict[str, Any]]:
    """The lists of the viewer that an actor is in."""
    own = [shown(each) for each in await storage.lists.holding(viewer.actor_id, actor_id)]
    return [*own, *(each for each in await groups_of(viewer) if each["id"] == str(actor_id))]


async def joined(viewer: Viewer, actor_id: int) -> Group:
    """The joined group with this face.

    Raises:
        NotFound: the viewer is in no such group (attack OAU-13).
    """
    group = await storage.groups.by_actor(actor_id)
    if group is None or group.id not in await storage.members.groups_of(viewer.actor_id):
        raise NotFound(subjects.MISSING)
    return group


async def queue(app: App, viewer: Viewer, list_id: int) -> Queue | None:
    """The list of what waits in a group that the viewer is in or looks after; None when the list is another."""
    return await unanswered.queue(app, await auth.actor_of(viewer), list_id)


async def opened(app: App, viewer: Viewer, list_id: int) -> List | Queue | Group:
    """The list that the viewer made, or the group whose list it is, or whose list of what waits.

    Raises:
        NotFound: it is none of these (attack OAU-13).
    """
    own = await storage.lists.one(viewer.actor_id, list_id)
    if own is not None:
        return own
    if await storage.groups.by_actor(list_id) is None and (waiting := await queue(app, viewer, list_id)) is not None:
        return waiting
    return await joined(viewer, list_id)


async def everything(request: Request) -> Response:
    """`GET /api/v1/lists`"""
    viewer = await auth.require(request, "read:lists")
    own = [shown(each) for each in await storage.lists.of(viewer.actor_id)]
    return respond.json([*own, *await groups_of(viewer), *await queues_of(request, viewer)])


async def one(request: Request) -> Response:
    """`GET /api/v1/lists/:id`"""
    viewer = await auth.require(request, "read:lists")
    return await _answer(request, viewer, params.number(request))


async def accounts(request: Request) -> Response:
    """`GET /api/v1/lists/:id/accounts`: of a group the group."""
    viewer = await auth.require(request, "read:lists")
    page = paging.page_of(request, 40, 80)
    asked = await opened(state.app_of(request), viewer, params.number(request))
    if isinstance(asked, List):
        found = await storage.lists.entries(asked, page)
    else:
        group = asked.group if isinstance(asked, Queue) else asked
        within = page.bounds[1] < group.actor_id < page.bounds[0]
        found = People([(group.actor_id, group.actor_id)] if within else [], False)
    body = await account.list_of(state.app_of(request).base_url, found.ids)
    return respond.json_bytes(body, paging.link(request, found.cursors, found.older))


async def create(request: Request) -> Response:
    """`POST /api/v1/lists`"""
    viewer = await auth.require(request, "write:lists")
    wish = await params.read(request, Wish)
    made = await service.create(state.app_of(request), await auth.actor_of(viewer), _change(wish))
    return respond.json(shown(made))


async def change(request: Request) -> Response:
    """`PUT /api/v1/lists/:id`"""
    viewer = await auth.require(request, "write:lists")
    app, actor, list_id = state.app_of(request), await auth.actor_of(viewer), params.number(request)
    face = await _face(app, viewer, list_id)
    wish = _change(await params.read(request, Wish))
    if face is None:
        return respond.json(shown(await service.change(app, actor, list_id, wish)))
    await service.change_group(app, actor, face, wish)
    return await _answer(request, viewer, list_id)


async def delete(request: Request) -> Response:
    """`DELETE /api/v1/lists/:id`; that of a group is hidden, without leaving the group."""
    viewer = await auth.require(request, "write:lists")
    app, actor, list_id = state.app_of(request), await auth.actor_of(viewer), params.number(request)
    face = await _face(app, viewer, list_id)
    if face is None:
        await service.delete(app, actor, list_id)
    else:
        await service.hide_group(app, actor, face)
    return respond.json({})


async def add(request: Request) -> Response:
    """`POST /api/v1/lists/:id/accounts`"""
    return await _move(request, service.add)


async def drop(request: Request) -> Response:
    """`DELETE /api/v1/lists/:id/accounts`"""
    return await _move(request, service.drop)


async def _move(request: Request, act: Any) -> Response:
    viewer = await auth.require(request, "write:lists")
    list_id = params.number(request)
    if await _face(state.app_of(request), viewer, list_id) is not None:
        raise Invalid(FIXED)
    wish = await params.read(request, Accounts)
    if len(wish.account_ids) > MOST_AT_ONCE:
        raise Invalid("No more than {limit} accounts at once.", field="account_ids", limit=MOST_AT_ONCE)
    ids = [subjects.identifier(text) for text in wish.account_ids]
    await act(state.app_of(request), await auth.actor_of(viewer), list_id, ids)
    return respond.json({})


async def _face(app: App, viewer: Viewer, list_id: int) -> storage.actors.Actor | None:
    """The group whose list this is; None for a list that the viewer made.

    Raises:
        NotFound: it is neither (attack OAU-13).
        Invalid: it is one of what waits for an answer.
    """
    if await storage.lists.one(viewer.actor_id, list_id) is not None:
        return None
    if await queue(app, viewer, list_id) is not None:
        raise Invalid(QUEUE)
    return await storage.actors.by_id((await joined(viewer, list_id)).actor_id)


async def _answer(request: Request, viewer: Viewer, list_id: int) -> Response:
    own = await storage.lists.one(viewer.actor_id, list_id)
    if own is not None:
        return respond.json(shown(own))
    waiting = await queue(state.app_of(request), viewer, list_id)
    if waiting is not None:
        return respond.json(_of_queue(waiting))
    found = [each for each in await groups_of(viewer) if each["id"] == str(list_id)]
    if not found:
        raise NotFound(subjects.MISSING)
    return respond.json(found[0])


def _of_queue(found: Queue) -> dict[str, Any]:
    return {"id": str(found.group.id), "title": found.title, "replies_policy": "none", "exclusive": False}


def _change(wish: Wish) -> service.Change:
    return service.Change(wish.title, wish.replies_policy, wish.exclusive, wish.sort)


routes = [
    Route("/api/v1/lists", everything),
    Route("/api/v1/lists", create, methods=["POST"]),
    Route("/api/v1/lists/{id}", one),
    Route("/api/v1/lists/{id}", change, methods=["PUT"]),
    Route("/api/v1/lists/{id}", delete, methods=["DELETE"]),
    Route("/api/v1/lists/{id}/accounts", accounts),
    Route("/api/v1/lists/{id}/accounts", add, methods=["POST"]),
    Route("/api/v1/lists/{id}/accounts", drop, methods=["DELETE"]),
]
