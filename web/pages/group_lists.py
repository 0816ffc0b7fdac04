"""The list that a joined group is to a member: what begins threads in it, and how the member wants that."""

from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fedcomm import lists, unanswered
from fedcomm.errors import AppError, NotFound
from fedcomm.lists import Change, OfGroup
from storage import rankings
from web import paging, params, respond, state
from web.pages import filling, frame, places, words
from web.pages.readers import Reader

_POSTS = 20


class Wish(msgspec.Struct, frozen=True):
    """What the list is to be like; without a title it has the group's name."""

    title: str = ""
    sort: str = "new"
    exclusive: bool = False
    hidden: bool = False
    queue: bool = False


async def read(request: Request, reader: Reader) -> Response:
    """The page of the list with the id in the address, which is that of a group's face."""
    found = await _joined(request, reader)
    page = paging.page_of(request, usual=_POSTS)
    read = partial(rankings.of_group, reader.actor.id, found.group.id, found.sort)
    part = await filling.posts(reader.actor.id, page, read, "home")
    return await frame.page(
        request,
        "own/group_list.html",
        list=found,
        sorts=words.SORTS,
        nodes=part.shown,
        older=part.older,
        back=places.hidden("", 0),
    )


async def edit(request: Request, reader: Reader) -> Response:
    """The page on which one says how one wants it."""
    found = await _joined(request, reader)
    return await _form(
        request,
        found,
        Wish(found.title, found.sort, found.exclusive, found.hidden, await _has_queue(request, reader, found)),
    )


async def change(request: Request, reader: Reader, wish: Wish) -> Response:
    """The list is as the member wants it, or the form says what is wrong."""
    found = await _joined(request, reader)
    app = state.app_of(request)
    try:
        queue = wish.queue if wish.queue != await _has_queue(request, reader, found) else None
        asked = Change(wish.title, None, wish.exclusive, wish.sort, queue)
        await lists.change_group(app, reader.actor, found.face, asked)
        if wish.hidden != found.hidden:
            await lists.hide_group(app, reader.actor, found.face, hidden=wish.hidden)
    except AppError as refused:
        return await _form(request, found, wish, refused)
    return respond.redirect(f"/lists/{found.face.id}/edit?done=saved")


async def _has_queue(request: Request, reader: Reader, found: OfGroup) -> bool:
    """Whether the reader has the list of what waits in the group as well."""
    return found.group.id in {
        each.group.id for each in await unanswered.queues(state.app_of(request), reader.actor)
    }  # fmt: skip


async def _joined(request: Request, reader: Reader) -> OfGroup:
    """The list of a group that the reader is in (attack OAU-13).

    Raises:
        NotFound: they are in no such group.
    """
    face_id = params.number(request)
    for each in await lists.of_groups(reader.actor.id):
        if each.face.id == face_id:
            return each
    raise NotFound("There is no such list.")


async def _form(request: Request, found: OfGroup, wish: Wish, refused: AppError | None = None) -> Response:
    return await frame.with_form(
        request,
        "own/group_list_edit.html",
        refused,
        list=found,
        wish=wish,
        sorts=words.SORTS,
    )
