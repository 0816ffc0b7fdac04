"""`/api/v1/admin/domain_blocks` and `domain_allows`: what admins decide about servers, with a program of theirs."""

import hashlib
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.peers
from fedcomm import peers
from fedcomm.errors import Invalid, NotFound
from storage.ids import ms_of
from storage.peers import Decided, Decision
from web import auth, paging, params, respond, state
from web.mastodon import subjects
from web.mastodon.entities.times import moment

_POLICIES = {"silence": "limit", "suspend": "suspend", "noop": ""}
_SEVERITIES = {policy: severity for severity, policy in _POLICIES.items()}


class Wish(msgspec.Struct, frozen=True):
    """A block, or what of one is to be changed; None: as it is (Mastodon API: "Admin::DomainBlock")."""

    domain: str = ""
    severity: str | None = None
    reject_media: bool | None = None
    reject_reports: bool | None = None
    private_comment: str | None = None
    public_comment: str | None = None
    obfuscate: bool | None = None

    def on(self, before: Decision) -> Decision:
        """The decision with what is wished.

        Raises:
            Invalid: no such severity.
        """
        changed = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}
        del changed["domain"]
        severity = changed.pop("severity", None)
        if severity is not None and severity not in _POLICIES:
            raise Invalid("A severity is silence, suspend or noop.", field="severity")
        policy = before.policy if severity is None else _POLICIES[severity]
        return msgspec.structs.replace(before, policy=policy, **changed)


async def blocks(request: Request) -> Response:
    """`GET /api/v1/admin/domain_blocks`: the latest first."""
    await auth.require_admin(request, "admin:read:domain_blocks")
    return await _list(request, allowed=False)


async def allows(request: Request) -> Response:
    """`GET /api/v1/admin/domain_allows`"""
    await auth.require_admin(request, "admin:read:domain_allows")
    return await _list(request, allowed=True)


async def block(request: Request) -> Response:
    """`GET /api/v1/admin/domain_blocks/:id`"""
    await auth.require_admin(request, "admin:read:domain_blocks")
    return respond.json(_entity(await _found(request, allowed=False)))


async def allow(request: Request) -> Response:
    """`GET /api/v1/admin/domain_allows/:id`"""
    await auth.require_admin(request, "admin:read:domain_allows")
    return respond.json(_entity(await _found(request, allowed=True)))


async def add_block(request: Request) -> Response:
    """`POST /api/v1/admin/domain_blocks`: silence, if nothing else is said; one that is there is not replaced."""
    viewer = await auth.require_admin(request, "admin:write:domain_blocks")
    wish, app = await params.read(request, Wish), state.app_of(request)
    there = await storage.peers.decision(peers.named(app, wish.domain))
    if there is not None and there.decision.policy != peers.ALLOW:
        said = {"error": "There is a block for this server already.", "existing_domain_block": _entity(there)}
        return respond.json(said, 422)
    wish = msgspec.structs.replace(wish, severity=wish.severity or "silence")
    return await _decided(request, viewer, wish.domain, wish.on(Decision()))


async def change_block(request: Request) -> Response:
    """`PUT /api/v1/admin/domain_blocks/:id`: only what is said is changed."""
    viewer = await auth.require_admin(request, "admin:write:domain_blocks")
    wish, there = await params.read(request, Wish), await _found(request, allowed=False)
    return await _decided(request, viewer, there.host, wish.on(there.decision))


async def remove_block(request: Request) -> Response:
    """`DELETE /api/v1/admin/domain_blocks/:id`"""
    return await _clear(request, "admin:write:domain_blocks", allowed=False)


async def add_allow(request: Request) -> Response:
    """`POST /api/v1/admin/domain_allows`: in place of whatever was decided about it."""
    viewer = await auth.require_admin(request, "admin:write:domain_allows")
    wish, app = await params.read(request, Wish), state.app_of(request)
    before = await peers.decision(app, wish.domain)
    return await _decided(request, viewer, wish.domain, msgspec.structs.replace(before, policy=peers.ALLOW))


async def remove_allow(request: Request) -> Response:
    """`DELETE /api/v1/admin/domain_allows/:id`"""
    return await _clear(request, "admin:write:domain_allows", allowed=True)


async def _list(request: Request, *, allowed: bool) -> Response:
    page = paging.page_of(request, 100, 200)
    found, older = await storage.peers.decisions(page, allowed=allowed)
    cursors = (found[0].id, found[-1].id) if found else ()
    return respond.json([_entity(each) for each in found], headers=paging.link(request, cursors, older))


async def _found(request: Request, *, allowed: bool) -> Decided:
    found = await storage.peers.decision_by_id(params.number(request))
    if found is None or (found.decision.policy == peers.ALLOW) is not allowed:
        raise NotFound(subjects.MISSING)
    return found


async def _decided(request: Request, viewer: auth.Viewer, host: str, decision: Decision) -> Response:
    if not decision.anything:
        raise Invalid("This blocks nothing: say a severity, or what is rejected.", field="severity")
    actor = await auth.actor_of(viewer)
    found = await peers.decide(state.app_of(request), host, decision, by=f"@{actor.username}")
    assert found is not None
    return respond.json(_entity(found))


async def _clear(request: Request, scope: str, *, allowed: bool) -> Response:
    viewer = await auth.require_admin(request, scope)
    there, actor = await _found(request, allowed=allowed), await auth.actor_of(viewer)
    await peers.decide(state.app_of(request), there.host, Decision(), by=f"@{actor.username}")
    return respond.json({})


def _entity(found: Decided) -> dict[str, Any]:
    """Mastodon API: "Admin::DomainBlock", "Admin::DomainAllow"."""
    told = {"id": str(found.id), "domain": found.host, "created_at": moment(ms_of(found.id))}
    decision = found.decision
    if decision.policy == peers.ALLOW:
        return told
    return told | {
        "digest": hashlib.sha256(found.host.encode()).hexdigest(), "severity": _SEVERITIES[decision.policy],
        "reject_media": decision.reject_media, "reject_reports": decision.reject_reports,
        "private_comment": decision.private_comment or None, "public_comment": decision.public_comment or None,
        "obfuscate": decision.obfuscate,
    }  # fmt: skip


routes = [
    Route("/api/v1/admin/domain_blocks", blocks),
    Route("/api/v1/admin/domain_blocks", add_block, methods=["POST"]),
    Route("/api/v1/admin/domain_blocks/{id}", block),
    Route("/api/v1/admin/domain_blocks/{id}", change_block, methods=["PUT"]),
    Route("/api/v1/admin/domain_blocks/{id}", remove_block, methods=["DELETE"]),
    Route("/api/v1/admin/domain_allows", allows),
    Route("/api/v1/admin/domain_allows", add_allow, methods=["POST"]),
    Route("/api/v1/admin/domain_allows/{id}", allow),
    Route("/api/v1/admin/domain_allows/{id}", remove_allow, methods=["DELETE"]),
]
