"""Networks from where people sign up only with a yes, or not, or are not answered at all."""

from datetime import UTC, date, datetime, time, timedelta

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import address_blocks, clock, powers
from fedcomm.address_blocks import LONGEST, SEVERITIES, Wanted
from fedcomm.errors import AppError, Invalid, NotFound
from storage import address_blocks as stored
from storage.address_blocks import AddressBlock
from storage.paging import Page
from web import paging, params, respond
from web.pages import frame, words
from web.pages.readers import Plain, Reader, form, with_power

_HERE = "/admin/networks"
_LINES = 100
_LATEST = timedelta(days=3_660)


class Given(msgspec.Struct, frozen=True):
    """A network and what is to hold for it, up to the end of a day (UTC) or, without one, for ever."""

    network: str = ""
    severity: str = SEVERITIES[0]
    comment: str = ""
    until: str = ""
    csrf: str = ""

    @classmethod
    def of(cls, block: AddressBlock) -> "Given":
        """What is filled in at first when it is to be changed."""
        return cls(block.network, block.severity, block.comment, _day(block))


@with_power(powers.SERVER)
async def show(request: Request, reader: Reader) -> Response:
    """`GET /admin/networks`"""
    return await _page(request, Given())


@with_power(powers.SERVER)
async def close(request: Request, reader: Reader) -> Response:
    """`POST /admin/networks`"""
    given = await form(request, Given, reader)
    try:
        await address_blocks.make(reader.account, _wanted(given), _address(request))
    except AppError as refused:
        return await _page(request, given, refused)
    return respond.redirect(f"{_HERE}?done=closed")


@with_power(powers.SERVER)
async def one(request: Request, reader: Reader) -> Response:
    """`GET /admin/networks/{id}`"""
    return await _one(request, await _found(request))


@with_power(powers.SERVER)
async def change(request: Request, reader: Reader) -> Response:
    """`POST /admin/networks/{id}`"""
    given, there = await form(request, Given, reader), await _found(request)
    try:
        await address_blocks.change(reader.account, there.id, _wanted(given, there), _address(request))
    except AppError as refused:
        return await _one(request, there, given, refused)
    return respond.redirect(f"{_HERE}?done=changed")


@with_power(powers.SERVER)
async def open_(request: Request, reader: Reader) -> Response:
    """`POST /admin/networks/{id}/open`"""
    await form(request, Plain, reader)
    await address_blocks.end(reader.account, params.number(request))
    return respond.redirect(f"{_HERE}?done=opened")


async def _page(request: Request, given: Given, refused: AppError | None = None) -> Response:
    page = Page(before=paging.page_of(request).before, limit=_LINES)
    found, older = await stored.page(page)
    return await frame.with_form(
        request, "admin/networks.html", refused, networks=found, older=found[-1].id if older else 0, given=given,
        there=None, severities=words.NETWORKS, longest=LONGEST, now=clock.now_ms(),
    )  # fmt: skip


async def _one(
    request: Request, there: AddressBlock, given: Given | None = None, refused: AppError | None = None
) -> Response:
    return await frame.with_form(
        request, "admin/networks.html", refused, there=there, given=given or Given.of(there),
        severities=words.NETWORKS, longest=LONGEST,
    )  # fmt: skip


async def _found(request: Request) -> AddressBlock:
    found = await stored.by_id(params.number(request))
    if found is None:
        raise NotFound("There is no such network among them.")
    return found


def _wanted(given: Given, there: AddressBlock | None = None) -> Wanted:
    """What is meant; an end that was not touched stays what it is to the second.

    Raises:
        Invalid: the end is no day, or past, or too far away.
    """
    now = clock.now_ms()
    if not given.until.strip():
        return Wanted(given.network, given.severity, given.comment)
    if there is not None and there.expires_at and given.until.strip() == _day(there):
        return Wanted(given.network, given.severity, given.comment, max(1, (there.expires_at - now) // 1_000))
    today = datetime.fromtimestamp(now / 1_000, UTC).date()
    try:
        day = date.fromisoformat(given.until.strip())
    except ValueError:
        raise Invalid("This is no day. Write it like 2026-11-21.", field="until") from None
    if not today <= day <= today + _LATEST:
        raise Invalid("Please name a day from today on, within ten years.", field="until")
    ends = datetime.combine(day + timedelta(days=1), time(), UTC)
    seconds = int(ends.timestamp()) - now // 1_000 - 1  # what is left of this second and comes after it is no new day
    return Wanted(given.network, given.severity, given.comment, max(1, seconds))


def _day(block: AddressBlock) -> str:
    """The last day, in UTC, on which it holds; '' for ever."""
    return f"{datetime.fromtimestamp((block.expires_at - 1) / 1_000, UTC).date()}" if block.expires_at else ""


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


routes = [
    Route(_HERE, show),
    Route(_HERE, close, methods=["POST"]),
    Route(f"{_HERE}/{{id}}", one),
    Route(f"{_HERE}/{{id}}", change, methods=["POST"]),
    Route(f"{_HERE}/{{id}}/open", open_, methods=["POST"]),
]
