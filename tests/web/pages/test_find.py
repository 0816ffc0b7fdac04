"""Finding what has an address, here and on other servers."""

import re
from collections.abc import AsyncIterator

import pytest

from tests.databases import Databases
from tests.fediverse import Fediverse, Instance, Person
from tests.web.pages.browser import Browser, client_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def fediverse(databases: Databases, dialect: str) -> AsyncIterator[Fediverse]:
    """Several servers."""
    made = Fediverse(databases, dialect)
    yield made
    await made.close()


async def browser_of(instance: Instance, person: Person) -> Browser:
    """The browser of somebody, who has signed in with their password."""
    client = client_of(instance.asgi)
    client.base_url = instance.app.base_url  # type: ignore[assignment]
    browser = Browser(client)
    page = await browser.get("/sign_in")
    await browser.button(page, "/sign_in", login=person.actor.username, password="correct horse battery")
    return browser


async def test_a_group_of_another_server_is_found_joined_and_written_in(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    await a.group("rye")
    bob = await b.person("bob")
    browser = await browser_of(b, bob)

    found = await browser.button(await browser.get("/find"), "/find", address="!rye@a.test")
    await browser.button(found, "/c/rye@a.test/join")
    await fediverse.settle()
    page = await browser.get("/c/rye@a.test")
    await browser.button(await browser.get("/write?group=rye@a.test"), "/write", title="From afar", text="Hello there")
    await fediverse.settle()

    assert "/write?group=rye@a.test" in page.links or "/write?group=rye%40a.test" in page.links
    assert "rye@a.test" in (await browser.get("/")).one("section", aria_labelledby="joined").text
    async with client_of(a.asgi) as client:
        client.base_url = a.app.base_url  # type: ignore[assignment]
        here = Browser(client)
        group = await here.get("/c/rye")
        assert "From afar" in group.main
        (link,) = [link for link in group.links if link.startswith("/@bob@b.test/")]
        thread = await here.get(link)
        assert thread.one("h1").text == "From afar" and "Hello there" in thread.main
    await browser.client.aclose()


async def test_a_person_is_found_however_the_address_is_written(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    await a.person("alice")
    browser = await browser_of(b, await b.person("bob"))

    for address in ("https://a.test/users/alice", "@alice@a.test", "alice@a.test", " @alice@a.test "):
        page = await browser.button(await browser.get("/find"), "/find", address=address)
        assert page.one("h1").text == "alice", address
    assert (await browser.button(await browser.get("/find"), "/find", address="bob")).one("h1").text == "bob"
    await browser.client.aclose()


async def test_a_post_is_found_by_its_link_and_can_be_answered(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    alice, bob = await a.person("alice"), await b.person("bob")
    post = await alice.post("Good morning")
    browser = await browser_of(b, bob)

    page = await browser.button(await browser.get("/find"), "/find", address=post.uri)

    assert "Good morning" in page.main and [link for link in page.links if link.startswith("/write?to=")]
    await browser.client.aclose()


async def test_what_is_not_there_is_not_found(fediverse: Fediverse) -> None:
    cases = [
        "@nobody@a.test",
        "@x@down.test",
        "nonsense",
        "https://a.test/nothing",
        "javascript://alert",
        "http://127.0.0.1/",
        "@a@127.0.0.1",
        "x" * 3000,
        "@@@",
        "https://",
    ]
    await fediverse.instance("a.test")
    b = await fediverse.instance("b.test")
    browser = await browser_of(b, await b.person("bob"))

    for address in cases:
        page = await browser.send(await browser.get("/find"), "/find", address=address)
        assert page.status == 404 and re.search("Nothing was found|no account of this name here", page.problem), address
        assert page.one("input", name="address")["value"] == address
    await browser.client.aclose()


async def test_a_post_that_is_not_for_the_reader_is_not_found(fediverse: Fediverse) -> None:
    a = await fediverse.instance("a.test")
    alice, eve = await a.person("alice"), await a.person("eve")
    post = await alice.post("for friends", visibility="private")
    browser = await browser_of(a, eve)

    page = await browser.send(await browser.get("/find"), "/find", address=post.uri)

    assert page.status == 404 and "for friends" not in page.source
    await browser.client.aclose()
