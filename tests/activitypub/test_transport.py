"""The one way to peers: whom it connects to, what it sends, what it keeps between requests."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from ipaddress import ip_network
from typing import Any

import httpx
import pytest

from activitypub.errors import Forbidden, Malformed, Unreachable
from activitypub.transport import GuardedTransport, Policy, Refused, post
from tests.netns.listening import answer, listening

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that the server runs on."""
    return "asyncio", {"use_uvloop": True}


OK = answer(200, b"whole")
Make = Callable[..., GuardedTransport]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    """Makes transports that may speak http to loopback; `resolve` answers for every name."""
    made = []

    def one(*, resolve: dict[str, list[str]] | None = None, **changes: Any) -> GuardedTransport:
        async def answers(host: str) -> list[str]:
            return (resolve or {}).get(host, [])

        settings = {"allowed_networks": (ip_network("127.0.0.0/8"),), "allow_http": True, **changes}
        made.append(GuardedTransport(Policy(**settings), resolve=None if resolve is None else answers))
        return made[-1]

    yield one
    for transport in made:
        await transport.aclose()


async def get(transport: GuardedTransport, url: str, **headers: str) -> httpx.Response:
    response = await transport.handle_async_request(httpx.Request("GET", url, headers=headers))
    await response.aread()
    return response


@pytest.mark.attack("NET-08")
async def test_what_is_sent_is_the_request_and_nothing_of_the_surroundings(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    unwanted = {
        "Host": "other.example", "Cookie": "a=b", "Connection": "upgrade", "Transfer-Encoding": "chunked",
        "Accept-Encoding": "gzip", "Expect": "100-continue", "Proxy-Authorization": "x", "Content-Length": "7",
    }  # fmt: skip
    async with listening(OK) as peer:
        await get(make(), f"http://127.0.0.1:{peer.port}/a%2e%2e/%2fb?c=d%20e#f", Accept="x/y", **unwanted)

    (asked,) = peer.asked
    assert (asked.method, asked.target) == ("GET", "/a%2e%2e/%2fb?c=d%20e")
    assert sorted(asked.headers) == [
        ("accept", "x/y"), ("accept-encoding", "identity"), ("host", f"127.0.0.1:{peer.port}"),
    ]  # fmt: skip


async def test_a_post_brings_its_body_by_either_way(make: Make) -> None:
    transport = make()
    async with listening(answer(202, b"fine")) as peer:
        url = httpx.URL(f"http://127.0.0.1:{peer.port}/inbox?x")
        slow = await transport.handle_async_request(httpx.Request("POST", url, headers={"A": "b"}, content=b"{}"))
        fast = await transport.post(url, [(b"a", b"b")], b"{}")

    assert (slow.status_code, await slow.aread()) == (fast.status, fast.body) == (202, b"fine")
    assert peer.asked[0] == peer.asked[1]
    assert peer.asked[0].header("content-length") == "2"


@pytest.mark.attack("NET-08")
async def test_a_post_brings_the_same_by_a_transport_of_another_make(make: Make) -> None:
    async def handle(request: httpx.Request) -> httpx.Response:
        assert (request.method, request.headers["a"], request.content) == ("POST", "b", b"{}")
        return httpx.Response(429, headers=[("Retry-After", "7")], content=b"later")

    other = await post(httpx.MockTransport(handle), httpx.URL("https://a.test/inbox"), [(b"a", b"b")], b"{}")

    assert (other.status, other.body) == (429, b"later")
    assert (b"retry-after", b"7") in other.headers


async def test_cookies_of_peers_are_not_kept(make: Make) -> None:
    async with listening(answer(200, b"", Set_Cookie="id=1; Path=/")) as peer:
        async with httpx.AsyncClient(transport=make(), trust_env=False) as client:
            responses = [await client.get(f"http://127.0.0.1:{peer.port}/") for _ in range(2)]

    assert "set-cookie" not in responses[0].headers
    assert peer.asked[1].header("cookie") is None


@pytest.mark.parametrize("value", ["a\r\nHost: evil.example", "a\nb: c", "a\rb", "a\0b"])
async def test_a_header_cannot_become_two(make: Make, value: str) -> None:
    async with listening(OK) as peer:
        with pytest.raises(Malformed):
            await get(make(), f"http://127.0.0.1:{peer.port}/", Date=value)

    assert peer.connections == 0


async def test_only_get_and_post_are_spoken(make: Make) -> None:
    with pytest.raises(Malformed):
        await make().handle_async_request(httpx.Request("CONNECT", "http://127.0.0.1:9/"))


@pytest.mark.attack("NET-06", "NET-07", "NET-08", "ORI-33")
@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "gopher://127.0.0.1:6379/_INFO",
        "ftp://127.0.0.1/",
        "data:application/activity+json,{}",
        "javascript:alert(1)",
        "unix:/var/run/docker.sock",
        "ws://127.0.0.1/",
        "http://user@127.0.0.1:PORT/",
        "http://user:pass@127.0.0.1:PORT/",
        "http://remote.example\\@127.0.0.1:PORT/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:65536/",
        "http://127.0.0.1:22/",
        "http://127.0.0.1:6379/",
        "http:///path",
    ],
)
async def test_what_is_no_web_address_is_refused_before_anything_is_opened(make: Make, url: str) -> None:
    async with listening(OK) as peer:
        transport = make()
        await get(transport, f"http://127.0.0.1:{peer.port}/")  # so that its host is known
        with pytest.raises((Malformed, Forbidden)):
            await get(transport, url.replace("PORT", str(peer.port)))

    assert len(peer.asked) == 1


@pytest.mark.attack("NET-01", "NET-03")
@pytest.mark.parametrize(
    "host",
    "127.0.0.1 127.1 0x7f000001 2130706433 017700000001 0177.0.0.1 127。0。0。1 ①②⑦.⓪.⓪.① 0 0.0.0.0 [::] [::1] "
    "[::ffff:127.0.0.1] [64:ff9b::7f00:1] localhost x.localhost".split(),
)
async def test_no_spelling_of_loopback_is_connected_to(make: Make, host: str) -> None:
    async with listening(OK) as peer:
        transport = make(allowed_networks=())
        for scheme in ("http", "https"):
            with pytest.raises((Forbidden, Malformed, httpx.InvalidURL)):
                await get(transport, f"{scheme}://{host}:{peer.port}/")

    assert peer.connections == 0


@pytest.mark.attack("NET-04")
async def test_a_name_that_leads_to_a_private_address_is_not_followed_not_even_in_part(make: Make) -> None:
    async with listening(OK) as peer:
        for addresses in (["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["2606:4700::1", "::ffff:127.0.0.1"]):
            with pytest.raises(Refused):
                await get(
                    make(allowed_networks=(), resolve={"a.example": addresses}), f"https://a.example:{peer.port}/"
                )

    assert peer.connections == 0


@pytest.mark.attack("NET-04")
async def test_a_name_is_resolved_once_for_a_connection_and_each_answer_is_looked_at(make: Make) -> None:
    answers = [["127.0.0.1"], ["10.0.0.1"]]

    async def alternating(_host: str) -> list[str]:
        return answers.pop(0)

    policy = Policy(allowed_networks=(ip_network("127.0.0.0/8"),), allow_http=True)
    transport = GuardedTransport(policy, resolve=alternating)
    async with listening(answer(200, b"", Connection="close")) as peer:
        await get(transport, f"http://rebind.example:{peer.port}/")
        assert len(answers) == 1
        with pytest.raises(Refused):
            await get(transport, f"http://rebind.example:{peer.port}/")


async def test_test_mode_does_not_speak_to_the_public(make: Make) -> None:
    transport = make(public_allowed=False, resolve={"a.example": ["93.184.216.34"]})

    with pytest.raises(Refused):
        await get(transport, "https://a.example/")
    with pytest.raises(Refused):
        await get(transport, "https://93.184.216.34/")


async def test_a_test_host_leads_where_the_policy_says(make: Make) -> None:
    async with listening(OK, host="127.0.2.1") as peer:
        transport = make(allowed_networks=(), test_hosts={"good.test": ("127.0.2.1", peer.port)})
        await get(transport, "http://good.test/x")
        with pytest.raises(Refused):
            await get(transport, f"http://127.0.2.1:{peer.port}/x")

    assert peer.asked[0].header("host") == "good.test"


async def test_blocked_peers_are_asked_nothing_even_on_an_open_connection(make: Make) -> None:
    blocked: set[str] = set()
    transport = make(blocked=blocked.__contains__)
    async with listening(OK) as peer:
        url = f"http://127.0.0.1:{peer.port}/"
        await get(transport, url)
        blocked.add(f"127.0.0.1:{peer.port}")
        with pytest.raises(Refused, match="blocked"):
            await get(transport, url)

    assert len(peer.asked) == 1


async def test_the_system_resolves_names(make: Make) -> None:
    async with listening(OK) as peer:
        assert (await get(make(), f"http://localhost:{peer.port}/")).status_code == 200


async def test_a_name_without_address_is_unreachable(make: Make) -> None:
    with pytest.raises(Unreachable, match="no address"):
        await get(make(resolve={}), "https://nowhere.example/")


async def test_a_dead_address_is_passed_over_for_one_of_the_other_family(make: Make) -> None:
    networks = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    async with listening(OK) as peer:
        transport = make(allowed_networks=networks, resolve={"a.example": ["::1", "127.0.0.1"]})
        began = time.monotonic()
        await get(transport, f"http://a.example:{peer.port}/")

    assert time.monotonic() - began < 1


async def test_no_more_than_two_addresses_of_a_family_are_tried(make: Make) -> None:
    async with listening(OK, host="127.0.0.3") as peer:
        transport = make(resolve={"a.example": ["127.0.0.1", "127.0.0.2", "127.0.0.3"]})
        with pytest.raises(Unreachable):
            await get(transport, f"http://a.example:{peer.port}/")

    assert peer.connections == 0


@pytest.mark.attack("NET-04", "NET-11")
async def test_a_slow_name_server_holds_a_request_no_longer_than_allowed() -> None:
    async def slow(_host: str) -> list[str]:
        await asyncio.sleep(10)
        return ["93.184.216.34"]

    began = time.monotonic()
    with pytest.raises(Unreachable, match="in time"):
        await get(GuardedTransport(Policy(dns_seconds=0.1), resolve=slow), "https://slow.example/")
    with pytest.raises(Unreachable, match="too long"):
        await get(GuardedTransport(Policy(total_seconds=0.1), resolve=slow), "https://slow.example/")

    assert time.monotonic() - began < 1
