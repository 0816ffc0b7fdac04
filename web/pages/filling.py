"""Pages of a list that stay full when filters of the reader leave something out: what is older moves up."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

import msgspec

from storage.paging import Page
from storage.timelines import Entry, Found
from web.pages import threads
from web.pages.threads import Line, Node

_ROUNDS = 25  # of reading on, when nearly everything is left out
_LONGEST = 40  # entries of one round


class Shown(Protocol):
    """One line of a page: what it is about, and its place in the list."""

    @property
    def id(self) -> int:
        """Nothing of this id is shown twice on a page."""

    @property
    def at(self) -> int:
        """Its cursor."""


_Entry = TypeVar("_Entry")
_Shown = TypeVar("_Shown", bound=Shown)


class Read(msgspec.Struct, Generic[_Entry], frozen=True):
    """What lies in a part of a list; `oldest` is where something older begins, 0 when there is nothing."""

    entries: Sequence[_Entry]
    oldest: int


class Filled(msgspec.Struct, Generic[_Shown], frozen=True):
    """A page of a list; `older` is where the next one begins, 0 when there is none."""

    shown: list[_Shown]
    older: int


async def lines(
    viewer: int, page: Page, read: Callable[[Page], Awaitable[Found]], context: str = "public"
) -> Filled[Line]:
    """A page of threads without those that filters of the viewer hide in this `context`."""
    return await filled(page, _entries(read), lambda entries: threads.lines(viewer, entries, context))


async def posts(viewer: int, page: Page, read: Callable[[Page], Awaitable[Found]], context: str = "") -> Filled[Node]:
    """As `lines`, of whole posts with who passed them on."""
    return await filled(page, _entries(read), lambda entries: threads.posts(viewer, entries, context))


async def filled(
    page: Page,
    read: Callable[[Page], Awaitable[Read[_Entry]]],
    show: Callable[[Sequence[_Entry]], Awaitable[list[_Shown]]],
) -> Filled[_Shown]:
    """As much of a list as the page holds of what `show` leaves of it, in order.

    Where something was left out, there is a next page only if something is left of it as well.
    """
    shown: dict[int, _Shown] = {}
    wanted, part = page.limit, page
    for _round in range(_ROUNDS):
        found = await read(part)
        items = await show(found.entries)
        for item in items:
            shown.setdefault(item.id, item)
        whole = list(shown.values())
        if len(whole) > wanted:
            return Filled(whole[:wanted], whole[wanted - 1].at)
        if not found.oldest or page.forward or (len(whole) == wanted and len(items) == len(found.entries)):
            return Filled(whole, found.oldest)
        part = msgspec.structs.replace(part, before=found.oldest, limit=_LONGEST)
    return Filled(list(shown.values()), part.before)


def _entries(read: Callable[[Page], Awaitable[Found]]) -> Callable[[Page], Awaitable[Read[Entry]]]:
    async def part(page: Page) -> Read[Entry]:
        found = await read(page)
        return Read(found.entries, found.oldest if found.older else 0)

    return part
