"""Pages asked for without connections: what is left of their cost when nobody speaks HTTP. `House.inside` runs it.

Two ways, by the CPU time of this process with all its threads, the least of the rounds:

- `application`: from a request as the server's protocol hands it over (checks of `Host` and sizes, token, route) to the
  bytes of the answer and its fields;
- `page`: only what the page is: the query with what the viewer may see and has marked, and the JSON of it. Home alone.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

import storage.connect
import storage.holders
import web.app
from fedcomm import tokens
from fedcomm.config import load
from fedcomm.opening import opened
from storage import timelines
from storage.paging import Page
from web.guard import Guard
from web.mastodon.entities import status

ROUNDS, AGAIN = 7, 200
Ask = Callable[[], Awaitable[object]]


async def main(token: str, paths: list[str]) -> dict[str, Any]:
    """CPU milliseconds of each path as `application`, and of home of 20 as `page`."""
    app = await opened(load())
    application = web.app.build(app)
    guard = Guard(application, app.base_url)
    try:
        with storage.connect.use(app.db):
            holder = await storage.holders.of(tokens.hash_of(token))
            assert holder and holder.actor_id
            found = {path: await _least(_asking(guard, app.base_url, token, path)) for path in paths}
            return {"application": found, "page": await _least(_home(app.base_url, holder.actor_id))}
    finally:
        await application.close()
        await app.close()


def _asking(guard: Guard, base: str, token: str, path: str) -> Ask:
    where, _, query = path.partition("?")
    fields = [(b"host", base.partition("://")[2].encode()), (b"authorization", f"Bearer {token}".encode())]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message.get("status", 200) != 200:
            raise RuntimeError(f"{path} was answered with {message['status']}")

    async def ask() -> None:
        await guard(
            {
                "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "root_path": "",
                "path": where, "raw_path": where.encode(), "query_string": query.encode(), "headers": list(fields),
                "client": ("127.0.0.1", 40_000), "server": ("127.0.0.1", 80),
            },
            receive, send,
        )  # fmt: skip

    return ask


def _home(base: str, viewer: int) -> Ask:
    async def ask() -> None:
        found = await timelines.home(viewer, Page(limit=20))
        await status.page(base, viewer, found.entries, found.flags)

    return ask


async def _least(ask: Ask) -> float:
    """CPU milliseconds of one of many."""
    await ask()
    gc.collect()
    gc.freeze()
    rounds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(AGAIN):
            await ask()
        rounds.append((time.process_time() - begun) / AGAIN * 1e3)
    return min(rounds)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(main(sys.argv[1], sys.argv[2:]))))
