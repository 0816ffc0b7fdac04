"""What the command line asks about what waits (`fedcomm queue`); `commands.COMMANDS` takes these in."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

import storage.peers
from fedcomm import backlog, peers
from fedcomm.app import App
from fedcomm.outbox.lanes import set_aside

_MOST = 500


async def _list(app: App, kind: str) -> dict[str, Any]:
    given_up = await backlog.failed(_MOST, kind=kind)
    refused = [] if kind else await backlog.refused(_MOST)
    return {
        "given_up": [msgspec.structs.asdict(each) for each in given_up],
        "refused": [msgspec.structs.asdict(each) for each in refused],
        "set_aside": [
            {"host": peer.host, "since": peer.failing_since, "error": peer.last_error}
            for peer in await storage.peers.everybody()
            if set_aside(peer) and not kind
        ],
    }


async def _stats(app: App) -> dict[str, Any]:
    return msgspec.to_builtins(await backlog.picture(app, _MOST))  # type: ignore[no-any-return]


async def _retry(app: App, refs: list[str], host: str) -> dict[str, Any]:
    if host:
        await peers.retry(app, host)
    return {"number": await backlog.retry(app, None, refs) if refs else 0}


async def _hold(app: App, host: str, hours: int) -> dict[str, Any]:
    await peers.hold(app, host, hours)
    return {}


async def _drop(app: App, refs: list[str], host: str) -> dict[str, Any]:
    number = await backlog.drop_for(app, None, host) if host else 0
    return {"number": number + (await backlog.drop(None, refs) if refs else 0)}


COMMANDS: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
    "queue.list": _list,
    "queue.stats": _stats,
    "queue.retry": _retry,
    "queue.hold": _hold,
    "queue.drop": _drop,
}
