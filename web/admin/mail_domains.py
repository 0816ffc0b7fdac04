"""Domains in which nobody who signs up may have their e-mail address."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import mail_domains, powers
from fedcomm.errors import AppError
from storage import mail_domains as stored
from storage.paging import Page
from web import paging, params, respond
from web.pages import frame
from web.pages.readers import Plain, Reader, form, with_power

_LINES = 100


class Given(msgspec.Struct, frozen=True):
    """A domain to be closed."""

    domain: str = ""
    csrf: str = ""


@with_power(powers.SERVER)
async def show(request: Request, reader: Reader) -> Response:
    """`GET /admin/mail_domains`"""
    return await _page(request)


@with_power(powers.SERVER)
async def close(request: Request, reader: Reader) -> Response:
    """`POST /admin/mail_domains`"""
    given = await form(request, Given, reader)
    try:
        await mail_domains.close(reader.account, given.domain)
    except AppError as refused:
        return await _page(request, refused, given.domain)
    return respond.redirect("/admin/mail_domains?done=closed")


@with_power(powers.SERVER)
async def open_(request: Request, reader: Reader) -> Response:
    """`POST /admin/mail_domains/{id}/open`"""
    await form(request, Plain, reader)
    await mail_domains.open_(reader.account, params.number(request))
    return respond.redirect("/admin/mail_domains?done=opened")


async def _page(request: Request, refused: AppError | None = None, domain: str = "") -> Response:
    page = Page(before=paging.page_of(request).before, limit=_LINES)
    found, older = await stored.page(page)
    return await frame.with_form(
        request, "admin/mail_domains.html", refused, domains=found, older=found[-1].id if older else 0, domain=domain
    )


routes = [
    Route("/admin/mail_domains", show),
    Route("/admin/mail_domains", close, methods=["POST"]),
    Route("/admin/mail_domains/{id}/open", open_, methods=["POST"]),
]
