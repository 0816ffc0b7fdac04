"""Servers that understand the newer signature only are asked with that first, once it is known."""

from collections import defaultdict
from collections.abc import AsyncIterator

import httpx
import pytest

from activitypub.errors import Forbidden
from fedcomm import actors, schemes
from fedcomm.app import App
from fedcomm.config import Config
from fedcomm.schemes import Schemes
from storage.connect import use

pytestmark = pytest.mark.anyio


class Elsewhere:
    """Other servers, by what they understand."""

    def __init__(self) -> None:
        self.understands: dict[str, str] = {}  # host -> scheme; "" is everything, "none" nothing
        self.knocks: defaultdict[str, list[str]] = defaultdict(list)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """The note at any URL, for who has signed as the server understands."""
        scheme = "rfc9421" if "signature-input" in request.headers else "cavage"
        self.knocks[request.url.host].append(scheme)
        if self.understands.get(request.url.host, "") not in ("", scheme):
            return httpx.Response(401)
        found = {"id": str(request.url), "type": "Note"}
        return httpx.Response(200, json=found, headers={"content-type": "application/activity+json"})


@pytest.fixture
def elsewhere() -> Elsewhere:
    return Elsewhere()


@pytest.fixture
async def app(config: Config, elsewhere: Elsewhere) -> AsyncIterator[App]:
    opened = await App.open(config, transport=httpx.MockTransport(elsewhere.answer))
    with use(opened.db):
        await actors.service(opened)
        yield opened
    await opened.close()


@pytest.mark.attack("SIG-28")
async def test_what_a_server_took_is_tried_first_from_then_on(app: App, elsewhere: Elsewhere) -> None:
    elsewhere.understands = {"new.test": "rfc9421", "old.test": "cavage"}

    for host in ("new.test", "old.test", "any.test"):
        for number in range(3):
            await app.client.get_document(f"https://{host}/{number}")

    assert elsewhere.knocks == {
        "new.test": ["cavage", "rfc9421", "rfc9421", "rfc9421"], "old.test": ["cavage"] * 3, "any.test": ["cavage"] * 3,
    }  # fmt: skip


@pytest.mark.attack("SIG-28")
async def test_a_server_that_changes_its_mind_is_understood_all_the_same(app: App, elsewhere: Elsewhere) -> None:
    for scheme in ("rfc9421", "cavage"):
        elsewhere.understands["a.test"] = scheme
        for number in range(2):
            await app.client.get_document(f"https://a.test/{number}")

    assert elsewhere.knocks["a.test"] == ["cavage", "rfc9421", "rfc9421", "rfc9421", "cavage", "cavage"]


async def test_a_server_that_says_no_to_everything_teaches_nothing(app: App, elsewhere: Elsewhere) -> None:
    elsewhere.understands["a.test"] = "none"

    for number in range(2):
        with pytest.raises(Forbidden):
            await app.client.get_document(f"https://a.test/{number}")

    assert elsewhere.knocks["a.test"] == ["cavage", "rfc9421"] * 2


def test_no_more_servers_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemes, "REMEMBERED", 2)
    memory = Schemes()

    for host in ("a.test", "b.test", "c.test:8443"):
        memory.took(f"https://{host}/x", 1)

    hosts = ("a.test", "b.test", "C.test:8443", "c.test", "d.test")
    assert [memory.of(f"https://{host}/y", 0) for host in hosts] == [
        "cavage", "rfc9421", "rfc9421", "cavage", "cavage",
    ]  # fmt: skip
    assert memory.of("https://b.test/y", 2) is None
