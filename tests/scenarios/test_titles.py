"""Titles of threads on their way: in the text for microblogs, and once only for who reads both."""

import pytest

from tests.fediverse import Fediverse

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("title", ["Which apple trees?", 'Tom\'s "sweet" & <sour> apples'])
async def test_another_server_keeps_the_title_of_a_thread_and_its_text_apart(fediverse: Fediverse, title: str) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    gardening = await a.group("gardening")
    alice, bob = await a.person("alice"), await b.person("bob")
    await fediverse.join(gardening, alice, bob)

    post = await alice.post(f"{title}\n\nThe plot faces north. @gardening")
    await fediverse.settle()

    there = await b.knows(post.uri)
    assert (there.title, there.content) == (post.title, post.content)
    assert there.title == title
    told = await a.get(post.uri.removeprefix("https://a.test"))
    assert told["name"] == title
    assert told["content"].startswith("<p><strong>")


async def test_an_edited_title_is_not_left_in_the_text(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    gardening = await a.group("gardening")
    alice, bob = await a.person("alice"), await b.person("bob")
    await fediverse.join(gardening, alice, bob)
    post = await alice.post("Apples\n\nWhich ones? @gardening")
    await fediverse.settle()

    await alice.edit(post, "Pears\n\nWhich ones? @gardening")
    await fediverse.settle()

    there = await b.knows(post.uri)
    assert there.title == "Pears"
    assert "Pears" not in there.content and "Apples" not in there.content
