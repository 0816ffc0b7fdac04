"""Whether people belong in a group, as a page: a small picture, the same as a table, and what the words mean."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import belonging
from fedcomm.belonging import Span
from fedcomm.errors import NotFound
from storage import visible
from storage.actors import Actor
from storage.groups import Group
from web import state, tongues
from web.pages import frame
from web.pages.group import named
from web.pages.readers import reader_of

HEIGHT, STEP, WIDTH = 100, 30, 20  # of the picture, from bar to bar, of a bar


class Bar(msgspec.Struct, frozen=True):
    """One week in the picture: how many wrote and how many of them came back, as places and heights."""

    week: Span
    x: int
    wrote: int
    came_back: int


async def show(request: Request) -> Response:
    """`GET /c/{name}/statistics`"""
    group, face = await entered(request)
    figures = await belonging.of(group)
    return await frame.page(
        request,
        "group_statistics.html",
        group=group,
        face=face,
        figures=figures,
        bars=_bars(figures.weeks),
        most=max(week.wrote for week in figures.weeks),
        size=(STEP * len(figures.weeks) + STEP - WIDTH, HEIGHT),
        bar_width=WIDTH,
        languages=[(tag, tongues.NAMES.get(tag, tag), count) for tag, count in figures.languages],
    )


async def entered(request: Request) -> tuple[Group, Actor]:
    """The group in the address, if the reader may know who and how much is in it.

    Raises:
        NotFound: there is none, or it is not for them.
    """
    reader = await reader_of(request)
    viewer = reader.actor.id if reader else visible.ANYBODY
    group, face = await named(viewer, request.path_params["name"], state.app_of(request).host)
    if not await visible.inside(viewer, face.id):
        raise NotFound("There is no group of this name here.")
    return group, face


def _bars(weeks: list[Span]) -> list[Bar]:
    most = max(1, *(week.wrote for week in weeks))
    gap = STEP - WIDTH
    return [
        Bar(week, gap + at * STEP, week.wrote * HEIGHT // most, week.came_back * HEIGHT // most)
        for at, week in enumerate(weeks)
    ]


routes = [Route("/c/{name}/statistics", show)]
