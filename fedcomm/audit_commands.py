"""What the command line asks of the log of admins (`fedcomm audit`); `commands.COMMANDS` takes these in."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

import storage.audit
from fedcomm import audit, chaining
from fedcomm.app import App

_MOST = 400_000  # bytes of entries in an answer: what goes through the server's door is a megabyte


async def _export(app: App, after: int) -> dict[str, Any]:
    """The lines of the entries after that number, and the number after which to ask for more."""
    await chaining.catch_up(app)
    lines: list[str] = []
    length = 0
    for entry in await storage.audit.after(after):
        line = audit.line(entry)
        length += len(msgspec.json.encode(line))
        if lines and length > _MOST:
            break
        lines.append(line)
        after = entry.id
    return {"lines": lines, "after": after}


async def _verify(app: App) -> dict[str, Any]:
    await chaining.catch_up(app)
    state = await audit.check()
    return msgspec.structs.asdict(state)


COMMANDS: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {"audit.export": _export, "audit.verify": _verify}
