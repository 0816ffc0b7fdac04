"""From what a peer says of a post to a row, and from a row of ours to what we say."""

from typing import Any

import pytest

import storage.actors
from activitypub import parse, render
from activitypub.objects import Note
from fedcomm.mapping import posts
from fedcomm.mapping.posts import Place, Shown, on_the_wire, titled, to_note, to_row
from fedcomm.urls import Urls
from storage.actors import Actor
from storage.connect import Database
from storage.posts import Post
from tests import build

pytestmark = pytest.mark.anyio
AUTHOR = "https://there.test/users/mona"
URLS = Urls(build.BASE)


def note(**said: Any) -> Note:
    """A post as a peer describes it."""
    base = {
        "id": "https://there.test/notes/1", "type": "Note", "attributedTo": AUTHOR, "content": "<p>Hello</p>",
        "to": ["https://www.w3.org/ns/activitystreams#Public"], "published": "2025-11-20T12:00:00Z",
    }  # fmt: skip
    found = parse.object({name: value for name, value in (base | said).items() if value is not None})
    assert isinstance(found, Note)
    return found


async def row(author: Actor, **said: Any) -> Post:
    place = Place(id=7, parent=None, group_id=None, truth="signed", entered_by="there.test", create_uri="")
    return to_row(note(**said), author, place, build.NOW)


@pytest.fixture
async def mona(database: Database) -> Actor:
    """Somebody elsewhere."""
    return await build.person("mona", "there.test", followers=f"{AUTHOR}/followers")


@pytest.mark.attack("ORI-35")
async def test_what_is_dated_in_the_future_was_written_now(mona: Actor) -> None:
    post = await row(mona, published="2026-12-01T00:00:00Z", updated="2026-12-02T00:00:00Z")

    assert post.published == build.NOW
    assert post.author_updated == build.NOW


@pytest.mark.parametrize(
    ("to", "cc", "level"),
    [
        (["as:Public"], [], build.PUBLIC),
        (["Public"], [], build.PUBLIC),
        ([f"{AUTHOR}/followers"], ["https://www.w3.org/ns/activitystreams#Public"], build.UNLISTED),
        ([f"{AUTHOR}/followers"], [], build.FOLLOWERS),
        (["https://other.test/users/x/followers"], [], build.DIRECT),
        (["https://home.test/users/alice"], [], build.DIRECT),
        ([], [], build.DIRECT),
    ],
)
async def test_whom_a_post_is_for_is_read_from_its_addresses(
    mona: Actor, to: list[str], cc: list[str], level: int
) -> None:
    assert (await row(mona, to=to, cc=cc)).visibility == level


@pytest.mark.parametrize(
    ("said", "content"),
    [
        ({"type": "Video", "content": None, "url": "https://there.test/watch/1"}, "https://there.test/watch/1"),
        ({"type": "Event", "content": "<p>At noon</p>"}, "At noon"),
        ({"type": "Audio", "content": "", "url": "https://there.test/listen/1"}, "https://there.test/listen/1"),
        (
            {"type": "Page", "attachment": [{"type": "Link", "href": "https://news.test/a"}], "name": "News"},
            'href="https://news.test/a"',
        ),
        (
            {
                "type": "Event",
                "startTime": "2026-12-05T19:30:00+01:00",
                "endTime": "2026-12-05T22:00:00+01:00",
                "location": {"type": "Place", "name": "Mill & barn", "address": {"addressLocality": "Lyon"}},
                "content": "<p>Bring <b>bread</b></p>",
                "url": "https://there.test/events/1",
            },
            "<p>2026-12-05 19:30 (UTC+01:00) – 2026-12-05 22:00 (UTC+01:00)<br>Mill &amp; barn, Lyon</p>"
            "<p>Bring <b>bread</b></p><p><a href=",
        ),
        (
            {"type": "Event", "startTime": "soon", "location": [{"name": {}}], "url": "https://there.test/events/1"},
            "<p>Hello</p><p><a href=",
        ),
        (
            {
                "type": "Video",
                "mediaType": "text/markdown",
                "content": "**Rye**\r\n\r\n<script>x</script> #bread",
                "url": [{"type": "Link", "mediaType": "text/html", "href": "https://there.test/w/1?a=1&b=2"}],
            },
            "<p><strong>Rye</strong></p><p>&lt;script&gt;x&lt;/script&gt; ",
        ),
        ({"type": "Video", "content": None, "url": "https://there.test/w/1?a=1&b=2"}, "/w/1?a=1&amp;b=2"),
    ],
)
async def test_posts_of_other_kinds_become_readable(mona: Actor, said: dict[str, Any], content: str) -> None:
    post = await row(mona, **said)

    assert content in post.content
    assert post.kind == said["type"].lower()


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Rye", "Rye"),
        ("  Rye\n and   wheat ", "Rye and wheat"),
        ("List<String> & co", "List<String> & co"),
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("x" * 400, "x" * posts.MAX_TITLE),
        (None, ""),
    ],
)
async def test_a_title_is_one_line_of_plain_text(mona: Actor, name: str | None, title: str) -> None:
    assert (await row(mona, name=name)).title == title


@pytest.mark.parametrize("kind", ["Article", "Page", "Event"])
async def test_the_summary_of_what_has_a_title_is_no_warning(mona: Actor, kind: str) -> None:
    article = await row(mona, type=kind, name="Rye", summary="<p>About rye</p>")
    warned = await row(mona, summary="<p>Spiders</p>")

    assert article.summary == ""
    assert warned.summary == "Spiders"


async def test_scripts_are_taken_out_of_what_is_shown(mona: Actor) -> None:
    post = await row(mona, content='<p onclick="x()">Hi<script>alert(1)</script></p>', name="<script>x</script>")

    assert post.content == "<p>Hi</p>"
    assert post.title == "<script>x</script>"  # plain text; whoever writes it into a page escapes it


async def test_more_tags_files_and_answers_than_are_kept_are_left_out(mona: Actor) -> None:
    tags = [{"type": "Hashtag", "name": f"#Tag{number}", "href": f"https://t.test/{number}"} for number in range(80)]
    files = [
        {"type": "Image", "url": f"https://there.test/{number}.png", "mediaType": "image/png"} for number in range(40)
    ]
    options = [{"type": "Note", "name": f"Answer {number}", "replies": {"totalItems": -5}} for number in range(40)]
    found = note(type="Question", tag=tags, attachment=files, oneOf=options)

    assert len(posts.tags(found)) <= posts.MAX_TAGS
    assert posts.tags(found)[0] == "tag0"
    assert len(posts.attachments(found)) <= posts.MAX_ATTACHMENTS
    poll = posts.poll(7, found, build.NOW)
    assert poll is not None and "-5" not in poll.votes
    assert poll.options.count("Answer") <= posts.MAX_OPTIONS


@pytest.mark.parametrize("title", ["Rye", 'Tom\'s "rye" & <wheat>', "A long one that was cut…"])
def test_a_title_that_was_written_into_the_text_is_taken_out_again(title: str) -> None:
    sent = on_the_wire(note(name=title, content="<p>The text</p>"))

    assert sent.content != "<p>The text</p>"
    assert posts.shown(sent) == "<p>The text</p>"


def test_a_text_that_begins_with_its_title_anyway_is_left_as_it_is() -> None:
    content = "<p>Rye and wheat, which is better?</p>"

    assert titled("Rye and wheat", content) == content


async def test_a_post_of_ours_for_a_group_names_the_group_first_and_as_its_audience(database: Database) -> None:
    alice, rye = await build.person("alice", followers=f"{build.BASE}/users/alice/followers"), await build.group("rye")
    face = await build_face(rye.actor_id)
    post = await build.post(alice, "Flour?", title="Flour?", group=rye)

    document = render.document(to_note(URLS, post, Shown(author=alice, group=face)))

    assert document["to"][0] == face.uri
    assert document["audience"] in (face.uri, [face.uri])
    assert {"type": "Mention", "href": face.uri}.items() <= next(t for t in document["tag"]).items()
    assert document["context"].startswith(build.BASE) and document["replies"]
    again = parse.object(document)
    assert isinstance(again, Note) and again.name == "Flour?"


async def test_a_post_for_some_people_only_does_not_name_the_public(database: Database) -> None:
    alice, mona = await build.person("alice"), await build.person("mona", "there.test")
    post = await build.post(alice, "Psst", visibility=build.DIRECT)

    document = render.document(to_note(URLS, post, Shown(author=alice, mentioned=(mona,))))

    everyone = str([document.get("to"), document.get("cc"), document.get("audience")])
    assert mona.uri in everyone
    assert "Public" not in everyone and "followers" not in everyone


async def build_face(actor_id: int) -> Actor:
    found = await storage.actors.by_id(actor_id)
    assert found is not None
    return found
