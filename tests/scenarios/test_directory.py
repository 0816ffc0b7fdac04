"""The directory of groups: found by what they are about, joined with one click, told to others as far as wished."""

from typing import Any

import pytest

import storage.actors
from fedcomm import fetching, group_profile, scout
from fedcomm.group_profile import Change
from storage.connect import rows
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import AS, Host
from tests.scenarios.town import Town
from tests.web.pages.browser import Browser, Page, client_of
from tests.web.pages.test_every_page import flaws
from tests.web.pages.test_find import browser_of

pytestmark = pytest.mark.anyio


def titles(page: Page) -> list[str]:
    """The groups on a page, in their order."""
    return [each.text for each in page.all("h3")]


def stranger(instance: Instance) -> Browser:
    """Somebody who is not signed in."""
    client = client_of(instance.asgi)
    client.base_url = instance.app.base_url  # type: ignore[assignment]
    return Browser(client)


async def describe(instance: Instance, name: str, **changes: Any) -> None:
    """Change a group as whoever runs the server."""
    with instance.here():
        await group_profile.change(instance.app, name, Change(**changes))


async def told(instance: Instance, query: str = "") -> list[dict[str, Any]]:
    """What other servers are told."""
    found: list[dict[str, Any]] = (await instance.get(f"/api/fedcomm/v1/groups{query}", "application/json"))["groups"]
    return found


async def members(instance: Instance, *names: str) -> list[Person]:
    """New members."""
    return [await instance.person(name) for name in names]


async def test_a_group_is_found_by_what_it_is_about_and_joined_with_one_click(fediverse: Fediverse) -> None:
    a = await fediverse.instance("a.test")
    alice, bob = await members(a, "alice", "bob")
    await a.group("rye", moderator=alice)
    await a.group("cats")
    browser, visitor = await browser_of(a, alice), stranger(a)

    settings = await browser.get("/c/rye/moderate")
    saved = await browser.button(settings, "/c/rye/profile", topics="#Rye, sourdough", languages="de en")
    wrong = await browser.send(saved, "/c/rye/profile", topics="two-words")
    question = await alice.post("Who has a starter? @rye@a.test")
    everything, by_topic = await visitor.get("/groups"), await visitor.get("/groups?topic=%23Sourdough&language=de")
    none = await visitor.get("/groups?q=100%25")
    reader = await browser_of(a, bob)
    joined = await reader.button(await reader.get("/groups?q=RYE"), "/c/rye/join")
    answered = await reader.get("/groups?sort=new")

    assert wrong.status == 422 and "like a tag" in wrong.main
    assert titles(everything) == ["Rye", "Cats"] and "1 thread waits" in everything.main and question.group_id
    assert titles(by_topic) == ["Rye"] and "#sourdough" in by_topic.main and titles(none) == []
    assert joined.status in (200, 303) and titles(answered) == ["Cats", "Rye"] and "You are a member" in answered.main
    assert flaws(everything) == [] and flaws(answered) == []
    document = await a.get("/c/rye")
    assert {tag["name"] for tag in document["tag"]} == {"#rye", "#sourdough"}
    assert [each["identifier"] for each in document["language"]] == ["de", "en"]
    for opened in (browser, visitor, reader):
        await opened.client.aclose()


async def test_groups_are_shown_to_whom_they_wish(fediverse: Fediverse) -> None:
    """One that is for members shows its card when it wants to, one of this server only to who is signed in."""
    a = await fediverse.instance("a.test")
    alice, bob = await members(a, "alice", "bob")
    for name in ("open", "closed", "shy", "secret", "card", "local"):
        await a.group(name)
    await describe(a, "closed", closed=True)
    await describe(a, "shy", listed=False)
    await describe(a, "secret", visibility="members")
    await describe(a, "card", visibility="members", listed=True, topics=("cards",))
    await describe(a, "local", visibility="local")
    await fediverse.join((await a.group("more")), alice)
    visitor, reader = stranger(a), await browser_of(a, bob)

    seen, read = [set(titles(await browser.get("/groups"))) for browser in (visitor, reader)]
    listed = {each["name"]: each for each in await told(a)}
    about = (await a.get("/nodeinfo/2.1", "application/json"))["metadata"]["groups"]

    assert seen == {"Open", "More", "Card"} and read == {*seen, "Local"}
    assert set(listed) == {"open", "more", "card"} and about == "https://a.test/api/fedcomm/v1/groups"
    assert listed["card"].keys() == {"id", "name", "title", "url", "summary", "topics", "languages"}
    assert listed["more"]["members"] == 1 and [each["name"] for each in await told(a, "?topic=cards")] == ["card"]
    assert (await a.get("/c/shy"))["discoverable"] is False and (await a.get("/c/open"))["discoverable"] is True
    for opened in (visitor, reader):
        await opened.client.aclose()


async def test_groups_elsewhere_are_in_it_when_that_tells_of_nobody(town: Town) -> None:
    """To a member their own, to all those that several follow; what wants to be in no directory to nobody."""
    host = Host(town.fediverse, "forum.test")
    tags = [{"type": "Hashtag", "name": "#Rye"}, {"type": "lemmy:CommunityTag", "name": "flair"}]
    languages = [{"identifier": "de", "name": "Deutsch"}, {"identifier": "en", "name": "English"}]
    rye, wheat, shy = [
        host.actor(name, "Group", tag=tags, language=languages, **({"discoverable": False} if name == "shy" else {}))
        for name in ("rye", "wheat", "shy")
    ]
    others = await members(town.ours, "bob", "carol", "dave")
    for person, faces in ((town.anna, (rye, wheat, shy)), (others[0], (wheat,)), (others[1], (wheat,))):
        for face in faces:
            await person.follow(face.uri)
    with town.ours.here():
        await rows("UPDATE follow SET state = 'accepted' RETURNING id")
    visitor, anna, dave = stranger(town.ours), await browser_of(town.ours, town.anna), await browser_of(
        town.ours, others[2]
    )  # fmt: skip

    pages = [await browser.get("/groups?topic=rye&language=de") for browser in (visitor, anna, dave)]
    joined = await dave.get("/groups?where=here")

    assert [sorted(titles(page)) for page in pages] == [["Wheat"], ["Rye", "Wheat"], ["Wheat"]]
    assert "a group of forum.test" in pages[0].main and titles(joined) == [] and await told(town.ours) == []
    host.serve(wheat.uri, wheat.document(tag=[], language=None) | {"@context": AS})
    with town.ours.here():
        found = await storage.actors.by_uri(wheat.uri)
        assert found is not None and await scout.scout_id() == 0
        await fetching.actor(town.ours.app, wheat.uri, fresh=True)
    assert titles(await dave.get("/groups?topic=rye")) == []
    for browser in (visitor, anna, dave):
        await browser.client.aclose()
