"""A thread that somebody reads is completed in the background: what lies above it, and what others answered.

First the list of the whole thread is asked for (`context`, FEP-7888 §Dereferencing and resolving, FEP-f228), which many
groups have; where there is none, what was answered to each post (`replies`). A list is a hint: a post comes from its
own origin, and belongs to the thread when it answers something in it. In a thread of a group of ours such an answer is
taken in as if it had been sent here, and the group tells it on: who answered from a microblog named no group.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from activitypub.client import Allowance
from activitypub.contexts import PUBLIC
from activitypub.objects import Note
from activitypub.origins import is_url, same_origin
from fedcomm import admit, attesting, clock
from fedcomm.app import App
from fedcomm.errand import Errand
from fedcomm.listed import Listed
from storage import completions, groups, jobs, posts, registers, talks
from storage.actors import Actor
from storage.completions import Completion
from storage.connect import Writes, apply
from storage.groups import Group
from storage.ids import next_id
from storage.posts import Post

LOG = logging.getLogger("fedcomm.completing")
AGAIN = 5 * 60_000  # ms before a thread is asked about again in which somebody wrote today
SELDOM, STILL = 3_600_000, 86_400_000  # ms, and ms without a word after which it is asked about so seldom only
REQUESTS, OF_DOMAIN = 250, 200  # of one thread
MOST_BYTES = 10_000_000
SECONDS = 50.0
DEEPEST = 50  # levels below what is known, and above it
ASKED = 30  # posts that were known before of which one asks what was answered to them
MOST = 500  # posts that come at once
LONGEST = 2_000  # posts of a thread that is completed
KEPT = 30 * 86_400_000  # ms for which it is remembered when a thread was asked about


Teller = tuple[Group, Actor]


async def ask(app: App, post_id: int) -> Completion | None:
    """A member reads a post: what is missing around it is asked for soon; gives how far that is.

    None where nothing can be missing, or nothing more comes in: for a few, and in a locked thread of a group of ours.
    """
    found, now = await completions.around(post_id), clock.now_ms()
    if found is None or not found.lacking:
        return None
    last, thread = found.completion, found.thread_id
    if last is not None and last.begun_at > now - (AGAIN if found.spoken_at > now - STILL else SELDOM):
        return last
    writes = Writes()
    completions.begin(writes, thread, now)
    jobs.add(writes, next_id(), "complete_thread", {"thread": thread}, now, key=f"complete:{thread}")
    app.jobs_added(writes)
    await apply(writes)
    return Completion(thread, now, None, 0)


async def work(app: App, thread: int) -> None:
    """The job: fetch what is missing in a thread, as far as its budget goes. What is here already is not asked for."""
    errand = Errand(app, Allowance(REQUESTS, OF_DOMAIN, MOST_BYTES))
    begun = await posts.by_id(thread)
    if begun is not None and (begun.visibility <= posts.UNLISTED or begun.visibility == posts.MEMBERS):
        with suppress(TimeoutError):  # what has come is here
            async with asyncio.timeout(SECONDS):
                group = await groups.by_id(begun.group_id) if begun.group_id is not None else None
                if group is not None and group.local:
                    await _ours(errand, begun, group)
                else:
                    begun = await _above(errand, begun)
                    await _below(errand, thread, begun)
    writes = Writes()
    completions.end(writes, thread, clock.now_ms())
    await apply(writes)


async def forget() -> int:
    """Forget when threads were asked about that nobody reads any more."""
    return await completions.forget(clock.now_ms() - KEPT)


async def _above(errand: Errand, begun: Post) -> Post:
    """What began the thread, fetched with everything between, as far as it can be had."""
    for _ in range(DEEPEST):
        if begun.parent_uri is None or not await errand.ancestors(begun.parent_uri):
            break
        now = await posts.by_id(begun.id)
        above = await posts.by_id(now.thread_id) if now is not None else None
        if above is None or above.id == begun.id:
            break
        begun = above
    return begun


async def _ours(errand: Errand, begun: Post, group: Group) -> None:
    """What was answered in a thread of a group of ours to what came from elsewhere; the latest is asked for first."""
    if group.visibility != "public" or begun.visibility > posts.UNLISTED:
        return
    here = await completions.inside(begun.id, group.id, LONGEST)
    known = [uri for uri, local in here.items() if not local]
    asked, came = await errand.notes(known[: -ASKED - 1 : -1]), 0
    for _ in range(DEEPEST):
        urls = [url for note in asked for url in (_context(note, None), _replies(note)) if url is not None]
        asked = await _take(errand, begun.id, here, await errand.lists(list(dict.fromkeys(urls))), into=group)
        came += len(asked)
        if not asked or came >= MOST:
            return


async def _below(errand: Errand, thread: int, begun: Post) -> None:
    """The answers: from the list of the whole thread, else from that of each post."""
    group, face = await groups.with_face(begun.group_id)
    if group is not None and group.local:
        return
    here = await completions.uris(begun.id, LONGEST)
    told = await errand.notes([begun.uri]) if not begun.local else []
    whole = [url for note in told if (url := _context(note, face)) is not None]
    if begun.truth == attesting.TRUTH and face is not None and is_url(begun.context):
        whole = [begun.context] if same_origin(begun.context, face.uri) else []
    for url, named in await errand.lists(whole):
        if named:
            by_group = group is not None and face is not None and same_origin(url, face.uri)
            teller = (group, face) if by_group and group and face and attesting.attests(group) else None
            await _take(errand, thread, here, [(url, named)], teller)
            if group is not None and by_group:
                await _enter(group, begun, named)
            return
    for note in told:
        if note.replies is None and (named := await errand.comments(note)):
            await _take(errand, thread, here, [(note.uri, named)])
            return
    known = [uri for uri, local in here.items() if not local and uri != begun.uri]
    asked = [*told, *await errand.notes(known[:ASKED])]
    came = 0
    for _ in range(DEEPEST):
        lists = await errand.lists(list(dict.fromkeys(url for note in asked if (url := _replies(note)) is not None)))
        asked = await _take(errand, thread, here, lists)
        came += len(asked)
        if not asked or came >= MOST:
            return


def _context(note: Note, face: Actor | None) -> str | None:
    """Where the whole thread is listed: at the origin of what began it, or of the group that it is in."""
    if note.context is None or not is_url(note.context):
        return None
    near = same_origin(note.context, note.uri) or (face is not None and same_origin(note.context, face.uri))
    return note.context if near else None


def _replies(note: Note) -> str | None:
    return note.replies if note.replies and is_url(note.replies) and same_origin(note.replies, note.uri) else None


async def _take(
    errand: Errand, thread: int, here: dict[str, int], lists: Sequence[tuple[str, list[Listed]]],
    teller: Teller | None = None, into: Group | None = None,
) -> list[Note]:  # fmt: skip
    """Keep what these lists name and is not here, where it answers something in the thread; gives it.

    `teller` is the group for its members whose list it is: it is believed what origins show to nobody here. `into` is
    the group of ours that the thread is in: what it does not take in is not kept.
    """
    named = {each.uri: (url, each) for url, found in lists for each in found if each.uri not in here}
    known = await (completions.settled(list(named), into.id) if into else completions.known(list(named)))
    unknown = [uri for uri in named if uri not in known][:MOST]
    told: list[Note] = []
    asked: list[str] = []
    for uri in unknown:
        url, each = named[uri]
        if (note := each.by_origin(url)) is not None:
            told.append(note)
        else:
            asked.append(uri)
    told += await errand.notes(asked)
    hearsay = _hearsay(errand, [named[uri][1] for uri in unknown], told) if teller is not None else {}
    told += hearsay.values()
    open_ = {PUBLIC} if teller is None else {PUBLIC, teller[1].uri, teller[1].followers}
    readable = [note for note in told if note.uri in hearsay or not open_.isdisjoint(note.audience.everyone)]
    answers = [note for note in readable if note.in_reply_to and not note.vote]
    await errand.actors(list(dict.fromkeys(note.attributed_to for note in answers if note.attributed_to)))
    if into is not None:
        kept = await _keep(here, answers, errand.take)
    else:
        kept = await _keep(here, answers, lambda note: errand.keep(note, teller if note.uri in hearsay else None))
    if kept:
        writes = Writes()
        completions.count(writes, thread, len(kept))
        await apply(writes)
    return kept


def _hearsay(errand: Errand, named: Sequence[Listed], told: Sequence[Note]) -> dict[str, Note]:
    """What came whole in a list and was not had from its origin, by id."""
    had = {note.uri for note in told}
    notes = (attesting.note_of(errand.app.urls, each.raw) for each in named if each.uri not in had)
    return {note.uri: note for note in notes if note is not None}


async def _keep(here: dict[str, int], answers: list[Note], keep: Callable[[Note], Awaitable[bool]]) -> list[Note]:
    """Keep what answers something in the thread, each behind what it answers; what leads elsewhere is left."""
    kept: list[Note] = []
    while ready := [note for note in answers if note.in_reply_to in here and note.uri not in here]:
        came = [note for note in ready if await keep(note)]
        here |= {note.uri: 0 for note in came}
        kept += came
        answers = [note for note in answers if all(note is not done for done in ready)]
    return kept


async def _enter(group: Group, begun: Post, named: Sequence[Listed]) -> None:
    """What was here before and the group elsewhere names is in it from now on; nobody whom it has banned."""
    bans = [each for each in await registers.all_of(group.id, "ban") if admit.banned(each.value)]
    writes = Writes()
    completions.enter(writes, begun.id, group.id, [each.uri for each in named], [each.subject for each in bans])
    talks.whole(writes, begun.id)
    await apply(writes)
