"""Pictures with a browser, without JavaScript: in posts, on profiles, and what is refused."""

import pytest

from activitypub import keys
from fedcomm import elsewhere
from fedcomm.app import App
from fedcomm.peerbook import PeerBook
from storage.connect import execute, rows
from storage.posts import Post
from tests import build
from tests.people import person
from tests.pictures import opened, picture
from tests.web.pages.browser import Browser, Page
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

WRITE, PROFILE = "/write", "/settings/profile"
EVIL = '"><script>alert(1)</script>'


@pytest.fixture
async def anna(app: App, enter: Enter) -> Browser:
    """The browser of a member."""
    return await enter(await person(app, "anna"))


def files(*contents: bytes) -> dict[str, tuple[str, bytes]]:
    """Chosen in the fields of the page on which one writes."""
    return {f"pictures[{at}][file]": ("x.jpg", content) for at, content in enumerate(contents)}


async def sized(browser: Browser, page: Page) -> list[tuple[int, int]]:
    """The sizes of the pictures that the main part of a page shows, as a browser loads them."""
    shown = page.one("main").all("img")
    return [opened((await browser.client.get(each["src"])).content).size for each in shown]


async def test_a_post_with_pictures_is_written_and_read(anna: Browser, stranger: Browser) -> None:
    page = await anna.get(WRITE)

    sent = await anna.send_with(
        page, WRITE, files(picture(), picture("PNG", (20, 60))), text="Look",
        **{"pictures[0][alt]": f"A corner {EVIL}", "pictures[1][alt]": "A tower"},
    )  # fmt: skip

    assert flaws(page) == [] and sent.status == 303
    read = await stranger.open(sent.headers["location"])
    assert flaws(read) == [] and not read.scripts
    assert [each["alt"] for each in read.one("main").all("img")] == [f"A corner {EVIL}", "A tower"]
    assert await sized(stranger, read) == [(40, 30), (20, 60)]
    source = read.one("main").all("img")[0]["src"]
    assert "public" in (await stranger.client.get(source)).headers["cache-control"]
    await execute("UPDATE post SET removed_at = 1")  # a moderator took it out of its group
    assert [(await who.client.get(source)).status_code for who in (stranger, anna)] == [404, 200]
    await execute("UPDATE post SET removed_at = NULL, visibility = 4")
    assert (await anna.client.get(source)).headers["cache-control"] == "private, max-age=3600"
    assert (await stranger.client.get(source)).status_code == 404


async def test_a_picture_without_text_is_a_post(anna: Browser) -> None:
    sent = await anna.send_with(await anna.get(WRITE), WRITE, files(picture()))

    assert sent.status == 303
    assert await rows("SELECT COUNT(*) FROM media WHERE post_id IS NOT NULL") == [(1,)]


async def test_a_form_that_is_refused_still_has_its_pictures(anna: Browser) -> None:
    refused = await anna.send_with(
        await anna.get(WRITE), WRITE, files(picture(), picture()), text="x" * 6000, **{"pictures[0][alt]": "One"}
    )

    assert refused.status == 422 and refused.problem and flaws(refused) == []
    assert await sized(anna, refused) == [(40, 30)] * 2
    assert refused.one("textarea", id="alt-0").text == "One"
    sent = await anna.send_with(refused, WRITE, {}, text="short", **{"pictures[1][drop]": "true"})
    assert sent.status == 303
    assert await rows("SELECT description FROM media") == [("One",)]


def alts(page: Page) -> list[str]:
    """What the pictures in the main part of a page show, in order."""
    return [each["alt"] for each in page.one("main").all("img")]


async def test_the_pictures_of_a_post_are_described_moved_added_and_removed(anna: Browser, stranger: Browser) -> None:
    described = {f"pictures[{at}][alt]": str(at + 1) for at in range(3)}
    sent = await anna.send_with(await anna.get(WRITE), WRITE, files(*[picture()] * 3), text="Look", **described)
    post = sent.headers["location"]
    edit = f"/write/{post.rpartition('/')[2]}/edit"
    page = await anna.get(edit)

    moved = await anna.send_with(
        page, edit, {"pictures[3][file]": ("x.png", picture("PNG", (20, 60)))},
        **{"pictures[0][place]": "3", "pictures[1][drop]": "true", "pictures[2][alt]": "Drei",
           "pictures[2][focus]": "0.7,0.0", "pictures[3][alt]": "A tower"},
    )  # fmt: skip

    assert flaws(page) == [] and alts(page) == ["1", "2", "3"] and moved.headers["location"] == post
    read = await stranger.get(post)
    assert alts(read) == ["Drei", "1", "A tower"] and "edited" in read.main
    assert (await sized(stranger, read))[2] == (20, 60)
    ((meta,),) = await rows("SELECT meta FROM media WHERE description = 'Drei'")
    assert '"focus":{"x":0.7,"y":0.0}' in meta
    assert await rows("SELECT description, post_id FROM media WHERE state = 'dropped'") == [("2", None)]
    again = await anna.get(edit)
    await anna.send(again, edit)
    assert alts(await stranger.get(post)) == alts(again) == ["Drei", "1", "A tower"]


@pytest.mark.attack("OAU-13")
async def test_a_refused_edit_changes_no_picture_and_takes_none_of_another_post(anna: Browser) -> None:
    for key in ("one", "two"):
        sent = await anna.send_with(await anna.get(WRITE), WRITE, files(picture()), text="Look", key=key)
    edit = f"/write/{sent.headers['location'].rpartition('/')[2]}/edit"
    before = await rows("SELECT id, description, meta, post_id FROM media ORDER BY id")
    form = await anna.get(edit)

    long = await anna.send_with(
        form, edit, {"pictures[1][file]": ("x.png", picture())}, text="x" * 6000,
        **{"pictures[0][alt]": "A", "pictures[0][drop]": "true"},
    )  # fmt: skip
    taken = await anna.send(form, edit, **{"pictures[1][id]": str(before[0][0])})
    wordy = await anna.send(form, edit, **{"pictures[0][alt]": "x" * 1501})
    odd = await anna.send(form, edit, **{"pictures[0][focus]": "9,9"})

    assert [each.status for each in (long, taken, wordy, odd)] == [422, 404, 422, 422]
    assert alts(long) == ["A", ""] and long.all("input", id="drop-0", checked="") and flaws(long) == []
    for each in (wordy, odd):
        assert each.problem and each.one("main").all("fieldset")[0]["aria-invalid"] == "true"
    after = await rows("SELECT id, description, meta, post_id FROM media ORDER BY id")
    assert after[:2] == before and [row[3] for row in after[2:]] == [None]


@pytest.mark.attack("XSS-09")
async def test_what_is_no_picture_is_named_and_the_others_are_kept(anna: Browser) -> None:
    page = await anna.send_with(await anna.get(WRITE), WRITE, files(picture(), b"<svg/>"), text="Look")

    marked = [each for each in page.one("main").all("fieldset") if each["aria-invalid"] == "true"]
    assert page.status == 422 and "Only pictures" in page.problem and len(marked) == 1
    assert await sized(anna, page) == [(40, 30)]
    assert await rows("SELECT COUNT(*) FROM post") == [(0,)]


@pytest.mark.attack("OAU-13")
async def test_nobody_takes_the_pictures_of_others(app: App, anna: Browser, enter: Enter) -> None:
    await anna.send_with(await anna.get(WRITE), WRITE, files(picture()), text="x" * 6000)
    ((media_id,),) = await rows("SELECT id FROM media")
    bert = await enter(await person(app, "bert"))
    page = await bert.get(WRITE)

    taken = await bert.send_with(page, WRITE, {}, text="Mine", **{"pictures[0][id]": str(media_id)})
    dropped = await bert.send_with(
        page, WRITE, {}, text="Mine", **{"pictures[0][id]": str(media_id), "pictures[0][drop]": "true"}
    )

    assert taken.status == dropped.status == 404 and not taken.one("main").all("img")
    assert await rows("SELECT post_id FROM media") == [(None,)]


async def test_the_pictures_of_a_profile_are_set_and_taken_away(anna: Browser, stranger: Browser) -> None:
    chosen = {"avatar": ("a.png", picture("PNG")), "header": ("h.jpg", picture())}

    saved = await anna.send_with(await anna.get(PROFILE), PROFILE, chosen, name="Anna")
    there = await stranger.get("/@anna")
    page = await anna.get(PROFILE)
    assert saved.status == 303 and flaws(page) == [] and flaws(there) == []
    assert sorted(await sized(stranger, there)) == [(400, 400), (1500, 500)]

    await anna.send_with(page, PROFILE, {}, **{"drop[]": "avatar"})
    after = await stranger.get("/@anna")
    assert await sized(stranger, after) == [(1500, 500)]
    assert after.one("h1").text == "Anna"


async def test_what_is_no_picture_changes_nothing_of_a_profile(anna: Browser) -> None:
    page = await anna.send_with(await anna.get(PROFILE), PROFILE, {"avatar": ("a.png", b"GIF89a")}, name="New")

    assert page.status == 422 and page.problem
    assert page.one("input", id="avatar")["aria-invalid"] == "true"
    assert page.one("input", name="name")["value"] == "New"
    assert await rows("SELECT name, icon FROM actor WHERE username = 'anna'") == [("", "")]


FAR = "https://far.example/a.png"


async def post_of_bob() -> Post:
    """Somebody of another server has pictures, on their profile and in this post."""
    bob = await build.person("bob", "far.example", icon=FAR, image=FAR)
    post = await build.post(bob, "Look", attachments_count=1)
    await build.insert(
        "media", id=1, owner_id=bob.id, post_id=post.id, kind="image", mime="image/png", origin="remote", created_at=0,
        remote_url=FAR, state="remote", description="A cat",
    )  # fmt: skip
    return post


@pytest.mark.attack("PRI-21")
async def test_a_page_loads_no_picture_from_another_server(stranger: Browser) -> None:
    post = await post_of_bob()
    await execute("UPDATE actor SET discoverable = 1 WHERE id = ?", (post.author_id,))

    for path in ("/@bob@far.example", f"/@bob@far.example/{post.id}"):
        page = await stranger.get(path)
        assert page.status == 200 and not page.one("main").all("img")
        assert "img-src 'self'" in page.headers["content-security-policy"]
    assert FAR in page.links and "A cat" in page.main


@pytest.mark.attack("PRI-21")
async def test_pictures_of_another_server_are_loaded_from_this_one(app: App, stranger: Browser) -> None:
    post = await post_of_bob()
    elsewhere.begin(keys.make_ed25519(), PeerBook(allow_list=False))

    profile, thread = await stranger.get("/@bob@far.example"), await stranger.get(f"/@bob@far.example/{post.id}")

    assert flaws(profile) == [] and flaws(thread) == []
    assert [each["alt"] for each in thread.one("main").all("img")] == ["A cat"]
    shown = [each["src"] for each in [*profile.one("main").all("img"), *thread.one("main").all("img")]]
    assert len(shown) == 3 and all(source.startswith("/media/elsewhere/") for source in shown)
