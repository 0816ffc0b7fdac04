"""How much room pictures and the database take, how much there is, and how to get some back."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from fedcomm import audit, clock, copying, powers, settings
from fedcomm.app import App
from fedcomm.errors import Invalid
from storage import copies
from storage import room as stored
from storage.accounts import Account
from storage.copies import KINDS
from storage.room import Part

DAY = 86_400_000
MOST_DAYS = 3_650
TIGHT = 10  # percent free under which a disk is nearly full
_UNITS = ("B", "KB", "MB", "GB")


class Disk(msgspec.Struct, frozen=True):
    """All in bytes."""

    database: int
    sent: int  # pictures of members
    copies: int  # of pictures of other servers
    most_copies: int
    free: int
    whole: int

    @property
    def tight(self) -> bool:
        """Whether little is left, or would be once there are as many copies as there may be."""
        return (self.free - max(0, self.most_copies - self.copies)) * 100 < self.whole * TIGHT


async def usage() -> list[Part]:
    """What is kept, by its kind: `upload`, `profile`, and of copies those of `copies.KINDS`, each also when it is none;
    '' are copies of which that was not noted."""
    found = {part.name: part for part in await stored.sent() + await stored.copied()}
    found |= {name: found.get(name, Part(name, 0, 0)) for name in ("upload", "profile", *KINDS)}
    return [found[name] for name in ("upload", "profile", *KINDS, "") if name in found]


async def disk(app: App) -> Disk:
    """What there is, and what is left of it."""
    there = await asyncio.to_thread(shutil.disk_usage, app.config.data_dir)
    sent = sum(part.bytes for part in await stored.sent())
    copied = (await copies.amount())[1]
    most = await copying.most_bytes(app)
    return Disk(await stored.database_bytes(), sent, copied, most, there.free, there.total)


async def prune(app: App, by: Account | None, days: int, *, dry_run: bool = False) -> tuple[int, int]:
    """Forget copies that nobody looked at for so many days; gives how many and how many bytes (would) go.

    They are fetched again when somebody looks. What could not be had again stays: from addresses that end.

    Raises:
        NotAllowed: `by` may not.
        Invalid: no such number of days.
    """
    powers.require(by, powers.SERVER)
    if not 0 <= days <= MOST_DAYS:
        raise Invalid("This is a number from {least} to {most}.", field="days", least=0, most=MOST_DAYS)
    before = clock.now_ms() - days * DAY + (0 if days else 1)
    count, size = await copies.unseen(before)
    if count and not dry_run:
        await copying.forget_unseen(app, before)
        await audit.record(by, "media.prune", f"{days}", copies=count, bytes=size)
    return count, size


async def allow(app: App, by: Account | None, megabytes: int) -> None:
    """Let copies take so many MB together from now on; what is over that goes at once.

    Raises:
        NotAllowed: `by` is no admin.
        Invalid: too few or too many.
    """
    await settings.change(app, by, {"copies_most": megabytes})
    await copying.shrink(app)


def readable(size: int) -> str:
    """So many bytes, in the unit in which that is at most four digits."""
    for unit in _UNITS[:-1]:
        if size < 10_000:
            return f"{size} {unit}"
        size = round(size / 1024)
    return f"{size} {_UNITS[-1]}"


async def _usage(app: App) -> dict[str, Any]:
    return {"kinds": _told(await usage()), "hosts": _told(await stored.hosts())}


async def _disk(app: App) -> dict[str, Any]:
    found = await disk(app)
    return msgspec.structs.asdict(found) | {"tight": found.tight, "folder": str(app.config.data_dir)}


async def _prune(app: App, days: int, dry_run: bool) -> dict[str, Any]:
    count, size = await prune(app, None, days, dry_run=dry_run)
    return {"copies": count, "bytes": size}


async def _allow(app: App, megabytes: int) -> dict[str, Any]:
    await allow(app, None, megabytes)
    return {}


def _told(parts: list[Part]) -> list[dict[str, Any]]:
    return [msgspec.structs.asdict(part) for part in parts]


COMMANDS: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
    "media.usage": _usage,
    "media.prune": _prune,
    "media.cap": _allow,
    "disk": _disk,
}
