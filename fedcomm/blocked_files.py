"""Files that admins want nowhere on the server: refused when they are sent, not copied, not shown, and erased.

A file is known by its bytes alone, as it was sent or as it is kept: one that differs in a byte is another.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Any

from fedcomm import audit, clock, dispatches, elsewhere, group_profile, media, powers, profiles, retouching
from fedcomm.app import App
from fedcomm.errors import Conflict, Invalid, NotFound
from storage import actors, blocked_files, jobs
from storage.accounts import Account
from storage.blocked_files import Blocked, Kept, Unread
from storage.connect import Writes, apply, transaction, write
from storage.ids import next_id

ERASE = "erase_blocked"  # the job
LONGEST_REASON = 500
AT_ONCE = 100
_DIGEST = re.compile(r"[0-9a-f]{64}")
_PLACES = ("icon", "image")


async def block(app: App, by: Account | None, digest: str, reason: str = "") -> str:
    """Let a file with this digest be nowhere here any more; nobody gets it from now on, and a job erases what there is.

    Raises:
        NotAllowed: `by` may not.
        Invalid: no SHA-256, or a reason that is too long.
        Conflict: it is blocked already.
    """
    powers.require(by, powers.SERVER)
    name, why = _digest(digest), reason.strip()
    if len(why) > LONGEST_REASON:
        raise Invalid("This text is too long.", field="reason")
    async with transaction():
        if not await blocked_files.insert(Blocked(next_id(), name, why, clock.now_ms())):
            raise Conflict("This file is blocked already.")
        await audit.record(by, "media.block", name, reason=why)
        jobs.add(writes := Writes(), next_id(), ERASE, {}, clock.now_ms())
        app.jobs_added(writes)
        await write(writes)
    return name


async def unblock(by: Account | None, digest: str) -> None:
    """Let it be sent and copied again; what was erased stays so.

    Raises:
        NotAllowed: `by` may not.
        Invalid: no SHA-256.
        NotFound: it is not blocked.
    """
    powers.require(by, powers.SERVER)
    name = _digest(digest)
    async with transaction():
        if not await blocked_files.delete(name):
            raise NotFound("This file is not blocked.")
        await audit.record(by, "media.unblock", name)


async def erase(app: App) -> None:
    """The job: erase whatever is blocked, also of what is so old that its digest was not noted."""
    await _read_old(app)
    copies = 0
    while urls := await blocked_files.copied(AT_ONCE):
        await elsewhere.erase(app, urls)
        copies += len(urls)
    files = 0
    while found := await blocked_files.sent(AT_ONCE):
        for each in found:
            await _take_down(app, each)
        await media.erase(app, [each.id for each in found])
        files += len(found)
    if files or copies:
        await audit.note(audit.SERVER, "media.erase", "", files=files, copies=copies)


async def _take_down(app: App, found: Kept) -> None:
    """Off the post or the profile that shows it; who follows a profile or has a post is told, and whose it was why."""
    owner = await actors.by_id(found.owner_id)
    gone = {place: None for place in _PLACES if owner and getattr(owner, f"{place}_media_id") == found.id}
    if owner is not None and gone and owner.local and not owner.gone:
        if owner.kind == "Group":
            await group_profile.change(app, owner.username, group_profile.Change(pictures=gone))
        else:
            await dispatches.picture_blocked(app, writes := Writes(), owner, owner.url, found.reason)
            await profiles.change(app, owner, profiles.Change(pictures=gone), writes)
    await retouching.take_off(app, found.id, found.post_id, found.reason)


async def _read_old(app: App) -> None:
    while unread := await blocked_files.unread_copies(AT_ONCE):
        writes = Writes()
        for each in unread:
            blocked_files.read_copy(writes, str(each.name), await _read(app, each.key))
        await apply(writes)
    while unread := await blocked_files.unread_sent(AT_ONCE):
        writes = Writes()
        for each in unread:
            await _note(app, writes, each)
        await apply(writes)


async def _note(app: App, writes: Writes, file: Unread) -> None:
    preview = await _read(app, file.preview_key) if file.preview_key else ""
    blocked_files.read_sent(writes, int(file.name), await _read(app, file.key), preview)


async def _read(app: App, key: str) -> str:
    """'' when the file is not there."""
    seen = hashlib.sha256()
    try:
        async for chunk in app.blobs.read(key):
            seen.update(chunk)
    except FileNotFoundError:
        return ""
    return seen.hexdigest()


def _digest(text: str) -> str:
    name = text.strip().lower().removeprefix("sha256:")
    if not _DIGEST.fullmatch(name):
        raise Invalid("A SHA-256 has 64 digits from 0 to 9 and a to f; or give the file itself.", field="digest")
    return name


async def _block(app: App, digest: str, reason: str) -> dict[str, Any]:
    return {"digest": await block(app, None, digest, reason)}


async def _unblock(app: App, digest: str) -> dict[str, Any]:
    await unblock(None, digest)
    return {}


async def _list(app: App) -> dict[str, Any]:
    return {"blocked": [{"digest": each.digest, "reason": each.reason} for each in await blocked_files.newest()]}


COMMANDS: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
    "media.block": _block,
    "media.unblock": _unblock,
    "media.blocks": _list,
}
