"""What was held back of people elsewhere whom nobody here knows, by text; and the rules that say what is."""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
from fedcomm import catching, powers, settings
from fedcomm.errors import AppError, Invalid
from storage import caught
from storage.actors import Actor
from storage.caught import Caught, Cluster
from web import params, respond, state
from web.pages import frame
from web.pages.readers import Reader, admins_only, form, with_power

_CLUSTERS, _POSTS = 30, 50
_RULES = ("hold_contact", "hold_young", "hold_mentions", "hold_links", "hold_same", "hold_within")


class Asked(msgspec.Struct, frozen=True):
    """Which part of the page; `text` names one cluster."""

    text: str = ""
    max_id: int = 0
    offset: int = 0


class Act(msgspec.Struct, frozen=True):
    """What is done: release, release_all, refuse or suspend; about an author, or all with a text."""

    act: str = ""
    text: str = ""
    actor: int = 0
    csrf: str = ""


class Rules(msgspec.Struct, frozen=True):
    """The rules as the form has them."""

    hold_contact: str = ""
    hold_young: int = 0
    hold_mentions: int = 2
    hold_links: int = 0
    hold_same: int = 0
    hold_within: int = 60
    csrf: str = ""


class Line(msgspec.Struct, frozen=True):
    """A cluster with some of its posts and their authors."""

    cluster: Cluster
    posts: Sequence[tuple[Caught, Actor]]


@with_power(powers.SPAM)
async def show(request: Request, reader: Reader) -> Response:
    """`GET /admin/spam`"""
    return await _page(request)


@with_power(powers.SPAM)
async def act(request: Request, reader: Reader) -> Response:
    """`POST /admin/spam`: one button for all with the same text, or one for an author."""
    given = await form(request, Act, reader)
    app, by = state.app_of(request), reader.account
    try:
        match given.act:
            case "release":
                await catching.release(app, by, given.actor)
            case "release_all":
                await catching.release_all(app, by, given.text)
            case "refuse" | "suspend":
                await catching.refuse(app, by, given.text, suspend=given.act == "suspend")
            case _:
                raise Invalid("There is no such act.", field="act")
    except AppError as refused:
        return await _page(request, refused)
    return respond.redirect(f"/admin/spam?done={given.act}")


@admins_only
async def change(request: Request, reader: Reader) -> Response:
    """`POST /admin/spam/rules`"""
    given = await form(request, Rules, reader)
    changes = {name: getattr(given, name) for name in _RULES} | {"hold_contact": bool(given.hold_contact)}
    try:
        await settings.change(state.app_of(request), reader.account, changes)
    except AppError as refused:
        return await _page(request, refused, given)
    return respond.redirect("/admin/spam?done=rules")


async def _page(request: Request, refused: AppError | None = None, given: Rules | None = None) -> Response:
    asked = params.query(request, Asked)
    offset = max(0, min(asked.offset, 1_000_000))
    found = [] if asked.text else await caught.clusters(_CLUSTERS + 1, offset)
    alone = await caught.some(asked.text, _POSTS + 1, asked.max_id or 2**62) if asked.text else []
    some = {each.text_key: await caught.some(each.text_key) for each in found[:_CLUSTERS]}
    people = await storage.actors.by_ids([each.actor_id for posts in (alone, *some.values()) for each in posts])
    rules = await settings.current(state.app_of(request))
    return await frame.with_form(
        request,
        "admin/caught.html",
        refused,
        lines=[Line(each, _with(some[each.text_key], people)) for each in found[:_CLUSTERS]],
        alone=_with(alone[:_POSTS], people),
        asked=asked,
        older=alone[_POSTS - 1].id if len(alone) > _POSTS else 0,
        further=offset + _CLUSTERS if len(found) > _CLUSTERS else 0,
        given=given or Rules(**{name: getattr(rules, name) for name in _RULES if name != "hold_contact"},
                             hold_contact="1" if rules.hold_contact else ""),
        most=settings.MOST_NUMBER,
    )  # fmt: skip


def _with(posts: Sequence[Caught], people: dict[int, Actor]) -> list[tuple[Caught, Actor]]:
    return [(each, people[each.actor_id]) for each in posts if each.actor_id in people]


routes = [
    Route("/admin/spam", show),
    Route("/admin/spam", act, methods=["POST"]),
    Route("/admin/spam/rules", change, methods=["POST"]),
]
