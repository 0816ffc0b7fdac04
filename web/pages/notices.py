"""What a member is told of: who answered, followed, liked and passed on."""

from collections.abc import Sequence
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.markers
import storage.posts
from fedcomm import markers
from fedcomm import notifications as service
from storage import notifications, registers, sanctions, severances, waiting
from storage.actors import Actor
from storage.notifications import Notice
from storage.paging import Page
from storage.registers import Act
from storage.sanctions import Sanction
from storage.severances import Severance
from storage.timelines import Entry
from web import paging, respond, state
from web.pages import filling, frame, places, threads, words
from web.pages.readers import Plain, Reader, form, members_only
from web.pages.threads import Node

_NOTICES = 30


class Told(msgspec.Struct, frozen=True):
    """One line of the page: who did what, the post it is about, if any, and whether it came since one last looked.

    `answers` is whether that post answers one of the reader's, which need not mention them.
    """

    notice: Notice
    actor: Actor
    node: Node | None
    new: bool
    cut: Severance | None = None
    done: Sanction | None = None  # about the member
    warned: Act | None = None  # by moderators of a group, whose face is `warner`
    warner: Actor | None = None
    answers: bool = False

    @property
    def id(self) -> int:
        """Of the notice."""
        return self.notice.id

    at = id

    @property
    def invites(self) -> bool:
        """Whether a group elsewhere invites to it: groups ask for nothing else."""
        return self.notice.kind == "follow_request" and self.actor.kind == "Group"


class Read(msgspec.Struct, frozen=True):
    """The newest notice that was shown."""

    id: int = 0
    csrf: str = ""


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /notifications`"""
    page = paging.page_of(request, usual=_NOTICES)

    async def part(page: Page) -> filling.Read[Notice]:
        found, older = await notifications.page(reader.actor.id, page, list(words.NOTICES))
        return filling.Read(found, found[-1].id if older else 0)

    news = await filling.filled(page, part, partial(_told, reader))
    return await frame.page(
        request,
        "own/notifications.html",
        news=news.shown,
        older=news.older,
        back=places.hidden("notifications", page.before),
    )


@members_only
async def unread(request: Request, reader: Reader) -> Response:
    """`GET /notifications/unread`: how much waits, for the script of a page that is open already."""
    return respond.json(await waiting.of(reader.actor.id, reader.account.id, list(words.NOTICES)))


@members_only
async def mark_read(request: Request, reader: Reader) -> Response:
    """`POST /notifications/read`: none up to this one is new any more, in programs neither."""
    given = await form(request, Read, reader)
    known = await _last_read(reader)
    if given.id > known and await notifications.one(reader.actor.id, given.id):
        await markers.move(state.app_of(request), reader.account.id, {"notifications": given.id})
    return respond.redirect("/notifications")


@members_only
async def clear(request: Request, reader: Reader) -> Response:
    """`POST /notifications/clear`: nothing is left on the page."""
    await form(request, Plain, reader)
    await service.clear(state.app_of(request), reader.actor.id)
    return respond.redirect("/notifications")


async def _last_read(reader: Reader) -> int:
    marker = (await storage.markers.of(reader.account.id, ["notifications"])).get("notifications")
    return marker.last_read_id if marker else 0


async def _told(reader: Reader, found: Sequence[Notice]) -> list[Told]:
    """The notices, which are for the reader, with what they show."""
    actors = await storage.actors.by_ids(sorted({notice.actor_id for notice in found}))
    about = sorted({notice.post_id for notice in found if notice.post_id})
    nodes = await threads.posts(reader.actor.id, [Entry(post_id, post_id) for post_id in about], "notifications")
    by_id = {node.id: node for node in nodes}
    cut = await severances.by_ids([notice.report_id for notice in found if notice.kind == "severed_relationships"])
    told = [notice.report_id for notice in found if notice.kind == "moderation_warning"]
    done = await sanctions.by_ids(told)
    warned = await registers.acts([number for number in told if number not in done])
    faces = await storage.actors.by_uris([act.face for act in warned.values()])
    above = await storage.posts.by_ids([node.post.parent_id for node in nodes if node.post and node.post.parent_id])
    own = {post.id for post in above.values() if post.author_id == reader.actor.id}
    answers = {node.id for node in nodes if node.post and node.post.parent_id in own}
    last_read = await _last_read(reader)
    return [
        Told(
            notice,
            actors[notice.actor_id],
            by_id.get(notice.post_id),
            notice.id > last_read,
            cut.get(notice.report_id),
            done.get(notice.report_id),
            warned.get(notice.report_id),
            faces.get(warned[notice.report_id].face) if notice.report_id in warned else None,
            notice.kind == "mention" and notice.post_id in answers,
        )
        for notice in found
        if notice.actor_id in actors and (not notice.post_id or notice.post_id in by_id)
    ]


routes = [
    Route("/notifications", show),
    Route("/notifications/unread", unread),
    Route("/notifications/read", mark_read, methods=["POST"]),
    Route("/notifications/clear", clear, methods=["POST"]),
]
