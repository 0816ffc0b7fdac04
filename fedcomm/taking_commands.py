"""What the command line asks about accounts that end, and the files that are taken along; `commands` takes these in."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from fedcomm import accounts, archives, audit, erasing, erasure_report
from fedcomm.app import App
from fedcomm.erasing import Progress
from fedcomm.errors import Conflict, NotFound
from storage import actors, erasures
from storage import media as stored
from storage.connect import transaction
from storage.outbox import Audience


async def _purge(app: App, name: str, media: bool, dry_run: bool) -> dict[str, Any]:
    if await _deleted(name) is not None:
        raise Conflict(
            "{name} is deleted already.", fix=f"have its report: fedcomm account report {name} FILE", name=name
        )
    account = await accounts.may_go(name)
    posts, files = await erasures.left(account.actor_id)
    size = await stored.bytes_of(account.actor_id)
    servers = len(await app.reach.places(Audience(everybody=True)))
    if not dry_run:
        await accounts.delete(app, name, noted=media)
    return {"posts": posts, "files": files, "bytes": size, "servers": servers}


async def _erased(app: App, name: str) -> dict[str, Any]:
    """How far the erasure is, and the telling."""
    found = await _deleted(name)
    if found is None:
        raise NotFound("No account called {name} was deleted here lately.", fix="check the name", name=name)
    told = await erasure_report.summed(app, found)
    left = 0 if found.done else max(1, found.posts + found.files)
    return {"left": left, "servers": told.servers, "answered": told.answered, "taken": told.taken}


async def _deleted(name: str) -> Progress | None:
    actor = await actors.local(name.strip().removeprefix("@"))
    return await erasing.progress(actor.id) if actor is not None else None


async def _report(app: App, name: str) -> dict[str, Any]:
    """Under which keys the report lies in the folder of files, by its form, until it is taken from there."""
    found = await erasure_report.ordered(None, name)
    return {
        form: await app.blobs.put(_encoded(erasure_report.pieces(app, found, form))) for form in erasure_report.FORMS
    }


async def _encoded(pieces: AsyncIterator[str]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        yield piece.encode()


async def _export(app: App, name: str) -> dict[str, Any]:
    """Under which key all that is somebody's lies in the folder of files, until it is taken from there."""
    account = await accounts.named(name)
    actor = await actors.by_id(account.actor_id)
    assert actor is not None  # a foreign key
    key = await archives.made_now(app, actor)
    async with transaction():
        await audit.record(None, "account.export", f"@{actor.username}")
    return {"key": key}


async def _drop(app: App, key: str) -> dict[str, Any]:
    """What was made for the command line was taken; nothing else is dropped so."""
    if not await stored.known([key]):
        await app.blobs.delete(key)
    return {}


COMMANDS: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
    "account.purge": _purge,
    "account.erased": _erased,
    "account.report": _report,
    "account.export": _export,
    "file.drop": _drop,
}
