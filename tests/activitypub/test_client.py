"""Documents of peers: which are believed to be what was asked for, and what the other answers mean."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from activitypub import keys, verify
from activitypub.client import ACTIVITY, Allowance, Client, Exhausted, Sign, failure, is_activity_json, signed
from activitypub.errors import Forbidden, Gone, Malformed, NotFound, Unreachable
from activitypub.transport import GuardedTransport, Policy, Refused
from tests.netns.certificates import Authority
from tests.netns.listening import answer, listening
from tests.netns.world import NOW, World, existing, note

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with existing() as made:
        yield made


async def test_a_document_is_what_its_home_serves(world: World) -> None:
    world.put("http://a.test/1", note("http://a.test/1"))

    found = await world.client.get_document("http://a.test/1#fragment")

    assert (found.raw["type"], found.url) == ("Note", "http://a.test/1")
    (asked,) = world.asked
    assert asked.header("user-agent") == "fedcomm-test"
    assert asked.header("accept") == (
        'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
    )
    assert asked.header("signature") is None


@pytest.mark.attack("NET-15")
async def test_nothing_that_a_document_names_is_fetched(world: World) -> None:
    world.put(
        "http://a.test/1",
        {"@context": ["http://b.test/context", {"@import": "http://b.test/more"}], **note("http://a.test/1")},
    )

    await world.client.get_document("http://a.test/1")

    assert len(world.asked) == 1


@pytest.mark.attack("ORI-07")
@pytest.mark.parametrize(
    "content_type",
    [
        "application/activity+json",
        "Application/Activity+JSON; charset=utf-8",
        'application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
        "application/ld+json;profile=https://www.w3.org/ns/activitystreams",
        'application/ld+json; charset="utf-8"; profile="https://example.org/x https://www.w3.org/ns/activitystreams"',
    ],
)
def test_documents_of_activitypub_have_their_content_type(content_type: str) -> None:
    assert is_activity_json([content_type])


@pytest.mark.attack("ORI-07")
@pytest.mark.parametrize(
    "content_types",
    [
        [],
        [""],
        ["text/html"],
        ["text/plain; charset=utf-8"],
        ["application/json"],
        ["application/octet-stream"],
        ["application/ld+json"],
        ['application/ld+json; profile="https://www.w3.org/ns/activitystreams.evil"'],
        ['application/ld+json; x="profile=https://www.w3.org/ns/activitystreams"'],
        ["text/plain; application/activity+json"],
        ["application/activity+jsonx"],
        ["image/png", "application/activity+json"],
    ],
)
def test_other_content_types_are_not_believed(content_types: list[str]) -> None:
    assert not is_activity_json(content_types)


@pytest.mark.attack("ORI-07")
@pytest.mark.parametrize("content_type", ["text/html", "application/json", "application/ld+json", "image/png"])
async def test_an_upload_that_looks_like_a_document_is_refused(world: World, content_type: str) -> None:
    world.put("http://a.test/media/1.json", note("http://a.test/media/1.json"), content_type)

    with pytest.raises(Malformed, match="no ActivityPub"):
        await world.client.get_document("http://a.test/media/1.json")


@pytest.mark.attack("ORI-05")
async def test_a_document_found_elsewhere_on_its_origin_is_asked_for_at_its_id(world: World) -> None:
    world.put("http://a.test/@ann/1", note("http://a.test/notes/1", content="from the page"))
    world.put("http://a.test/notes/1", note("http://a.test/notes/1", content="from its id"))

    found = await world.client.get_document("http://a.test/@ann/1")

    assert (found.raw["content"], found.url) == ("from its id", "http://a.test/notes/1")


@pytest.mark.attack("ORI-05")
async def test_a_document_that_is_not_at_its_id_either_is_refused(world: World) -> None:
    world.put("http://a.test/1", note("http://a.test/2"))
    world.put("http://a.test/2", note("http://a.test/3"))
    world.put("http://a.test/3", note("http://a.test/3"))

    with pytest.raises(Forbidden):
        await world.client.get_document("http://a.test/1")
    assert len(world.asked) == 2


@pytest.mark.attack("ORI-05")
async def test_a_document_with_an_id_of_another_origin_is_refused(world: World) -> None:
    world.put("http://a.test/1", note("http://b.test/1"))
    world.put("http://b.test/1", note("http://b.test/1"))

    with pytest.raises(Forbidden):
        await world.client.get_document("http://a.test/1")
    assert len(world.asked) == 1


@pytest.mark.attack("ORI-06")
async def test_an_open_redirect_does_not_lend_its_name(world: World) -> None:
    world.move("http://a.test/out?to=b", "http://b.test/forged")
    world.put("http://b.test/forged", note("http://a.test/out?to=b"))

    with pytest.raises(Forbidden):
        await world.client.get_document("http://a.test/out?to=b")


@pytest.mark.attack("ORI-06")
async def test_what_a_redirect_leads_to_has_its_own_name(world: World) -> None:
    world.move("http://a.test/1", "http://b.test/1")
    world.put("http://b.test/1", note("http://b.test/1"))

    assert (await world.client.get_document("http://a.test/1")).url == "http://b.test/1"


@pytest.mark.attack("NET-05")
async def test_three_redirects_are_followed_and_a_fourth_is_not(world: World) -> None:
    world.move("http://a.test/0", "http://a.test/1", 301)
    world.move("http://a.test/1", "2", 303)
    world.move("http://a.test/2", "//a.test/3", 307)
    world.move("http://a.test/3", "/4", 308)
    world.put("http://a.test/3x", note("http://a.test/3x"))
    world.put("http://a.test/4", note("http://a.test/4"))

    assert (await world.client.get_document("http://a.test/1")).url == "http://a.test/4"
    with pytest.raises(Malformed, match="3 redirects"):
        await world.client.get_document("http://a.test/0")


@pytest.mark.attack("NET-05")
@pytest.mark.parametrize(
    "target", ["http://a.test/1", "", "#x", "http://own.test/", "http://127.0.0.1/", "data:,x", "http://u:p@a.test/2"]
)
async def test_redirects_in_circles_and_to_forbidden_places_end_at_once(world: World, target: str) -> None:
    world.move("http://a.test/1", target)

    with pytest.raises((Malformed, Refused)):
        await world.client.get_document("http://a.test/1")
    assert len(world.asked) == 1


@pytest.mark.attack("NET-05")
async def test_a_redirect_without_or_with_two_targets_leads_nowhere(world: World) -> None:
    world.pages["a.test", "/1"] = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"
    world.pages["a.test", "/2"] = b"HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"

    for url in ("http://a.test/1", "http://a.test/2"):
        with pytest.raises(Malformed):
            await world.client.get_document(url)


@pytest.mark.attack("NET-05")
async def test_a_redirect_from_https_to_http_is_not_followed(world: World, tmp_path) -> None:
    authority = Authority(tmp_path)
    async with listening(answer(302, Location="http://a.test/1"), tls=authority.serves("secure.test")) as secure:
        policy = Policy(
            test_hosts={**world.policy.test_hosts, "secure.test": ("127.0.0.1", secure.port)},
            allow_http=True,
            extra_ca_file=str(authority.file),
        )
        with pytest.raises(Refused, match="https to http"):
            await Client(GuardedTransport(policy), "test", policy).get_document("https://secure.test/1")

    assert (len(secure.asked), len(world.asked)) == (1, 0)


@pytest.mark.parametrize("url", ["http://blocked.test/1", "http://own.test/1"])
async def test_blocked_servers_and_this_one_are_not_asked(world: World, url: str) -> None:
    with pytest.raises(Refused):
        await world.client.get_document(url)
    with pytest.raises(Refused):
        await world.client.post(url, b"{}", {})


@pytest.mark.attack("NET-06")
@pytest.mark.parametrize("url", [None, 7, b"http://a.test/1", {"href": "http://a.test/1"}, ["http://a.test/1"]])
async def test_a_url_is_a_string(world: World, url: Any) -> None:
    with pytest.raises(Malformed):
        await world.client.get_document(url)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, NotFound), (410, Gone), (401, Forbidden), (403, Forbidden), (400, Malformed), (406, Malformed),
        (451, Malformed), (304, Malformed), (408, Unreachable), (425, Unreachable), (429, Unreachable),
        (500, Unreachable), (502, Unreachable), (503, Unreachable), (521, Unreachable),
    ],
)  # fmt: skip
async def test_what_a_status_means(world: World, status: int, error: type[Exception]) -> None:
    world.put("http://a.test/1", {}, "text/html", status)

    with pytest.raises(error):
        await world.client.get_document("http://a.test/1")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None), ("120", 120), (" 5 ", 5), ("0", 0), ("999999999999999", 6 * 3600), ("soon", None), ("-5", None),
        ("1.5", None), ("٣", None), ("Fri, 15 Jan 2027 08:02:00 GMT", 120), ("Fri, 15 Jan 2027 07:00:00 GMT", 0),
        ("Fri, 15 Jan 2038 08:00:00 GMT", 6 * 3600), ("Fri, 99 Jan 2027 08:00:00 GMT", None), ("", None),
    ],
)  # fmt: skip
def test_a_peer_may_say_how_long_to_wait(header: str | None, seconds: float | None) -> None:
    error = failure(503, header, NOW)

    assert isinstance(error, Unreachable)
    assert error.retry_after == seconds


async def test_a_tombstone_is_gone(world: World) -> None:
    world.put("http://a.test/1", {"id": "http://a.test/1", "type": "Tombstone"})

    with pytest.raises(Gone):
        await world.client.get_document("http://a.test/1")


async def test_a_document_has_to_be_one_object_in_json(world: World) -> None:
    for body in (b"<html>", b"[]", b'{"id": "http://a.test/1", "id": "http://a.test/1"}', b""):
        world.pages["a.test", "/1"] = answer(200, body, Content_Type=ACTIVITY)
        with pytest.raises(Malformed):
            await world.client.get_document("http://a.test/1")


@pytest.mark.parametrize("content_type", ["application/json", "application/jrd+json; charset=utf-8"])
async def test_plain_json_is_read_where_it_is_asked_for(world: World, content_type: str) -> None:
    world.put("http://a.test/.well-known/webfinger?resource=x", {"subject": "x"}, content_type)

    found = await world.client.get_json("http://a.test/.well-known/webfinger?resource=x", "application/jrd+json")

    assert found == {"subject": "x"}
    assert world.asked[0].header("accept") == "application/jrd+json"


async def test_a_page_is_no_json(world: World) -> None:
    world.put("http://a.test/nodeinfo", {}, "text/html")

    with pytest.raises(Malformed):
        await world.client.get_json("http://a.test/nodeinfo", "application/json")


async def test_a_post_says_what_the_peer_said_and_follows_nothing(world: World) -> None:
    world.pages["a.test", "/inbox"] = answer(307, b"x" * 100_000, Location="http://a.test/other", X_Y="z")

    said = await world.client.post(
        "http://a.test/inbox", b'{"type":"Follow"}', {"Content-Type": ACTIVITY, "Signature": "s"}
    )

    assert (said.status, said.headers["x-y"], len(said.body)) == (307, "z", 65_536)
    (asked,) = world.asked
    assert (asked.method, asked.body, asked.header("content-type"), asked.header("signature")) == (
        "POST", b'{"type":"Follow"}', ACTIVITY, "s",
    )  # fmt: skip
    assert asked.header("user-agent") == "fedcomm-test"


def recording(order: list[Mapping[str, str] | None]) -> tuple[Sign, list[tuple[str, int]]]:
    calls: list[tuple[str, int]] = []

    def sign(url: str, attempt: int) -> Mapping[str, str] | None:
        calls.append((url, attempt))
        return order[attempt] if attempt < len(order) else None

    return sign, calls


async def test_the_next_signature_is_tried_when_the_peer_says_no(world: World) -> None:
    sign, calls = recording([{"signature": "first"}, {"signature": "second"}])
    right = answer(200, json.dumps(note("http://a.test/1")).encode(), Content_Type=ACTIVITY)
    world.pages["a.test", "/1"] = lambda asked: right if asked.header("signature") == "second" else answer(401)

    await world.client.get_document("http://a.test/1", sign)

    assert calls == [("http://a.test/1", 0), ("http://a.test/1", 1)]


async def test_who_signs_hears_at_which_attempt_a_peer_gave_what_was_asked_for(world: World) -> None:
    sign, _ = recording([{"signature": "first"}, {"signature": "second"}])
    right = answer(200, json.dumps(note("http://a.test/1")).encode(), Content_Type=ACTIVITY)
    world.pages["a.test", "/1"] = lambda asked: right if asked.header("signature") == "second" else answer(401)
    world.put("http://a.test/2", note("http://a.test/2"))
    world.pages["a.test", "/3"] = answer(403)
    taken: list[tuple[str, int]] = []
    client = Client(
        world.transport, "test", world.policy, sign=sign, took=lambda url, attempt: taken.append((url, attempt))
    )

    for number in (1, 2):
        await client.get_document(f"http://a.test/{number}")
    with pytest.raises(Forbidden):
        await client.get_document("http://a.test/3")
    with pytest.raises(NotFound):
        await client.get_document("http://a.test/4")
    await client.get_document("http://a.test/2", lambda _url, attempt: {} if attempt == 0 else None)

    assert taken == [("http://a.test/1", 1), ("http://a.test/2", 0)]


async def test_a_peer_that_keeps_saying_no_is_asked_three_times_at_most(world: World) -> None:
    sign, _ = recording([{"signature": "x"}] * 9)
    world.pages["a.test", "/1"] = answer(403)

    with pytest.raises(Forbidden):
        await world.client.get_document("http://a.test/1", sign)
    assert len(world.asked) == 3


@pytest.mark.attack("NET-08")
async def test_a_signature_goes_to_no_other_host_and_is_made_anew_for_each_url(world: World) -> None:
    sign, calls = recording([{"signature": "x", "authorization": "y"}])
    world.move("http://a.test/1", "http://a.test/2")
    world.move("http://a.test/2", "http://b.test/3")
    world.put("http://b.test/3", note("http://b.test/3"))

    await world.client.get_document("http://a.test/1", sign)

    assert [(asked.header("signature"), asked.header("authorization")) for asked in world.asked] == [
        ("x", "y"), ("x", "y"), (None, None),
    ]  # fmt: skip
    assert calls == [("http://a.test/1", 0), ("http://a.test/2", 0)]


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
async def test_a_signed_request_is_understood_by_who_verifies_it(world: World, scheme: Any) -> None:
    key = keys.make_ed25519() if scheme == "rfc9421" else keys.make_rsa()
    world.put("http://a.test/1?page=2", note("http://a.test/1?page=2"))
    client = Client(
        world.transport, "test", world.policy, sign=signed(key, "http://b.test/actor#key", lambda: NOW, [scheme])
    )

    await client.get_document("http://a.test/1?page=2")

    (asked,) = world.asked
    headers = [(name.encode(), value.encode()) for name, value in asked.headers]
    request = verify.Request(method=asked.method, target=asked.target, headers=headers, body=b"")
    claim = verify.claim(request, host="a.test", now=NOW, scheme="http")
    kept = verify.KnownKey("http://b.test/actor#key", "http://b.test/actor", key.public)
    assert verify.known(claim, {kept.key_id: kept}.get) == verify.Signer(kept.owner, kept.key_id, scheme)


@pytest.mark.attack("NET-19", "NET-17")
async def test_one_occasion_causes_no_more_requests_than_allowed(world: World) -> None:
    for number in range(30):
        world.move(f"http://a.test/{number}", f"http://b.test/{number}")
        world.put(f"http://b.test/{number}", note(f"http://b.test/{number}"))
    allowance = Allowance(requests=7)

    with pytest.raises(Exhausted):
        for number in range(30):
            await world.client.get_document(f"http://a.test/{number}", allowance=allowance)

    assert len(world.asked) == 7


@pytest.mark.attack("NET-17")
async def test_sub_domains_share_the_allowance_of_their_domain(world: World) -> None:
    for number in range(30):
        world.put(f"http://{number}.c.test/", note(f"http://{number}.c.test/"))
    allowance = Allowance(requests=20, per_domain=5)

    with pytest.raises(Exhausted):
        for number in range(30):
            await world.client.get_document(f"http://{number}.c.test/", allowance=allowance)

    assert (len(world.asked), allowance.left) == (5, 15)
