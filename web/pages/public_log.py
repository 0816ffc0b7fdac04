"""The log that everybody may read, of a group and of the server: as a page, and as a feed."""

from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import public_log
from fedcomm.errors import AppError, NotFound
from fedcomm.public_log import Asked, Entry
from storage import visible
from storage.actors import Actor
from storage.groups import Group
from storage.paging import Page
from storage.public_log import KINDS, OF_GROUPS
from web import languages, paging, params, respond, state
from web.pages import frame, logged, shown, syndication
from web.pages.group import named
from web.pages.readers import reader_of
from web.syndication import atom
from web.syndication.items import Feed

_LINES, _IN_FEED = 40, 40


class _Of(msgspec.Struct, frozen=True):
    """The group whose log is asked for, on the page of the server's."""

    group: str = ""


async def of_server(request: Request) -> Response:
    """`GET /modlog`"""
    name = params.query(request, _Of).group.strip().removeprefix("!").removeprefix("@")
    if name:
        return await _page(request, *await _group(request, name), chosen=name)
    return await _page(request)


async def of_group(request: Request) -> Response:
    """`GET /c/{name}/modlog`"""
    return await _page(request, *await _group(request, request.path_params["name"]))


async def taken(request: Request) -> Response:
    """`GET /modlog/{id}`: each of the posts that a ban took out."""
    viewer = await _viewer(request)
    number = params.number(request)
    entry = await public_log.one(number, viewer)
    found, older = await public_log.taken(number, viewer, paging.page_of(request, usual=_LINES))
    return await frame.page(
        request, "public_log_posts.html", entry=entry, found=found, older=found[-1].id if older else 0, logged=logged
    )  # fmt: skip


async def feed_of_server(request: Request) -> Response:
    """`GET /modlog/feed.atom`: as everybody may read it."""
    return await _feed(request, None, None)


async def feed_of_group(request: Request) -> Response:
    """`GET /c/{name}/modlog/feed.atom`"""
    group, face = await named(visible.ANYBODY, request.path_params["name"], state.app_of(request).host)
    if not await syndication.has_feed(face, group):
        raise NotFound("There is no such feed.")
    return await _feed(request, group, face)


async def _group(request: Request, name: str) -> tuple[Group, Actor]:
    """The group of that name, if the reader may know what is done in it.

    Raises:
        NotFound: there is none, or it is not for them.
    """
    viewer = await _viewer(request)
    group, face = await named(viewer, name, state.app_of(request).host)
    if not await visible.inside(viewer, face.id):
        raise NotFound("There is no group of this name here.")
    return group, face


async def _viewer(request: Request) -> int:
    reader = await reader_of(request)
    return reader.actor.id if reader else visible.ANYBODY


async def _page(request: Request, group: Group | None = None, face: Actor | None = None, chosen: str = "") -> Response:
    asked, viewer = params.query(request, Asked), await _viewer(request)
    entries: list[Entry] = []
    older, refused = False, None
    try:
        wanted = await public_log.wanted_by(state.app_of(request), viewer, asked, group.id if group else 0)
        entries, older = await public_log.read(wanted, paging.page_of(request, usual=_LINES, most=_LINES))
    except AppError as why:
        refused = why
    given = {name: text for name, text in msgspec.structs.asdict(asked).items() if text}
    return await frame.with_form(
        request,
        "public_log.html",
        refused,
        group=group,
        face=face,
        chosen=chosen,
        asked=asked,
        kinds=tuple(OF_GROUPS) if group else KINDS,
        entries=entries,
        older=entries[-1].id if older else 0,
        query=urlencode(given | ({"group": chosen} if chosen else {})),
        logged=logged,
        feed_of=f"{shown.profile(face) if face else ''}/modlog/feed.atom",
        has_feed=group is None or (face is not None and await syndication.has_feed(face, group)),
    )


async def _feed(request: Request, group: Group | None, face: Actor | None) -> Response:
    app = state.app_of(request)
    wanted = await public_log.wanted_by(app, visible.ANYBODY, Asked(), group.id if group else 0)
    asked = paging.page_of(request, usual=_IN_FEED, most=_IN_FEED)
    found, older = await public_log.read(wanted, Page(before=asked.before, limit=asked.limit))
    language = languages.choose(request)
    words = languages.words(language)
    home = f"{app.base_url}{shown.profile(face) if face else ''}/modlog"
    items = [logged.item(app, words, entry, home) for entry in found]
    title = logged.title(words, face)
    feed = Feed(
        id=home, title=title, summary="", home=home, url=f"{home}/feed.atom",
        page=f"{home}/feed.atom" + (f"?max_id={asked.before}" if asked.before else ""),
        next=f"{home}/feed.atom?max_id={found[-1].id}" if older else "",
        updated=max((entry.at for entry in found), default=0), items=items,
    )  # fmt: skip
    answer = respond.document(request, atom.write(feed), f"{atom.MIME}; charset=utf-8")
    answer.headers["vary"] = f"{answer.headers['vary']}, Accept-Language"
    answer.headers["content-language"] = language
    return answer


routes = [
    Route("/modlog", of_server),
    Route("/modlog/feed.atom", feed_of_server),
    Route("/modlog/{id}", taken),
    Route("/c/{name}/modlog", of_group),
    Route("/c/{name}/modlog/feed.atom", feed_of_group),
]
