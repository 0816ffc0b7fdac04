"""What the command line asks about networks (`fedcomm network`); `commands.COMMANDS` takes these in."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from fedcomm import address_blocks
from fedcomm.address_blocks import Wanted
from fedcomm.app import App
from fedcomm.errors import NotFound
from storage import address_blocks as stored


async def _list(app: App) -> dict[str, Any]:
    return {"networks": [msgspec.structs.asdict(each) for each in await stored.everything()]}


async def _block(app: App, network: str, severity: str, reason: str, days: int) -> dict[str, Any]:
    return {"network": (await address_blocks.make(None, Wanted(network, severity, reason, days * 86_400))).network}


async def _unblock(app: App, network: str) -> dict[str, Any]:
    found = next((each for each in await stored.everything() if each.network == network), None)
    if found is None:
        raise NotFound("There is no such network among them.", fix="see which there are: fedcomm network list")
    await address_blocks.end(None, found.id)
    return {}


COMMANDS: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
    "network.list": _list,
    "network.block": _block,
    "network.unblock": _unblock,
}
