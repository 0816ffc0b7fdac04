"""Feeds: that programs can read them, what they say, and what never stands in one."""

import json
import re
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import httpx
import pytest

from fedcomm import sanitise
from fedcomm.app import App
from storage.connect import execute
from storage.posts import LOCAL, MEMBERS, Post
from tests import build
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter
from tests.web.pages.world import World, made

pytestmark = pytest.mark.anyio

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
ATOM = "{http://www.w3.org/2005/Atom}"
EVIL = 'A & B <script>alert("1")</script> \x0b\x1b]]> ￿ 𝔘\ud800'.encode("utf-8", "replace").decode()


@pytest.fixture
async def world(app: App) -> World:
    """A group with a thread, begun by somebody who wants to be found."""
    found = await made(app)
    await execute("UPDATE actor SET discoverable = 1 WHERE id = ?", (found.alice.id,))
    return found


async def titles(client: httpx.AsyncClient, path: str) -> list[str]:
    """What the JSON feed at a path lists."""
    answer = await client.get(f"{path}/feed.json")
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


def _without(found: Element, *names: str) -> set[str]:
    return {f"{found.tag}/{name}" for name in names if not found.findtext(name)}


def atom_lacks(body: bytes) -> set[str]:
    """What RFC 4287 asks of a feed (§4.1.1) and of its entries (§4.1.2), and is not there or of another form."""
    feed = ElementTree.fromstring(body)
    required = [f"{ATOM}{name}" for name in ("id", "title", "updated")]
    lacking = _without(feed, *required)
    for entry in feed.findall(f"{ATOM}entry"):
        lacking |= _without(entry, *required, f"{ATOM}author/{ATOM}name", f"{ATOM}content")
        lacking |= {"alternate"} if not entry.findall(f"{ATOM}link[@rel='alternate']") else set()
    times = [each.text or "" for name in ("updated", "published") for each in feed.iter(f"{ATOM}{name}")]
    ids = [each.text for each in feed.iter(f"{ATOM}id")]
    return (
        lacking
        | {at for at in times if not RFC_3339.fullmatch(at)}
        | ({"twice"} if len(set(ids)) < len(ids) else set())
    )


def rss_lacks(body: bytes) -> set[str]:
    """As `atom_lacks`, of RSS 2.0."""
    channel = ElementTree.fromstring(body).find("channel")
    assert channel is not None
    lacking = _without(channel, "title", "link", "description", "lastBuildDate")
    for item in channel.findall("item"):
        lacking |= _without(item, "title", "link", "guid", "pubDate", "description")
        lacking |= {"time zone"} if parsedate_to_datetime(item.findtext("pubDate") or "").tzinfo is None else set()
    return lacking


def json_lacks(body: bytes) -> set[str]:
    """As `atom_lacks`, of JSON Feed 1.1."""
    feed = json.loads(body)
    lacking = {"version", "title", "items", "feed_url", "home_page_url"} - feed.keys()
    for item in feed["items"]:
        lacking |= {"id", "url", "title", "content_html", "date_published", "authors"} - item.keys()
        lacking |= {item["date_published"]} if not RFC_3339.fullmatch(item["date_published"]) else set()
    return lacking


async def test_the_same_stands_in_every_form(world: World, client: httpx.AsyncClient) -> None:
    await execute("UPDATE post SET title = ?, content = ? WHERE id = ?",
                  (EVIL, sanitise.clean(f"<p>{EVIL}</p><p>second</p>"), world.thread.id))  # fmt: skip
    await build.tag(world.thread.id, "rye")
    await build.insert(
        "media", id=5, owner_id=world.alice.id, post_id=world.thread.id, kind="image", mime="image/png",
        origin="upload", remote_url="", key="abc", description="A <loaf>", size=77, meta="{}", state="ready",
        created_at=1,
    )  # fmt: skip
    await execute("UPDATE post SET attachments_count = 1 WHERE id = ?", (world.thread.id,))

    answers = {form: await client.get(f"/c/rye/feed.{form}") for form in ("atom", "rss", "json")}
    atom, rss = (ElementTree.fromstring(answers[form].content) for form in ("atom", "rss"))
    told = answers["json"].json()

    assert [answers[form].headers["content-type"].partition(";")[0] for form in answers] == [
        "application/atom+xml", "application/rss+xml", "application/feed+json",
    ]  # fmt: skip
    entry, item = atom.findall(f"{ATOM}entry")[-1], rss.findall("channel/item")[-1]
    listed = told["items"][-1]
    page = f"https://home.test/@alice/{world.thread.id}"
    assert entry.findtext(f"{ATOM}id") == item.findtext("guid") == listed["id"] == world.thread.uri
    assert item.findtext("link") == listed["url"] == page
    content = entry.findtext(f"{ATOM}content")
    assert content == item.findtext("description") and "<script" not in content and "second" in content
    assert "A &amp; B" in content and "<script" not in listed["content_html"]
    assert entry.findtext(f"{ATOM}title") == item.findtext("title") == listed["title"]
    assert "A & B <script>" in listed["title"] and "\x1b" not in listed["title"]
    picture = {
        "url": "https://home.test/media/abc.png",
        "mime_type": "image/png",
        "title": "A <loaf>",
        "size_in_bytes": 77,
    }
    assert listed["attachments"] == [picture] and listed["tags"] == ["rye"]
    enclosure = item.find("enclosure")
    assert enclosure is not None and (enclosure.get("url"), enclosure.get("length")) == (picture["url"], "77")
    assert [link.get("title") for link in entry.findall(f"{ATOM}link") if link.get("rel") == "enclosure"] == [
        "A <loaf>"
    ]
    assert [author["name"] for author in listed["authors"]] == ["Alice"]
    poll = next(item for item in told["items"] if "Flour" in item["title"])
    assert "Which flour?" not in json.dumps(poll) and "attachments" not in poll  # what is folded is not unfolded
    again = await client.get("/c/rye/feed.atom", headers={"if-none-match": answers["atom"].headers["etag"]})
    assert (again.status_code, again.content) == (304, b"") and answers["atom"].headers["last-modified"]


async def test_each_place_feeds_its_own_and_pages_lead_there(
    world: World, client: httpx.AsyncClient, stranger: Browser
) -> None:
    await build.tag(world.thread.id, "rye")
    own = await build.post(world.alice, "Away from groups")
    thread = f"/@alice/{world.thread.id}"

    assert len(await titles(client, "/c/rye")) == 2
    assert await titles(client, thread) == ["How much less?", "Take less water", "Sour dough"]
    assert await titles(client, "/@alice") == ["Away from groups", "How much less?", "Sour dough"]
    assert await titles(client, "/tags/RYE") == ["Sour dough"]
    assert await titles(client, "/tags/nothing") == []
    strange = (await client.get("/tags/%E6%97%A5%22%0B/feed.json")).json()
    assert (strange["title"], strange["feed_url"]) == ('#日"', "https://home.test/tags/%E6%97%A5%22%0B/feed.json")
    for path in ("/c/rye", thread, "/@alice", "/tags/rye"):
        page = await stranger.get(path)
        heads = [each["href"] for each in page.all("link", rel="alternate") if "feed" in each["href"]]
        assert heads == [f"https://home.test{path}/feed.{form}" for form in ("atom", "rss", "json")], path
        assert f"{path}/feed.atom" in page.links
        for form, lacking in (("atom", atom_lacks), ("rss", rss_lacks), ("json", json_lacks)):
            answer = await client.get(f"{path}/feed.{form}")
            assert lacking(answer.content) == set(), (path, form)
    for path in ("/@alice", "/tags/rye", "/tags/%E6%97%A5"):  # where Mastodon has them
        assert (await client.get(f"{path}.rss")).headers["location"] == f"{path}/feed.rss"
    assert own


async def test_a_feed_is_read_page_by_page(world: World, client: httpx.AsyncClient) -> None:
    for number in range(30):
        await build.post(world.alice, f"post {number}", group=world.group)

    first = (await client.get("/c/rye/feed.json")).json()
    second = (await client.get(first["next_url"])).json()
    atom = ElementTree.fromstring((await client.get("/c/rye/feed.atom")).content)

    links = {link.get("rel"): link.get("href") for link in atom.findall(f"{ATOM}link")}
    assert len(first["items"]) == 25 and len(second["items"]) == 7 and "next_url" not in second
    assert not {item["id"] for item in first["items"]} & {item["id"] for item in second["items"]}
    assert links["next"] == first["next_url"].replace(".json", ".atom") and links["first"] == links["self"]
    assert 'rel="next"' in (await client.get("/c/rye/feed.rss")).text


@pytest.mark.attack("PRI-01", "PRI-11", "PRI-13", "PRI-26")
async def test_what_is_not_for_everybody_stands_in_no_feed(
    world: World, client: httpx.AsyncClient, enter: Enter
) -> None:
    places = ("/c/rye", f"/@alice/{world.thread.id}", "/@alice", "/tags/rye")

    async def secret(text: str, **more: object) -> Post:
        post = await build.post(world.alice, text, tags=["rye"], **more)  # type: ignore[arg-type]
        return post

    closed = await build.group("closed")
    await execute("UPDATE groups SET visibility = 'members' WHERE id = ?", (closed.id,))
    local = await build.group("local", visibility="local")
    inside = await secret("SECRET", group=local)
    await build.insert(
        "held", id=5, group_id=world.group.id, actor_id=world.bob.id, host="far.example", post_uri="https://far.example/5",
        signer="https://far.example", body=b'{"content":"SECRET"}', kind="first", state="waiting", held_at=build.NOW,
    )  # fmt: skip
    for visibility in (build.FOLLOWERS, build.DIRECT, MEMBERS, LOCAL):
        await secret("SECRET", visibility=visibility, group=world.group)
        await secret("SECRET", visibility=visibility, group=world.group, parent=world.thread)
    hidden = await secret("SECRET", group=closed)
    await secret("SECRET", group=closed, parent=hidden)
    for column in ("removed_at", "deleted_at"):
        gone = await secret("SECRET", group=world.group)
        await execute(f"UPDATE post SET {column} = 1 WHERE id = ?", (gone.id,))
    for column in ("limited_at", "suspended_at"):
        other = await build.person(column.split("_")[0])
        await build.post(other, "SECRET", group=world.group, tags=["rye"])
        await build.post(other, "SECRET", group=world.group, parent=world.thread)
        await execute(f"UPDATE actor SET {column} = 1 WHERE id = ?", (other.id,))
        assert (await client.get(f"/@{other.username}/feed.atom")).status_code == 404
    alice = await enter(world.alice)

    for place in places:
        for form in ("atom", "rss", "json"):
            for who in (client, alice.client):  # a session changes nothing
                answer = await who.get(f"{place}/feed.{form}")
                assert answer.status_code == 200 and "SECRET" not in answer.text, (place, form)
    for path in ("/c/closed", f"/@alice/{hidden.id}", "/c/local", f"/@alice/{inside.id}", "/c/nothing", "/@nobody",
                 "/@alice/1", "/@rye", "/c/alice", f"/@alice/{world.answer.id}", "/@bob@far.example"):  # fmt: skip
        assert (await alice.client.get(f"{path}/feed.atom")).status_code == 404, path
    assert "feed.atom" not in (await alice.get("/c/closed")).source


async def test_who_does_not_want_to_be_listed_has_no_feed_and_is_in_none_of_a_tag(
    world: World, client: httpx.AsyncClient, stranger: Browser
) -> None:
    await build.tag(world.thread.id, "rye")
    await execute("UPDATE actor SET discoverable = 0 WHERE id = ?", (world.alice.id,))

    assert (await client.get("/@alice/feed.atom")).status_code == 404
    assert "feed.atom" not in (await stranger.get("/@alice")).source
    assert await titles(client, "/tags/rye") == []
    assert "Sour dough" in await titles(client, "/c/rye")  # written for the group
