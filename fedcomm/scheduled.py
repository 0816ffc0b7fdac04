"""Posts that members write now and that are published later (Mastodon API: "ScheduledStatus").

Each is published once: the post comes in the same transaction in which what waited goes, or not at all.
"""

import contextlib
import logging

import msgspec

from fedcomm import admit, clock, media, posts, restraints
from fedcomm.app import App
from fedcomm.drafting import Draft, prepare
from fedcomm.errors import AppError, Invalid, NotFound, TooMany
from storage import actors, idempotency, jobs
from storage import media as media_rows
from storage import scheduled as rows
from storage.actors import Actor
from storage.connect import Writes, apply, transaction, write
from storage.counting import hold
from storage.errors import IntegrityError
from storage.ids import next_id
from storage.paging import END
from storage.scheduled import Scheduled

AHEAD = 300_000  # ms that there must be until the time comes
MOST, MOST_A_DAY = 300, 25  # of one member, as on Mastodon
DAY = 86_400_000  # ms

_log = logging.getLogger(__name__)
_drafts = msgspec.json.Decoder(Draft)


async def add(
    app: App, author: Actor, draft: Draft, publish_at: int, account_id: int, idempotency_key: str = ""
) -> Scheduled:
    """Keep a post until its time (ms). The same key of the same account gives the same again.

    A draft with the `scheduled_id` of another of theirs comes in the place of that one.

    Raises:
        Invalid: too soon, too many, or what a post cannot be.
        NotFound, NotAllowed: as when it was published now.
    """
    admit.acting(author)
    if idempotency_key and (known := await _known(account_id, idempotency_key)) is not None:
        return known
    _check_time(publish_at)
    prepared = await prepare(app, author, draft)
    with contextlib.suppress(TooMany):  # a pause between posts is over by then, or the post waits for that
        await restraints.check(app, prepared)
    new_id, now, writes = next_id(), clock.now_ms(), Writes()
    if draft.scheduled_id is not None:
        drop(writes, draft.scheduled_id)
    if draft.media_words:
        for file in prepared.files:
            media_rows.change(writes, file.id, description=file.description, meta=file.meta)
    kept = msgspec.structs.replace(draft, scheduled_id=new_id, media_words=())
    new = Scheduled(new_id, account_id, author.id, msgspec.json.encode(kept).decode(), publish_at, "", now)
    if idempotency_key:
        idempotency.remember(writes, account_id, idempotency_key, new_id, now)
    rows.insert(writes, new)
    taken = media_rows.wait(writes, draft.media_ids or (), author.id, new_id)
    _plan(writes, new_id, publish_at)
    try:
        async with transaction():
            await _alone(account_id)
            if idempotency_key and (known := await _known(account_id, idempotency_key)) is not None:
                return known
            await _check_room(account_id, publish_at, draft.scheduled_id or 0)
            if len((await write(writes))[taken]) < len(set(draft.media_ids or ())):
                raise Invalid(media.MISSING, field="media_ids")
    except IntegrityError:
        again = await _known(account_id, idempotency_key) if idempotency_key else None
        if again is None:
            raise
        return again
    return new


async def create(app: App, author: Actor, draft: Draft, account_id: int, idempotency_key: str) -> int:
    """Publish a post at once as `posts.create` does, in the place of the one that waits under its `scheduled_id`."""

    def along(writes: Writes, _post_id: int) -> None:
        if draft.scheduled_id is not None:
            drop(writes, draft.scheduled_id)

    return await posts.create(app, author, draft, account_id, idempotency_key, along)


async def move(app: App, account_id: int, scheduled_id: int, publish_at: int) -> Scheduled:
    """Publish it at another time.

    Raises:
        NotFound: the member has no such post, or it was published by now.
        Invalid: too soon, or too many on that day.
    """
    known = await of(account_id, scheduled_id)
    _check_time(publish_at)
    writes = Writes()
    rows.move(writes, known.id, publish_at)
    _plan(writes, known.id, publish_at)
    async with transaction():
        await _alone(account_id)
        await _check_room(account_id, publish_at, known.id)
        await write(writes)
    return msgspec.structs.replace(known, publish_at=publish_at, refused="")


async def cancel(app: App, account_id: int, scheduled_id: int) -> None:
    """Never publish it; its pictures may be used for another post for a day.

    Raises:
        NotFound: the member has no such post, or it was published by now.
    """
    known = await of(account_id, scheduled_id)
    writes = Writes()
    drop(writes, known.id)
    await apply(writes)


def drop(writes: Writes, scheduled_id: int) -> None:
    """It waits no more, once `writes` are made; its pictures may be in another post."""
    rows.delete(writes, scheduled_id)
    media_rows.wait_no_more(writes, scheduled_id, clock.now_ms())
    jobs.drop(writes, _job(scheduled_id))


async def of(account_id: int, scheduled_id: int) -> Scheduled:
    """A member's post that waits.

    Raises:
        NotFound: there is none.
    """
    found = await rows.by_id(scheduled_id)
    if found is None or found.account_id != account_id:
        raise NotFound("There is no such scheduled post of yours.")
    return found


async def published(account_id: int, key: str) -> int | None:
    """The post that this key stands for, when it has been published by now."""
    known = await idempotency.post_of(account_id, key) if key else None
    return known if known is not None and await rows.by_id(known) is None else None


def draft_of(waiting: Scheduled) -> Draft:
    """What it will say."""
    return _drafts.decode(waiting.draft)


async def publish(app: App, scheduled: int) -> None:
    """Publish what waits under this id, if its time has come; what is refused waits for its author.

    What comes too soon after another post of theirs is published when that pause is over.
    """
    waiting = await rows.by_id(scheduled)
    author = await actors.by_id(waiting.actor_id) if waiting is not None else None
    if waiting is None or author is None or waiting.publish_at > clock.now_ms():
        return

    def along(writes: Writes, post_id: int) -> None:
        rows.take(writes, waiting, post_id, clock.now_ms())
        idempotency.pass_on(writes, waiting.account_id, waiting.id, post_id)

    try:
        await posts.create(app, author, draft_of(waiting), along=along)
    except IntegrityError:
        if await rows.by_id(scheduled) == waiting:
            raise  # else it was published, put off or cancelled at this moment
    except TooMany as pause:
        at = clock.now_ms() + int(pause.retry_after * 1000)
        rows.move(writes := Writes(), waiting.id, at)
        _plan(writes, waiting.id, at)
        await apply(writes)
    except AppError as refusal:
        _log.info("a scheduled post was refused: id=%d", waiting.id)
        writes = Writes()
        rows.refuse(writes, waiting.id, str(refusal))
        await apply(writes)


async def _known(account_id: int, key: str) -> Scheduled | None:
    known = await idempotency.post_of(account_id, key)
    return await rows.by_id(known) if known is not None else None


async def _alone(account_id: int) -> None:
    """Until the transaction ends nobody else schedules a post of this member, who may be at it in two programs."""
    writes = Writes()
    hold(writes, "account", account_id)
    await write(writes)


def _check_time(publish_at: int) -> None:
    if publish_at < clock.now_ms() + AHEAD:
        raise Invalid("A post is scheduled for five minutes from now or later.", field="scheduled_at")


async def _check_room(account_id: int, publish_at: int, but: int) -> None:
    if await rows.count(account_id, 0, END, but) >= MOST:
        raise Invalid("You have scheduled {most} posts. Let some of them be published first.", most=MOST)
    day = publish_at // DAY * DAY
    if await rows.count(account_id, day, day + DAY, but) >= MOST_A_DAY:
        raise Invalid("You have scheduled {most} posts for that day.", most=MOST_A_DAY)


def _plan(writes: Writes, scheduled_id: int, publish_at: int) -> None:
    """Workers look for what is due every few seconds, and this is due in minutes at the earliest."""
    jobs.drop(writes, _job(scheduled_id))
    jobs.add(writes, next_id(), "publish_scheduled", {"scheduled": scheduled_id}, publish_at, key=_job(scheduled_id))


def _job(scheduled_id: int) -> str:
    return f"publish_scheduled:{scheduled_id}"
