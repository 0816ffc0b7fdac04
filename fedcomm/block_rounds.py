"""Each day the lists that were subscribed are read again, and what they say together is drafted or decided.

Nothing is concluded from a list that could not be read, names nobody any more, or lost more than half: what it said
before counts until it can be read, or somebody said yes. What a list no longer names is taken back, unless somebody
has decided about it by hand since.
"""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

import storage.peers
import storage.settings
from activitypub.errors import ProtocolError, Unreachable
from activitypub.origins import same_origin
from activitypub.versions import Version
from fedcomm import audit, block_agreement, block_breadth, block_imports, block_lists, clock, fires
from fedcomm.app import App
from fedcomm.block_agreement import Agreed, Rules
from fedcomm.block_lists import Entry
from fedcomm.errors import AppError, Invalid
from storage import block_lists as made_lists
from storage import block_subscriptions as stored
from storage import bus, jobs, leases, servers
from storage.block_lists import BlockList, Change, Made
from storage.block_subscriptions import Subscription
from storage.connect import Writes, apply, transaction, write
from storage.ids import next_id
from storage.peers import Decision

JOB = "fetch_block_lists"
RULES = "block_subscriptions"  # under which they are kept among the settings
HOUR, DAY = 3_600_000, 86_400_000
LEASE = 1_200_000  # ms; a round takes no longer
TRIES, TURN = 20, 0.25  # looks whether another round has ended, and seconds between them
ACCEPT = "application/ld+json, application/json;q=0.9, text/csv;q=0.9, text/plain;q=0.8, */*;q=0.1"
_FEW = 10  # a list of so few servers may lose half of them
_BUSY = ("applying", "undoing")


def order(app: App, writes: Writes) -> None:
    """Read soon what is due, and draw conclusions."""
    jobs.add(writes, next_id(), JOB, {}, clock.now_ms(), key=JOB)
    app.jobs_added(writes)


async def look(app: App) -> None:
    """Every hour: is one due?"""
    if await stored.any_due(clock.now_ms()):
        order(app, writes := Writes())
        await apply(writes)


async def rules() -> Rules:
    """How the lists are taken."""
    kept = (await storage.settings.stored()).get(RULES)
    return msgspec.json.decode(kept, type=Rules) if kept is not None else Rules()


async def work(app: App) -> None:
    """The job: read the lists that are due, each once, then draw conclusions from all.

    Raises:
        Unreachable: another round has not ended; this one is for later.
    """
    me = f"{next_id()}"
    await _take_turn(me)
    try:
        await jobs.release(JOB)
        now = clock.now_ms()
        for each in await stored.everything():
            if each.next_at <= now:
                await _read(app, each)
        await conclude(app)
    finally:
        await leases.release(JOB, me)


async def _take_turn(me: str) -> None:
    """Two rounds at once would draft the same twice; one that reads nothing takes no time.

    Raises:
        Unreachable: another round goes on.
    """
    for _ in range(TRIES):
        if await leases.take(JOB, me, LEASE):
            return
        await asyncio.sleep(TURN)
    raise Unreachable("Another round has not ended.")


async def conclude(app: App) -> None:
    """Take back what is said no more, and draft or decide what is said now."""
    lists, how = await stored.everything(), await rules()
    said = block_agreement.agreed(lists, await stored.said(), how)
    await _take_back(app, said)
    await _put_forward(app, said, how)


async def keep_made() -> None:
    """What was decided for lists that are subscribed no more counts as decided by hand; part of a transaction."""
    said = block_agreement.agreed(await stored.everything(), await stored.said(), await rules())
    writes = Writes()
    for each in await made_lists.subscribed():
        if each.change.host not in said:
            made_lists.forget(writes, each.list_id, each.change.host)
    await write(writes)


async def _read(app: App, known: Subscription) -> None:
    """Read one, and note how that went."""
    now = clock.now_ms()
    try:
        found = await _fetched(app, known)
    except (ProtocolError, Unreachable, AppError) as error:
        failures = known.failures + 1
        pause = min(DAY, HOUR << min(failures - 1, 5))
        await _note(known, failures=failures, error=_words(error), next_at=now + pause)
        return
    if found is None:
        await _note(known, failures=0, error="", shrunk=None, read_at=now, next_at=now + DAY)
        return
    entries, version = found
    least = known.entries / 2 if known.accepted is None else min(known.accepted, known.entries / 2)
    if (known.entries > _FEW and len(entries) < least) or (known.entries and not entries and known.accepted is None):
        await _note(known, failures=0, shrunk=len(entries), read_at=now, next_at=now + DAY)
        return
    said = [(each.host, each.decision) for each in entries]
    await _note(
        known, said, failures=0, error="", etag=version.etag, modified=version.modified, entries=len(said), read_at=now,
        next_at=now + DAY, shrunk=None, accepted=None,
    )  # fmt: skip


async def _fetched(app: App, known: Subscription) -> tuple[list[Entry], Version] | None:
    """What it says now; None when that has not changed."""
    before = Version(known.etag, known.modified) if known.accepted is None else None
    found = await app.client.get_text(known.url, ACCEPT, block_lists.MAX_BYTES, before)
    if found is None:
        return None
    where = fires.snapshot_of(found.body)
    if not where:
        return _entries(known, found.body), found.version
    if not same_origin(where, known.url):
        raise Invalid("The snapshot of this data set is on another server.")
    snapshot = await app.client.get_text(where, ACCEPT, block_lists.MAX_BYTES)
    assert snapshot is not None  # nothing was said to be known
    return _entries(known, snapshot.body), Version()  # that of the data set says nothing about it


def _entries(known: Subscription, content: bytes) -> list[Entry]:
    """What it says; a list that was read before may name nobody any more, which somebody has to see first."""
    return block_lists.read(content, or_nothing=known.read_at is not None).entries


async def _note(known: Subscription, said: Sequence[tuple[str, Decision]] | None = None, **changed: object) -> None:
    """Keep how it went, unless somebody has unsubscribed meanwhile."""
    async with transaction():
        if await stored.by_id(known.id) is None:
            return
        stored.put(writes := Writes(), msgspec.structs.replace(known, **changed))
        if said is not None:
            stored.put_said(writes, known.id, said)
        await write(writes)


async def _take_back(app: App, said: Mapping[str, Agreed]) -> None:
    """What no list says any more, of what was decided for them."""
    made = await made_lists.subscribed()
    busy = {each.change.host for each in made if each.state in _BUSY}
    gone: dict[str, list[Made]] = {}
    for each in made:
        if each.state != "draft" and each.change.host not in busy:
            gone.setdefault(each.change.host, []).append(each)
    gone = {host: entries for host, entries in gone.items() if _said_less(said.get(host), entries)}
    hosts = list(gone)
    for start in range(0, len(hosts), block_imports.AT_ONCE):
        async with transaction():
            some = hosts[start : start + block_imports.AT_ONCE]
            back = [host for host in some if await _undone(host, gone[host])]
            if back:
                await audit.note(audit.SERVER, "blocklist.retract", ", ".join(back)[:500], servers=back)
            await bus.publish("peers", "")
    if gone:
        await app.look_at_peers()


def _said_less(said: Agreed | None, made: Sequence[Made]) -> bool:
    """Whether nothing is said any more about a server, or less than what is in force for what was said."""
    if said is None:
        return True
    force = [each.change.wanted for each in made if each.change.before is not None]
    return any(
        _alike(block_lists.stricter(said.decision, wanted), wanted) and not _alike(said.decision, wanted)
        for wanted in force
    )


async def _undone(host: str, entries: Sequence[Made]) -> bool:
    """Whether a decision was taken back; what was decided by hand since stays. The newest entry is first."""
    back, writes = False, Writes()
    for each in entries:
        if each.change.before is not None:
            back = await block_imports.taken_back(each.change) or back
        made_lists.forget(writes, each.list_id, host)
    await write(writes)
    return back


async def _put_forward(app: App, said: Mapping[str, Agreed], how: Rules) -> None:
    """What is not decided yet: what may be is decided, the rest is drafted. What was turned down is not said again."""
    known = {each.host: each.decision for each in await storage.peers.decided()}
    known_below = await block_breadth.known_below()
    ties, settled = await servers.all_ties(), _settled(await made_lists.subscribed())
    now, drafted, adopted = list[Change](), list[Change](), list[Change]()
    for host, each in sorted(said.items()):
        kind, change = block_imports.compared(app, Entry(host, each.decision), known, ties)
        if any(_alike(each.decision, before) for before in settled.get(host, ())):
            continue
        if change is not None:
            alone = each.automatic and change.cuts <= how.most_cuts and not block_breadth.wide(host, known_below)
            (now if alone else drafted).append(change)
        elif kind == "present" and each.adopt and _alike(known[host], each.decision):
            adopted.append(Change(host, known[host], 0, Decision()))
    await _draft(drafted)
    if adopted:
        await _make(adopted, "applied")
        await audit.note(audit.SERVER, "blocklist.adopt", f"{len(adopted)}", servers=[each.host for each in adopted])
    if now:
        await block_imports.begin(app, (await _make(now, "draft")).id, audit.SERVER)


def _settled(made: Sequence[Made]) -> dict[str, list[Decision]]:
    """What was said about servers before, and then decided, undone or turned down."""
    found: dict[str, list[Decision]] = {}
    for each in made:
        if each.state != "draft":
            found.setdefault(each.change.host, []).append(each.change.wanted)
    return found


async def _draft(changes: Sequence[Change]) -> None:
    """One draft, with just these changes; one that says the same stays as it is."""
    before: dict[int, dict[str, Decision]] = {}
    for each in await made_lists.subscribed():
        if each.state == "draft":
            before.setdefault(each.list_id, {})[each.change.host] = each.change.wanted
    if list(before.values()) == [{each.host: each.wanted for each in changes}]:
        return
    writes = Writes()
    for number in before:
        made_lists.remove(writes, number)
    await apply(writes)
    if changes:
        await _make(changes, "draft")


async def _make(changes: Sequence[Change], state: str) -> BlockList:
    made = BlockList(next_id(), "", audit.SERVER, state, len(changes), 0, 0, 0, "", clock.now_ms(), 1)
    made_lists.insert(writes := Writes(), made, changes)
    await apply(writes)
    return made


def _alike(one: Decision, other: Decision) -> bool:
    """Whether both let a server do the same; why it is so is another matter."""
    return (one.policy, one.reject_media, one.reject_reports) == (
        other.policy, other.reject_media, other.reject_reports
    )  # fmt: skip


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
