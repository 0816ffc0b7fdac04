"""`/api/v1/admin/ip_blocks` and `canonical_email_blocks`: networks and e-mail addresses of those who are not wanted."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import address_blocks, clock, powers
from fedcomm.address_blocks import Wanted
from fedcomm.errors import NotFound
from storage import address_blocks as stored
from storage.accounts import Account
from storage.address_blocks import AddressBlock, EmailBlock
from web import auth, paging, params, respond
from web.mastodon import subjects
from web.mastodon.entities.times import moment

_YEARS = 10 * 366 * 86_400


class Wish(msgspec.Struct, frozen=True):
    """A network, or what of it is to be changed; None: as it is (Mastodon API: "Admin::IpBlock")."""

    ip: str | None = None
    severity: str | None = None
    comment: str | None = None
    expires_in: int | None = None


class Email(msgspec.Struct, frozen=True):
    """An address, or the hash of one."""

    email: str = ""
    canonical_email_hash: str = ""


async def several(request: Request) -> Response:
    """`GET /api/v1/admin/ip_blocks`: the latest first."""
    await auth.require_power(request, "admin:read:ip_blocks", powers.SERVER)
    found, older = await stored.page(paging.page_of(request, 100, 200))
    cursors = (found[0].id, found[-1].id) if found else ()
    return respond.json([_entity(each) for each in found], headers=paging.link(request, cursors, older))


async def one(request: Request) -> Response:
    """`GET /api/v1/admin/ip_blocks/:id`"""
    await auth.require_power(request, "admin:read:ip_blocks", powers.SERVER)
    return respond.json(_entity(await _found(request)))


async def make(request: Request) -> Response:
    """`POST /api/v1/admin/ip_blocks`"""
    by, wish = await _writing(request), await params.read(request, Wish)
    wanted = Wanted(wish.ip or "", wish.severity or "", wish.comment or "", _seconds(wish))
    return respond.json(_entity(await address_blocks.make(by, wanted, _address(request))))


async def change(request: Request) -> Response:
    """`PUT /api/v1/admin/ip_blocks/:id`: only what is said is changed."""
    by, wish, there = await _writing(request), await params.read(request, Wish), await _found(request)
    left = max(1, (there.expires_at - clock.now_ms()) // 1_000) if there.expires_at else 0
    wanted = Wanted(
        there.network if wish.ip is None else wish.ip,
        there.severity if wish.severity is None else wish.severity,
        there.comment if wish.comment is None else wish.comment,
        left if wish.expires_in is None else _seconds(wish),
    )
    return respond.json(_entity(await address_blocks.change(by, there.id, wanted, _address(request))))


async def end(request: Request) -> Response:
    """`DELETE /api/v1/admin/ip_blocks/:id`"""
    await address_blocks.end(await _writing(request), params.number(request))
    return respond.json({})


async def emails(request: Request) -> Response:
    """`GET /api/v1/admin/canonical_email_blocks`: the latest first."""
    await auth.require_power(request, "admin:read:canonical_email_blocks", powers.SERVER)
    found, older = await stored.emails(paging.page_of(request, 100, 200))
    cursors = (found[0].id, found[-1].id) if found else ()
    return respond.json([_email(each) for each in found], headers=paging.link(request, cursors, older))


async def email(request: Request) -> Response:
    """`GET /api/v1/admin/canonical_email_blocks/:id`"""
    await auth.require_power(request, "admin:read:canonical_email_blocks", powers.SERVER)
    found = await stored.email_by_id(params.number(request))
    if found is None:
        raise NotFound(subjects.MISSING)
    return respond.json(_email(found))


async def match(request: Request) -> Response:
    """`POST /api/v1/admin/canonical_email_blocks/test`: those that an address falls under."""
    await auth.require_power(request, "admin:read:canonical_email_blocks", powers.SERVER)
    found = await stored.email(address_blocks.canonical((await params.read(request, Email)).email))
    return respond.json([_email(found)] if found else [])


async def close_email(request: Request) -> Response:
    """`POST /api/v1/admin/canonical_email_blocks`"""
    by = await auth.require_power(request, "admin:write:canonical_email_blocks", powers.SERVER)
    wish = await params.read(request, Email)
    made = await address_blocks.close_email(by, email=wish.email, digest=wish.canonical_email_hash)
    return respond.json(_email(made))


async def open_email(request: Request) -> Response:
    """`DELETE /api/v1/admin/canonical_email_blocks/:id`"""
    by = await auth.require_power(request, "admin:write:canonical_email_blocks", powers.SERVER)
    await address_blocks.open_email(by, params.number(request))
    return respond.json({})


async def _writing(request: Request) -> Account:
    return await auth.require_power(request, "admin:write:ip_blocks", powers.SERVER)


async def _found(request: Request) -> AddressBlock:
    found = await stored.by_id(params.number(request))
    if found is None:
        raise NotFound(subjects.MISSING)
    return found


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _seconds(wish: Wish) -> int:
    return max(0, min(wish.expires_in or 0, _YEARS))


def _entity(found: AddressBlock) -> dict[str, Any]:
    """Mastodon API: "Admin::IpBlock"."""
    return {
        "id": str(found.id), "ip": found.network, "severity": found.severity, "comment": found.comment,
        "created_at": moment(found.created_at), "expires_at": moment(found.expires_at) if found.expires_at else None,
    }  # fmt: skip


def _email(found: EmailBlock) -> dict[str, Any]:
    """Mastodon API: "Admin::CanonicalEmailBlock"."""
    return {"id": str(found.id), "canonical_email_hash": found.digest}


_NETWORKS, _EMAILS = "/api/v1/admin/ip_blocks", "/api/v1/admin/canonical_email_blocks"
routes = [
    Route(_NETWORKS, several),
    Route(_NETWORKS, make, methods=["POST"]),
    Route(f"{_NETWORKS}/{{id}}", one),
    Route(f"{_NETWORKS}/{{id}}", change, methods=["PUT"]),
    Route(f"{_NETWORKS}/{{id}}", end, methods=["DELETE"]),
    Route(_EMAILS, emails),
    Route(_EMAILS, close_email, methods=["POST"]),
    Route(f"{_EMAILS}/test", match, methods=["POST"]),
    Route(f"{_EMAILS}/{{id}}", email),
    Route(f"{_EMAILS}/{{id}}", open_email, methods=["DELETE"]),
]
