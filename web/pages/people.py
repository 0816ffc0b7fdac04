"""Whom a member decides about: who wants to follow them, whom they block or mute, and servers they block."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.domain_blocks
import storage.join_requests
import storage.memberships
import storage.mutes
from fedcomm import blocks, clock, domain_blocks, follows, memberships, mutes, requests
from fedcomm.app import App
from fedcomm.errors import AppError, Invalid
from storage import relationships
from storage.actors import Actor
from storage.paging import Page
from storage.relationships import People
from web import paging, respond, state
from web.pages import frame
from web.pages.find import somebody
from web.pages.readers import Reader, form, members_only

_PEOPLE = 40


class Answer(msgspec.Struct, frozen=True):
    """What is decided about somebody, by id or, where they are not on the page, by their address."""

    act: str = ""
    id: int = 0
    address: str = ""
    csrf: str = ""


class Subject(msgspec.Struct, frozen=True):
    """One of these pages: where it is, what it shows of its list, and what can be done with who stands there."""

    address: str
    template: str
    shown: Callable[[int, Page], Awaitable[dict[str, Any]]]
    acts: dict[str, Callable[[App, Actor, Answer], Awaitable[None]]]

    @property
    def routes(self) -> list[Route]:
        """The page, and its form."""

        @members_only
        async def show(request: Request, reader: Reader) -> Response:
            return await _page(request, reader, self, Answer())

        @members_only
        async def decide(request: Request, reader: Reader) -> Response:
            given = await form(request, Answer, reader)
            try:
                if given.act not in self.acts:
                    raise Invalid("There is no such act.")
                await self.acts[given.act](state.app_of(request), reader.actor, given)
            except AppError as refused:
                return await _page(request, reader, self, given, refused)
            return respond.redirect(f"{self.address}?done=saved")

        return [Route(self.address, show), Route(self.address, decide, methods=["POST"])]


async def _accept(app: App, actor: Actor, given: Answer) -> None:
    await follows.accept(app, actor, given.id)


async def _refuse(app: App, actor: Actor, given: Answer) -> None:
    await follows.reject(app, actor, given.id)


async def _come(app: App, actor: Actor, given: Answer) -> None:
    await follows.come(app, actor, given.id)


async def _decline(app: App, actor: Actor, given: Answer) -> None:
    await memberships.decline(app, actor, given.id)


async def _block(app: App, actor: Actor, given: Answer) -> None:
    await blocks.block(app, actor, (await somebody(app, actor.id, given.address)).id)


async def _unblock(app: App, actor: Actor, given: Answer) -> None:
    await blocks.unblock(app, actor, given.id)


async def _mute(app: App, actor: Actor, given: Answer) -> None:
    await mutes.mute(app, actor, await somebody(app, actor.id, given.address))


async def _unmute(app: App, actor: Actor, given: Answer) -> None:
    if target := await storage.actors.by_id(given.id):
        await mutes.unmute(app, actor, target)


async def _block_server(app: App, actor: Actor, given: Answer) -> None:
    await domain_blocks.block(app, actor, given.address)


async def _unblock_server(app: App, actor: Actor, given: Answer) -> None:
    await domain_blocks.unblock(app, actor, given.address)


async def _waiting(viewer: int, page: Page) -> dict[str, Any]:
    shown = await _shown(await relationships.asking(viewer, page))
    me = await storage.actors.by_id(viewer)
    waiting = await storage.join_requests.count(await requests.deciding(me) if me else [])
    faces = await storage.actors.by_ids(list(waiting))
    inviting = await storage.memberships.invitations(viewer)
    known = await storage.actors.by_ids([each.face_id for each in inviting] + [each.by_id or 0 for each in inviting])
    return shown | {
        "groups": [(faces[face], many) for face, many in waiting.items() if face in faces],
        "inviting": [(known[each.face_id], known.get(each.by_id or 0)) for each in inviting if each.face_id in known],
    }


async def _blocked(viewer: int, page: Page) -> dict[str, Any]:
    return await _shown(await relationships.blocked(viewer, page))


async def _muted(viewer: int, page: Page) -> dict[str, Any]:
    return await _shown(await storage.mutes.of(viewer, page, clock.now_ms()))


async def _servers(viewer: int, page: Page) -> dict[str, Any]:
    found = await storage.domain_blocks.of(viewer, page)
    return {"hosts": found.names, "older": found.cursors[-1] if found.older else 0}


async def _shown(found: People) -> dict[str, Any]:
    people = await storage.actors.by_ids(found.ids)
    return {
        "people": [people[actor_id] for actor_id in found.ids if actor_id in people],
        "older": found.cursors[-1] if found.older else 0,
    }


async def _page(
    request: Request, reader: Reader, subject: Subject, given: Answer, refused: AppError | None = None
) -> Response:
    shown = await subject.shown(reader.actor.id, paging.page_of(request, usual=_PEOPLE))
    return await frame.with_form(request, subject.template, refused, given=given, **shown)


_SUBJECTS = (
    Subject(
        "/follow_requests", "own/follow_requests.html", _waiting,
        {"accept": _accept, "refuse": _refuse, "come": _come, "decline": _decline},
    ),
    Subject("/settings/blocks", "own/blocks.html", _blocked, {"block": _block, "unblock": _unblock}),
    Subject("/settings/mutes", "own/mutes.html", _muted, {"mute": _mute, "unmute": _unmute}),
    Subject(
        "/settings/domain_blocks", "own/domain_blocks.html", _servers,
        {"block": _block_server, "unblock": _unblock_server},
    ),
)  # fmt: skip

routes = [route for subject in _SUBJECTS for route in subject.routes]
