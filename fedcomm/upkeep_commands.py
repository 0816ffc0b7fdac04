"""What the command line asks about single posts, actors and pictures, and who may sign up; `commands.COMMANDS` takes
these in."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from activitypub.errors import ProtocolError, Unreachable
from fedcomm import (
    audit,
    copying,
    fetching,
    finding,
    mail_domains,
    media,
    peers,
    posts,
    receipts,
    recording,
    settings,
    transfers,
)
from fedcomm.app import App
from fedcomm.errors import Invalid, NotFound
from storage import actors, copies
from storage import mail_domains as closed_domains
from storage import media as files
from storage import posts as rows
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.paging import Page
from storage.posts import Post

# By what the command line calls it; whether members' links let anybody in is said of the two modes that differ in it.
REGISTRATIONS: dict[str, dict[str, Any]] = {
    "open": {"registration": "open"},
    "approval": {"registration": "approval"},
    "invite": {"registration": "invite", "members_invite": True},
    "closed": {"registration": "invite", "members_invite": False},
}
_COPY = re.compile(r"/media/elsewhere/s?([mihe])([0-9]{1,18})-")
_FILE = re.compile(r"/media/([^/]+/[^/.]+)")
_NUMBER = re.compile(r"[0-9]{1,18}")
_AT_ONCE = 100
_MOST = 10_000  # domains that are listed


async def _registrations(app: App, mode: str) -> dict[str, Any]:
    if mode not in REGISTRATIONS:
        raise Invalid("Who may sign up is one of {these}.", these=", ".join(REGISTRATIONS))
    await settings.change(app, None, REGISTRATIONS[mode])
    return {}


async def _domains(app: App) -> dict[str, Any]:
    found, _older = await closed_domains.page(Page(limit=_MOST))
    return {"domains": [each.domain for each in found]}


async def _close(app: App, domain: str) -> dict[str, Any]:
    return {"domain": (await mail_domains.close(None, domain)).domain}


async def _open(app: App, domain: str) -> dict[str, Any]:
    found = await closed_domains.among([mail_domains.named(domain)])
    if not found:
        raise NotFound("There is no such domain among them.", fix="see which there are: fedcomm mail-domain list")
    await mail_domains.open_(None, found[0].id)
    return {}


async def _receipt(app: App, address: str) -> dict[str, Any]:
    post, author = await _post(app, address)
    found = await receipts.of(app, author, post, admin=True)
    names = ("host", "state", "at", "next_try", "status", "answer")
    return {
        "counts": dict(found.counts),
        "servers": [{name: getattr(each, name) for name in names} for each in found.servers],
    }


async def _purge(app: App, address: str) -> dict[str, Any]:
    """One of ours is deleted as if its author did; of others what is kept here is erased."""
    post, author = await _post(app, address)
    await audit.note(audit.OPERATOR, "post.purge", post.uri, author=f"@{author.acct}")
    if author.local:
        await posts.delete(app, author, post.id)
    else:
        recording.erase(app, writes := Writes(), post)
        await apply(writes)
    return {"author": f"@{author.acct}", "local": author.local}


async def _move(app: App, address: str, group: str, reason: str) -> dict[str, Any]:
    post, _author = await _post(app, address)
    await transfers.move(app, None, post.id, group, reason)
    return {}


async def _actor(app: App, whom: str, fresh: bool) -> dict[str, Any]:
    """Of somebody elsewhere what is known here, or what their home says now."""
    found = await finding.resolve(app, whom)
    who = await actors.by_id(found[1]) if found is not None and found[0] == "actor" else None
    if who is None:
        raise NotFound("{whom} was not found.", whom=whom, fix="give a handle like name@host, or the URL of a profile")
    if who.local:
        raise Invalid("{whom} is of this server.", whom=whom, fix="fetch somebody of another server")
    if fresh:
        try:
            who = await fetching.actor(app, who.uri, fresh=True)
        except (ProtocolError, Unreachable) as error:
            why = str(error) or "it does not answer"
            raise NotFound("Their server says no: {why}", why=why, fix="try again later") from None
    return {"handle": f"@{who.acct}", "uri": who.uri, "kind": who.kind, "name": who.name, "fetched_at": who.fetched_at}


async def _orphans(app: App, dry_run: bool) -> dict[str, Any]:
    return {"files": await media.sweep_counted(app, dry_run=dry_run)}


async def _refresh(app: App, host: str) -> dict[str, Any]:
    """Forget all copies of a server, which are fetched again when somebody looks."""
    name, number = peers.named(app, host), 0
    while found := await copies.of_host(name, _AT_ONCE):
        await copying.forget(app, found)
        number += len(found)
    await audit.note(audit.OPERATOR, "media.refresh", name, copies=number)
    return {"copies": number}


async def _lookup(app: App, address: str) -> dict[str, Any]:
    """Whose a picture at an address of this server is."""
    owner_id = post_id = 0
    if match := _COPY.search(address):
        kind, number = match[1], int(match[2])
        owner_id, post_id = (await files.whose(number) or (0, 0)) if kind == "m" else (number * (kind != "e"), 0)
    elif match := _FILE.search(address):
        owner_id, post_id = await files.whose_file(match[1]) or (0, 0)
    owner = await actors.by_id(owner_id)
    if owner is None:
        raise NotFound("There is no such picture of anybody here.", fix="give the address of a picture on this server")
    post = await rows.by_id(post_id)
    return {"owner": f"@{owner.acct}", "post": post.uri if post else ""}


async def _post(app: App, address: str) -> tuple[Post, Actor]:
    """The post at an address, or with that number, if it is here."""
    known = await rows.by_uri(address)
    if known is None and _NUMBER.fullmatch(address):
        known = await rows.by_id(int(address))
    if known is None and app.urls.own(address):
        known = await rows.by_id(app.urls.post_id(address) or 0)
    author = await actors.by_id(known.author_id) if known is not None else None
    if known is None or author is None or known.deleted_at is not None:
        raise NotFound("There is no such post here.", fix="give its id, or the address that its page has here")
    return known, author


COMMANDS: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
    "settings.registrations": _registrations,
    "mail_domain.list": _domains,
    "mail_domain.close": _close,
    "mail_domain.open": _open,
    "post.receipt": _receipt,
    "post.purge": _purge,
    "post.move": _move,
    "actor.fetch": _actor,
    "media.orphans": _orphans,
    "media.refresh": _refresh,
    "media.lookup": _lookup,
}
