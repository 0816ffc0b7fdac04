"""What came in has its effect: in batches, in order, each item once, whatever one of them does.

Handlers of the hot verbs are plain functions from (activity, facts) to writes; a batch of them is one transaction with
the mark that they are done. The others are async, one transaction each. What must be asked of peers first is asked
outside any transaction, while other items pass.
"""

import asyncio
import functools
import inspect
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

from activitypub import authenticity, dispatch, documents, parse
from activitypub.activities import Activity
from activitypub.errors import ProtocolError, Unreachable
from fedcomm import attesting, clock, errors, fetching, leaders, retelling
from fedcomm.app import App
from fedcomm.inbox import contacts, facts, line, proofs
from fedcomm.inbox.facts import Facts
from fedcomm.inbox.hand import Hand, Ignored, PutOff, Refused, Wants
from fedcomm.inbox.line import Early, Line, Turns, Work
from fedcomm.inbox.rules import BY_SHAPE
from fedcomm.outbox.lanes import SCHEDULE
from storage import inbox
from storage.connect import Writes, apply_each, transaction, write
from storage.connect import apply as apply_writes
from storage.errors import Collision, OperationalError, Unavailable
from storage.inbox import Item

LOG = logging.getLogger("fedcomm.inbox")
ATTEMPTS = 8  # for what a peer must be asked about; then the item is refused
FAULTS = 3  # tries of an item that fails through a fault of ours
SECONDS = 60.0  # that an item with a transaction of its own may take; then it has failed (attack NET-38)
FETCHES, SHARE = 30, 10  # items that ask peers at once, and those of them that one domain sent
PATIENCE = 300.0  # seconds that one of them asks, before it lets others have its turn
SOON = 1_000  # ms after which an item is tried again that failed through a fault of ours, or of the database
PAUSE = 60_000  # ms after which an item is looked at again when too many wait for peers
_alone = functools.cache(inspect.iscoroutinefunction)  # in a transaction of its own; to look costs 3 µs


class Inbox:
    """Gives items their effect. `settle` is for batches; `waiting` are the tasks of items that wait for peers."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.waiting: set[asyncio.Task[None]] = set()
        self.put_off = 0  # items that are tried again in a second
        self._turns = Turns(FETCHES, SHARE)
        self._one_by_one = asyncio.Lock()  # batches, and those items that have waited, do not overtake each other
        self._line = Line()
        self._in_hand: set[int] = set()  # of those that have waited, while they have their turn
        self._early = Early()

    @property
    def held(self) -> set[int]:
        """The ids of items that wait for a peer, or behind one that does, or have just waited."""
        return self._line.ids | self._in_hand

    async def settle(self, items: Sequence[Item]) -> None:
        """Give these items their effect, in order; on return each is done, refused, set aside or waiting for a peer."""
        works = [work for item in items if (work := await self._read(item)) is not None]
        async with self._one_by_one:
            await self._take(works)

    async def _take(self, works: Sequence[Work]) -> None:
        """Settle in batches; what speaks of the same things is not in one batch, and waits behind what waits."""
        batch: list[Work] = []
        changed: set[str] = set()
        for work in works:
            if not changed.isdisjoint(work.needed | work.touched) or not work.hot:
                await self._settle(batch)
                batch, changed = [], set()
            if self._line.waits(work):
                continue
            if not work.hot:  # its own transaction begins at once: what came before has had its effect
                await self._settle([work])
                continue
            batch.append(work)
            changed |= work.touched
        await self._settle(batch)

    async def _read(self, item: Item, asked: frozenset[str] = frozenset()) -> Work | None:
        """The item, understood; `asked` are the keys for its proofs, and the group, that were asked for already."""
        try:
            said = parse.activity(documents.read(item.body))
            found = await proofs.proven(self.app, said, asked)
            heard = authenticity.reduce(said, item.signer, {each.uri for each in found})
            heard = await retelling.resolved(self.app.urls, heard)
            await self._look_at_group(heard, item, asked)
            activity, attested = await attesting.restored(self.app, heard)
        except Wants as wants:
            if await self._may_wait(item):
                self._line.hold(item, line.touched(dispatch.each(said)))
                self._start(item, self._fetch_first(item, wants))
            return None
        except ProtocolError as fault:
            await _refuse(item, str(fault))
            return None
        except Exception as fault:  # a fault of ours in reading: this item is set aside, the others have their turn
            await self._fault(item, fault)
            return None
        return line.work(item, activity, found, attested, hot=_hot(activity))

    async def _look_at_group(self, heard: Activity, item: Item, asked: frozenset[str]) -> None:
        """Before something counts that a group tells its followers alone: it may be private by now, so it is asked.

        Raises:
            Wants: it was not asked yet.
        """
        if heard.actor in asked:
            self.app.openness_read.due(heard.actor)
        elif not asked and heard.actor == item.signer and (group := await attesting.in_doubt(self.app, heard)):
            raise Wants(fresh_actors=(group,))

    async def _settle(self, batch: list[Work]) -> None:
        if not batch:
            return
        try:
            parts = [part for work in batch for part in work.parts]
            known = await facts.gather(parts, [named for work in batch for named in work.named], self.app.host)
            await contacts.look(self.app, known, parts)
        except Exception as fault:  # a fault of ours about one of them: it is set aside, the others have their turn
            if len(batch) == 1:
                return await self._fault(batch[0].item, fault)
            for work in batch:
                await self._settle([work])
            return
        ready: list[tuple[Work, Writes]] = []
        for work in batch:
            writes = await self._handle(work, known)
            if writes is not None:
                ready.append((work, writes))
        if ready:
            await self._apply(ready)
        await self._call_early([*(work for work, _writes in ready), *(work for work in batch if work.done)])
        for work in batch:
            for uri in () if work.early else work.unknown:
                self._early.remember(work.item, uri)

    async def _handle(self, work: Work, known: Facts) -> Writes | None:
        """The changes of a hot item; None when it was dealt with otherwise. Of a list each part stands for itself."""
        writes = Writes()
        wanted: list[Wants] = []
        refused: list[str] = []
        told = Writes()
        try:
            for part in work.parts:
                try:
                    writes.merge(await self._one(work, part, known))
                except PutOff as until:
                    await _put_off(work.item, until)
                    return None
                except Wants as wants:
                    wanted.append(wants)
                except Ignored as why:
                    refused.append(str(why))
                    if why.unknown:
                        work.unknown.append(why.unknown)
                except Refused as why:
                    refused.append(str(why))
                    told.merge(why.told)
                except (ProtocolError, errors.AppError) as fault:
                    LOG.info("refused activity=%s why=%s", part.uri, fault)
                    refused.append(str(fault))
        except Exception as fault:  # ours: tried again, then set aside where the admin sees it
            await self._fault(work.item, fault)
        else:
            if wanted:
                work.unknown.clear()  # it has another turn
                await self._ask(work, Wants.of_all(wanted))
            elif len(refused) == len(work.parts):
                await _refuse(work.item, refused[0], told)
            elif not work.done:
                return writes
        return None

    async def _call_early(self, batch: Sequence[Work]) -> None:
        """Votes that came before their posts have their turn when something of these posts has had its effect."""
        called = self._early.called(uri for work in batch for uri in sorted(work.touched))
        for item in called:
            if (work := await self._read(item)) is not None:
                work.early = True
                await self._settle([work])

    async def _one(self, work: Work, activity: Activity, known: Facts) -> Writes:
        writes = Writes()
        rule = dispatch.find(BY_SHAPE, activity)
        if rule is None:
            raise Ignored(f"nothing is done about {' '.join(dispatch.shape_of(activity))}")
        hand = Hand(
            app=self.app,
            facts=known,
            writes=writes,
            signer=work.item.signer,
            document=activity.raw,
            fetched=work.fetched,
            refreshed=work.refreshed,
            asked_at=work.asked_at,
            proven=frozenset(each.uri for each in work.proven),
            attested=work.attested,
        )
        rule.authority(hand, activity)
        if _alone(rule.handler):
            hand.writes = Writes()
            await self._in_transaction(work, rule.handler(hand, activity))
        elif (rest := rule.handler(hand, activity)) is not None:  # this one is none of the hot after all
            await self._in_transaction(work, rest)
        else:
            proofs.keep(writes, work.proven)
            work.kept = hand.early and len(work.parts) == 1 and len(work.item.body) <= line.MAX_KEPT_BYTES
        return writes

    async def _in_transaction(self, work: Work, handled: Awaitable[None]) -> None:
        async with asyncio.timeout(SECONDS), transaction():
            await handled
            if len(work.parts) == 1:
                inbox.done(done := Writes(), [work.item.id])
                await write(done)
                work.done = True

    async def _apply(self, ready: list[tuple[Work, Writes]]) -> None:
        """All in one transaction; when it fails, one by one, so that a bad one stops nothing."""
        together = Writes()
        for _work, writes in ready:
            together.merge(writes)
        _done(together, [work for work, _writes in ready])
        try:
            await apply_writes(together)
            return
        except OperationalError as fault:
            LOG.warning("batch of %d items repeated one by one: %s", len(ready), fault)
        for work, writes in ready:
            _done(writes, [work])
        outcomes = await apply_each([writes for _work, writes in ready])
        for (work, _writes), outcome in zip(ready, outcomes, strict=True):
            if isinstance(outcome, OperationalError):
                await self._fault(work.item, outcome)

    async def _ask(self, work: Work, wants: Wants) -> None:
        if await self._may_wait(work.item):
            self._line.hold(work.item, work.touched)
            self._start(work.item, self._fetch(work, wants))

    async def _may_wait(self, item: Item) -> bool:
        """Whether the item can wait for peers in memory; else it waits in the database."""
        if self._line.full:
            await inbox.later(item.id, "too much waits for peers", clock.now_ms() + PAUSE, counted=False)
            return False
        return True

    def _start(self, item: Item, fetching_: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(fetching_, name=str(item.id))
        self.waiting.add(task)
        task.add_done_callback(self.waiting.discard)

    async def _fetch_first(self, item: Item, wants: Wants) -> None:
        """Ask for keys by which something in an item is proven; without them its origin is asked for it later. Or what
        the group that tells it is now: until that is known the item waits."""
        work: Work | None = None
        with suppress(OperationalError):  # then the item is in the database, to be taken up from there
            try:
                async with self._turns.turn(item.signer):
                    with suppress(TimeoutError):
                        async with asyncio.timeout(PATIENCE):
                            for key_id in wants.keys:
                                await _or_nothing(fetching.key(self.app, key_id, False), patient=False)
                    for uri in wants.fresh_actors:
                        await _or_nothing(fetching.actor(self.app, uri, fresh=True), patient=True)
                work = await self._read(item, frozenset((*wants.keys, *wants.fresh_actors)))
            except Unreachable as fault:
                await self._later(item, fault)
            except Exception as fault:  # a fault of ours
                await self._fault(item, fault)
        await self._again(item, work)

    async def _fetch(self, work: Work, wants: Wants) -> None:
        """Ask peers for what an item needs, then take it up again."""
        again: Work | None = None
        work.asked_at = work.asked_at or clock.now_ms()
        with suppress(OperationalError):  # as above; those behind it must not wait for ever
            try:
                async with self._turns.turn(work.item.signer):
                    await self._obtain(work, wants)
                work.fetched |= {*wants.posts, *wants.actors, *wants.parents}
                work.refreshed |= {*wants.fresh_posts, *wants.fresh_actors, *wants.moderators, *wants.revived_posts}
                work.refreshed |= {*wants.staff}
                again = work
            except Unreachable as fault:
                await self._later(work.item, fault)
            except Exception as fault:  # a fault of ours
                await self._fault(work.item, fault)
        await self._again(work.item, again)

    async def _again(self, item: Item, work: Work | None) -> None:
        """An item has waited: it (unless it has to wait longer) and those behind it have their turn, in order."""
        async with self._one_by_one:
            behind = self._line.release(item)
            self._in_hand = {item.id, *(each.item.id for each in behind)}  # else they are read from the database again
            try:
                await self._take([work, *behind] if work is not None else behind)
            finally:
                self._in_hand = set()

    async def _obtain(self, work: Work, wants: Wants) -> None:
        """What cannot be had for good is left out: the handler finds it missing.

        So is what cannot be had just now when it concerns one of a list: the others do not wait for it.

        Raises:
            Unreachable: what is needed cannot be had now.
        """
        app, allowance = self.app, work.allowance
        asking: tuple[tuple[Callable[..., Awaitable[object]], str, dict[str, bool]], ...] = (
            *((fetching.actor, uri, {}) for uri in wants.actors),
            *((fetching.post, uri, {}) for uri in wants.posts),
            *((fetching.actor, uri, {"fresh": True}) for uri in wants.fresh_actors),
            *((fetching.refresh, uri, {}) for uri in wants.fresh_posts),
            *((fetching.revive, uri, {}) for uri in wants.revived_posts),
            *((leaders.read, uri, {}) for uri in wants.moderators),
            *((leaders.read_admins, uri, {}) for uri in wants.staff),
        )
        alone = len(work.parts) == 1
        try:
            async with asyncio.timeout(PATIENCE):
                for ask, uri, more in asking:
                    await _or_nothing(ask(app, uri, allowance=allowance, **more), patient=alone)
                for uri in wants.parents:
                    await _or_nothing(fetching.post(app, uri, allowance=allowance), patient=False)
        except TimeoutError:
            if alone:
                raise Unreachable("Those who were asked took too long.") from None

    async def _later(self, item: Item, fault: Unreachable) -> None:
        if item.attempts + 1 >= ATTEMPTS:
            await _refuse(item, f"given up: {fault}")
            return
        pause = SCHEDULE[min(item.attempts, len(SCHEDULE) - 1)]
        await inbox.later(item.id, str(fault), clock.now_ms() + pause)

    async def _fault(self, item: Item, fault: Exception) -> None:
        if isinstance(fault, Unavailable | Collision):  # no fault of the item: it waits until the database can
            LOG.warning("item=%d put off: %s", item.id, fault)
            await self._soon(item, fault, counted=False)
            return
        LOG.error("item=%d signer=%s fault=%r", item.id, item.signer, fault, exc_info=fault)
        if item.attempts + 1 >= FAULTS:
            await inbox.park(item.id, repr(fault))
        else:
            await self._soon(item, fault)

    async def _soon(self, item: Item, fault: Exception, *, counted: bool = True) -> None:
        """Once more in a second, and not only when the database is looked through for what was missed."""
        await inbox.later(item.id, repr(fault), clock.now_ms() + SOON, counted=counted)
        self.put_off += 1
        asyncio.get_running_loop().call_later(SOON / 1000, self._once_more)

    def _once_more(self) -> None:
        self.put_off -= 1
        self.app.intake.more()


def _done(writes: Writes, works: Sequence[Work]) -> None:
    """They have their effect; what came early was refused before, and stays so in the books."""
    inbox.done(writes, [work.item.id for work in works if not (work.early or work.kept)])
    if kept := [work.item.id for work in works if work.kept and not work.early]:
        inbox.done(writes, kept, keep=True)


def _hot(activity: Activity) -> bool:
    """Whether what is done about it goes into the transaction of its batch."""
    rules = (dispatch.find(BY_SHAPE, part) for part in dispatch.each(activity))
    return not any(rule is not None and _alone(rule.handler) for rule in rules)


async def _or_nothing(fetch: Awaitable[object], *, patient: bool) -> None:
    """Wait for an answer. One that says no is none, and so is silence for who is not `patient`."""
    try:
        await fetch
    except ProtocolError as why:
        LOG.info("not fetched why=%s", why)
    except Unreachable as why:
        if patient:
            raise
        LOG.info("not fetched now why=%s", why)


async def _put_off(item: Item, until: PutOff) -> None:
    await apply_writes(until.writes)
    await inbox.later(item.id, str(until), clock.now_ms() + int(until.seconds * 1000) + 1, counted=False)


async def _refuse(item: Item, why: str, told: Writes | None = None) -> None:
    writes = told if told is not None else Writes()
    inbox.refused(writes, item.id, why)
    await apply_writes(writes)
