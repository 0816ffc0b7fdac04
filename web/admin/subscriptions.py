"""Lists of servers to block that others keep: subscribed, read each day, and how they are taken."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import block_subscriptions
from fedcomm.block_agreement import Rules
from fedcomm.errors import AppError, Invalid
from storage import block_subscriptions as stored
from web import params, respond, state
from web.pages import frame
from web.pages.readers import Reader, admins_only, form

_HERE = "/admin/block_lists/subscriptions"


class Wanted(msgspec.Struct, frozen=True):
    """A list, and how it is taken."""

    url: str = ""
    priority: str = "0"
    most: str = "suspend"
    automatic: str = ""
    adopt: str = ""
    csrf: str = ""


class HowTaken(msgspec.Struct, frozen=True):
    """How all of them are taken; in `never` a server a line."""

    at_least: str = "1"
    most_cuts: str = "0"
    never: str = ""
    csrf: str = ""


class Order(msgspec.Struct, frozen=True):
    """What is to be done with one: fetch, accept, leave or take_back."""

    act: str = ""
    csrf: str = ""


@admins_only
async def overview(request: Request, reader: Reader) -> Response:
    """`GET /admin/block_lists/subscriptions`"""
    return await _page(request)


@admins_only
async def subscribe(request: Request, reader: Reader) -> Response:
    """`POST /admin/block_lists/subscriptions`"""
    given = await form(request, Wanted, reader)
    try:
        await block_subscriptions.subscribe(
            state.app_of(request), given.url, f"@{reader.actor.username}", priority=_whole(given.priority, "priority"),
            most=given.most, automatic=bool(given.automatic), adopt=bool(given.adopt),
        )  # fmt: skip
    except AppError as refused:
        return await _page(request, refused, wanted=given)
    return respond.redirect(f"{_HERE}?done=subscribed")


@admins_only
async def rules(request: Request, reader: Reader) -> Response:
    """`POST /admin/block_lists/subscriptions/rules`"""
    given = await form(request, HowTaken, reader)
    try:
        wanted = Rules(
            _whole(given.at_least, "at_least"), _whole(given.most_cuts, "most_cuts"), tuple(given.never.split())
        )
        await block_subscriptions.set_rules(state.app_of(request), wanted, f"@{reader.actor.username}")
    except AppError as refused:
        return await _page(request, refused, taken=given)
    return respond.redirect(f"{_HERE}?done=rules")


@admins_only
async def order(request: Request, reader: Reader) -> Response:
    """`POST /admin/block_lists/subscriptions/{id}`"""
    given, number, app = await form(request, Order, reader), params.number(request), state.app_of(request)
    by = f"@{reader.actor.username}"
    try:
        if given.act == "fetch":
            await block_subscriptions.fetch(app, number, by)
        elif given.act == "accept":
            await block_subscriptions.accept(app, number, by)
        elif given.act in ("leave", "take_back"):
            await block_subscriptions.unsubscribe(app, number, by, take_back=given.act == "take_back")
        else:
            raise Invalid("A subscription is fetched, accepted or ended.")
    except AppError as refused:
        return await _page(request, refused)
    return respond.redirect(f"{_HERE}?done={given.act}")


async def _page(
    request: Request, refused: AppError | None = None, *, wanted: Wanted | None = None, taken: HowTaken | None = None
) -> Response:
    now = await block_subscriptions.rules()
    return await frame.with_form(
        request,
        "admin/subscriptions.html",
        refused,
        lists=await stored.everything(),
        wanted=wanted or Wanted(),
        taken=taken or HowTaken(str(now.at_least), str(now.most_cuts), "\n".join(now.never)),
    )


def _whole(text: str, field: str) -> int:
    """A number as a form has it.

    Raises:
        Invalid: it is none.
    """
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise Invalid("Please write a whole number.", field=field)
    return int(text)


routes = [
    Route(_HERE, overview),
    Route(_HERE, subscribe, methods=["POST"]),
    Route(f"{_HERE}/rules", rules, methods=["POST"]),
    Route(f"{_HERE}/{{id}}", order, methods=["POST"]),
]
