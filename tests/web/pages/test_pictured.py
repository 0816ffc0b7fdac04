"""Custom emojis on pages: pictures in names and texts, and nothing but pictures."""

import re

import pytest

import storage.actors
from activitypub import keys
from activitypub.objects import Emoji
from fedcomm import bulletins, elsewhere, emojis
from fedcomm.app import App
from fedcomm.peerbook import PeerBook
from storage.connect import Writes, apply
from tests import build
from tests.pictures import moving
from tests.web.pages.browser import Browser, Element
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

FAR = "far.example"


@pytest.fixture(autouse=True)
async def known(app: App) -> None:
    """One emoji of ours, and some of another server."""
    elsewhere.begin(keys.make_ed25519(), PeerBook(allow_list=False))
    await emojis.add(None, "oven", moving())
    there = {"rye": f"https://{FAR}/rye.png", "evil": 'https://x/"onload="', "worse": "javascript:alert(1)"}
    writes = Writes()
    emojis.learn(writes, FAR, [Emoji(name, url) for name, url in there.items()])
    await apply(writes)


def shown(element: Element) -> list[str]:
    """The emojis in it, by their names."""
    return [each["alt"].strip(":") for each in element.all("img", class_="emoji")]


async def test_names_and_texts_show_pictures_that_keep_still_when_they_shall(stranger: Browser, enter: Enter) -> None:
    alice = await build.person("alice", summary="<p>Bakes :oven:</p>")
    bob = await build.person("bob", FAR, fields='[{"name":"Bread :rye:","value":"<p>:rye: at 12:30:00</p>"}]')
    await storage.actors.change(alice.id, name="Alice :oven:")
    await storage.actors.change(bob.id, name="Bob :rye:")
    told = await build.post(bob, "Hot :rye: :oven:", title="A :rye: loaf", home=[alice])
    warned = await build.post(bob, "Which?", kind="question", summary="Care :rye:", sensitive=1)
    await build.insert(
        "poll", post_id=warned.id, multiple=0, options='["Much :rye:","Little"]', votes="[1,0]", voters_count=1
    )
    await build.notice(alice, "mention", bob, told)
    await bulletins.publish(None, "The :oven: is hot")
    member = await enter(alice)
    in_nav = ["oven"]

    for browser, path, expected in (
        (stranger, "/@alice", ["oven", "oven"]),
        (stranger, f"/@bob@{FAR}", ["rye"] * 7),  # name, field twice, and author and title or warning of two lines
        (stranger, f"/@bob@{FAR}/{told.id}", ["rye", "rye", "rye"]),
        (stranger, f"/@bob@{FAR}/{warned.id}", ["rye", "rye", "rye", "rye"]),
        (member, "/home", [*in_nav, "oven", "rye", "rye", "rye"]),
        (member, "/notifications", [*in_nav, "rye", "rye", "rye"]),
        (member, f"/write?to={told.id}", [*in_nav, "rye", "rye", "rye"]),
    ):
        page = await browser.get(path)
        assert shown(page) == expected, (path, shown(page))
        assert (
            flaws(page) == []
            and "<!--" not in page.source
            and len(page.answer.content) == int(page.headers["content-length"])
        ), path
        for each in page.all("picture"):
            still, picture = each.one("source"), each.one("img")
            assert still["media"] == "(prefers-reduced-motion: reduce)" and still["srcset"] != picture["src"]
            assert all(url.startswith(("/emojis/", "/media/elsewhere/")) for url in (still["srcset"], picture["src"]))
    page = await stranger.get(f"/@bob@{FAR}/{told.id}")
    assert page.one("title").text.startswith("A :rye: loaf") and ":oven:" in page.main  # of another server
    (picture,) = (await stranger.get("/@alice")).one("h1").all("img")
    assert (await stranger.client.get(picture["src"])).content == moving()


@pytest.mark.attack("XSS-04")
async def test_nothing_comes_into_a_page_by_the_name_or_address_of_an_emoji(stranger: Browser) -> None:
    bob = await build.person("bob", FAR)
    await storage.actors.change(bob.id, name=':rye:"><b>:evil:')
    link = '<a href="https://far.example/:rye:" rel="nofollow noopener noreferrer">:rye:</a>'
    forged = "&lt;!--0 0--&gt; &lt;img alt=:rye:&gt;"
    post = await build.post(bob, f":evil: :worse: :nothing: {link} {forged} {':x1: ' * 9}")

    page = await stranger.get(f"/@bob@{FAR}/{post.id}")

    assert shown(page.one("div", class_="content")) == ["evil", "rye", "rye"] and shown(page.one("h1")) == [
        "rye",
        "evil",
    ]
    assert flaws(page) == [] and not page.one("h1").all("b")
    assert not [each for each in page.all() for name in each.attributes if name.startswith("on")]
    assert "https://far.example/:rye:" in page.links and "javascript:" not in page.source
    assert ":worse: :nothing:" in page.main and "<!--0 0-->" in page.main and ":x1:" in page.main
    assert not re.search(r'(?:aria-label|title|content|alt)="[^"]*<', page.source)


async def test_a_page_shows_so_many_pictures_and_no_more(stranger: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.pages.pictured.MOST", 2)
    alice = await build.person("alice")
    await emojis.add(None, "rye", moving())
    await emojis.add(None, "late", moving())
    await storage.actors.change(alice.id, summary="<p>:oven: :rye: :late: :oven:</p>")

    page = await stranger.get("/@alice")

    assert shown(page) == ["oven", "rye", "oven"] and ":late:" in page.main
