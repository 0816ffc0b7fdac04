"""From here to one's own server and back: following and joining with an account elsewhere, and intents."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from storage.connect import value
from tests.databases import Databases
from tests.fediverse import Fediverse, Instance
from tests.web.pages.browser import Browser, Page, client_of
from tests.web.pages.test_find import browser_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def fediverse(databases: Databases, dialect: str) -> AsyncIterator[Fediverse]:
    """Several servers."""
    made = Fediverse(databases, dialect)
    yield made
    await made.close()


def at(instance: Instance) -> Browser:
    """The browser of somebody who is not signed in there."""
    client = client_of(instance.asgi)
    client.base_url = instance.app.base_url  # type: ignore[assignment]
    return Browser(client)


async def visit(browser: Browser, page: str, address: str) -> Page:
    """Say on a page where one has an account."""
    return await browser.send(await browser.get(page), "/visit", address=address)


def says(*links: dict[str, str]) -> Callable[[httpx.Request], Awaitable[httpx.Response]]:
    """A server that answers WebFinger with these links."""

    async def answer(request: httpx.Request) -> httpx.Response:
        own = {"rel": "self", "type": "application/activity+json", "href": "https://web.third.test/users/carol"}
        found = {"subject": "acct:carol@third.test", "links": [own, *links]}
        return httpx.Response(200, json=found, headers={"content-type": "application/jrd+json"}, request=request)

    return answer


SUBSCRIBE = "http://ostatus.org/schema/1.0/subscribe"
FOLLOW = "https://w3id.org/fep/3b86/Follow"


async def test_a_visitor_joins_a_group_with_their_own_account(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    await a.group("rye")
    home = await browser_of(b, await b.person("bob"))

    sent = await visit(at(a), "/c/rye/join", "@bob@b.test")

    place = sent.headers["location"]
    assert sent.status == 303 and place == "https://b.test/intents/follow?object=https%3A%2F%2Fa.test%2Fc%2Frye"
    asked = await home.open(place.removeprefix("https://b.test"))
    known = await home.button(asked, "/intents/follow")
    joined = await home.button(known, "/c/rye@a.test/join")
    await fediverse.settle()
    assert "rye" in known.one("h1").text.lower() and joined.status == 200
    with a.here():
        assert await value("SELECT COUNT(*) FROM member WHERE state = 'joined'") == 1


async def test_coming_back_nothing_is_looked_up_or_done_before_a_button_is_pressed(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    alice = await a.person("alice")
    post = await alice.post("Good morning")
    home = await browser_of(b, await b.person("bob"))
    asked_before = len(fediverse.wire.log)

    pages = [
        await home.open(f"{path}={uri}")
        for path in ("/authorize_interaction?uri", "/intents/follow?object", "/intents/like?object")
        for uri in (alice.actor.uri, post.uri, "acct:alice@a.test")
    ]

    assert all(page.status == 200 for page in pages) and len(fediverse.wire.log) == asked_before
    found = await home.button(await home.open(f"/intents/like?object={post.uri}"), "/intents/like")
    with b.here():
        assert await value("SELECT COUNT(*) FROM reaction") == 0
    (like,) = [form["action"] for form in found.all("form") if form["action"].startswith("/like/")]
    await home.button(found, like, act="like")
    with b.here():
        assert await value("SELECT COUNT(*) FROM reaction") == 1


async def test_who_is_signed_in_here_can_go_elsewhere_too(fediverse: Fediverse) -> None:
    a = await fediverse.instance("a.test")
    alice = await a.person("alice")
    fediverse.wire.hosts["third.test"] = says({"rel": SUBSCRIBE, "template": "https://third.test/?uri={uri}"})
    browser = await browser_of(a, await a.person("bob"))

    sent = await visit(browser, f"/visit?uri={alice.actor.uri}", "@carol@third.test")

    assert sent.headers["location"].startswith("https://third.test/?uri=")


async def test_who_has_an_account_here_is_sent_to_sign_in_here(fediverse: Fediverse) -> None:
    a = await fediverse.instance("a.test")
    alice = await a.person("alice")

    sent = await visit(at(a), f"/visit?uri={alice.actor.uri}", "@alice@a.test")

    assert sent.headers["location"] == "/authorize_interaction?uri=https%3A%2F%2Fa.test%2Fusers%2Falice"


async def test_the_newer_way_is_taken_before_the_older_and_blanks_that_mean_nothing_stay_empty(
    fediverse: Fediverse,
) -> None:
    a = await fediverse.instance("a.test")
    alice = await a.person("alice")
    uri = "https%3A%2F%2Fa.test%2Fusers%2Falice"
    old = {"rel": SUBSCRIBE, "template": "https://third.test/old?uri={uri}"}
    for links, place in (
        ((old,), f"https://third.test/old?uri={uri}"),
        ((old, {"rel": FOLLOW, "template": "https://third.test/new?o={object}&then={on-success}"}),
         f"https://third.test/new?o={uri}&then="),
        (({"rel": FOLLOW, "href": "https://web.third.test/new?o={object}"},), f"https://web.third.test/new?o={uri}"),
    ):  # fmt: skip
        fediverse.wire.hosts["third.test"] = says(*links)
        sent = await visit(at(a), f"/visit?uri={alice.actor.uri}", "carol@third.test")
        assert sent.headers["location"] == place


@pytest.mark.attack("XSS-13")
async def test_a_visitor_is_sent_to_no_other_server_than_their_own(fediverse: Fediverse) -> None:
    a = await fediverse.instance("a.test")
    alice = await a.person("alice")
    for template in (
        "https://evil.test/{uri}", "//evil.test/{uri}", "javascript:alert(1)//{uri}", "http://third.test/{uri}",
        "https://third.test@evil.test/{uri}", "https://third.test.evil.test/{uri}", "{uri}", "https://{uri}/",
        "https://third.test\\@evil.test/{uri}", "https://third.test/" + "x" * 3000, "", "third.test/{uri}",
    ):  # fmt: skip
        fediverse.wire.hosts["third.test"] = says({"rel": SUBSCRIBE, "template": template})

        page = await visit(at(a), f"/visit?uri={alice.actor.uri}", "@carol@third.test")

        assert page.status == 422 and "third.test does not say" in page.problem, template
        assert not [link for link in page.links if "evil" in link]


@pytest.mark.attack("XSS-13", "OAU-08")
async def test_no_link_and_no_form_of_others_sends_anybody_away(fediverse: Fediverse) -> None:
    a = await fediverse.instance("a.test")
    alice = await a.person("alice")
    fediverse.wire.hosts["third.test"] = says({"rel": SUBSCRIBE, "template": "https://third.test/?uri={uri}"})
    browser = at(a)
    given = {"uri": alice.actor.uri, "address": "@carol@third.test"}

    linked = await browser.get(f"/visit?uri={alice.actor.uri}&address=@carol@third.test")
    forged = await browser.post("/visit", given | {"csrf": "x" * 43})
    unknown = await browser.get("/visit?uri=https://evil.test/")

    assert (linked.status, forged.status, unknown.status) == (200, 403, 404)
    assert not [line for line in fediverse.wire.log if "third.test" in line[1]]


@pytest.mark.attack("XSS-02", "NET-01")
async def test_an_address_that_is_none_leads_nowhere(fediverse: Fediverse) -> None:
    a = await fediverse.instance("a.test")
    alice = await a.person("alice")
    for address in (
        "nonsense", "@a@", "@a@javascript:alert(1)//", '@a@x.example"onclick="y', "@a@evil.example/path",
        "@a@b c.example", "@a@user@evil.example#x", "@a@" + "x" * 300 + ".example", "@a@127.0.0.1", "@a@down.test",
    ):  # fmt: skip
        page = await visit(at(a), f"/visit?uri={alice.actor.uri}", address)

        assert page.status == 422 and page.problem and page.one("input", id="address")["aria-invalid"] == "true"
        assert page.one("input", id="address")["value"] == address


@pytest.mark.attack("PRI-17")
async def test_what_is_not_for_everybody_is_not_shown_to_visitors(fediverse: Fediverse) -> None:
    a = await fediverse.instance("a.test")
    alice = await a.person("alice")
    eve = await browser_of(a, await a.person("eve"))
    post = await alice.post("for friends", visibility="private")

    shown = await at(a).get(f"/visit?uri={post.uri}")
    wished = await eve.open(f"/intents/like?object={post.uri}")
    sought = await eve.send(wished, "/intents/like")

    assert shown.status == 404 and sought.status == 404
    assert "for friends" not in shown.source + wished.source + sought.source
