"""What members want and want no more counts in streams that run, also where another process serves them."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from fedcomm.app import App
from storage import events
from tests import build
from tests.web.live import Place, event, heard, listening_apart, subscribe
from tests.web.mastodon.member import Member

pytestmark = pytest.mark.anyio

Act = Callable[[], Awaitable[object]]


@pytest.fixture
async def place(app: App) -> AsyncIterator[Place]:
    """The app as a server; with PostgreSQL what happens happens in another process."""
    async with listening_apart(app) as found:
        yield found


@pytest.mark.attack("PRI-06", "PRI-10", "PRI-22")
async def test_mutes_blocks_and_lists_count_at_once(place: Place, alice: Member, bob: Member) -> None:
    await bob.do(f"accounts/{alice.id}/follow")
    mine = (await bob.do("lists", title="Friends"))["id"]
    person = f"accounts/{alice.id}"
    listed = f"lists/{mine}/accounts"
    every = {"user", "public:local", f"list {mine}"}
    steps: list[tuple[Act, set[str]]] = [
        (lambda: bob.get(person), every - {f"list {mine}"}),
        (lambda: bob.do(listed, account_ids=[alice.id]), every),
        (lambda: bob.do(f"{person}/mute"), set()),
        (lambda: bob.do(f"{person}/unmute"), every),
        (lambda: bob.do(f"lists/{mine}", "PUT", title="Friends", exclusive=True), every - {"user"}),
        (lambda: bob.do(f"lists/{mine}", "PUT", title="Friends", exclusive=False), every),
        (lambda: bob.do(f"{person}/follow", languages=["de"]), every - {"user", f"list {mine}"}),
        (lambda: bob.do(f"{person}/follow", languages=[]), every),
        (lambda: bob.ask("DELETE", listed, params={"account_ids[]": alice.id}), every - {f"list {mine}"}),
        (lambda: bob.do(listed, account_ids=[alice.id]), every),
        (lambda: bob.ask("DELETE", f"lists/{mine}"), every - {f"list {mine}"}),
        (lambda: bob.do(f"{person}/unfollow"), {"public:local"}),
        (lambda: bob.do(f"{person}/block"), set()),
        (lambda: bob.do(f"{person}/unblock"), {"public:local"}),
    ]
    async with place.socket(bob.headers["authorization"].removeprefix("Bearer "), "?stream=user") as socket:
        await subscribe(socket, "public:local")
        await subscribe(socket, "list", list=mine)

        for number, (act, wanted) in enumerate(steps):
            await act()

            assert await shown(socket, alice, number) == wanted, number


async def shown(socket: ClientConnection, member: Member, number: int) -> set[str]:
    """In which streams a post of a member comes, until a sign that all streams have had it."""
    post = (await member.post(f"Post {number}", language="en"))["id"]
    events.happened("announcement.gone", number)
    found: set[str] = set()
    while True:
        stream, kind, payload = await event(socket)
        if kind == "announcement.delete" and payload == number:
            return found
        if kind == "update" and payload["id"] == post:
            found.add(" ".join(stream))


async def test_a_server_kept_away_and_a_filter_count_at_once(place: Place, alice: Member, bob: Member) -> None:
    far = await build.person("carol", "far.example")
    async with place.socket(bob.headers["authorization"].removeprefix("Bearer "), "?stream=public") as socket:
        await heard(socket)

        async def next_of(text: str) -> dict[str, Any]:
            post = await build.post(far, text)
            events.happened("post", post.id)
            other = await alice.post("From here")
            _, _, status = await event(socket)
            if status["id"] != other["id"]:
                await event(socket)
            return dict(status)

        assert (await next_of("oats"))["filtered"] == []
        await bob.do("/api/v2/filters", title="Oats", context=["public"], keywords_attributes=[{"keyword": "oats"}])
        assert [each["keyword_matches"] for each in (await next_of("oats"))["filtered"]] == [["oats"]]
        await bob.do("domain_blocks", domain="far.example")
        assert json.dumps(await next_of("oats")).count("From here")
