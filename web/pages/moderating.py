"""The page of those who look after a group: whom they ban and appoint, what they have done, and its settings."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.appeals
import storage.follows
import storage.held
import storage.registers
import storage.reports
import storage.reviews
from fedcomm import (
    admit,
    casework,
    clock,
    curation,
    deputies,
    finding,
    group_profile,
    members,
    remote_settings,
    reviews,
    rights,
)  # fmt: skip
from fedcomm.app import App
from fedcomm.desk import lists
from fedcomm.errors import AppError, Invalid, NotFound
from storage.actors import Actor
from storage.groups import Group
from storage.paging import Page
from web import params, respond, state
from web.pages import community_settings, find, frame, group_log, group_settings, reasons, shown, words
from web.pages.group_settings import Settings
from web.pages.looking_after import Place, looking_after_any
from web.pages.readers import form

_MOST = 100  # requests, bans and entries of the log on the page
_MOST_DAYS = 3_650  # of a ban that ends


class Wish(msgspec.Struct, frozen=True):
    """What a moderator wants: with somebody, named by `who` or known by `id`, or with the post at the address `who`."""

    act: str = ""
    id: int = 0
    who: str = ""
    role: str = ""
    reason: str = ""
    days: int = 0  # of a ban, 0 for good
    remove: bool = False
    csrf: str = ""


class _Named(msgspec.Struct, frozen=True):
    who: str = ""


@looking_after_any
async def show(request: Request, place: Place) -> Response:
    """`GET /c/{name}/moderate`; with `who`, as lists of people lead here, the form for a ban names them."""
    who = params.query(request, _Named).who[: find.LONGEST]
    return await _page(request, place, wish=Wish(act="ban", who=who) if who else Wish())


@looking_after_any
async def do(request: Request, place: Place) -> Response:
    """`POST /c/{name}/moderate`: what is to be done with somebody."""
    wish = await form(request, Wish, place.reader)
    try:
        waits = await (_done if place.group.local else _done_afar)(state.app_of(request), place, wish)
    except AppError as refused:
        return await _page(request, place, refused, wish=wish)
    gone = wish.act == "dismiss" and wish.id == place.reader.actor.id  # this page is for them no more
    return respond.redirect(
        shown.profile(place.face) + ("" if gone else f"/moderate?done={'waits' if waits else wish.act}")
    )


@looking_after_any
async def settings(request: Request, place: Place) -> Response:
    """`GET /c/{name}/profile`: the settings of a group elsewhere; of one here they are on the page of all."""
    place.by(rights.SETTINGS)
    if place.standing.program == remote_settings.PROGRAM:
        return await community_settings.show(request, place)
    return await (_page(request, place) if place.group.local else group_settings.show(request, place))


@looking_after_any
async def describe(request: Request, place: Place) -> Response:
    """`POST /c/{name}/profile`: what it is called and says of itself, who may join and post."""
    if place.standing.program == remote_settings.PROGRAM:
        place.by(rights.SETTINGS)
        return await community_settings.send(request, place, await form(request, community_settings.Form, place.reader))
    given = await form(request, Settings, place.reader)
    by = place.by(rights.SETTINGS)
    if not place.group.local:
        return await group_settings.send(request, place, given)
    try:
        change = await group_settings.wanted(place, given)
        await group_profile.change(state.app_of(request), place.face.username, change, by)
    except AppError as refused:
        return await _page(request, place, refused, given)
    return respond.redirect(f"{shown.profile(place.face)}/moderate?done=profile")


async def _done(app: App, place: Place, wish: Wish) -> bool:
    """Gives whether it waits for somebody else to agree."""
    name = place.face.username
    match wish.act:
        case "appoint":
            who = await find.somebody(app, place.reader.actor.id, wish.who)
            await members.appoint(app, name, who, place.by(rights.APPOINT), wish.role or rights.MODERATOR)
        case "role":
            await members.appoint(app, name, await _known(wish.id), place.by(rights.APPOINT), wish.role)
        case "dismiss":
            who = await _known(wish.id)
            by = place.reader.actor if who.id == place.reader.actor.id else place.by(rights.APPOINT)
            await members.dismiss(app, name, who, by)
        case "ban":
            who = await find.somebody(app, place.reader.actor.id, wish.who)
            until, by = _until(wish), place.by(rights.BAN)
            await members.ban(app, name, who.uri, by, until, reason=wish.reason, remove=wish.remove)
        case "unban":
            await members.unban(app, name, (await _known(wish.id)).uri, place.by(rights.BAN))
        case "restore":
            await curation.restore(app, place.reader.actor, await _post(app, wish.who), only=place.group.id)
        case "remove":
            return await _remove(app, place, wish)
        case "hold":
            place.by(rights.HOLD)
            found = await _post(app, wish.who)
            return await reviews.hold(app, place.reader.actor, found, wish.reason, only=place.group.id)
        case _:
            raise Invalid("There is no such act.")
    return False


async def _done_afar(app: App, place: Place, wish: Wish) -> bool:
    """As `_done`, in a group elsewhere."""
    group, face, by = place.group, place.face, place.reader.actor
    match wish.act:
        case "appoint":
            who = await find.somebody(app, by.id, wish.who)
            await deputies.appoint(app, group, face, who, by, wish.role or rights.MODERATOR)
        case "role":
            await deputies.appoint(app, group, face, await _known(wish.id), by, wish.role)
        case "dismiss":
            await deputies.dismiss(app, group, face, await _known(wish.id), by)
        case "ban":
            who = await find.somebody(app, by.id, wish.who)
            until = _until(wish)
            await deputies.ban(app, group, face, who, by, until=until, reason=wish.reason, remove=wish.remove)
        case "unban":
            await deputies.unban(app, group, face, await _known(wish.id), by)
        case "restore":
            await curation.restore(app, by, await _post(app, wish.who), only=place.group.id)
        case "remove":
            return await _remove(app, place, wish)
        case _:
            raise Invalid("There is no such act.")
    return False


async def _remove(app: App, place: Place, wish: Wish) -> bool:
    """Take out the post at an address, of this group."""
    said, post_id = reasons.said((), 0, wish.reason), await _post(app, wish.who)
    return await curation.remove(app, place.reader.actor, post_id, said, only=place.group.id)


def _until(wish: Wish) -> int | None:
    if not 0 <= wish.days <= _MOST_DAYS:
        raise Invalid("A ban ends within {most} days, or not at all.", field="until", most=_MOST_DAYS)
    return clock.now_ms() + wish.days * 86_400_000 if wish.days else None


async def _known(actor_id: int) -> Actor:
    actor = await storage.actors.by_id(actor_id)
    if actor is None:
        raise NotFound("There is no such account.")
    return actor


async def _post(app: App, uri: str) -> int:
    """The id of a post that was taken out, which nobody but its author may see; who may put it back is asked later."""
    found = await finding.resolve(app, uri)
    if found is None or found[0] != "post":
        raise NotFound("There is no such post in a group of this server.")
    return found[1]


async def _page(
    request: Request,
    place: Place,
    refused: AppError | None = None,
    given: Settings | None = None,
    wish: Wish = Wish(),
) -> Response:
    log = await lists.of_log(state.app_of(request), place.group, Page(limit=_MOST))
    people = await group_log.people_in(log.entries)
    return await frame.with_form(
        request,
        "moderate.html",
        refused,
        group=place.group,
        face=place.face,
        waiting=await storage.follows.count_waiting(place.face.id, _MOST),
        appealed=await storage.appeals.count(place.group.id),
        reported=await _reported(place),
        looking_after=await _looking_after(place.group),
        held=await storage.held.count(place.group.id) + await storage.reviews.count(place.group.id),
        limits=admit,
        may=place.rights,
        banned=await _banned(place.group),
        given=given or await group_settings.present(state.app_of(request), place),
        levels=words.GROUP_LEVELS,
        wish=wish,
        log=log.entries,
        people=people,
        acted=group_log.acted(log.entries, people),
        part="profile" if given else wish.act,
    )


async def _reported(place: Place) -> int | None:
    """How many reports are open; None for an admin who does not look after the group, and sees those on other pages."""
    if not place.standing.may(rights.OVERSEE):
        return None
    worker = await casework.of_group(place.reader.actor, place.group)
    return await storage.reports.count(worker.wanted(state=storage.reports.OPEN))


async def _looking_after(group: Group) -> list[tuple[Actor, str]]:
    roles = await members.roles(group)
    return [(who, roles[who.uri]) for who in await _faces(list(roles))]


async def _banned(group: Group) -> list[tuple[Actor, int | None]]:
    """Each with the end of the ban, if it has one."""
    bans = await storage.registers.all_of(group.id, "ban")
    ends = {ban.subject: admit.banned_until(ban.value) for ban in bans if admit.banned(ban.value)}
    return [(who, ends[who.uri]) for who in await _faces(list(ends)[-_MOST:])]


async def _faces(uris: list[str]) -> list[Actor]:
    found = await storage.actors.by_uris(uris)
    return [found[uri] for uri in uris if uri in found and not found[uri].gone]


routes = [
    Route("/c/{name}/moderate", show),
    Route("/c/{name}/moderate", do, methods=["POST"]),
    Route("/c/{name}/profile", settings),
    Route("/c/{name}/profile", describe, methods=["POST"]),
]
