"""Everybody looks on at every stream while posts of every visibility are written, edited, voted for and deleted."""

import asyncio
import json
from contextlib import AsyncExitStack

import httpx
import pytest
from websockets.asyncio.client import ClientConnection

from fedcomm import posts, reactions
from fedcomm.app import App
from fedcomm.posts import Draft
from tests.web import onlookers
from tests.web.live import heard, listening, subscribe
from tests.web.onlookers import HERE, VISIBILITIES, allowed, canary

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]

STREAMS: tuple[dict[str, str], ...] = (
    {"stream": "user"}, {"stream": "public"}, {"stream": "public:local"}, {"stream": "hashtag", "tag": "rye"},
    {"stream": "direct"}, {"stream": "user:notification"},
)  # fmt: skip
QUIET = 1.0  # seconds without a word, after which nothing more comes


def traces(text: str, ids: dict[str, int]) -> frozenset[str]:
    """The visibilities of the posts that were spoken of. That a public one is gone is told to whoever looks on."""
    kept = "\n".join(line for line in text.splitlines() if '"delete"' not in line or str(ids["public"]) not in line)
    return frozenset(v for v in VISIBILITIES if f"live{canary(v)}" in kept or str(ids[v]) in kept)


async def everything_said(socket: ClientConnection) -> str:
    """All that a socket is told until it is quiet."""
    found = []
    while True:
        try:
            async with asyncio.timeout(QUIET):
                found.append(str(await socket.recv()))
        except TimeoutError:
            return "\n".join(found)


@pytest.mark.attack("PRI-01", "PRI-10", "PRI-22", "PRI-24", "PRI-28")
async def test_no_stream_tells_anybody_what_is_not_for_them(app: App, client: httpx.AsyncClient) -> None:
    world = await onlookers.made(app, client)
    async with listening(app) as place, AsyncExitStack() as stack:
        sockets = {who: await stack.enter_async_context(place.socket(world.tokens[who])) for who in HERE}
        for socket in sockets.values():
            for wish in STREAMS:
                await subscribe(socket, **wish)  # type: ignore[arg-type]
        ids = {}
        for visibility in VISIBILITIES:
            text = f"@mentioned live{canary(visibility)} #rye"
            ids[visibility] = await posts.create(app, world.author, Draft(text=text, visibility=visibility))
            changed = Draft(text=f"{text}, edited", visibility=visibility)
            await posts.edit(app, world.author, ids[visibility], changed)
            await reactions.like(app, world.people["mentioned"], ids[visibility])
        written = await asyncio.gather(*map(everything_said, sockets.values()))
        for post_id in ids.values():
            await posts.delete(app, world.author, post_id)
        deleted = await asyncio.gather(*map(everything_said, sockets.values()))
        said = {who: f"{first}\n{then}".strip() for who, first, then in zip(HERE, written, deleted, strict=True)}
        for socket in sockets.values():
            await heard(socket)

    found = {who: traces(text, ids) for who, text in said.items()}
    assert {who: seen for who, seen in found.items() if not seen <= allowed(who)} == {}
    assert found["follower"] >= {"public", "private"} and found["mentioned"] == frozenset(VISIBILITIES)
    assert found["stranger"] == {"public"} and found["blocked"] == frozenset()
    for who, text in said.items():
        assert all(json.loads(line)["event"] for line in text.splitlines()), who
