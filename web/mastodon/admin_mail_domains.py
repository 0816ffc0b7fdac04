"""`/api/v1/admin/email_domain_blocks`: domains in which nobody who signs up may have their e-mail address."""

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import mail_domains, powers
from fedcomm.errors import NotFound
from storage import mail_domains as stored
from storage.mail_domains import MailDomain, Tries
from web import auth, paging, params, respond
from web.mastodon import subjects
from web.mastodon.entities.times import moment

READ, WRITE = "admin:read:email_domain_blocks", "admin:write:email_domain_blocks"


class Wish(msgspec.Struct, frozen=True):
    """A domain to be closed."""

    domain: str = ""


async def several(request: Request) -> Response:
    """`GET /api/v1/admin/email_domain_blocks`: the latest first."""
    await auth.require_power(request, READ, powers.SERVER)
    found, older = await stored.page(paging.page_of(request, 100, 200))
    cursors = (found[0].id, found[-1].id) if found else ()
    tried = await mail_domains.history(found)
    return respond.json([_entity(each, tried[each.id]) for each in found], headers=paging.link(request, cursors, older))


async def one(request: Request) -> Response:
    """`GET /api/v1/admin/email_domain_blocks/:id`"""
    await auth.require_power(request, READ, powers.SERVER)
    found = await stored.by_id(params.number(request))
    if found is None:
        raise NotFound(subjects.MISSING)
    return respond.json(await _told(found))


async def close(request: Request) -> Response:
    """`POST /api/v1/admin/email_domain_blocks`"""
    by = await auth.require_power(request, WRITE, powers.SERVER)
    return respond.json(await _told(await mail_domains.close(by, (await params.read(request, Wish)).domain)))


async def open_(request: Request) -> Response:
    """`DELETE /api/v1/admin/email_domain_blocks/:id`"""
    by = await auth.require_power(request, WRITE, powers.SERVER)
    await mail_domains.open_(by, params.number(request))
    return respond.json({})


async def _told(found: MailDomain) -> dict[str, Any]:
    return _entity(found, (await mail_domains.history([found]))[found.id])


def _entity(found: MailDomain, history: Sequence[tuple[int, Tries]]) -> dict[str, Any]:
    """Mastodon API: "Admin::EmailDomainBlock"; `history` is who tried in vain to sign up, today first."""
    return {
        "id": str(found.id), "domain": found.domain, "created_at": moment(found.created_at),
        "history": [
            {"day": str(at // 1000), "accounts": str(each.people), "uses": str(each.tries)} for at, each in history
        ],
    }  # fmt: skip


routes = [
    Route("/api/v1/admin/email_domain_blocks", several),
    Route("/api/v1/admin/email_domain_blocks", close, methods=["POST"]),
    Route("/api/v1/admin/email_domain_blocks/{id}", one),
    Route("/api/v1/admin/email_domain_blocks/{id}", open_, methods=["DELETE"]),
]
