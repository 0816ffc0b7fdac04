"""Deliveries arrive in order, once, whatever other peers do and whenever the server stops."""

import asyncio
from collections.abc import Callable

import httpx
import msgspec
import pytest

from fedcomm import peers as decisions
from fedcomm.app import App
from fedcomm.outbox.delivery import Sender
from storage import outbox
from storage import peers as rows
from storage.connect import Writes, apply, execute, value
from storage.outbox import Audience
from tests.fedcomm.outbox.peers import Delivering, Peers

pytestmark = pytest.mark.anyio


async def test_what_is_published_arrives_once_and_in_order(server: Delivering, peers: Peers) -> None:
    for number in range(30):
        await server.publish(f"{number}", "one.example", "two.example")
    await server.settle()

    expected = [str(number) for number in range(30)]
    assert peers.got("one.example") == expected
    assert peers.got("two.example") == expected
    assert (await server.peer("one.example")).cursor == await outbox.head()


async def test_what_is_of_one_thread_never_overtakes_and_two_at_most_are_in_the_air(
    server: Delivering, peers: Peers
) -> None:
    together: list[set[str]] = []

    async def slow(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.005)
        together.append(set(peers.in_flight["one.example"]))
        return httpx.Response(202)

    peers.answers["one.example"] = slow
    for number in range(12):
        await server.publish(f"t{number % 2 + 1}-{number}", "one.example", thread_id=number % 2 + 1)
    await server.settle()

    assert peers.most_in_flight == 2 and len(together) == 12
    assert all(len({activity.rsplit("/", 1)[1][:2] for activity in air}) == len(air) for air in together)
    for thread in ("t1", "t2"):
        numbers = [int(name[3:]) for name in peers.got("one.example") if name.startswith(thread)]
        assert numbers == sorted(numbers)


async def test_posts_of_one_actor_arrive_in_their_order_after_an_outage_and_votes_go_beside_them(
    server: Delivering, peers: Peers
) -> None:
    taken: list[str] = []

    async def uneven(request: httpx.Request) -> httpx.Response:
        name = str(msgspec.json.decode(request.content)["id"]).rsplit("/", 1)[1]
        await asyncio.sleep(0.004 if name.endswith("0") else 0)  # the first of two takes longer
        taken.append(name)
        return httpx.Response(202)

    peers.down("one.example")
    for number in range(6):
        await server.publish(f"post-{number}{number % 2}", "one.example", thread_id=number + 1, post_id=number + 1)
    for number in range(6):
        await server.publish(f"vote-{number}{number % 2}", "one.example", thread_id=number + 1)
    await server.settle()
    peers.answers["one.example"] = uneven
    await server.wait(80)

    assert len(taken) == 12 and [name for name in taken if name[:4] == "post"] == sorted(taken)[:6]
    assert [name for name in taken if name[:4] == "vote"] != sorted(taken)[6:] and peers.most_in_flight == 2


async def test_a_peer_that_hangs_keeps_nobody_else_waiting(server: Delivering, peers: Peers) -> None:
    hanging = asyncio.Event()

    async def hang(_request: httpx.Request) -> httpx.Response:
        await hanging.wait()
        return httpx.Response(202)

    silent = [f"silent{number}.example" for number in range(150)]
    for host in silent:
        peers.answers[host] = hang
    await server.publish("a", *silent, "one.example")
    await server.publish("b", *silent, "one.example", thread_id=1)
    async with asyncio.timeout(5):
        await _until(lambda: peers.got("one.example") == ["a", "b"])

    assert not any("b" in peers.got(host) for host in silent)
    hanging.set()
    await server.settle()
    assert all(peers.got(host) == ["a", "b"] for host in silent)


async def test_many_that_hang_leave_room_for_the_others(server: Delivering, peers: Peers) -> None:
    hanging = asyncio.Event()

    async def hang(_request: httpx.Request) -> httpx.Response:
        await hanging.wait()
        return httpx.Response(202)

    silent = [f"silent{number}.example" for number in range(230)]
    for host in silent:
        peers.answers[host] = hang
    await server.publish("a", *silent, "one.example")
    async with asyncio.timeout(8):
        await _until(lambda: peers.got("one.example") == ["a"])
    hanging.set()
    await server.settle()

    assert all(peers.got(host) == ["a"] for host in silent)


async def test_a_server_that_is_killed_goes_on_where_it_was(server: Delivering, peers: Peers) -> None:
    for number in range(10):
        await server.publish(f"{number}", "one.example")
    await server.settle()
    await server.peer("one.example")
    peers.down("two.example")
    await server.publish("10", "one.example", "two.example")
    await server.settle()
    await server.crash()
    await server.publish("11", "one.example", "two.example", "three.example")

    peers.answers.clear()
    await server.start()
    await server.settle()
    await server.wait(90)

    got = peers.got("one.example")
    assert list(dict.fromkeys(got)) == [str(number) for number in range(12)]
    assert list(dict.fromkeys(peers.got("two.example"))) == ["10", "11"]
    assert peers.got("three.example") == ["11"]


async def test_an_inbox_on_a_host_nobody_met_is_written_to_even_after_a_crash(server: Delivering, peers: Peers) -> None:
    await server.publish("a", "one.example")
    await server.settle()
    await server.crash()
    await server.publish("b", "https://inboxes.elsewhere.example/u/1")

    await server.start()
    await server.settle()

    assert peers.got("inboxes.elsewhere.example") == ["b"]


async def test_nothing_is_repeated_after_a_clean_stop(server: Delivering, peers: Peers) -> None:
    for number in range(5):
        await server.publish(f"{number}", "one.example", "two.example")
    await server.settle()
    await server.stop()

    await server.start()
    await server.publish("5", "one.example")
    await server.settle()

    assert peers.got("one.example") == ["0", "1", "2", "3", "4", "5"]
    assert peers.got("two.example") == ["0", "1", "2", "3", "4"]


async def test_stopping_waits_for_what_is_in_the_air_and_begins_nothing(server: Delivering, peers: Peers) -> None:
    begun, ending = asyncio.Event(), asyncio.Event()

    async def slow(_request: httpx.Request) -> httpx.Response:
        begun.set()
        await ending.wait()
        return httpx.Response(202)

    peers.answers["one.example"] = slow
    for number in range(20):
        await server.publish(f"{number}", "one.example")
    await begun.wait()
    stopping = asyncio.create_task(server.sender.stop(5.0))
    await asyncio.sleep(0.05)
    assert not stopping.done()
    ending.set()
    await stopping

    assert peers.got("one.example") == ["0"]
    found = await rows.get("one.example")
    assert found is not None
    assert found.cursor == await outbox.head() - 19
    server.sender = Sender(server.app)


async def test_cursors_that_cannot_be_saved_are_saved_later(server: Delivering, peers: Peers, dialect: str) -> None:
    await server.publish("0", "one.example", "two.example")
    await server.settle()
    await server.peer("one.example")
    await _break(dialect)
    for number in range(1, 4):
        await server.publish(f"{number}", "one.example")
    await server.settle()
    await asyncio.sleep(0.1)
    found = await rows.get("one.example")
    assert found is not None
    assert found.cursor < await outbox.head()

    await _mend(dialect)
    async with asyncio.timeout(10):
        while found.cursor < await outbox.head():
            await asyncio.sleep(0.05)
            found = await rows.get("one.example")
            assert found is not None

    assert peers.got("one.example") == ["0", "1", "2", "3"]


async def test_a_fault_of_ours_with_one_entry_stops_no_other(server: Delivering, peers: Peers) -> None:
    writes = Writes()
    outbox.publish(
        writes, uri="https://here.example/activities/keyless", actor_id=1, body=b'{"id":"https://here.example/k"}',
        audience=Audience(inboxes=("https://one.example/inbox",)), now_ms=0,
    )  # fmt: skip
    await apply(writes)
    await server.publish("after", "one.example", "two.example")
    for _try in range(3):
        await server.settle()
        await server.wait(6)

    assert peers.got("two.example") == ["after"]
    assert peers.got("one.example") == ["after"]


async def test_an_address_that_is_none_stops_no_other(server: Delivering, peers: Peers) -> None:
    await server.publish("a", "https://[bad/inbox", "one.example")
    await server.publish("b", "one.example")
    await server.settle()

    assert peers.got("one.example") == ["a", "b"]


async def test_a_peer_that_lags_far_behind_gets_everything_in_order_and_little_is_kept_in_memory(
    server: Delivering, peers: Peers
) -> None:
    peers.down("one.example")
    for number in range(700):
        await server.publish(f"{number}", "one.example")
    await server.settle()
    assert not server.sender.lanes["one.example"].queue
    peers.forget()
    most = 0

    async def watch(_request: httpx.Request) -> httpx.Response:
        nonlocal most
        most = max(most, len(server.sender.lanes["one.example"].queue))
        return httpx.Response(202)

    peers.answers["one.example"] = watch
    await server.wait(80)

    assert peers.got("one.example") == [str(number) for number in range(700)]
    assert most <= 50


async def test_entries_come_to_a_lagging_peer_over_numbers_that_were_left_out(
    server: Delivering, peers: Peers, app: App
) -> None:
    peers.down("one.example")
    await server.publish("a", "one.example")
    await server.settle()
    await execute("UPDATE outbox SET seq = seq + 7000000000")
    if app.db.dialect == "postgres":  # whose numbers follow a counter and not the highest one
        await value("SELECT setval(pg_get_serial_sequence('outbox', 'seq'), 7000000001)")
    await server.crash()
    await server.start()
    await server.publish("b", "one.example")

    peers.answers.clear()
    await server.wait(80)

    assert list(dict.fromkeys(peers.got("one.example"))) == ["a", "b"]


@pytest.mark.parametrize("failing", [False, True])
async def test_a_suspended_server_gets_nothing_of_that_time_neither_then_nor_later(
    server: Delivering, peers: Peers, app: App, failing: bool
) -> None:
    if failing:
        peers.down("one.example")
    await server.publish("a", "one.example")
    await server.settle()
    await rows.decide("one.example", rows.Decision("suspend"), 1, 0)
    await app.peers.load()
    peers.answers.clear()
    peers.forget()
    await server.publish("b", "one.example", "two.example")
    await server.wait(80)
    await rows.decide("one.example", rows.Decision(""), None, 0)
    await app.peers.load()
    await server.publish("c", "one.example", "two.example")
    await server.wait(80)

    assert peers.got("one.example") == ["c"]
    assert peers.got("two.example") == ["b", "c"]


async def test_an_admin_can_have_a_server_tried_before_its_pause_is_over(
    server: Delivering, peers: Peers, app: App
) -> None:
    peers.down("one.example")
    await server.publish("a", "one.example")
    await server.settle()
    await server.wait(80)
    peers.answers.clear()
    peers.forget()

    await decisions.retry(app, "one.example")
    await server.settle()

    assert peers.got("one.example") == ["a"]


async def _until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 (what is waited for happens at another server)
        await asyncio.sleep(0.01)


async def _break(dialect: str) -> None:
    """From now on no cursor can be written."""
    if dialect == "sqlite":
        await execute("CREATE TRIGGER broken BEFORE UPDATE ON peer BEGIN SELECT RAISE(ABORT, 'broken'); END")
        return
    await execute(
        "CREATE FUNCTION broken() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$ LANGUAGE plpgsql"
    )
    await execute("CREATE TRIGGER broken BEFORE UPDATE ON peer FOR EACH ROW EXECUTE FUNCTION broken()")


async def _mend(dialect: str) -> None:
    await execute("DROP TRIGGER broken" + (" ON peer" if dialect == "postgres" else ""))
