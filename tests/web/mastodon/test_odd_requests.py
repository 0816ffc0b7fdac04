"""Whatever is sent to whichever address, the answer is JSON with a sentence, and nobody's fault is ours."""

from itertools import product
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from storage.actors import Actor
from storage.connect import rows
from tests import build
from tests.web.mastodon.member import Member
from tests.web.mastodon.scopes import CLOSED, OPEN

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]

STREAMS = "GET /api/v1/streaming"  # these do not end (test_streaming.py)
ROUTES = [r for r in (*OPEN, *CLOSED) if r != "POST /api/v1/apps" and not r.startswith(STREAMS)]
# every name that some address reads; apart, since one wrong number ends the reading
NUMBERS = ("limit", "offset", "sensitive", "resolve", "following", "reblogs", "notify", "agreement", "local", "pinned")
TEXTS = (
    "id", "ids", "acct", "q", "type", "max_id", "min_id", "since_id", "tagged", "any", "all", "none", "types",
    "exclude_types", "account_id", "timeline", "status", "in_reply_to_id", "spoiler_text", "language", "username",
    "email", "password", "reason",
)  # fmt: skip
PARTS = ("home", "notifications", "poll", "visibility", "media_ids", "scheduled_at")
ODD: tuple[Any, ...] = (
    "", " ", "x", "-1", "0", "1.5", "9" * 18, "9" * 30, "\u202e\u0000", "😀", "%00", "'; DROP TABLE post;--",
    "\\", "a" * 600, None, True, 0, -1, 1e300, [], [[]], [None], ["x", {"a": 1}], {}, {"a": {"b": {"c": {"d": 1}}}},
    {"last_read_id": {"a": 1}}, {"options": ["a", "b"], "expires_in": -5}, {"options": [{}], "expires_in": "x"},
    {"options": ["a", "a"], "expires_in": 10**12},
)  # fmt: skip
BODIES: tuple[tuple[str, bytes], ...] = (
    ("application/json", b""), ("application/json", b"{"), ("application/json", b"[]"), ("application/json", b"null"),
    ("application/json", b'"x"'), ("application/json", b"\xff\xfe"), ("application/json", b'{"a": 1e999}'),
    ("application/json", b"[" * 5000), ("multipart/form-data", b"x"),
    ("multipart/form-data; boundary=x", b"--x\r\n\r\n"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n\xff\r\n--x--\r\n'),
    ("application/x-www-form-urlencoded", b"a[b][c][d][e][f]=1&[]=2&=3&%ff=%ff&a=1&a[]=2&a[x]=3"),
    ("text/html; charset=nonsense", b"status=%ZZ"), ("\xff/\xff", b"x"),
)  # fmt: skip


def fine(answer: httpx.Response) -> bool:
    """Whether the answer is one: no fault of ours, and JSON."""
    return answer.status_code < 500 and answer.json() is not None


def address(route: str, known: str) -> tuple[str, str]:
    """The method and a path about something that exists."""
    method, _, pattern = route.partition(" ")
    for name in ("{id}", "{name}", "{hashtag}"):
        pattern = pattern.replace(name, known)
    return method, pattern


@pytest.fixture
async def subjects(alice: Member, bob: Member, gardening: Actor) -> list[str]:
    """Ids of a post, of a person and of a group."""
    await alice.do(f"accounts/{gardening.id}/follow")
    post = await build.post(bob.actor, "Hello", tags=["x"])
    return [str(post.id), bob.id, str(gardening.id)]


async def test_no_value_of_any_parameter_is_a_fault_of_ours(alice: Member, subjects: list[str], dialect: str) -> None:
    for (number, route), (at, value) in product(enumerate(ROUTES), enumerate(ODD)):
        if dialect == "postgres" and (number * 5 + at * 7) % 4:  # what is read before a database is asked is the same
            continue
        names = (NUMBERS, TEXTS, PARTS)[(number + at) % 3]
        method, path = address(route, subjects[at // 3 % 3])

        if method == "GET":
            text = "" if value is None else str(value)
            answer = await alice.ask("GET", f"{path}?{urlencode([(name + '[]' * (at % 2), text) for name in names])}")
        else:
            wish = {"status": "x"} | dict.fromkeys(names, value)
            answer = await alice.ask(method, path, json=wish)

        assert fine(answer), (route, value, names, answer.text)


@pytest.mark.parametrize("dialect", ["sqlite"])
async def test_no_body_is_a_fault_of_ours(alice: Member, subjects: list[str]) -> None:
    for route, (kind, body) in product(ROUTES, BODIES):
        method, path = address(route, subjects[0])

        answer = await alice.ask(method, path, {"content-type": kind.encode("latin-1")}, content=body)  # type: ignore[dict-item]

        assert fine(answer), (route, kind, body, answer.text)


@pytest.mark.parametrize("dialect", ["sqlite"])
async def test_no_path_is_a_fault_of_ours(alice: Member) -> None:
    odd = ("%00", "%ff", "..", "%2e%2e", "%2f", "-1", "9" * 30, "%F0%9F%98%80", "a" * 3000, "%0a", "'", "{id}", "1;2")
    for route, known in product(ROUTES, odd):
        if "{" in route:
            method, path = address(route, known)
            assert fine(await alice.ask(method, f"{build.BASE}{path}")), (route, known)
    assert await rows("SELECT 1 FROM post", ()) == []
