"""What monitors are told."""

import asyncio

import pytest

from tests.server.wire import BASE_URL, ask, get, mirror, post, served
from web.guard import Guard
from web.health import Health

pytestmark = pytest.mark.anyio


class House:
    """Something that can be in order or not."""

    def __init__(self) -> None:
        self.wrong: dict[str, str] = {}
        self.asked = 0
        self.hangs = False

    async def checks(self) -> dict[str, str]:
        self.asked += 1
        if self.hangs:
            await asyncio.sleep(3600)
        return self.wrong

    def app(self, every: float = 0.0) -> Guard:
        return Guard(Health(mirror, self.checks, every), BASE_URL)


@pytest.mark.parametrize("path", ["/livez", "/health", "/api/v1/streaming/health", "/api/v1/streaming/health/"])
async def test_a_process_that_answers_is_alive_whatever_else_is_wrong(path: str) -> None:
    house = House()
    house.wrong = {"database": "it does not answer"}
    house.hangs = True
    async with served(house.app()) as port:
        answer = await ask(port, get(path))

    assert (answer.status, answer.body) == (200, b"OK")
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_a_server_is_ready_when_nothing_is_wrong() -> None:
    house = House()
    async with served(house.app()) as port:
        before = await ask(port, get("/readyz"))
        house.wrong = {"database": "it does not answer"}
        after = await ask(port, get("/readyz"))

    assert (before.status, before.json) == (200, {"ready": True, "wrong": {}})
    assert (after.status, after.json) == (503, {"ready": False, "wrong": {"database": "it does not answer"}})
    assert after.headers["cache-control"] == "no-store"


async def test_many_monitors_are_no_burden() -> None:
    house = House()
    async with served(house.app(every=60.0)) as port:
        answers = [await ask(port, get("/readyz")) for _ in range(20)]

    assert {answer.status for answer in answers} == {200}
    assert house.asked == 1


async def test_monitors_only_ask() -> None:
    async with served(House().app()) as port:
        posted = await ask(port, post("/livez", b""))
        other = await ask(port, get("/livez/"))

    assert posted.status == 405
    assert other.json["path"] == "/livez/"
