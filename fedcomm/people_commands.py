"""What the command line asks about people (`fedcomm account`); `commands.COMMANDS` takes these in."""

from collections.abc import Awaitable, Callable
from typing import Any

import storage.actors
from fedcomm import accounts, erasing, readdressing, sanctions
from fedcomm.app import App
from fedcomm.erasing import Progress
from fedcomm.errors import NotFound
from storage import people
from storage import sanctions as stored
from storage.actors import Actor
from storage.paging import Page
from storage.people import Person, Wanted

_MOST = 200


async def _act(app: App, who: str, act: str, reason: str) -> dict[str, Any]:
    person = await _found(app, who)
    return {"changed": await sanctions.act(app, person.id, act, None, reason), "handle": f"@{person.actor.acct}"}


async def _readdress(app: App, name: str, address: str) -> dict[str, Any]:
    signs_in = await readdressing.decide(app, name, address)
    return {"signs_in": signs_in}


async def _reject(app: App, name: str, reason: str) -> dict[str, Any]:
    await accounts.reject(app, name, reason=reason)
    return {}


async def _list(app: App, text: str, origin: str, state: str, host: str) -> dict[str, Any]:
    found, more = await people.page(Wanted(origin, state, host=host, text=text), Page(limit=_MOST))
    return {"people": [_row(each) for each in found], "more": more}


async def _show(app: App, who: str) -> dict[str, Any]:
    if (gone := await _gone(app, who)) is not None:
        return {"handle": f"@{gone.actor.acct}", "uri": gone.actor.uri, "erasure": _erasure(gone)}
    person = await _found(app, who)
    done = [
        {"at": each.created_at, "act": each.act, "text": each.text, "by": each.made_by}
        for each in await stored.of(person.id)
    ]
    return _row(person) | {"uri": person.actor.uri, "history": done}


async def _found(app: App, who: str) -> Person:
    """Somebody here, `name`, or elsewhere, `name@host`, who is known already."""
    actor = await _actor(app, who)
    person = await people.one(actor.id) if actor is not None else None
    if person is None:
        raise NotFound("Nobody called {name} is known here.", fix="see who is: fedcomm account list", name=who)
    return person


async def _gone(app: App, who: str) -> Progress | None:
    """Somebody of ours who was deleted lately."""
    actor = await _actor(app, who)
    return await erasing.progress(actor.id) if actor is not None and actor.local and actor.gone else None


async def _actor(app: App, who: str) -> Actor | None:
    name, _, host = who.strip().removeprefix("@").partition("@")
    return await storage.actors.by_handle(name, "" if host == app.host else host)


def _erasure(gone: Progress) -> dict[str, Any]:
    work = gone.erasure
    return {
        "by": work.made_by, "begun_at": work.begun_at, "done_at": work.done_at,
        "posts": {"left": gone.posts, "all": work.posts}, "files": {"left": gone.files, "all": work.files},
    }  # fmt: skip


def _row(person: Person) -> dict[str, Any]:
    actor, here = person.actor, person.account
    states = [here.state] if here is not None else []
    states += ["suspended"] if here is None and actor.suspended_at is not None else []
    states += ["limited"] if actor.limited_at is not None else []
    states += ["sensitive"] if actor.sensitive_at is not None else []
    return {"handle": f"@{actor.acct}", "role": here.role if here is not None else "", "states": states}


COMMANDS: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
    "account.act": _act,
    "account.email": _readdress,
    "account.reject": _reject,
    "account.list": _list,
    "account.show": _show,
}
