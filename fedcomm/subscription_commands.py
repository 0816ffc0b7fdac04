"""What the command line asks about subscribed lists of servers; `commands.COMMANDS` takes these in."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from fedcomm import audit, block_subscriptions
from fedcomm.app import App
from storage import block_subscriptions as stored


async def _subscribe(app: App, url: str, priority: int, most: str, automatic: bool, adopt: bool) -> dict[str, Any]:
    made = await block_subscriptions.subscribe(
        app, url, audit.OPERATOR, priority=priority, most=most, automatic=automatic, adopt=adopt
    )
    return {"id": made.id, "url": made.url}


async def _unsubscribe(app: App, which: str, take_back: bool) -> dict[str, Any]:
    found = await block_subscriptions.named(which)
    await block_subscriptions.unsubscribe(app, found.id, audit.OPERATOR, take_back=take_back)
    return {"url": found.url}


async def _accept(app: App, which: str) -> dict[str, Any]:
    found = await block_subscriptions.named(which)
    await block_subscriptions.accept(app, found.id, audit.OPERATOR)
    return {"url": found.url, "shrunk": found.shrunk}


async def _fetch(app: App, which: str) -> dict[str, Any]:
    found = await block_subscriptions.named(which)
    await block_subscriptions.fetch(app, found.id, audit.OPERATOR)
    return {"url": found.url}


async def _all(app: App) -> dict[str, Any]:
    lists = [msgspec.structs.asdict(each) for each in await stored.everything()]
    return {"lists": lists} | msgspec.structs.asdict(await block_subscriptions.rules())


async def _take(app: App, at_least: int | None, most_cuts: int | None) -> dict[str, Any]:
    before = await block_subscriptions.rules()
    wanted = msgspec.structs.replace(
        before,
        at_least=before.at_least if at_least is None else at_least,
        most_cuts=before.most_cuts if most_cuts is None else most_cuts,
    )
    await block_subscriptions.set_rules(app, wanted, audit.OPERATOR)
    return msgspec.structs.asdict(wanted)


async def _spare(app: App, hosts: list[str], no_more: bool) -> dict[str, Any]:
    if hosts:
        await block_subscriptions.spare(app, hosts, audit.OPERATOR, no_more=no_more)
    return {"never": list((await block_subscriptions.rules()).never)}


COMMANDS: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
    "peer.subscribe": _subscribe,
    "peer.unsubscribe": _unsubscribe,
    "peer.accept": _accept,
    "peer.fetch": _fetch,
    "peer.subscriptions": _all,
    "peer.take": _take,
    "peer.spare": _spare,
}
