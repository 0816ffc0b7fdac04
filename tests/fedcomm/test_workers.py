"""What came in has its effect once, by whichever process; what is due is done, whoever starts and stops."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import msgspec
import pytest

import fedcomm.inbox
from activitypub.errors import Unreachable
from fedcomm import accounts, clock, orphans
from fedcomm import intake as intake_module
from fedcomm.app import App
from fedcomm.inbox import facts
from fedcomm.jobs import Regular, nightly, uptake, worker
from fedcomm.jobs.uptake import Uptake
from storage import inbox, leases, outbox
from storage.connect import Writes, apply, execute, rows, use
from storage.errors import Collision, IntegrityError
from storage.outbox import Audience
from tests import build
from tests.fedcomm.several import Another, counted, tried, until

pytestmark = pytest.mark.anyio

DAY = 86_400.0


async def test_the_effect_of_an_item_cannot_be_had_twice(app: App) -> None:
    taken = Writes()
    taken.add_many(inbox.INSERT, [(7, b"mark", "https://peer.example/u/a", b"{}")])
    await apply(taken)
    alice = await build.person("alice")

    async def effect() -> None:
        writes = Writes()
        writes.add("UPDATE actor SET posts_count = posts_count + 1 WHERE id = ?", (alice.id,))
        inbox.done(writes, [7])
        await apply(writes)

    outcomes = await asyncio.gather(effect(), effect(), effect(), return_exceptions=True)
    await inbox.later(7, "late", 0)
    await inbox.park(7, "late")

    assert [type(outcome) for outcome in outcomes if outcome] == [IntegrityError, IntegrityError]
    assert await rows("SELECT posts_count FROM actor WHERE id = ?", (alice.id,)) == [(1,)]
    assert await rows("SELECT state FROM inbox_item WHERE id = 7") == [(inbox.DONE,)]


async def test_more_than_fits_into_memory_has_its_effect_all_the_same(
    another: Another, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "IN_MEMORY", 20)
    app = await another()
    with use(app.db):
        await accounts.create(app, "alice", "correct horse battery")
        writer = await build.person("sam", "peer.example")
        creates = [create(writer.uri, "https://here.example/users/alice", number) for number in range(300)]
        await asyncio.gather(*(app.intake.take(writer.uri, uri, body) for uri, body in creates))

        await until(lambda: counted("SELECT COUNT(*) FROM post WHERE local = 0", 300))
        assert await rows("SELECT COUNT(*) FROM inbox_item WHERE state <> 1") == [(0,)]
        assert await rows("SELECT posts_count FROM actor WHERE id = ?", (writer.id,)) == [(300,)]


async def test_an_item_that_needs_an_absent_peer_waits_on_the_schedule_and_is_given_up_at_last(
    another: Another, pass_time: Callable[[float], None]
) -> None:
    app = await another()
    with use(app.db):
        await accounts.create(app, "alice", "correct horse battery")
        stranger = "https://away.example/users/sam"
        alice = "https://here.example/users/alice"
        follow = {"id": f"{stranger}/f", "type": "Follow", "actor": stranger, "object": alice}
        await app.intake.take(stranger, follow["id"], msgspec.json.encode(follow))
        pauses = []
        for _attempt in range(7):
            await until(_put_off)
            ((due, state),) = await rows("SELECT next_at, state FROM inbox_item")
            assert state == inbox.WAITING
            pauses.append(round((due - clock.now_ms()) / 60_000))
            pass_time((due - clock.now_ms()) / 1000 + 1)
            app.intake.more()
        await until(lambda: counted("SELECT state FROM inbox_item", inbox.REFUSED))

    assert pauses == [1, 5, 15, 60, 180, 360, 360]


async def test_what_is_due_each_day_is_not_put_off_by_restarts(
    another: Another, monkeypatch: pytest.MonkeyPatch, pass_time: Callable[[float], None]
) -> None:
    ran: list[float] = []

    async def step(_app: App) -> None:
        ran.append(clock.now())

    monkeypatch.setattr(worker, "DUE", 0.02)
    monkeypatch.setattr(worker, "SCHEDULE", {"step": Regular(step, DAY)})
    await another()
    await asyncio.sleep(0.1)
    assert ran == []

    pass_time(DAY / 2)
    await another()
    pass_time(DAY / 2 + 1)
    await until(partial(tried, ran, 1))
    await asyncio.sleep(0.1)

    assert len(ran) == 1


async def test_a_right_is_one_owners_until_it_ends(app: App) -> None:
    assert await leases.take("right", "a", 150)
    assert not await leases.take("right", "b", 150)
    assert await leases.take("right", "a", 150)

    await asyncio.sleep(0.2)

    assert await leases.take("right", "b", 150)
    assert not await leases.take("right", "a", 150)
    await leases.release("right", "b")
    assert await leases.take("right", "a", 150)


async def test_a_process_that_does_not_lead_stops_as_soon_as_one_that_does(app: App, dialect: str) -> None:
    if dialect == "postgres":
        assert await leases.take("lead", "another", 60_000)
    workers = worker.start(app)
    await asyncio.sleep(0.1)
    began = asyncio.get_running_loop().time()

    await workers.stop()

    assert asyncio.get_running_loop().time() - began < 1.0


async def test_the_night_drops_what_everybody_has_got_and_nothing_that_is_waited_for(
    app: App, pass_time: Callable[[float], None]
) -> None:
    for number in range(6):
        writes = Writes()
        outbox.publish(
            writes, uri=f"https://here.example/{number}", actor_id=1, body=b"{}",
            audience=Audience(inboxes=("https://one.example/inbox",)), now_ms=clock.now_ms(),
        )  # fmt: skip
        await apply(writes)
    seqs = [entry.seq for entry in await outbox.after(0, 10)]
    await build.insert("peer", host="well.example", cursor=seqs[-1], first_seen_at=0)
    await build.insert("peer", host="lags.example", cursor=seqs[2], first_seen_at=0)
    writes = Writes()
    for seq in seqs:
        outbox.note(writes, "well.example", seq, "", 422, "no", clock.now_ms())
    await apply(writes)

    await nightly.run(app)
    assert len(await outbox.after(0, 10)) == 6
    pass_time(31 * DAY)
    await nightly.run(app)

    assert [entry.seq for entry in await outbox.after(0, 10)] == seqs[3:]
    assert sorted(await outbox.settled("well.example", 0)) == seqs[3:]
    await execute("UPDATE peer SET cursor = ?", (seqs[-1],))
    await nightly.run(app)
    assert await outbox.head() == seqs[-1]


def create(actor: str, mentioned: str, number: int) -> tuple[str, bytes]:
    """The id and the bytes of a Create."""
    note = {
        "id": f"{actor}/notes/{number}", "type": "Note", "attributedTo": actor, "content": f"<p>{number}</p>",
        "to": ["https://www.w3.org/ns/activitystreams#Public"], "cc": [mentioned],
        "tag": [{"type": "Mention", "href": mentioned}],
    }  # fmt: skip
    uri = f"{actor}/notes/{number}/create"
    return uri, msgspec.json.encode({"id": uri, "type": "Create", "actor": actor, "to": note["to"], "object": note})


async def _put_off() -> bool:
    """Whether the only item waits longer than one that is in hand."""
    ((due,),) = await rows("SELECT next_at FROM inbox_item")
    return due is not None and due > clock.now_ms() + 20_000


async def test_many_items_that_wait_for_a_peer_keep_none_behind_them_waiting(
    another: Another, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = asyncio.Event()

    async def hang(_request: httpx.Request) -> httpx.Response:
        await hanging.wait()
        raise Unreachable("nobody answers")

    monkeypatch.setattr(uptake, "BATCH", 10)
    app = await another(hang)
    with use(app.db):
        await accounts.create(app, "alice", "correct horse battery")
        writer = await build.person("sam", "peer.example")
        app.intake.more()
        for number in range(30):
            stranger = f"https://away{number}.example/users/sam"
            uri, body = create(stranger, "https://here.example/users/alice", 1)
            await app.intake.take(stranger, uri, body)
        uri, body = create(writer.uri, "https://here.example/users/alice", 1)
        await app.intake.take(writer.uri, uri, body)

        await until(lambda: counted("SELECT COUNT(*) FROM post WHERE local = 0", 1))
        hanging.set()


async def test_what_the_database_could_not_do_is_tried_again_before_the_next_look(
    another: Another, monkeypatch: pytest.MonkeyPatch
) -> None:
    gather, tries = facts.gather, []
    monkeypatch.setattr(uptake, "SWEEP", 3600.0)
    monkeypatch.setattr(fedcomm.inbox, "SOON", 50)
    app = await another()

    async def stumble(*asked: Any) -> facts.Facts:
        tries.append(asked)
        if len(tries) == 1:
            raise Collision("two in each other's way")
        return await gather(*asked)

    with use(app.db):
        await accounts.create(app, "alice", "correct horse battery")
        writer = await build.person("sam", "peer.example")
        uri, body = create(writer.uri, "https://here.example/users/alice", 1)
        monkeypatch.setattr(facts, "gather", stumble)
        await app.intake.take(writer.uri, uri, body)

        await until(lambda: counted("SELECT COUNT(*) FROM post WHERE local = 0", 1), 10.0)


async def test_what_comes_while_the_database_is_asked_does_not_wait_for_the_next_look(
    another: Another, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Uptake._from_database
    monkeypatch.setattr(uptake, "SWEEP", 3600.0)
    app = await another()

    async def meanwhile(looking: Uptake, after: int) -> list[inbox.Item]:
        """The answer of the database, and then somebody delivers before it is read."""
        found = await asked(looking, after)
        monkeypatch.undo()
        monkeypatch.setattr(uptake, "SWEEP", 3600.0)
        await app.intake.take(writer.uri, uri, body)
        return found

    with use(app.db):
        await accounts.create(app, "alice", "correct horse battery")
        writer = await build.person("sam", "peer.example")
        uri, body = create(writer.uri, "https://here.example/users/alice", 1)
        monkeypatch.setattr(Uptake, "_from_database", meanwhile)
        app.intake.more()

        await until(lambda: counted("SELECT COUNT(*) FROM post WHERE local = 0", 1), 10.0)


async def test_an_answer_that_missed_what_it_answers_is_tied_to_it_soon(app: App) -> None:
    writer = await build.person("sam", "peer.example")
    begun = await build.post(writer, received_at=clock.now_ms())
    missed = await build.post(writer, parent_uri=begun.uri, received_at=clock.now_ms())
    stranger = await build.post(writer, parent_uri="https://away.example/notes/1", received_at=clock.now_ms())

    for _time in range(2):
        await orphans.adopt(app)

    sql = "SELECT parent_id, thread_id FROM post WHERE id = ?"
    assert await rows(sql, (missed.id,)) == [(begun.id, begun.id)]
    assert await rows(sql, (stranger.id,)) == [(None, stranger.id)]
    assert await rows("SELECT replies_count FROM post WHERE id = ?", (begun.id,)) == [(1,)]
