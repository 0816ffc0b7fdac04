"""What was said in a group elsewhere before anybody here joined it: its newest threads, from its own lists.

Each post is asked for at its own origin; that the group lists it puts it there as an announcement would, when it names
the group or answers in it (docs/decisions/0016). Old posts stay old: they stand where their times put them, and nobody
is told of them.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

from activitypub import collections
from activitypub.client import Allowance, Exhausted
from activitypub.collections import Budget
from activitypub.errors import ProtocolError, Unreachable
from activitypub.origins import same_origin
from fedcomm import admit, attesting, clock, errors, fetching, hearsay, leaders, listed, moderation, scout
from fedcomm.app import App
from fedcomm.listed import Listed
from storage import actors, backfills, boosts, follows, groups, jobs, posts, registers, shares, talks
from storage.actors import Actor
from storage.boosts import Boost
from storage.connect import Writes, apply, transaction, write
from storage.counting import hold
from storage.groups import Group
from storage.ids import ms_of, next_id
from storage.posts import Post

LOG = logging.getLogger("fedcomm.backfill")
WANTED = 20  # threads of a group
AGAIN = 86_400_000  # ms before the same group is asked again, when somebody joins
REQUESTS, OF_DOMAIN = 150, 120  # of one group: each thread takes one for itself, and mostly one for who wrote it
MOST_BYTES = 10_000_000  # of all documents of one group
AT_ONCE = 4  # posts
SECONDS = 120.0
_OUTBOX = Budget(pages=5, items=200, seconds=60)
_FEATURED = Budget(pages=2, items=20, seconds=30)


async def ask(app: App, writes: Writes, group: Group) -> None:
    """Somebody here has joined a group: with `writes` its newest threads are asked for, unless they were lately.

    Then it is asked only who looks after it now, when nobody here heard what it told until now.
    """
    if group.local:
        return
    begun, now = await backfills.begun_at(group.id), clock.now_ms()
    if begun is None or begun < now - AGAIN:
        jobs.add(writes, next_id(), "backfill", {"group": group.id}, now, key=f"backfill:{group.id}")
        app.jobs_added(writes)
    elif not await follows.followers_here(group.actor_id):
        jobs.add(writes, next_id(), "meet_leaders", {"group": group.id}, now, key=f"meet_leaders:{group.id}")
        app.jobs_added(writes)


async def work(app: App, group: int) -> None:
    """The job: fetch the newest threads of a group, and those on top of it. What is here already costs nothing again.

    Raises:
        Unreachable: the group's server does not answer now; what came before that is kept.
    """
    found, face = await groups.with_face(group)
    if found is None or face is None or found.local or face.gone or not await follows.followers_here(face.id):
        return
    await begin(found)
    left = await scout.left(face.id)
    allowance = Allowance(REQUESTS, OF_DOMAIN, MOST_BYTES if left is None else min(MOST_BYTES, left))
    threads = 0
    if left is None or left > 0:
        async with asyncio.timeout(SECONDS):
            threads = await fetch(app, found, face, allowance, scouted=left is not None)
    writes = Writes()
    backfills.end(writes, found.id, threads, allowance.weighed, clock.now_ms())
    await apply(writes)


async def begin(group: Group) -> None:
    """Note that the threads of a group are asked for now."""
    writes = Writes()
    backfills.begin(writes, group.id, clock.now_ms())
    await apply(writes)


async def fetch(
    app: App, group: Group, face: Actor, allowance: Allowance, wanted: int = WANTED, *, scouted: bool = False
) -> int:
    """Fetch who looks after a group, what is on top of it and its newest threads; gives how many of them are here.

    One that is only followed for everybody (`scouted`) ends when the disk has no more room for those.

    Raises:
        Unreachable: the group's server does not answer now.
    """
    await leaders.meet(app, group, face, allowance)
    pinned = [each async for each in _listed(app, face.featured, _FEATURED, allowance)] if face.featured else []
    await _pin(app, group, face, await _take_in(app, group, face, pinned, allowance, top=True))
    threads: set[int] = set()
    waiting: list[Listed] = []
    async for each in _listed(app, face.outbox, _OUTBOX, allowance):
        waiting += () if each.answers else (each,)
        if len(waiting) == AT_ONCE:
            threads |= {post.id for post in await _take_in(app, group, face, waiting, allowance)}
            waiting = []
        if len(threads) >= wanted or (scouted and not waiting and await scout.left(face.id) == 0):
            break
    else:
        threads |= {post.id for post in await _take_in(app, group, face, waiting, allowance)}
    LOG.info("group=%s threads=%d bytes=%d", face.uri, len(threads), allowance.weighed)
    return len(threads)


async def _listed(app: App, url: str, budget: Budget, allowance: Allowance) -> AsyncIterator[Listed]:
    """The posts that a list names, each once; a list that is not there names none.

    PieFed 1.6.6 serves its lists as `application/json`; what they name is asked for elsewhere anyway.
    """
    seen: set[str] = set()
    try:
        async for item in collections.walk(app.client, url, budget, allowance=allowance, plain=True):
            each = listed.read(item)
            if each is not None and each.uri not in seen:
                seen.add(each.uri)
                yield each
    except ProtocolError as fault:
        LOG.info("list=%s why=%s", url, fault)


async def _take_in(
    app: App, group: Group, face: Actor, named: Sequence[Listed], allowance: Allowance, *, top: bool = False
) -> list[Post]:
    """Fetch these posts a few at a time; gives what began threads and is in the group, in their order.

    What stands on `top` of a group of fedcomm may be of another, and be shown beside its own.

    Raises:
        Unreachable: the group's server wants to be left alone, or is gone.
    """
    taken: list[Post] = []
    for start in range(0, len(named), AT_ONCE):
        part = named[start : start + AT_ONCE]
        people = dict.fromkeys(each.author for each in part if each.author)  # each once, also when they wrote several
        await asyncio.gather(*(_author(app, uri, allowance) for uri in people))
        asked = (_post(app, group, face, each, allowance) for each in part)
        found = await asyncio.gather(*asked, return_exceptions=True)
        for each, post in zip(part, found, strict=True):
            if isinstance(post, Post) and await _enter(app, group, face, post, each, top=top):
                taken.append(post)
        for fault in found:
            if isinstance(fault, BaseException):
                raise fault
    return taken


async def _author(app: App, uri: str, allowance: Allowance) -> None:
    with suppress(Unreachable, ProtocolError, errors.AppError):  # then it is seen with the post
        await fetching.actor(app, uri, allowance=allowance)


async def _post(app: App, group: Group, face: Actor, named: Listed, allowance: Allowance) -> Post | None:
    """The post, where it can be had; what began its thread when it answers something.

    What its origin shows to nobody here a group for its members tells itself.
    """
    try:
        post = await fetching.post(app, named.uri, allowance=allowance, via=face.host)
    except (Exhausted, ProtocolError, errors.AppError):
        return await hearsay.keep(app, group, face, named.raw, allowance) if named.raw is not None else None
    except Unreachable:
        if same_origin(named.uri, face.uri):
            raise
        return None
    return post if post.starter else await posts.by_id(post.thread_id)


async def _enter(app: App, group: Group, face: Actor, post: Post, named: Listed, *, top: bool) -> bool:
    """Put what began a thread into the group, and where its members see it; says whether it is there."""
    readable = post.visibility <= posts.UNLISTED or (post.visibility == posts.MEMBERS and attesting.attests(group))
    if not post.starter or not readable or post.deleted_at is not None:
        return False
    author = await actors.by_id(post.author_id)
    if author is None or author.gone or admit.banned(await registers.get(group.id, "ban", author.uri)):
        return False
    async with transaction():
        hold(writes := Writes(), "post", post.id)
        await write(writes)
        now = await posts.by_id(post.id)
        if now is None or now.deleted_at is not None or now.removed_at is not None:
            return False
        writes = Writes()
        if now.group_id is None and (now.author_id == face.id or face.id in await posts.mentioned(now.id)):
            posts.change(writes, now.id, group_id=group.id)
            groups.count_post(writes, group.id, now.published, starter=True)
            talks.whole(writes, now.id)
        elif now.group_id != group.id:
            if not top or now.visibility > posts.UNLISTED or not app.peers.keeps_apart(face.host):
                return False
            shares.put(writes, group.id, now.id, face.id, clock.now_ms())
        if await boosts.of(face.id, now.id) is None:
            boosts.insert(
                writes,
                Boost(next_id(ms_of(now.id)), _name(face, now, named), face.id, now.id, posts.PUBLIC, now.published),
            )
        await write(writes)
    app.forget_post(post.id)
    return True


def _name(face: Actor, post: Post, named: Listed) -> str:
    """The id of the announcement, where the list says it; else one that nobody else has."""
    told = named.announce
    return told if told is not None and same_origin(told, face.uri) else f"{face.uri}#shows-{post.id}"


async def _pin(app: App, group: Group, face: Actor, pinned: Sequence[Post]) -> None:
    """What the group shows on top is pinned here too; what it takes down it tells itself."""
    here = {each.subject for each in await registers.all_of(group.id, "pinned")}
    writes = Writes()
    for post in pinned:
        if post.uri not in here:
            name = f"{face.featured}#{clock.now_ms()}"
            moderation.record_pin(app, writes, group, face, post, face, name, pinned=True)
    await apply(writes)
