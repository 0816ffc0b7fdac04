"""`/api/v1/admin/email_domain_blocks`: domains in which nobody who signs up may have their e-mail address."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import mail_domains, powers
from fedcomm.errors import NotFound
from storage import mail_domains as stored
from storage.mail_domains import MailDomain
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
    return respond.json([_entity(each) for each in found], headers=paging.link(request, cursors, older))


async def one(request: Request) -> Response:
    """`GET /api/v1/admin/email_domain_blocks/:id`"""
    await auth.require_power(request, READ, powers.SERVER)
    found = await stored.by_id(params.number(request))
    if found is None:
        raise NotFound(subjects.MISSING)
    return respond.json(_entity(found))


async def close(request: Request) -> Response:
    """`POST /api/v1/admin/email_domain_blocks`"""
    by = await auth.require_power(request, WRITE, powers.SERVER)
    return respond.json(_entity(await mail_domains.close(by, (await params.read(request, Wish)).domain)))


async def open_(request: Request) -> Response:
    """`DELETE /api/v1/admin/email_domain_blocks/:id`"""
    by = await auth.require_power(request, WRITE, powers.SERVER)
    await mail_domains.open_(by, params.number(request))
    return respond.json({})


def _entity(found: MailDomain) -> dict[str, Any]:
    """Mastodon API: "Admin::EmailDomainBlock"; who tried in vain is not counted."""
    return {"id": str(found.id), "domain": found.domain, "created_at": moment(found.created_at), "history": []}


routes = [
    Route("/api/v1/admin/email_domain_blocks", several),
    Route("/api/v1/admin/email_domain_blocks", close, methods=["POST"]),
    Route("/api/v1/admin/email_domain_blocks/{id}", one),
    Route("/api/v1/admin/email_domain_blocks/{id}", open_, methods=["DELETE"]),
]
