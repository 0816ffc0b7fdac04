"""What the command line asks about other servers (`fedcomm peer`); `commands.COMMANDS` takes these in."""

import base64
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

import storage.peers
from fedcomm import audit, block_breadth, block_imports, peers
from fedcomm import block_lists as parse
from fedcomm.app import App
from fedcomm.errors import Invalid, NotFound
from storage import block_lists
from storage.peers import Decision, Peer

_TOLD_CUTS = 20
_TOLD = (
    "host",
    "policy",
    "software",
    "software_version",
    "failures",
    "last_error",
    "next_attempt_at",
    "last_in_at",
    "last_out_at",
)
_REJECTS = ("reject_media", "reject_reports")
_SAID = (*_REJECTS, "hold_contact", "public_comment", "private_comment", "obfuscate")


async def _list(app: App) -> dict[str, Any]:
    return {"peers": [_row(app, peer) for peer in await storage.peers.everybody()]}


async def _show(app: App, host: str) -> dict[str, Any]:
    name = peers.named(app, host)
    known, decided = await storage.peers.get(name), await storage.peers.decision(name)
    if known is None:
        raise NotFound("{host} is not known here.", host=name)
    decision = decided.decision if decided else Decision()
    said = {each: getattr(decision, each) for each in _SAID}
    return _row(app, known) | said | {"decided": decided is not None, "holds": app.peers.decision(name).policy}


async def _decide(app: App, host: str, policy: str, reason: str, note: str, hide_name: bool) -> dict[str, Any]:
    before = await peers.decision(app, host)
    decision = msgspec.structs.replace(
        before, policy=policy, public_comment=reason, private_comment=note, obfuscate=hide_name
    )
    await peers.decide(app, host, decision if policy else Decision(), by=audit.OPERATOR)
    return {}


async def _reject(app: App, host: str, media: bool | None, reports: bool | None) -> dict[str, Any]:
    before = await peers.decision(app, host)
    decision = msgspec.structs.replace(
        before,
        reject_media=before.reject_media if media is None else media,
        reject_reports=before.reject_reports if reports is None else reports,
    )
    await peers.decide(app, host, decision, by=audit.OPERATOR)
    return {name: getattr(decision, name) for name in _REJECTS}


async def _hold(app: App, host: str, hold: bool) -> dict[str, Any]:
    before = await peers.decision(app, host)
    await peers.decide(app, host, msgspec.structs.replace(before, hold_contact=hold), by=audit.OPERATOR)
    return {}


async def _retry(app: App, host: str) -> dict[str, Any]:
    await peers.retry(app, host, by=audit.OPERATOR)
    return {}


async def _import(app: App, content: str, source: str, apply: bool) -> dict[str, Any]:
    made = await block_imports.draft(app, base64.b64decode(content), source, audit.OPERATOR)
    if apply:
        await block_imports.begin(app, made.id, audit.OPERATOR)
    most = await block_lists.changes(made.id, _TOLD_CUTS)
    return {name: getattr(made, name) for name in ("id", "added", "raised", "present", "left_out")} | {
        "cuts": await block_lists.cuts(made.id),
        "cut": [{"host": each.host, "cuts": each.cuts} for each in most if each.cuts],
        "unread": made.unread.splitlines(),
        "wide": await block_breadth.among(made.id),
    }


async def _apply(app: App, number: int) -> dict[str, Any]:
    await block_imports.begin(app, number, audit.OPERATOR)
    return {}


async def _undo(app: App, number: int) -> dict[str, Any]:
    await block_imports.undo(app, number, audit.OPERATOR)
    return {}


async def _export(app: App, form: str) -> dict[str, Any]:
    write = parse.WRITERS.get(form)
    if write is None:
        raise Invalid("A list is written as csv, json or txt.", field="form")
    return {"text": write(await storage.peers.decided())}


def _row(app: App, peer: Peer) -> dict[str, Any]:
    found = app.peers.decision(peer.host)
    return {name: getattr(peer, name) for name in _TOLD} | {
        name: getattr(found, name) for name in (*_REJECTS, "hold_contact")
    }


COMMANDS: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
    "peer.list": _list,
    "peer.show": _show,
    "peer.policy": _decide,
    "peer.reject": _reject,
    "peer.hold": _hold,
    "peer.retry": _retry,
    "peer.import": _import,
    "peer.apply": _apply,
    "peer.undo": _undo,
    "peer.export": _export,
}
