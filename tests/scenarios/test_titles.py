"""Titles of threads on their way: in the text for microblogs, and once only for who reads both."""

import pytest

from tests import forger
from tests.fediverse import Fediverse
from tests.forger import PUBLIC, Host
from web.pages import shown

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


async def test_warning_and_language_stay_what_they_are_beside_a_title(
    fediverse: Fediverse,
) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    gardening = await a.group("gardening")
    alice, bob = await a.person("alice"), await b.person("bob")
    await fediverse.join(gardening, alice, bob)

    post = await alice.post("@gardening Schnecken\n\nSo viele!", summary="Tiere", language="de")
    await fediverse.settle()

    there = await b.knows(post.uri)
    assert (there.title, there.summary, there.language, there.sensitive) == ("Schnecken", "Tiere", "de", 1)
    told = await a.get(post.uri.removeprefix("https://a.test"))
    assert (told["summary"], told["name"], list(told["contentMap"])) == ("Tiere", "Schnecken", ["de"])
    assert told["content"].startswith("<p><strong>Schnecken</strong></p>") and "gardening" not in told["content"]


async def test_what_comes_from_a_microblog_is_called_by_its_first_line_without_the_group_and_never_by_its_warning(
    fediverse: Fediverse,
) -> None:
    a = await fediverse.instance("a.test")
    gardening, mas = await a.group("gardening"), Host(fediverse, "m.test").actor("mas")
    tag = [{"type": "Mention", "href": gardening.uri, "name": "@gardening@a.test"}]
    text = f'<p><span class="h-card"><a href="{gardening.uri}">@<span>gardening</span></a></span> Slugs</p><p>Many!</p>'
    plain = mas.note("1", to=[PUBLIC], cc=[gardening.uri], tag=tag, content=text, contentMap={"en": text})
    warned = mas.note("2", to=[PUBLIC], cc=[gardening.uri], tag=tag, content=text, summary="Animals", sensitive=True)

    for note in (plain, warned):
        await forger.send(fediverse, a, mas, mas.does("Create", note, to=note["to"]))

    first, second = await a.knows(plain["id"]), await a.knows(warned["id"])
    assert first.group_id == second.group_id is not None
    assert (shown.title(first), first.language, first.summary) == ("Slugs", "en", "")
    assert (shown.title(second), second.title, second.summary) == ("Animals", "", "Animals")


async def test_a_long_thread_is_an_article_with_a_preview_and_stays_one(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    gardening = await a.group("gardening")
    alice, bob = await a.person("alice"), await b.person("bob")
    await fediverse.join(gardening, alice, bob)
    text = " ".join(f"Bed {number} is sown & raked." for number in range(120))

    post = await alice.post(f"All beds\n\n{text} @gardening")
    warned = await alice.post(f"All beds\n\n{text} @gardening", summary="Long")
    answer = await alice.reply(post, text)
    await fediverse.settle()

    told = await a.get(post.uri.removeprefix("https://a.test"))
    assert (told["type"], told["name"]) == ("Article", "All beds")
    assert "Bed 119" in told["content"] and "<strong>" not in told["content"]
    assert told["preview"] == {"type": "Note", "attributedTo": alice.actor.uri, "content": told["summary"]}
    assert told["summary"].startswith("<p>Bed 0 is sown &amp; raked.") and told["summary"].endswith(" …</p>")
    assert len(told["summary"]) < 700
    there = await b.knows(post.uri)
    assert (there.kind, there.title, there.summary) == ("article", "All beds", "")
    assert "Bed 119" in there.content
    for other in (warned, answer):
        assert (await a.get(other.uri.removeprefix("https://a.test")))["type"] == "Note"
    assert (await b.knows(warned.uri)).summary == "Long"

    await alice.edit(post, f"All the beds\n\n{text} And the last one. @gardening")
    await fediverse.settle()

    there = await b.knows(post.uri)
    assert (there.title, there.summary) == ("All the beds", "") and "the last one" in there.content
    again = await a.get(post.uri.removeprefix("https://a.test"))
    assert (again["type"], again["name"]) == ("Article", "All the beds")
    (shown_,) = [entry for entry in await bob.home() if entry.uri == post.uri]
    assert "Bed 119" in shown_.content
