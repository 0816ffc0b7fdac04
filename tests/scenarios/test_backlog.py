"""What another server did not take is sent once more, or what waits for it dropped, when an admin says so."""

import asyncio
from collections import Counter

import pytest

from fedcomm import backlog, peer_days, receipts
from fedcomm.errors import Conflict, NotFound
from storage import audit
from storage import peer_days as days
from tests.fediverse import Fediverse
from tests.forger import Host, send

pytestmark = pytest.mark.anyio


async def test_a_refused_delivery_goes_out_once_more_and_what_waits_can_be_dropped(
    fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where another process delivers, it writes down in a moment how far each server has got, and what was counted."""
    monkeypatch.setattr(peer_days, "EVERY", 0)
    ours = await fediverse.instance("ours.test")
    anna = await ours.person("anna")
    far, other = Host(fediverse, "far.test"), Host(fediverse, "other.test")
    for host in (far, other):
        face = host.actor("bob")
        await send(fediverse, ours, face, face.does("Follow", anna.actor.uri))
    far.received.clear()
    other.received.clear()
    far.statuses = [422, 422]
    first, second = await anna.post("First"), await anna.post("Second")
    await fediverse.settle()
    await ours.agreed()

    with ours.here():
        await anna.delete(second)
        await fediverse.settle()
        gone, wanted = [each.ref for each in await backlog.refused()]
        with pytest.raises(Conflict):
            await backlog.retry(ours.app, None, [wanted, gone])
        assert await backlog.retry(ours.app, None, [wanted]) == 1
        with pytest.raises(NotFound):
            await backlog.retry(ours.app, None, [wanted])
    await fediverse.settle()
    await ours.agreed()

    assert [said["type"] for said in far.received] == ["Create", "Create", "Delete", "Create"]
    assert far.received[3] == far.received[0] and [said["type"] for said in other.received] == [
        "Create", "Create", "Delete",
    ]  # fmt: skip
    with ours.here():
        (told,) = (await receipts.of(ours.app, anna.actor, first, admin=False)).acts
        assert {server.host: (server.state, server.status) for server in told.servers} == {
            "far.test": ("refused", 422), "other.test": ("delivered", 0),
        }  # fmt: skip
        assert [each.ref for each in await backlog.refused()] == [gone]

    fediverse.wire.down.add("far.test")
    lost = await anna.post("Third")
    await fediverse.settle()
    await ours.agreed()
    with ours.here():
        async with asyncio.timeout(10.0):
            while len(lags := (await backlog.picture(ours.app)).lags) != 1:  # noqa: ASYNC110 (another process writes it down)
                await asyncio.sleep(0.01)
        (lag,) = lags
        assert (lag.host, lag.entries, lag.failures) == ("far.test", 1, 1) and lag.since >= lost.published
        assert await backlog.drop_for(ours.app, None, "far.test") == 1
        assert (await audit.newest(1))[0].act == "queue.drop"
    await ours.agreed()
    fediverse.wire.down.clear()
    ours.deliver_now("far.test")
    kept = await anna.post("Fourth")
    await fediverse.settle()

    assert [said["object"]["id"] for said in far.received[4:]] == [kept.uri]
    assert [said["object"]["id"] for said in other.received[3:]] == [lost.uri, kept.uri]

    with ours.here():
        await backlog.picture(ours.app)
        counted: Counter[str] = Counter()
        async with asyncio.timeout(10.0):
            while counted.total() < 8:
                await asyncio.sleep(0.01)
                counted = await _passed_with("far.test")
        assert counted == {"came": 1, "taken": 4, "failed": 1, "refused": 2}


async def _passed_with(host: str) -> Counter[str]:
    """What is written down of all that passed between here and there."""
    found = await days.of(host, 0)
    return Counter({name: sum(getattr(day, name) for day in found) for name in ("came", "taken", "failed", "refused")})
