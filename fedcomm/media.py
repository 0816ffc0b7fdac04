"""Pictures that members send: kept, described, chosen for a post, and cleared away when nobody needs them."""

import asyncio
import logging
from collections.abc import Sequence

import msgspec

from fedcomm import clock, digests, elsewhere, pictures
from fedcomm.app import App
from fedcomm.errors import AppError, Invalid, NotFound, TooMany
from fedcomm.pictures import Picture
from storage import media as rows
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.errors import Unavailable
from storage.ids import next_id
from storage.media import Media
from storage.posts import Post

MOST_ON_A_POST = 4
MAX_DESCRIPTION = 1_500  # characters
MOST_WAITING = 8  # pictures of all members that a process holds until they are read
MOST_LOOSE = 40  # pictures of one member that hang on no post (attack NET-41)
MOST_BYTES = 5_368_709_120  # of all pictures of one member
PATIENCE = 8.0  # seconds in which most pictures are ready
STALE = 180_000  # ms after which a picture that is still worked on will not be ready any more
DAY = 86_400_000  # ms that a picture may hang on nothing
AT_ONCE = 200
MISSING = "One of the pictures is not there, or in another post."

Focus = tuple[float, float]

_log = logging.getLogger(__name__)
_working: set[asyncio.Task[None]] = set()


async def upload(
    app: App, owner: Actor, content: bytes, description: str = "", focus: str = "", patience: float | None = PATIENCE
) -> Media:
    """Keep a picture; it is still `working` when it is not ready after `patience` seconds (None: however long).

    Raises:
        Invalid: no picture, too large, too many, or a description or focus that cannot be.
        TooMany: others have to be read first.
    """
    pictures.check(content)
    if len(_working) >= MOST_WAITING:
        raise TooMany("Many pictures are being sent at the moment. Try again in half a minute.", retry_after=30)
    text, meta = _described(description), _meta(_focus(focus))
    if await rows.loose_count(owner.id) >= MOST_LOOSE:
        raise Invalid(
            "You have sent {most} pictures that are in no post yet. Use them, or wait a day.", most=MOST_LOOSE
        )
    await _find_room(owner, len(content))
    media_id = next_id()
    writes = Writes()
    rows.insert(writes, media_id, owner.id, "upload", text, meta, clock.now_ms())
    await apply(writes)
    working = asyncio.create_task(_work(app, media_id, content, meta))
    _working.add(working)
    working.add_done_callback(_worked)
    done, _ = await asyncio.wait({working}, timeout=patience)
    if done and (fault := working.exception()) is not None:
        await erase(app, [media_id])
        raise fault
    return await of(owner, media_id)


async def of(owner: Actor, media_id: int) -> Media:
    """A picture of the member's that hangs on no post yet.

    Raises:
        NotFound: there is none.
    """
    found = await rows.own(owner.id, media_id)
    if found is None or found.post_id is not None or found.scheduled_id is not None:
        raise NotFound("There is no such picture of yours, or it is in a post already.")
    return found


def failed(picture: Media) -> bool:
    """Whether it will never be ready: it could not be read, or the process that read it ended."""
    return picture.state == "failed" or (picture.state == "working" and picture.created_at < clock.now_ms() - STALE)


async def describe(owner: Actor, media_id: int, description: str | None, focus: str | None) -> Media:
    """Say what a picture shows and what is most important in it; None leaves it as it is.

    Raises:
        NotFound: there is no such picture of theirs that hangs on no post yet.
        Invalid: too long, or no focus.
    """
    found = await of(owner, media_id)
    if columns := changes(found, description, focus):
        writes = Writes()
        rows.change(writes, media_id, **columns)
        await apply(writes)
    return await of(owner, media_id)


def changes(picture: Media, description: str | None, focus: str | None) -> dict[str, str]:
    """What becomes different about it.

    Raises:
        Invalid: as `describe`.
    """
    columns: dict[str, str] = {}
    if description is not None and (text := _described(description)) != picture.description:
        columns["description"] = text
    if focus and (point := _focus(focus)) != focus_of(picture):
        columns["meta"] = _meta(point, picture.meta)
    return columns


async def delete(app: App, owner: Actor, media_id: int) -> None:
    """Forget a picture that hangs on nothing, and its files.

    Raises:
        NotFound: there is no such picture of theirs.
        Invalid: a post has it.
    """
    found = await rows.own(owner.id, media_id)
    if found is None:
        raise NotFound("There is no such picture of yours.")
    if found.post_id is not None or found.scheduled_id is not None:
        raise Invalid("A post of yours has this picture.")
    await erase(app, [media_id])


async def chosen(
    author: Actor, media_ids: Sequence[int], replaced: Post | None = None, scheduled_id: int | None = None
) -> tuple[Media, ...]:
    """The pictures for a post of the author's, in this order; `replaced` is the post as it is before an edit.

    With a `scheduled_id` those that waited for that post may be had as well.

    Raises:
        Invalid: too many, or one that is not theirs, not ready, or in another post.
    """
    wanted = list(dict.fromkeys(media_ids))
    if len(wanted) > MOST_ON_A_POST:
        raise Invalid("A post may have {most} pictures.", field="media_ids", most=MOST_ON_A_POST)
    found = await rows.several(author.id, wanted) if wanted else {}
    for media_id in wanted:
        picture = found.get(media_id)
        elsewhere = picture is not None and (
            picture.post_id not in (None, replaced.id if replaced else None)
            or picture.scheduled_id not in (None, scheduled_id)
        )
        if picture is None or elsewhere or failed(picture):
            raise Invalid(MISSING, field="media_ids")
        if picture.state == "working":
            raise Invalid("One of the pictures is still worked on. Try again in a moment.", field="media_ids")
    return tuple(found[media_id] for media_id in wanted)


async def keep(app: App, writes: Writes, owner: Actor, picture: Picture) -> tuple[int, str]:
    """Keep a picture of somebody's profile once `writes` are made; gives its id and its address."""
    await _find_room(owner, len(picture.content))
    media_id = next_id()
    rows.insert(writes, media_id, owner.id, "profile", "", "{}", clock.now_ms())
    columns = await _stored(app, picture, "{}")
    rows.change(writes, media_id, **columns)
    return media_id, app.urls.file(str(columns["key"]), picture.mime)


async def forget(app: App, pictures_of_a_post: Sequence[Media]) -> None:
    """The files of a deleted post go at once."""
    await erase(app, [file.id for file in pictures_of_a_post if file.key])


def focus_of(picture: Media) -> Focus | None:
    """What is most important in a picture: from -1.0 to 1.0, from left to right and from the bottom to the top."""
    point = msgspec.json.decode(picture.meta).get("focus")
    return (point["x"], point["y"]) if point else None


async def clean_up(app: App) -> None:
    """Forget what has hung on nothing for a day: never used, or taken off a deleted post."""
    while found := await rows.loose(clock.now_ms() - DAY, AT_ONCE):
        await erase(app, found)


async def sweep(app: App) -> None:
    """Delete files that no picture has: a process ended between file and row, or between row and file."""
    await sweep_counted(app)


async def sweep_counted(app: App, *, dry_run: bool = False) -> int:
    """As `sweep`; gives how many these are, or (`dry_run`) would be."""
    number = 0
    async for keys in app.blobs.old(clock.now_ms() / 1000 - DAY / 1000):
        for at in range(0, len(keys), AT_ONCE):
            some = keys[at : at + AT_ONCE]
            known = await rows.known(some)
            for key in some:
                if key in known:
                    continue
                number += 1
                if not dry_run:
                    await app.blobs.delete(key)
    return number


async def _find_room(owner: Actor, size: int) -> None:
    if await rows.bytes_of(owner.id) + size > MOST_BYTES:
        raise Invalid("All your pictures together take as much room as one member has. Delete old ones first.")


async def _work(app: App, media_id: int, content: bytes, meta: str) -> None:
    writes = Writes()
    try:
        picture = await pictures.read(app.picture_turn, content, "attachment")
        columns = await _stored(app, picture, meta)
    except (AppError, Unavailable):
        rows.change(writes, media_id, state="failed")
        await apply(writes)
        raise
    rows.change(writes, media_id, **columns)
    await apply(writes)


async def _stored(app: App, picture: Picture, meta: str) -> dict[str, object]:
    """The files are durable, and this is what their row says.

    Raises:
        Invalid: such a file is blocked.
    """
    digest, preview_digest = await digests.of(picture.content), await digests.of(picture.preview)
    await digests.check(digest, preview_digest, picture.received)
    small = {"width": picture.preview_width, "height": picture.preview_height}
    return {
        "key": await app.blobs.put(picture.content), "preview_key": await app.blobs.put(picture.preview),
        "mime": picture.mime, "preview_mime": picture.preview_mime,
        "size": len(picture.content) + len(picture.preview), "width": picture.width, "height": picture.height,
        "blurhash": picture.blurhash, "state": "ready",
        "digest": digest, "preview_digest": preview_digest, "received": picture.received,
        "meta": msgspec.json.encode(msgspec.json.decode(meta) | {"small": small}).decode(),
    }  # fmt: skip


async def erase(app: App, media_ids: Sequence[int]) -> None:
    """First the rows, then the files; not of what was put into a post in this moment."""
    if not media_ids:
        return
    writes = Writes()
    at = rows.forget(writes, media_ids)
    gone = (await apply(writes))[at]
    for key in (key for *keys, _url in gone for key in keys if key):
        await app.blobs.delete(key)
    await elsewhere.erase(app, [url for *_keys, url in gone if url])


def _worked(task: asyncio.Task[None]) -> None:
    _working.discard(task)
    if not task.cancelled() and (fault := task.exception()) is not None:
        _log.info("picture not kept: %s", fault)


def _described(text: str) -> str:
    text = text.strip()
    if len(text) > MAX_DESCRIPTION:
        raise Invalid("A description may have {limit} characters.", field="description", limit=MAX_DESCRIPTION)
    return text


def _focus(text: str) -> Focus | None:
    if not text.strip():
        return None
    parts = text.split(",")
    try:
        point = [float(part) for part in parts]
    except ValueError:
        point = []
    if len(point) != 2 or not all(-1 <= part <= 1 for part in point):
        raise Invalid("A focus is two numbers from -1.0 to 1.0 with a comma between.", field="focus")
    return point[0], point[1]


def _meta(focus: Focus | None, before: str = "{}") -> str:
    known = msgspec.json.decode(before)
    return msgspec.json.encode(known | ({"focus": {"x": focus[0], "y": focus[1]}} if focus else {})).decode()
