"""The lists of a member: those they made of people they follow, and the groups they are in."""

from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.lists
import storage.timelines
from fedcomm import lists
from fedcomm.errors import AppError, Invalid, NotFound
from fedcomm.lists import Change
from storage.actors import Actor
from storage.lists import List
from web import paging, params, respond, state
from web.pages import filling, frame, group_lists, places, words
from web.pages.find import somebody
from web.pages.readers import Plain, Reader, form, members_only

_POSTS, _PEOPLE = 20, 40


class Wish(msgspec.Struct, frozen=True):
    """What a list is to be like."""

    title: str = ""
    replies: str = "list"
    exclusive: bool = False
    sort: str = "new"  # this, `hidden` and `queue` of the list of a group
    hidden: bool = False
    queue: bool = False
    csrf: str = ""


class Person(msgspec.Struct, frozen=True):
    """Who comes into a list, by their address, or leaves it, by id."""

    act: str = ""
    id: int = 0
    address: str = ""
    csrf: str = ""


@members_only
async def everything(request: Request, reader: Reader) -> Response:
    """`GET /lists`"""
    return await _all(request, reader, Wish())


@members_only
async def create(request: Request, reader: Reader) -> Response:
    """`POST /lists`: on to the new list."""
    wish = await form(request, Wish, reader)
    try:
        made = await lists.create(state.app_of(request), reader.actor, Change(title=wish.title))
    except AppError as refused:
        return await _all(request, reader, wish, refused)
    return respond.redirect(f"/lists/{made.id}/edit")


@members_only
async def read(request: Request, reader: Reader) -> Response:
    """`GET /lists/{id}`: what those in it write."""
    own = await _made(request, reader)
    if own is None:
        return await group_lists.read(request, reader)
    page = paging.page_of(request, usual=_POSTS)
    found = await filling.posts(reader.actor.id, page, partial(storage.timelines.of_list, own), "home")
    return await frame.page(
        request,
        "own/list.html",
        list=own,
        nodes=found.shown,
        older=found.older,
        back=places.hidden("", 0),
    )


@members_only
async def edit(request: Request, reader: Reader) -> Response:
    """`GET /lists/{id}/edit`"""
    own = await _made(request, reader)
    return await _form(request, own, _as_wish(own)) if own else await group_lists.edit(request, reader)


@members_only
async def change(request: Request, reader: Reader) -> Response:
    """`POST /lists/{id}`"""
    wish = await form(request, Wish, reader)
    own = await _made(request, reader)
    if own is None:
        asked = group_lists.Wish(wish.title, wish.sort, wish.exclusive, wish.hidden, wish.queue)
        return await group_lists.change(request, reader, asked)
    try:
        await lists.change(
            state.app_of(request), reader.actor, own.id, Change(wish.title, wish.replies, wish.exclusive)
        )
    except AppError as refused:
        return await _form(request, own, wish, refused=refused, part="list")
    return respond.redirect(f"/lists/{own.id}/edit?done=saved")


@members_only
async def move(request: Request, reader: Reader) -> Response:
    """`POST /lists/{id}/people`: somebody comes in or goes."""
    given = await form(request, Person, reader)
    own = await _own(request, reader)
    app = state.app_of(request)
    try:
        match given.act:
            case "add":
                target = await somebody(app, reader.actor.id, given.address)
                await _add(request, reader, own, target)
            case "drop":
                await lists.drop(app, reader.actor, own.id, [given.id])
            case _:
                raise Invalid("There is no such act.")
    except AppError as refused:
        return await _form(request, own, _as_wish(own), given.address, refused, "people")
    return respond.redirect(f"/lists/{own.id}/edit?done=saved")


@members_only
async def delete(request: Request, reader: Reader) -> Response:
    """`POST /lists/{id}/delete`"""
    await form(request, Plain, reader)
    own = await _own(request, reader)
    await lists.delete(state.app_of(request), reader.actor, own.id)
    return respond.redirect("/lists")


async def _add(request: Request, reader: Reader, own: List, target: Actor) -> None:
    if target.id in await storage.lists.members(own.id):
        return
    try:
        await lists.add(state.app_of(request), reader.actor, own.id, [target.id])
    except NotFound:
        raise Invalid("Only people whom you follow can be in a list.", field="address") from None


async def _own(request: Request, reader: Reader) -> List:
    """A list of the reader's own (attack OAU-13).

    Raises:
        NotFound: there is none.
    """
    found = await _made(request, reader)
    if found is None:
        raise NotFound("There is no such list.")
    return found


async def _made(request: Request, reader: Reader) -> List | None:
    """The list that the address names, if the reader made it; else it may be that of a group."""
    return await storage.lists.one(reader.actor.id, params.number(request))


def _as_wish(own: List) -> Wish:
    return Wish(own.title, own.replies_policy, bool(own.exclusive))


async def _all(request: Request, reader: Reader, wish: Wish, refused: AppError | None = None) -> Response:
    return await frame.with_form(
        request,
        "own/lists.html",
        refused,
        lists=await storage.lists.of(reader.actor.id),
        joined=await lists.of_groups(reader.actor.id),
        policies=words.REPLIES,
        sorts=words.SORTS,
        wish=wish,
    )


async def _form(
    request: Request, own: List, wish: Wish, address: str = "", refused: AppError | None = None, part: str = ""
) -> Response:
    found = await storage.lists.entries(own, paging.page_of(request, usual=_PEOPLE))
    people = await storage.actors.by_ids(found.ids)
    return await frame.with_form(
        request,
        "own/list_edit.html",
        refused,
        list=own,
        wish=wish,
        people=[people[actor_id] for actor_id in found.ids if actor_id in people],
        older=found.cursors[-1] if found.older else 0,
        policies=words.REPLIES,
        address=address,
        part=part,
    )


routes = [
    Route("/lists", everything),
    Route("/lists", create, methods=["POST"]),
    Route("/lists/{id}", read),
    Route("/lists/{id}", change, methods=["POST"]),
    Route("/lists/{id}/edit", edit),
    Route("/lists/{id}/people", move, methods=["POST"]),
    Route("/lists/{id}/delete", delete, methods=["POST"]),
]
