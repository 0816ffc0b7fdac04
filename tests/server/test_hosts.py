"""Under which name the server answers, and whom it believes about who asks."""

import logging
from ipaddress import ip_network

import pytest

from tests.server.wire import HOST, ask, get, guarded, post, send, served

pytestmark = pytest.mark.anyio

LOCAL = (ip_network("127.0.0.0/8"),)


@pytest.mark.parametrize("host", [b"groups.example", b"GROUPS.example", b"groups.example:443"])
async def test_the_own_name_is_answered_in_every_spelling(host: bytes) -> None:
    async with served() as port:
        answer = await ask(port, get("/", host=b"Host: " + host + b"\r\n"))

    assert answer.status == 200


@pytest.mark.attack("NET-30")
@pytest.mark.parametrize(
    ("host", "status"),
    [
        (b"Host: evil.example\r\n", 421),
        (b"Host: groups.example.evil.example\r\n", 421),
        (b"Host: evilgroups.example\r\n", 421),
        (b"Host: groups.example:8443\r\n", 421),
        (b"Host: groups.example/\r\n", 421),
        (b"Host: groups.example?x\r\n", 421),
        (b"Host: groups.example#x\r\n", 421),
        (b"Host: evil@groups.example\r\n", 421),
        (b"Host: groups.example.\r\n", 421),
        (b"Host: groups.example, evil.example\r\n", 421),
        (b"Host: \r\n", 421),
        (b"Host: gr\xc3\xb6ups.example\r\n", 421),
        (b"", 400),
        (b"Host: groups.example\r\nHost: evil.example\r\n", 400),
        (b"Host: evil.example\r\nHost: groups.example\r\n", 400),
        (b"Host: groups.example\r\nHost: groups.example\r\n", 400),
    ],
)
async def test_no_other_host_is_answered(host: bytes, status: int) -> None:
    async with served() as port:
        answer = await ask(port, get("/", host=host))

    assert answer.status == status
    assert set(answer.json) == {"error"}
    assert b"evil" not in answer.body


@pytest.mark.attack("NET-30")
@pytest.mark.parametrize(
    "target",
    [
        b"http://evil.example/",
        b"https://groups.example/",
        b"//evil.example/",
        b"*",
        b"evil.example:443",
        b"/#fragment",
        b"/a#b?c",
        b"?x",
        b"/a\x01b",
        b"/a\x7fb",
        b"/a?b=\x80",
        b"/\xc3\xa4",
        b"/a?\xc3\xa4",
        b"/a\\..\\b\xff",
    ],
)
async def test_a_target_that_is_no_plain_path_is_refused(target: bytes) -> None:
    async with served() as port:
        answer = await ask(port, b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")

    assert answer.status == 400


@pytest.mark.attack("NET-30")
@pytest.mark.parametrize(
    "path", ["/a%00b", "/a%0d%0aSet-Cookie:x", "/a%7f", "/%ff%fe", "/static/../secret", "/static/%2e%2e", "/a/..%2f.."]
)
async def test_a_path_that_decodes_to_something_else_is_refused(path: str) -> None:
    async with served() as port:
        answer = await ask(port, get(path))

    assert answer.status == 400


async def test_paths_of_other_alphabets_are_let_through() -> None:
    async with served() as port:
        answer = await ask(port, get("/tags/%E6%97%A5%E6%9C%AC..x"))

    assert answer.json["path"] == "/tags/日本..x"


@pytest.mark.attack("NET-30")
async def test_connect_is_refused() -> None:
    async with served() as port:
        answer = await ask(port, b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n")

    assert answer.status == 400


async def test_monitors_on_this_machine_may_ask_by_address() -> None:
    async with served() as port:
        for path in ("/livez", "/readyz"):
            for name in (f"127.0.0.1:{port}", f"localhost:{port}"):
                assert (await ask(port, get(path, host=f"Host: {name}\r\n".encode()))).status == 200
        elsewhere = await ask(port, get("/", host=f"Host: 127.0.0.1:{port}\r\n".encode()))
        stranger = await ask(port, get("/livez", host=b"Host: evil.example\r\n"))

    assert elsewhere.status == stranger.status == 421


async def test_a_browser_under_another_name_is_told_the_right_one() -> None:
    async with served() as port:
        answer = await ask(port, get("/", b"Accept: text/html,*/*;q=0.8", host=b"Host: localhost\r\n"))

    assert answer.status == 421
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert b'href="https://groups.example"' in answer.body


FORWARDED = (
    b"X-Forwarded-For: 203.0.113.9",
    b"X-Forwarded-Host: evil.example",
    b"X-Forwarded-Proto: gopher",
    b"X-Forwarded-Prefix: /evil",
    b"X-Original-URL: /admin",
    b"X-Real-IP: 203.0.113.9",
    b"Forwarded: for=203.0.113.9;host=evil.example;proto=http",
)


async def test_who_forgets_the_host_field_at_their_proxy_is_told_once_what_to_do(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with served() as port:
        for name in ("evil.example", f"127.0.0.1:{port}", f"127.0.0.1:{port}"):
            await ask(port, get("/", host=f"Host: {name}\r\n".encode()))

    (told,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert vars(told)["host"] == f"127.0.0.1:{port}"
    assert "https://groups.example" in vars(told)["fix"] and "proxy" in vars(told)["fix"]


@pytest.mark.attack("SIG-29")
async def test_what_a_stranger_says_about_forwarding_changes_nothing() -> None:
    async with served(guarded(trusted=())) as port:
        plain = (await ask(port, get("/"))).json
        claimed = (await ask(port, get("/", *FORWARDED))).json

    assert claimed["client"][0] == plain["client"][0] == "127.0.0.1"
    assert claimed["scheme"] == "https"
    assert claimed["headers"] == plain["headers"]


@pytest.mark.attack("SIG-29")
async def test_our_own_proxy_is_believed_about_the_client_and_nothing_else() -> None:
    async with served(guarded(trusted=LOCAL)) as port:
        plain = (await ask(port, get("/"))).json
        seen = (await ask(port, get("/", *FORWARDED))).json

    assert seen["client"][0] == "203.0.113.9"
    assert seen["scheme"] == "https"
    assert seen["headers"] == plain["headers"]


@pytest.mark.attack("SIG-29")
@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ([b"198.51.100.1, 203.0.113.9"], "203.0.113.9"),  # the first is what the client wrote itself
        ([b"198.51.100.1, 203.0.113.9, 127.0.0.2"], "203.0.113.9"),
        ([b"198.51.100.1", b"203.0.113.9"], "203.0.113.9"),
        ([b"203.0.113.9:4711"], "203.0.113.9"),
        ([b"[2001:db8::1]:4711"], "2001:db8::1"),
        ([b"2001:DB8:0::1"], "2001:db8::1"),
        ([b"::ffff:203.0.113.9"], "203.0.113.9"),
        ([b"unknown"], "127.0.0.1"),
        ([b"203.0.113.9, unknown"], "127.0.0.1"),
        ([b"203.0.113.9, evil\xff"], "127.0.0.1"),
        ([b""], "127.0.0.1"),
        ([b"203.0.113.9," + b"127.0.0.2," * 50 + b"127.0.0.3"], "127.0.0.2"),
    ],
)
async def test_the_last_address_our_proxies_did_not_write_is_the_client(forwarded: list[bytes], client: str) -> None:
    async with served(guarded(trusted=LOCAL)) as port:
        seen = (await ask(port, get("/", *(b"X-Forwarded-For: " + value for value in forwarded)))).json

    assert seen["client"][0] == client


@pytest.mark.attack("SIG-34")
@pytest.mark.parametrize(
    "field",
    [
        b"Date: a\rb",
        b"Date: a\nb",
        b"Date: a\x00b",
        b"Da\x00te: a",
        b"Date: a\r\n folded",
        b"Da te: a",
        b"Date : a",
        b": a",
        b"Date\r: a",
        b"Date: a\x08",
    ],
)
async def test_a_field_with_a_control_character_is_refused(field: bytes) -> None:
    async with served() as port:
        answer = await ask(port, get("/", field))

    assert answer.status == 400


async def test_the_page_of_the_application_is_not_named_by_the_server() -> None:
    async with served() as port:
        answer = await ask(port, get("/"))

    assert "server" not in answer.headers
    assert "date" in answer.headers


@pytest.mark.attack("ADM-16")
async def test_a_fault_shows_nothing_of_the_inside() -> None:
    async with served() as port:
        answer = await ask(port, get("/broken"))

    assert answer.status == 500
    assert b"secret" not in answer.body and b"Traceback" not in answer.body


async def test_fields_that_stand_once_only_are_refused_twice() -> None:
    async with served() as port:
        answer = await ask(port, get("/", b"Authorization: Bearer a", b"Authorization: Bearer b"))
        harmless = await ask(port, get("/", b"Accept: a/b", b"Accept: c/d"))

    assert answer.status == 400
    assert harmless.status == 200


async def test_several_requests_on_one_connection_are_answered_in_order() -> None:
    whole = b"".join(b"GET /%d HTTP/1.1\r\n" % number + HOST + b"\r\n" for number in range(5))
    async with served() as port:
        answers = await send(port, whole + post("/last", b"abc"))

    assert [answer.json["path"] for answer in answers] == ["/0", "/1", "/2", "/3", "/4", "/last"]
    assert answers[-1].json["body"] == 3
