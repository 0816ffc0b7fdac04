"""What waits and what was given up, as an admin looks at it: tried again or dropped, and each of that in the log."""

from collections.abc import Sequence

import msgspec

import storage.backlog
import storage.peers
from fedcomm import audit, clock, peers, powers
from fedcomm.app import App
from fedcomm.errors import Conflict, Invalid, NotFound
from storage import bus, inbox, outbox
from storage.accounts import Account
from storage.backlog import INBOX, JOB, GivenUp, Kind, Lag, NotTaken
from storage.connect import Writes, transaction, write
from storage.outbox import Audience, Entry

DELIVERY = "delivery"
SHOWN = 50
AT_ONCE = 1_000  # that one act is about
_KEPT = 500  # characters of what was dropped that the log keeps

__all__ = ["AT_ONCE", "DELIVERY", "INBOX", "JOB", "SHOWN", "Failed", "Picture", "drop", "drop_for", "failed", "picture",
           "refused", "retry"]  # fmt: skip


class Picture(msgspec.Struct, frozen=True):
    """What waits: activities that came in, kinds of jobs, servers that have not got everything; times in ms."""

    inbox: int
    inbox_since: int | None
    kinds: list[Kind]
    lags: list[Lag]
    given_up: int


class Failed(msgspec.Struct, frozen=True):
    """What is not tried any more by itself. `ref` names it for `retry` and `drop`; `at` is when it began to wait, or
    was refused (ms)."""

    ref: str
    kind: str
    about: str
    at: int
    attempts: int
    error: str


async def picture(app: App, most: int = SHOWN) -> Picture:
    """What waits now. Who delivers is asked to write down how far each server has got."""
    if app.sender is not None and app.sender.delivering:
        await app.sender.save_now()
    else:
        await bus.publish("cursors", "")
    lags = await storage.backlog.lags(await outbox.head(), most)
    return Picture(
        (await inbox.backlog())[0],
        await inbox.oldest_waiting(),
        await storage.backlog.kinds(clock.now_ms()),
        [lag for lag in lags if app.peers.reachable(lag.host)],
        await storage.backlog.count_given_up(),
    )


async def failed(most: int = SHOWN, before: int = 0, kind: str = "") -> list[Failed]:
    """Jobs and activities that were set aside, the newest first; `kind` is the name of a job, or `inbox`, `before` the
    number in the `ref` of the last one seen."""
    return [
        Failed(f"{each.table}:{each.id}", each.name, each.about, each.id >> 16, each.attempts, each.error)
        for each in await storage.backlog.given_up(most, before, kind)
    ]


async def refused(most: int = SHOWN, before: str = "") -> list[Failed]:
    """Deliveries that another server did not take for good, and about which no admin has decided; `before` is the
    `ref` of the last one seen.

    Raises:
        Invalid: `before` is none.
    """
    last = _read([before]).deliveries if before else []
    return [
        Failed(f"{DELIVERY}:{each.seq}:{each.host}", DELIVERY, each.uri, each.noted_at, 1, _answer(each))
        for each in await storage.backlog.not_taken(most, *last)
    ]


async def retry(app: App, by: Account | None, refs: Sequence[str]) -> int:
    """Do these anew, from the first try on; gives how many that were. A delivery goes out once more, to that server.

    Raises:
        NotAllowed: `by` is no admin.
        Invalid: a name of nothing.
        NotFound: one of them is not there any more, or was decided about. Nothing is changed.
        Conflict: what a delivery told of is gone. Nothing is changed.
    """
    powers.require(by, powers.SERVER)
    named = _read(refs)
    async with transaction():
        found = await storage.backlog.again(named.jobs, named.items, clock.now_ms())
        refused = await storage.backlog.look_at(named.deliveries)
        _all_there(named, found, refused)
        await audit.record(by, "queue.retry", _called(refs), number=len(refs))
        await write(await _begun(app, refused))
    app.intake.more()
    return len(refs)


async def drop(by: Account | None, refs: Sequence[str]) -> int:
    """Give these up for good; gives how many that were. The log keeps what each was.

    Raises:
        NotAllowed: `by` is no admin.
        Invalid: a name of nothing.
        NotFound: one of them is not there any more, or was decided about. Nothing is changed.
    """
    powers.require(by, powers.SERVER)
    named = _read(refs)
    async with transaction():
        found = await storage.backlog.drop(named.jobs, named.items)
        refused = await storage.backlog.look_at(named.deliveries)
        _all_there(named, found, refused)
        await audit.record_each(by, "queue.drop", [*map(_dropped, found), *map(_let_be, refused)])
    return len(refs)


async def drop_for(app: App, by: Account | None, host: str) -> int:
    """Do not deliver what waits for a server, also not what was deleted meanwhile; gives at most how many that were.

    Raises:
        NotAllowed: `by` is no admin.
        Invalid: no name of another server.
        NotFound: nothing waits for it.
    """
    powers.require(by, powers.SERVER)
    name = peers.named(app, host)
    async with transaction():
        head, peer = await outbox.head(), await storage.peers.get(name)
        if peer is None or peer.cursor >= head:
            raise NotFound("Nothing waits for {host}.", host=name)
        storage.backlog.pass_by(writes := Writes(), name, head)
        bus.add(writes, "dropped", f"{head} {name}")
        await write(writes)
        await audit.record(by, "queue.drop", name, kind=DELIVERY, number=head - peer.cursor)
    return head - peer.cursor


class _Named(msgspec.Struct, frozen=True):
    """What several names stand for."""

    jobs: list[int]
    items: list[int]
    deliveries: list[tuple[int, str]]


def _read(refs: Sequence[str]) -> _Named:
    if not 0 < len(set(refs)) == len(refs) <= AT_ONCE:
        raise Invalid("From 1 to {most} different ones at once.", field="refs", most=AT_ONCE)
    named = _Named([], [], [])
    for ref in refs:
        table, _, rest = ref.partition(":")
        number, _, host = rest.partition(":")
        if not (number.isascii() and number.isdigit() and len(number) < 19 and bool(host) == (table == DELIVERY)):
            raise Invalid("{ref} names nothing that waits.", field="refs", ref=ref, fix="see `fedcomm queue list`")
        if table == DELIVERY:
            named.deliveries.append((int(number), host))
        elif table in (JOB, INBOX):
            (named.jobs if table == JOB else named.items).append(int(number))
        else:
            raise Invalid("{ref} names nothing that waits.", field="refs", ref=ref, fix="see `fedcomm queue list`")
    return named


def _all_there(named: _Named, found: Sequence[GivenUp], refused: Sequence[NotTaken]) -> None:
    there = len(found) + len({(each.seq, each.host) for each in refused})
    if there < len(named.jobs) + len(named.items) + len(named.deliveries):
        raise NotFound("Some of it is not there any more: it was done, or somebody decided about it.")


async def _begun(app: App, refused: Sequence[NotTaken]) -> Writes:
    """Whoever does it is told to look, and refused deliveries stand in the log once more."""
    writes = Writes()
    entries = {entry.seq: entry for entry in await outbox.some(sorted({each.seq for each in refused}))}
    gone = await outbox.outdated(entries.values())
    for (seq, host), inboxes in _by_place(refused).items():
        entry = entries.get(seq)
        if entry is None or seq in gone:
            raise Conflict("What {host} did not take is not there any more: it can only be dropped.", host=host)
        bus.add(writes, "again", host)
        _send(writes, entry, inboxes or (await app.reach.destinations(entry)).get(host, ()))
    if not app.intake.alone:
        bus.add(writes, "inbox", "")
    bus.add(writes, "outbox", "")
    app.jobs_added(writes)
    return writes


def _by_place(refused: Sequence[NotTaken]) -> dict[tuple[int, str], tuple[str, ...]]:
    """The inboxes of each, none where all of the server's are meant."""
    found: dict[tuple[int, str], list[str]] = {}
    for each in refused:
        found.setdefault((each.seq, each.host), []).append(each.inbox)
    return {place: () if "" in inboxes else tuple(inboxes) for place, inboxes in found.items()}


def _send(writes: Writes, entry: Entry, inboxes: tuple[str, ...]) -> None:
    """It is not the post's in the books: who asks how the post went out is told of the first time."""
    if not inboxes:
        return
    meant = outbox.audience_of(entry)
    outbox.publish(
        writes, uri=entry.uri, actor_id=entry.actor_id, body=entry.body, form=entry.form, thread_id=entry.thread_id,
        audience=Audience(inboxes=inboxes, both=meant.both, twin=meant.twin), now_ms=clock.now_ms(),
    )  # fmt: skip


def _called(refs: Sequence[str]) -> str:
    return ", ".join(refs) if len(refs) < 4 else f"{', '.join(refs[:3])} …"


def _dropped(found: GivenUp) -> tuple[str, dict[str, object]]:
    told: dict[str, object] = {"kind": found.name, "about": found.about[:_KEPT], "error": found.error}
    return f"{found.table}:{found.id}", told


def _let_be(refused: NotTaken) -> tuple[str, dict[str, object]]:
    return f"{DELIVERY}:{refused.seq}:{refused.host}", {"kind": DELIVERY, "error": _answer(refused)}


def _answer(refused: NotTaken) -> str:
    return f"{refused.status} {refused.answer}".strip() if refused.status else refused.answer
