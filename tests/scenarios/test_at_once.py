"""Acts of one group that happen at the same time: none stands in the way of another (`storage/counting.py`)."""

import asyncio
from functools import partial

import pytest

from fedcomm import follows, members, requests
from storage.actors import Actor
from storage.connect import Writes, rows, transaction, value, write
from storage.counting import hold
from tests.fediverse import Fediverse
from tests.forger import Host

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("dialect", ["postgres"])]  # SQLite has one writer

TIMES = 15


async def test_bans_joins_posts_and_goodbyes_at_once_wait_for_each_other_and_never_collide(
    fediverse: Fediverse,
) -> None:
    a = await fediverse.instance("a.test")
    ann, bo, cy, di = [await a.person(name) for name in ("ann", "bo", "cy", "di")]
    bread: Actor = await a.group("bread", moderator=ann)
    host = Host(fediverse, "f.test")
    far = [host.actor(f"far{number}") for number in range(2)]
    for person in (bo, cy, di):
        await person.follow("!bread@a.test")
    for title in ("Rye", "Wheat"):
        await bo.post(f"{title}\nDay nine @bread@a.test")
    with a.here():
        known = [await members.somebody(a.app, face.uri) for face in far]

    async def join(who: Actor, name: str) -> None:
        await follows.record_follow(a.app, who, bread, f"{who.uri}#{name}")

    for turn in range(TIMES):
        with a.here():
            await asyncio.gather(
                members.ban(a.app, "bread", bo.actor.uri, ann.actor, reason="spam", remove=True),
                members.ban(a.app, "bread", di.actor.uri, ann.actor),
                *(join(who, f"{turn}") for who in known),
                cy.post(f"Spelt {turn}\nWarm @bread@a.test"),
                follows.unfollow(a.app, cy.actor, bread.id) if turn % 2 else asyncio.sleep(0),
            )
            await asyncio.gather(
                members.unban(a.app, "bread", bo.actor.uri, ann.actor),
                members.unban(a.app, "bread", di.actor.uri, ann.actor),
                *(requests.take_out(a.app, "bread", who.id, "", ann.actor) for who in known),
                follows.follow(a.app, cy.actor, bread.id),
            )
            for person in (bo, di):
                await follows.follow(a.app, person.actor, bread.id)
    with a.here():
        (counted,) = await rows("SELECT members_count, (SELECT COUNT(*) FROM member m WHERE m.group_id = groups.id"
                                " AND m.state = 'joined') FROM groups WHERE actor_id = ?", (bread.id,))  # fmt: skip
    assert counted == (3, 3)


async def test_who_bans_and_lifts_it_takes_the_last_of_somebodys_posts_first_as_who_deletes_it(
    fediverse: Fediverse,
) -> None:
    a = await fediverse.instance("a.test")
    ann, bo = await a.person("ann"), await a.person("bo")
    await a.group("bread", moderator=ann)
    await bo.follow("!bread@a.test")
    thread = await bo.post("Rye\nDay nine @bread@a.test")
    answer = await bo.reply(thread, "And ten @bread@a.test")
    await fediverse.settle()
    waits = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

    async def hold_both(held: asyncio.Event) -> None:
        async with transaction():
            for post in (answer, thread):
                hold(writes := Writes(), "post", post.id)
                await write(writes)
                held.set()
                while post is answer and not await value(waits):  # noqa: ASYNC110 - the database sets no event
                    await asyncio.sleep(0.02)

    with a.here():
        for act in (partial(members.ban, remove=True), members.unban):
            held = asyncio.Event()
            other = asyncio.create_task(hold_both(held))
            await held.wait()
            await act(a.app, "bread", bo.actor.uri, ann.actor)
            await other
            await fediverse.settle()
        assert (await a.knows(answer.uri)).removed_at is None
