"""What members take along as one file: ordered once a day, made by a job, theirs alone for a week."""

import asyncio
import shutil
from collections.abc import AsyncIterator

import storage.accounts
from fedcomm import archiving, clock, dispatches, mails
from fedcomm.app import App
from fedcomm.errors import Conflict, NotFound
from fedcomm.room import TIGHT
from storage import actors, archives, jobs, media
from storage.actors import Actor
from storage.archives import Archive
from storage.connect import Writes, apply
from storage.errors import Unavailable
from storage.ids import next_id

JOB = "make_archive"
DAY = 86_400_000  # ms
KEPT = 7 * DAY  # since it was ordered


async def order(app: App, actor: Actor) -> None:
    """Let a member's file be made soon.

    Raises:
        Conflict: one was ordered within a day, or the disk of the server has no room for it.
    """
    last = await archives.of(actor.id)
    if last is not None and not last.failed and last.ordered_at > clock.now_ms() - DAY:
        raise Conflict("You can order such a file once a day.")
    if not await _room(app, actor):
        raise Conflict("This server has no room for such a file at the moment. Please tell its admins.")
    now = clock.now_ms()
    writes = Writes()
    archives.order(writes, actor.id, now)
    jobs.add(writes, next_id(), JOB, {"actor": actor.id, "ordered_at": now}, now)
    app.jobs_added(writes)
    await apply(writes)
    await _erase(app, last)


async def of(actor: Actor) -> Archive | None:
    """The last that a member ordered, unless its time is over."""
    found = await archives.of(actor.id)
    return found if found is not None and found.ordered_at > clock.now_ms() - KEPT else None


async def ready(actor: Actor) -> tuple[str, int]:
    """The key of a member's file, and how many bytes it has.

    Raises:
        NotFound: there is none.
    """
    found = await of(actor)
    if found is None or found.key is None:
        raise NotFound("There is no such file.")
    return found.key, found.size


async def make(app: App, actor: int, ordered_at: int) -> None:
    """The job: make the file. A process that ends in the middle leaves nothing of it, and it is begun anew."""
    who, wanted = await actors.by_id(actor), await archives.of(actor)
    if who is None or who.deleted_at is not None or wanted is None or wanted.ordered_at != ordered_at or wanted.key:
        return
    if not await _room(app, who):
        return await archives.fail(wanted)
    total = await archives.total(actor)

    async def told(done: int) -> None:
        await archives.progress(wanted, min(done, total), total)

    try:
        key = await app.blobs.put(_whole(app, who, told))
    except Unavailable:
        return await archives.fail(wanted)
    writes = Writes()
    at = archives.ready(writes, wanted, key, await app.blobs.size(key), clock.now_ms())
    if not (await apply(writes))[at]:  # they are gone, or have ordered another
        return await app.blobs.delete(key)
    await dispatches.archive_ready(app, writes := Writes(), who)
    if account := await storage.accounts.of_actor(who.id):
        mails.post(app, writes, "export_ready", account=account.id)
    await apply(writes)
    return None


async def made_now(app: App, actor: Actor) -> str:
    """The key of a file made at once, for whoever runs the server; nothing remembers it."""

    async def told(_done: int) -> None:
        pass

    return await app.blobs.put(_whole(app, actor, told))


async def drop(app: App, actor_id: int) -> None:
    """Erase the file of who is gone."""
    found = await archives.of(actor_id)
    await _erase(app, found)
    if found is not None:
        await archives.forget(found)


async def end(app: App) -> None:
    """The regular job: erase those whose time is over."""
    for each in await archives.old(clock.now_ms() - KEPT):
        await _erase(app, each)
        await archives.forget(each)


def _whole(app: App, actor: Actor, told: archiving.Told) -> AsyncIterator[bytes]:
    return archiving.pieces(app, actor, told)


async def _erase(app: App, archive: Archive | None) -> None:
    if archive is not None and archive.key is not None:
        await app.blobs.delete(archive.key)


async def _room(app: App, actor: Actor) -> bool:
    """Whether the disk is not nearly full once all their pictures are on it once more."""
    there = await asyncio.to_thread(shutil.disk_usage, app.config.data_dir)
    return (there.free - await media.bytes_of(actor.id)) * 100 >= there.total * TIGHT
