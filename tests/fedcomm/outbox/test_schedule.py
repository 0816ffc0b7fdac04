"""A peer that does not answer is tried again on the schedule, and gets what it missed when it is back."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import pairwise

import httpx
import pytest

from activitypub.errors import Unreachable
from fedcomm import clock, queue
from fedcomm import peers as admins
from fedcomm.app import App
from fedcomm.errors import Conflict
from fedcomm.outbox.lanes import Lane, pause, set_aside
from storage import audit, outbox
from storage import peers as rows
from storage.connect import Writes, apply, execute
from storage.peers import Peer
from tests import build
from tests.fedcomm.outbox.peers import Delivering, Peers

pytestmark = pytest.mark.anyio

PassTime = Callable[[float], None]
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
SCHEDULE = [1 * MINUTE, 5 * MINUTE, 15 * MINUTE, 1 * HOUR, 3 * HOUR, 6 * HOUR]


@pytest.mark.parametrize("trouble", [503, 500, 429, 408, 425, Unreachable("nobody answers")])
async def test_a_peer_in_trouble_is_tried_again_on_the_schedule(
    server: Delivering, peers: Peers, trouble: int | Exception
) -> None:
    peers.answers["one.example"] = trouble
    await server.publish("a", "one.example")
    await server.settle()

    for number, usual in enumerate([*SCHEDULE, 12 * HOUR, 12 * HOUR], start=1):
        due = await server.due("one.example")
        assert 0.8 * usual - 1 <= due <= 1.2 * usual
        assert (await server.peer("one.example")).failures == number
        await server.wait(due - 1)
        assert len(peers.knocks) == number
        await server.wait(2)
        assert len(peers.knocks) == number + 1

    peers.answers.clear()
    await server.wait(15 * HOUR)
    assert len(peers.knocks) == 10
    found = await server.peer("one.example")
    assert (found.failures, found.failing_since, found.next_attempt_at, found.last_error) == (0, None, None, "")
    assert found.cursor == await outbox.head()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "it answered 503"),
        (b"  too\x1b[31m busy\r\nnow\0 ", "it answered 503: too [31m busy now"),
        ("\u202eräv".encode(), "it answered 503: räv"),
    ],
)
async def test_why_a_peer_is_waited_for_is_told_in_a_line_that_does_nothing_to_a_terminal(
    server: Delivering, peers: Peers, body: bytes, told: str
) -> None:
    async def busy(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503, content=body)

    peers.answers["one.example"] = busy
    await server.publish("a", "one.example")
    await server.settle()

    assert (await server.peer("one.example")).last_error == told


async def test_after_a_week_a_peer_is_tried_once_a_day_and_after_a_month_not_at_all(
    server: Delivering, peers: Peers
) -> None:
    peers.down("one.example")
    await server.publish("a", "one.example")
    await server.settle()
    began = clock.now()
    tries: list[float] = []
    while clock.now() - began < 40 * DAY:
        known = len(peers.knocks)
        await server.wait(max(1.0, await server.due("one.example")) + 1)
        if len(peers.knocks) == known:
            break
        tries.append(clock.now() - began)

    pauses = [later - earlier for earlier, later in pairwise(tries) if earlier > 8 * DAY]
    assert 27 * DAY < tries[-1] < 32 * DAY
    (told,) = await audit.newest(9)
    assert (told.act, told.subject) == ("peer.archive", "one.example") and '"most":1,"since":"20' in told.detail
    assert set_aside(await server.peer("one.example"))
    assert pauses and all(0.8 * DAY - 10 <= each <= 1.2 * DAY + 10 for each in pauses)
    await server.publish("b", "one.example")
    await server.wait(2 * DAY)
    assert (await server.peer("one.example")).cursor == await outbox.head()
    assert "b" not in peers.got("one.example")

    peers.answers.clear()
    server.sender.alive("one.example")
    await server.publish("c", "one.example")
    await server.settle()
    assert peers.got("one.example")[-1] == "c"
    assert "b" not in peers.got("one.example")


async def test_two_that_were_in_the_air_together_are_one_failure(server: Delivering, peers: Peers) -> None:
    peers.answers["one.example"] = 503
    writes = [await server.publish(f"{number}", "one.example", thread_id=number + 1) for number in range(2)]
    await server.settle()

    assert len(writes) == 2
    assert (await server.peer("one.example")).failures == 1
    assert 0.8 * MINUTE - 1 <= await server.due("one.example") <= 1.2 * MINUTE


async def test_a_peer_that_is_back_is_tried_with_one_and_then_gets_all_in_order(
    server: Delivering, peers: Peers
) -> None:
    peers.answers["one.example"] = 503
    for number in range(9):
        await server.publish(f"{number}", "one.example", thread_id=number + 1, post_id=number + 1)
    await server.settle()
    peers.forget()
    await server.wait(80)
    assert peers.got("one.example") == ["0"]

    peers.forget()
    peers.answers.clear()
    await server.wait(400)

    assert peers.got("one.example") == [str(number) for number in range(9)]


@pytest.mark.parametrize("asked", [100, 7_200, 100_000])
async def test_the_time_that_a_peer_asks_for_is_kept_up_to_six_hours(
    server: Delivering, peers: Peers, asked: int
) -> None:
    peers.answers["one.example"] = httpx.Response(429, headers={"retry-after": str(asked)})
    await server.publish("a", "one.example")
    await server.settle()

    obeyed = min(asked, 6 * HOUR)
    assert obeyed - 1 <= await server.due("one.example") <= 1.2 * obeyed
    server.sender.alive("one.example")
    await server.wait(obeyed - 5)
    assert len(peers.knocks) == 1


async def test_a_date_to_come_back_at_is_kept(server: Delivering, peers: Peers) -> None:
    when = format_datetime(datetime.fromtimestamp(clock.now() + 2 * HOUR, UTC), usegmt=True)
    peers.answers["one.example"] = httpx.Response(503, headers={"retry-after": when})
    await server.publish("a", "one.example")
    await server.settle()

    assert 2 * HOUR - 3 <= await server.due("one.example") <= 2.4 * HOUR


async def test_a_peer_that_asks_for_a_moment_for_ever_is_tried_less_and_less(server: Delivering, peers: Peers) -> None:
    peers.answers["one.example"] = httpx.Response(429, headers={"retry-after": "1"})
    await server.publish("a", "one.example")
    await server.settle()
    for _second in range(120):
        await server.wait(30)

    assert len(peers.knocks) < 20


async def test_what_a_peer_refuses_is_noted_and_the_next_goes_on(server: Delivering, peers: Peers) -> None:
    async def no_a(request: httpx.Request) -> httpx.Response:
        return httpx.Response(422, content=b"no \x00 thanks") if b'/a"' in request.content else httpx.Response(200)

    peers.answers["one.example"] = no_a
    seq = await server.publish("a", "one.example")
    await server.publish("b", "one.example")
    await server.settle()

    assert peers.got("one.example") == ["a", "b"]
    assert (await server.peer("one.example")).failures == 0
    assert await outbox.settled("one.example", 0) == {seq: {"https://one.example/inbox"}}


async def test_one_inbox_of_a_peer_that_refuses_leaves_the_other_its_delivery(server: Delivering, peers: Peers) -> None:
    first, second = "https://one.example/u/1", "https://one.example/u/2"
    peers.answers[first], peers.answers[second] = 400, 503
    await server.publish("a", first, second)
    await server.settle()
    await server.peer("one.example")
    await server.crash()
    await server.start()
    peers.answers[second] = 202

    await server.wait(90)

    assert peers.got(first) == ["a"]
    assert peers.got(second) == ["a", "a"]
    assert (await server.peer("one.example")).cursor == await outbox.head()


async def test_an_inbox_that_took_it_is_not_asked_again_because_another_did_not(
    server: Delivering, peers: Peers
) -> None:
    first, second = "https://one.example/u/1", "https://one.example/u/2"
    peers.answers[second] = 503
    await server.publish("a", first, second)
    await server.settle()
    peers.answers[second] = 202

    await server.wait(90)

    assert peers.got(first) == ["a"]
    assert peers.got(second) == ["a", "a"]


@pytest.mark.parametrize("status", [404, 410])
async def test_an_inbox_that_is_not_there_twice_a_day_apart_is_not_written_to_any_more(
    server: Delivering, peers: Peers, status: int
) -> None:
    gone, there = "https://one.example/u/1", "https://one.example/u/2"
    peers.answers[gone] = status
    await server.publish("a", gone, there)
    await server.settle()
    await server.wait(23 * HOUR)
    await server.publish("b", gone, there)
    await server.settle()
    await server.wait(2 * HOUR)
    await server.publish("c", gone, there)
    await server.settle()
    await server.publish("d", gone, there)
    await server.settle()
    assert peers.got(gone) == ["a", "b", "c"]
    assert peers.got(there) == ["a", "b", "c", "d"]

    await server.peer("one.example")
    await server.crash()
    await server.start()
    await server.publish("e", gone, there)
    await server.settle()

    assert peers.got(gone) == ["a", "b", "c"]
    assert (await server.peer("one.example")).failures == 0


async def test_an_inbox_that_answers_in_between_is_there(server: Delivering, peers: Peers) -> None:
    inbox = "https://one.example/u/1"
    for name, status in (("a", 404), ("b", 202), ("c", 404), ("d", 202)):
        peers.answers[inbox] = status
        await server.publish(name, inbox)
        await server.settle()
        await server.wait(25 * HOUR)

    assert peers.got(inbox) == ["a", "b", "c", "d"]


async def test_an_inbox_that_was_given_up_is_tried_again_once_its_server_is_heard_of(
    server: Delivering, peers: Peers
) -> None:
    inbox = "https://one.example/inbox"
    peers.answers[inbox] = 404
    for name in "abc":
        await server.publish(name, inbox)
        await server.settle()
        await server.wait(25 * HOUR)
    assert peers.got(inbox) == ["a", "b"]

    peers.answers[inbox] = 202
    server.sender.alive("one.example")
    for name in "de":
        await server.publish(name, inbox)
        await server.settle()

    assert peers.got(inbox) == ["a", "b", "d", "e"]


@pytest.mark.attack("SIG-28")
@pytest.mark.parametrize("status", [401, 403])
async def test_a_peer_that_knows_the_other_signature_only_gets_that_from_then_on(
    server: Delivering, peers: Peers, status: int
) -> None:
    async def newer_only(request: httpx.Request) -> httpx.Response:
        return httpx.Response(202 if "signature-input" in request.headers else status)

    peers.answers["one.example"] = newer_only
    await server.publish("a", "one.example")
    await server.publish("b", "one.example")
    await server.settle()
    await server.peer("one.example")
    await server.crash()
    await server.start()
    await server.publish("c", "one.example")
    await server.settle()

    assert [knock.scheme for knock in peers.knocks] == ["cavage", "rfc9421", "rfc9421", "rfc9421"]
    assert (await server.peer("one.example")).scheme == "rfc9421"


@pytest.mark.attack("SIG-28")
@pytest.mark.parametrize("status", [401, 403])
async def test_a_signature_that_is_refused_is_tried_the_other_way_once_and_then_three_times(
    server: Delivering, peers: Peers, status: int
) -> None:
    peers.answers["one.example"] = status
    await server.publish("a", "one.example")
    await server.publish("b", "one.example")
    await server.settle()
    for _try in range(6):
        await server.wait(HOUR)

    assert [(knock.activity[-1], knock.scheme) for knock in peers.knocks] == [
        ("a", "cavage"), ("a", "rfc9421"), ("a", "cavage"), ("a", "cavage"), ("a", "cavage"), ("b", "cavage"),
    ]  # fmt: skip
    assert (await server.peer("one.example")).cursor == await outbox.head()

    peers.answers["one.example"] = 202
    await server.publish("c", "one.example")
    await server.settle()
    peers.answers["one.example"] = status
    await server.publish("d", "one.example")
    await server.settle()
    assert peers.got("one.example")[-3:] == ["c", "d", "d"]


async def test_a_peer_that_is_heard_of_is_tried_before_its_time_but_no_more_than_once_a_minute(
    server: Delivering, peers: Peers
) -> None:
    peers.down("one.example")
    await server.publish("a", "one.example")
    await server.settle()
    for _try in range(5):
        await server.wait(await server.due("one.example") + 1)
    assert len(peers.knocks) == 6

    for _second in range(130):
        server.sender.alive("one.example")
        await server.wait(1)
    assert 7 <= len(peers.knocks) <= 8

    peers.answers.clear()
    await server.wait(60)
    server.sender.alive("one.example")
    await server.settle()
    assert peers.got("one.example")[-1] == "a"
    assert (await server.peer("one.example")).failures == 0


async def test_who_was_away_for_long_gets_what_is_still_so(server: Delivering, peers: Peers, app: App) -> None:
    author = await build.person("alice")
    kept, dropped = await build.post(author), await build.post(author)
    peers.down("one.example")
    await server.publish("kept", "one.example", post_id=kept.id)
    await server.publish("dropped", "one.example", post_id=dropped.id)
    await execute("UPDATE post SET deleted_at = 1 WHERE id = ?", (dropped.id,))
    await server.publish("delete", "one.example", post_id=dropped.id)
    await server.settle()
    for _day in range(9):
        await server.wait(DAY)
    peers.forget()

    peers.answers.clear()
    server.sender.alive("one.example")
    await server.wait(1.3 * DAY)

    assert peers.got("one.example") == ["kept", "delete"]


async def test_who_was_away_for_days_gets_everything(server: Delivering, peers: Peers, app: App) -> None:
    author = await build.person("alice")
    dropped = await build.post(author, deleted_at=1)
    peers.down("one.example")
    await server.publish("dropped", "one.example", post_id=dropped.id)
    await server.publish("delete", "one.example", post_id=dropped.id)
    await server.settle()
    for _day in range(3):
        await server.wait(DAY)
    peers.forget()

    peers.answers.clear()
    await server.wait(DAY)

    assert peers.got("one.example") == ["dropped", "delete"]


async def test_what_a_peer_says_no_to_later_is_not_tried_any_more(server: Delivering, peers: Peers) -> None:
    peers.answers["one.example"] = 503
    seq = await server.publish("a", "one.example")
    await server.publish("b", "one.example")
    await server.settle()
    peers.forget()

    writes = Writes()
    outbox.note(writes, "one.example", seq, "", 0, "rejected", clock.now_ms())
    await apply(writes)
    peers.answers.clear()
    await server.wait(90)

    assert peers.got("one.example") == ["b"]


def test_a_lane_never_passes_what_is_held_while_others_land() -> None:
    lane = Lane(Peer("one.example", "", "", "", "", None, "cavage", 10, 0, None, None, "", 0, None, None))
    lane.read = 20

    lane.finished.add(15)
    lane.rewind()
    lane.settle(16)

    assert lane.cursor == 10
    assert lane.finished == {15, 16}


def test_pauses_are_spread_so_that_not_all_come_back_at_once() -> None:
    found = {pause(1, 0, None) for _time in range(200)}

    assert len(found) > 50
    assert min(found) >= 48_000
    assert max(found) <= 72_000


async def test_nothing_is_kept_back_for_peers_that_nothing_was_for(server: Delivering, peers: Peers) -> None:
    await rows.meet_at("quiet.example", 0, 0)
    await server.publish("a", "one.example")
    await server.settle()

    found = await server.peer("quiet.example")

    assert found.cursor == await outbox.head()
    assert await rows.behind(await outbox.head()) == []


async def test_an_entry_that_a_peer_alone_fails_at_does_not_keep_the_others_for_ever(
    server: Delivering, peers: Peers
) -> None:
    async def falls_over_a(request: httpx.Request) -> httpx.Response:
        return httpx.Response(500 if b'/a"' in request.content else 202)

    peers.answers["one.example"] = falls_over_a
    await server.publish("a", "one.example", thread_id=1)
    for number in range(8):
        await server.publish(f"{number}", "one.example")
    for _hour in range(12):
        await server.wait(HOUR)

    arrived = [name for name in peers.got("one.example") if name != "a"]
    assert arrived == [str(number) for number in range(8)]
    assert 6 <= peers.got("one.example").count("a") <= 12
    assert (await server.peer("one.example")).cursor == await outbox.head()


async def test_a_peer_that_fails_at_everything_loses_nothing(server: Delivering, peers: Peers) -> None:
    peers.answers["one.example"] = 500
    for name in "abc":
        await server.publish(name, "one.example")
    for _hour in range(48):
        await server.wait(HOUR)
    peers.forget()

    peers.answers.clear()
    await server.wait(15 * HOUR)

    assert sorted(peers.got("one.example")) == ["a", "b", "c"]


async def test_the_queue_says_for_whom_deliveries_wait_and_why(server: Delivering, peers: Peers, app: App) -> None:
    assert (await queue.state(app))["idle"]
    peers.down("one.example")
    await rows.meet_at("quiet.example", 0, 0)
    await server.publish("a", "one.example", "two.example")
    assert not (await queue.state(app))["idle"]
    await server.settle()

    held = await queue.state(app)
    assert (held["idle"], held["deliveries"]) == (False, 1)
    (peer,) = held["peers"]
    assert (peer["host"], peer["failures"], peer["error"]) == ("one.example", 1, "nobody answers")
    assert peer["next_attempt_at"] > clock.now_ms()

    await rows.decide("one.example", rows.Decision("suspend"), 1, 0)
    await app.peers.load()
    await server.wait(80)
    assert (await queue.state(app))["idle"]


async def test_the_queue_counts_what_nobody_has_read_yet(app: App, peers: Peers, pass_time: PassTime) -> None:
    server = Delivering(app, peers, pass_time)

    await server.publish("a", "unmet.example")

    assert not (await queue.state(app))["idle"]
    await server.start()
    await server.settle()
    assert (await queue.state(app))["idle"]
    await server.stop()


async def test_when_a_peer_was_heard_is_written_down_once_a_minute(server: Delivering, peers: Peers) -> None:
    await server.publish("a", "one.example")
    await server.settle()
    heard = []

    for seconds in (0, 30, 31):
        await server.wait(seconds)
        server.sender.alive("one.example")
        server.sender.alive("never.met.example")
        await server.sender.save_now()
        heard.append((await server.peer("one.example")).last_in_at)

    assert heard[0] == heard[1] is not None and heard[2] is not None and heard[2] - heard[0] >= 60_000
    assert await rows.get("never.met.example") is None


async def test_what_is_for_a_peer_is_held_for_as_long_as_an_admin_wants_and_released(
    server: Delivering, peers: Peers
) -> None:
    await server.publish("a", "one.example")
    await server.settle()
    assert len(peers.knocks) == 1
    await admins.hold(server.app, "one.example", 2)

    await server.publish("b", "one.example")
    await server.settle()
    await server.wait(2 * HOUR - 10)
    assert len(peers.knocks) == 1
    await server.wait(20)
    assert len(peers.knocks) == 2

    await admins.hold(server.app, "one.example", 24)
    await server.publish("c", "one.example")
    await server.settle()
    assert len(peers.knocks) == 2
    await admins.retry(server.app, "one.example")
    await server.settle()
    assert len(peers.knocks) == 3
    peers.answers["one.example"] = 503
    await server.publish("d", "one.example")
    await server.settle()
    await server.sender.save_now()
    with pytest.raises(Conflict, match="wait already"):
        await admins.hold(server.app, "one.example", 1)
