"""What waits for an answer in a group: newcomers first, then the longest wait; who takes what."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
from fedcomm import admit, clock, members, rights, unanswered
from fedcomm.standing import Standing
from storage import unanswered as stored
from storage import visible
from storage.actors import Actor
from storage.ids import ms_of
from storage.timelines import Entry
from storage.unanswered import Waiting
from web import params, respond, state
from web.pages import frame, threads
from web.pages.group_statistics import entered
from web.pages.readers import Reader, form, members_only, reader_of
from web.pages.shown import profile
from web.pages.threads import Line

_MOST = 50  # of one page
_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000  # ms


class Behind(msgspec.Struct, frozen=True):
    """The place behind which the page begins."""

    after: int = 0


class Wish(msgspec.Struct, frozen=True):
    """A click on one of the buttons: `take` or `back`."""

    act: str = ""
    csrf: str = ""


class Case(msgspec.Struct, frozen=True):
    """One thread: how long it has waited, in the largest `unit` that fits, and who takes it."""

    line: Line
    newcomer: bool
    waited: int
    unit: str
    taken_by: Actor | None


async def show(request: Request) -> Response:
    """`GET /c/{name}/unanswered`"""
    reader = await reader_of(request)
    viewer = reader.actor.id if reader else visible.ANYBODY
    group, face = await entered(request)
    found = await stored.queue(viewer, group.id, params.query(request, Behind).after, _MOST + 1)
    standing = await members.standing(group, reader.actor) if reader else Standing()
    return await frame.page(
        request,
        "unanswered.html",
        group=group,
        face=face,
        cases=await _cases(viewer, found[:_MOST]),
        more=found[_MOST - 1].at if len(found) > _MOST else 0,
        taking=standing.may(rights.WRITE) and not admit.banned(standing.ban) and not group.closed_at,
    )


@members_only
async def act(request: Request, reader: Reader) -> Response:
    """`POST /c/{name}/unanswered/{id}`: the reader will answer it, or will not."""
    wish = await form(request, Wish, reader)
    app = state.app_of(request)
    group, face = await entered(request)
    do = unanswered.give_back if wish.act == "back" else unanswered.take
    await do(app, reader.actor, group, params.number(request))
    return respond.redirect(f"{profile(face)}/unanswered")


async def _cases(viewer: int, found: list[Waiting]) -> list[Case]:
    lines = {each.id: each for each in await threads.lines(viewer, [Entry(each.id, each.id) for each in found])}
    now = clock.now_ms()
    taken = {each.id: each.taken_by for each in found if each.taken_by and (each.taken_until or 0) > now}
    seen = await visible.seen_actors(viewer, sorted(set(taken.values())))
    takers = await storage.actors.by_ids(sorted(seen))
    return [
        Case(lines[each.id], bool(each.newcomer), *since(now - ms_of(each.id)), takers.get(taken.get(each.id, 0)))
        for each in found
        if each.id in lines
    ]


def since(ms: int) -> tuple[int, str]:
    """How long so many ms are in the largest unit that fits, rounded down."""
    for unit, name in ((_DAY, "days"), (_HOUR, "hours")):
        if ms >= unit:
            return ms // unit, name
    return max(ms, 0) // _MINUTE, "minutes"


routes = [
    Route("/c/{name}/unanswered", show),
    Route("/c/{name}/unanswered/{id}", act, methods=["POST"]),
]
