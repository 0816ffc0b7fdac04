"""Accounts of ours that end: closed in one moment, and then erased bit by bit, however often that is interrupted.

Once it is closed nobody signs in, and nothing of it is shown or taken anywhere: its actor is gone
(`storage/visible.py`). What is erased after that nobody can read any more; the row of each post stays as a gap in its
thread.
"""

import hashlib
from collections.abc import Sequence
from functools import partial

import msgspec

from activitypub.contexts import PUBLIC
from fedcomm import archives, clock, recording
from fedcomm.app import App
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage import actors, bus, erasures, events, imports, jobs, posts
from storage.actors import Actor
from storage.connect import Writes, apply, write
from storage.erasures import Erased, Erasure, File
from storage.ids import next_id
from storage.outbox import Audience

JOB = "erase_account"
KEPT = 30 * 86_400_000  # ms: what there was is remembered for so long, as is how deliveries ended
AT_ONCE = 100  # posts or files erased in one transaction: others write between two of them


class Progress(msgspec.Struct, frozen=True):
    """How far it is; `posts` and `files` are those that are left."""

    erasure: Erasure
    actor: Actor
    posts: int
    files: int

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self.erasure.done_at is not None


async def close(app: App, actor: Actor, made_by: str, *, noted: bool = False) -> None:
    """End an actor of ours at once, and let all it wrote be erased soon; every server that may have any of it is told.

    The name is never given again (attack ORI-28). With `noted` each file that is erased is kept in mind for a report.
    Joins the transaction that is open.
    """
    now = clock.now_ms()
    writes = Writes()
    # Lemmy keeps the posts of whoever is gone unless it is told (`remove_data` of its Delete, 1.0-beta).
    all_of_it = True if actor.kind == "Person" else None
    delete = activities.delete(f"{actor.uri}#delete", actor.uri, actor.uri, to=[PUBLIC], removeData=all_of_it)
    publish(app, writes, actor, delete, Audience(everybody=True))
    erasures.begin(writes, Erasure(actor.id, now, None, made_by, int(noted), 0, 0, delete["id"]))
    actors.close(writes, actor.id, now)
    imports.drop(writes, actor.id)
    bus.add(writes, "followers", str(actor.id))
    events.tell(writes, "hidden", actor.id)
    _soon(app, writes, actor.id)
    await write(writes)


async def erase(app: App, actor: int) -> None:
    """The job: erase all there is of an actor that was closed, by the number of its row.

    Each step finds by itself what is left of it, so that it goes on where the last try ended.
    """
    work = await erasures.of(actor)
    if work is None or work.done_at is not None:
        return
    while files := await erasures.files(actor, AT_ONCE):
        await _erase_files(app, work, files)
    while some := await posts.some_by(actor, AT_ONCE):
        writes = Writes()
        for post in some:
            recording.erase(app, writes, post, told=False)
        await apply(writes)
    await archives.drop(app, actor)
    await _take_back(app, actor)
    await erasures.take_many(actor)
    await erasures.take_said(actor)
    now = clock.now_ms()
    writes = Writes()
    erasures.take_rest(writes, actor)
    actors.erase(writes, actor, now)
    erasures.end(writes, actor, now)
    await apply(writes)


async def go_on(app: App) -> None:
    """What was begun and has no job any more, because it was tried too often without an end, is tried again."""
    writes = Writes()
    for actor_id in await erasures.unfinished():
        _soon(app, writes, actor_id)
    await apply(writes)


async def running() -> list[Actor]:
    """Those of whom something is left."""
    found = await actors.by_ids(ids := await erasures.unfinished())
    return [found[actor_id] for actor_id in ids]


async def progress(actor_id: int) -> Progress | None:
    """How far the erasure of an account is, also when it is done; None where there is none."""
    work, who = await erasures.of(actor_id), await actors.by_id(actor_id)
    if work is None or who is None:
        return None
    return Progress(work, who, *await erasures.left(actor_id))


def _soon(app: App, writes: Writes, actor_id: int) -> None:
    jobs.add(writes, next_id(), JOB, {"actor": actor_id}, clock.now_ms(), key=f"{JOB}:{actor_id}")
    app.jobs_added(writes)


async def _erase_files(app: App, work: Erasure, files: Sequence[File]) -> None:
    """First the files, then their rows, so that none stays that nobody knows of."""
    if work.noted:
        writes = Writes()
        for file in files:
            erasures.note(writes, await _noted(app, work.actor_id, file))
        await apply(writes)
    for key in (key for file in files for key in (file.key, file.preview_key) if key):
        await app.blobs.delete(key)
    writes = Writes()
    erasures.forget_files(writes, work.actor_id, [file.id for file in files])
    await apply(writes)


async def _noted(app: App, actor_id: int, file: File) -> Erased:
    digests = [await _digest(app, key) for key in (file.key, file.preview_key)]
    return Erased(file.id, actor_id, file.post_uri, file.mime, file.size, digests[0], digests[1], clock.now_ms())


async def _digest(app: App, key: str | None) -> str:
    """The SHA-256 of a file, '' where it is not there."""
    seen = hashlib.sha256()
    try:
        async for chunk in app.blobs.read(key or ""):
            seen.update(chunk)
    except FileNotFoundError:
        return ""
    return seen.hexdigest()


async def _take_back(app: App, actor: int) -> None:
    """Votes, boosts and follows, each counted no more where it counts."""
    while voted := await erasures.reactions(actor):
        await _counted_anew(app, voted, partial(erasures.take_reactions, actor_id=actor, post_ids=voted))
    while boosted := await erasures.boosts(actor):
        await _counted_anew(app, boosted, partial(erasures.take_boosts, actor_id=actor, post_ids=boosted))
    while any(tied := await erasures.tied(actor)):
        followers, followed = tied
        writes = Writes()
        erasures.untie(writes, followers, followed, actor)
        for target in followed:
            app.followers_changed(writes, target)
        await apply(writes)


async def _counted_anew(app: App, post_ids: Sequence[int], take: partial[None]) -> None:
    writes = Writes()
    take(writes)
    for post_id in post_ids:
        writes.after(partial(app.forget_post, post_id))
    await apply(writes)
