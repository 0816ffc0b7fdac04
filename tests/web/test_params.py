"""Parameters in every form that clients send them."""

import json
import time
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from starlette.requests import Request

from web import params
from web.errors import Refusal

pytestmark = pytest.mark.anyio


class Poll(msgspec.Struct, frozen=True):
    """A struct inside."""

    options: list[str] = []
    expires_in: int = 0
    multiple: bool = False


class Wish(msgspec.Struct, frozen=True):
    """A struct with everything."""

    status: str = ""
    sensitive: bool | None = None
    limit: int | None = None
    id: list[str] = []
    poll: Poll | None = None


class Needed(msgspec.Struct, frozen=True):
    """A struct with a field that must be there."""

    name: str


FORM = "application/x-www-form-urlencoded"


def request(body: bytes = b"", kind: str = "", query: str = "", method: str = "POST") -> Request:
    """A request as the server hands it on."""
    headers = [(b"content-type", kind.encode())] if kind else []
    scope = {"type": "http", "method": method, "path": "/", "query_string": query.encode(), "headers": headers}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(scope, receive)


FULL = Wish(status="Hi & bye", sensitive=True, limit=5, id=["1", "2"], poll=Poll(["a", "b"], 300, True))
PAIRS = [
    ("status", "Hi & bye"), ("sensitive", "True"), ("limit", "5"), ("id[]", "1"), ("id[]", "2"),
    ("poll[options][]", "a"), ("poll[options][]", "b"), ("poll[expires_in]", "300"), ("poll[multiple]", "1"),
]  # fmt: skip
DOCUMENT = {
    "status": "Hi & bye", "sensitive": True, "limit": 5, "id": ["1", 2],
    "poll": {"options": ["a", "b"], "expires_in": "300", "multiple": True}, "role": "admin",
}  # fmt: skip


def multipart(pairs: list[tuple[str, str]]) -> bytes:
    """The pairs as parts."""
    parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in pairs]
    return ("".join(parts) + "--x--\r\n").encode()


@pytest.mark.parametrize(
    "given",
    [
        request(urlencode(PAIRS).encode(), FORM),
        request(urlencode(PAIRS).encode()),
        request(urlencode(PAIRS).encode(), "text/plain"),
        request(query=urlencode(PAIRS)),
        request(query=urlencode(PAIRS), kind="application/json"),
        request(query=urlencode(PAIRS), method="GET"),
        request(json.dumps(DOCUMENT).encode(), "application/json; charset=utf-8"),
        request(json.dumps(DOCUMENT).encode(), "text/plain"),
        request(json.dumps(DOCUMENT).encode()),
        request(multipart(PAIRS), "multipart/form-data; boundary=x"),
        request(json.dumps({"id[]": ["1", "2"]} | {k: v for k, v in DOCUMENT.items() if k != "id"}).encode()),
    ],
)
async def test_every_form_of_a_request_says_the_same(given: Request) -> None:
    assert await params.read(given, Wish) == FULL


async def test_an_array_may_be_bare_repeated_or_numbered() -> None:
    assert (await params.read(request(b"id=1", FORM), Wish)).id == ["1"]
    assert (await params.read(request(b"id=1&id=2", FORM), Wish)).id == ["1", "2"]
    assert (await params.read(request(b"id[1]=b&id[0]=a", FORM), Wish)).id == ["a", "b"]
    assert (await params.read(request(b'{"id": "7"}', "application/json"), Wish)).id == ["7"]


@pytest.mark.parametrize(
    "body", [b"", b" ", b"{}", b"status", b"sensitive=&limit=&id[]", b'{"limit": null, "poll": null}']
)
async def test_what_says_nothing_leaves_the_defaults(body: bytes) -> None:
    assert msgspec.structs.replace(await params.read(request(body), Wish), id=[]) == Wish()


async def test_the_body_wins_over_the_query() -> None:
    assert (await params.read(request(b"status=body", FORM, "status=query&limit=3"), Wish)) == Wish("body", limit=3)


async def test_parts_of_several_things_stay_apart() -> None:
    found = await params.merged(request(b"m[][id]=1&m[][text]=a&m[][id]=2&m[][text]=b", FORM))

    assert found == {"m": {"0": {"id": "1", "text": "a"}, "1": {"id": "2", "text": "b"}}}


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        (b'{"limit": "many"}', 422, "limit"),
        (b'{"limit": 99999999999999999999}', 422, "limit"),
        (b'{"limit": 1.5}', 422, "limit"),
        (b'{"sensitive": "maybe"}', 422, "sensitive"),
        (b'{"status": {"a": 1}}', 422, "status"),
        (b'{"poll": "yes"}', 422, "poll"),
        (b'{"poll": {"expires_in": "soon"}}', 422, "poll[expires_in]"),
        (b'{"status": "a\\u0000b"}', 422, "status"),
        (b"status=a%00b", 422, "status"),
        (b"[1]", 422, "object"),
        (b'{"status": ', 400, "JSON"),
        (b'{"status": "\\ud800 x"}', 400, "JSON"),
        (b"{" + b'"a":{' * 5000 + b"}" * 5001, 400, "JSON"),
        (b'{"a": NaN}', 400, "JSON"),
        (b"&".join(b"a=1" for _ in range(1001)), 422, "parameters"),
        (b"x" * 1_048_577, 413, "bytes"),
    ],
)
async def test_what_cannot_be_read_is_refused_with_a_sentence(body: bytes, status: int, word: str) -> None:
    with pytest.raises(Refusal, match=word.replace("[", r"\[")) as refused:
        await params.read(request(body), Wish)

    assert refused.value.status == status


def parts(*disposition: str, of: str = "x") -> bytes:
    """Parts with these lines after `Content-Disposition: form-data`."""
    return "".join(f"--x\r\nContent-Disposition: form-data{each}\r\n\r\n{of}\r\n" for each in disposition).encode()


@pytest.mark.attack("NET-29")
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"abc"),
        ("multipart/form-data; boundary=", b"abc"),
        ("multipart/form-data; boundary=x", b"abc"),
        ("multipart/form-data; boundary=x", b"--x\r\nno colon\r\n\r\n"),
        ("multipart/form-data; boundary=x", parts("")),
        ("multipart/form-data; boundary=x", parts(*['; name="a"'] * 20_000)),
        ("multipart/form-data; boundary=x", parts(*['; name="a"; filename="b"'] * 15_000)),
        ("multipart/form-data; boundary=x", b"--x\r\nX: " + b"a" * 1_000_000),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"a" * 1_000_000),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"X: y\r\n" * 150_000),
        ("multipart/form-data; boundary=x", parts('; name="a"', of="a" * 1_048_577)),
        ("multipart/form-data; boundary=" + "x" * 5000, parts('; name="a"')),
    ],
)
async def test_parts_that_are_too_many_too_long_or_none_are_refused_at_once(kind: str, body: bytes) -> None:
    began = time.monotonic()

    with pytest.raises(Refusal) as refused:
        await params.read(request(body, kind), Wish)

    assert refused.value.status == 400
    assert time.monotonic() - began < 0.5


@pytest.mark.attack("NET-29")
async def test_a_form_without_its_end_is_read_as_far_as_it_goes_or_refused() -> None:
    kind = "multipart/form-data; boundary=x"
    whole = multipart([("status", "a"), ("limit", "3")])

    for end in range(len(whole)):
        try:
            found = await params.read(request(whole[:end], kind), Wish)
        except Refusal as refusal:
            assert refusal.status == 400
        else:
            assert found.status in ("", "a") and found.limit in (None, 3)


@pytest.mark.attack("NET-23", "NET-29")
@pytest.mark.parametrize("charset", ["punycode", '"punycode"', " PUNYCODE ", "unicode_escape", "utf-16", "zlib"])
@pytest.mark.parametrize("parameter", ["charset", "charset*", "Charset "])
async def test_a_form_in_a_charset_that_takes_long_to_read_is_refused(charset: str, parameter: str) -> None:
    slow = parts('; name="status"', of="a" * 200_000 + "-" + "b" * 200_000) + b"--x--\r\n"
    began = time.monotonic()

    for kind in (f"multipart/form-data; boundary=x; {parameter}={charset}",
                 f"multipart/form-data; {parameter}={charset}; boundary=x"):  # fmt: skip
        with pytest.raises(Refusal, match="UTF-8"):
            await params.read(request(slow, kind), Wish)

    assert time.monotonic() - began < 0.5


@pytest.mark.attack("NET-23", "NET-29")
@pytest.mark.parametrize("piece", ["charset", "charset=", "; charset*", "boundary=", ' "', "; a="])
async def test_a_content_type_that_takes_long_to_read_is_refused(piece: str) -> None:
    kind = f"multipart/form-data; boundary=x; {piece * (32_000 // len(piece))}"
    took = []

    for _attempt in range(3):  # another process may have the core for a moment
        began = time.process_time()
        with pytest.raises(Refusal) as refused:
            await params.read(request(parts('; name="status"'), kind), Wish)
        took.append(time.process_time() - began)

    assert refused.value.status == 400
    assert min(took) < 0.05


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8"])
async def test_a_form_may_say_that_it_is_utf8(charset: str) -> None:
    given = request(multipart([("status", "für")]), f"multipart/form-data; charset={charset}; boundary=x")

    assert (await params.read(given, Wish)).status == "für"


async def test_what_must_be_there_is_named() -> None:
    with pytest.raises(Refusal, match="name"):
        await params.read(request(), Needed)


@pytest.mark.attack("OAU-15")
async def test_what_nobody_asked_for_is_ignored() -> None:
    assert await params.read(request(b"status=a&role=admin&account_id=1&__struct_fields__=x", FORM), Wish) == Wish("a")


@pytest.mark.parametrize(("text", "number"), [("12", 12), ("x", 0), ("１２", 0), ("-1", 0), ("9" * 19, 0), ("", 0)])
def test_an_id_in_a_path_is_a_number_or_nothing(text: str, number: int) -> None:
    given = request()
    given.scope["path_params"] = {"id": text}

    assert params.number(given) == number
