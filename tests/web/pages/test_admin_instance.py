"""What admins give to all of the server: emojis, announcements, and what there is to read about it."""

import hashlib

import pytest

from fedcomm import copying, emojis, settings
from fedcomm.app import App
from storage import blocked_files, bulletins, copies
from storage.copies import Copy
from tests.web.mastodon.test_custom_emojis import GIF, PNG
from tests.web.pages.browser import Browser

pytestmark = pytest.mark.anyio


async def test_an_emoji_is_uploaded_sorted_and_deleted(admin: Browser, stranger: Browser) -> None:
    page = await admin.get("/admin/emojis")
    added = await admin.send_with(page, "/admin/emojis", {"image": ("x.png", PNG)}, shortcode="oven", category="Bakery")
    page = await admin.get("/admin/emojis")

    assert added.status == 303 and ":oven:" in page.main
    (picture,) = page.one("main").all("img")
    assert (await stranger.client.get(picture["src"])).content == PNG
    await admin.button(page, "/admin/emojis/oven", category="Kitchen", in_picker="")
    (found,) = (await emojis.ours()).values()
    assert (found.category, found.in_picker) == ("Kitchen", 0)
    page = await admin.button(await admin.get("/admin/emojis"), "/admin/emojis/oven/remove")
    assert ":oven:" not in page.main and await emojis.ours() == {}
    log = (await admin.get("/admin/log")).one("table").text
    assert "added an emoji" in log and "deleted an emoji" in log


async def test_what_is_no_emoji_is_refused_with_a_sentence(admin: Browser) -> None:
    await emojis.add(None, "oven", PNG)
    page = await admin.get("/admin/emojis")
    for name, content in (("a b", PNG), ("rye", b"<svg>"), ("rye", b""), ("oven", GIF), ("rye", GIF + b"\0" * 300_000)):
        refused = await admin.send_with(page, "/admin/emojis", {"image": ("x.png", content)}, shortcode=name)
        assert refused.status in (409, 422) and refused.problem, name

    assert list(await emojis.ours()) == ["oven"]


async def test_an_announcement_is_made_changed_and_ended(admin: Browser) -> None:
    page = await admin.button(
        await admin.get("/admin/announcements"), "/admin/announcements", text="Baking <today>", ends="2126-11-21"
    )
    (made,) = await bulletins.latest(5)

    assert "Baking <today>" in page.main and made.all_day == 1
    page = await admin.button(page, f"/admin/announcements/{made.id}", text="Baking tomorrow")
    (changed,) = await bulletins.latest(5)
    assert "Baking tomorrow" in page.main and changed.ends_at == made.ends_at
    page = await admin.button(page, f"/admin/announcements/{made.id}/end")
    assert "not shown any more" in page.main and f"/admin/announcements/{made.id}/end" not in page.source
    log = (await admin.get("/admin/log")).one("table").text
    assert "announced something" in log and "ended an announcement" in log


async def test_an_announcement_that_says_nothing_is_refused(admin: Browser) -> None:
    page = await admin.get("/admin/announcements")
    for wrong in (
        {"text": " "},
        {"text": "x", "starts": "soon"},
        {"text": "x", "starts": "2026-02-01", "ends": "2026-01-01"},
    ):
        refused = await admin.send(page, "/admin/announcements", **wrong)
        assert refused.status == 422 and refused.problem

    assert await bulletins.latest(5) == []


async def test_papers_of_the_server_are_written_and_read(app: App, admin: Browser, stranger: Browser) -> None:
    page = await admin.get("/admin/site")
    await admin.button(
        page, "/admin/site", about="A long story", privacy_policy="We forget", terms="Be kind", blocks_shown="members"
    )  # fmt: skip

    about = await stranger.get("/about")
    assert "A long story" in about.main and {"/privacy-policy", "/terms-of-service"} <= set(about.links)
    assert "We forget" in (await stranger.get("/privacy-policy")).main
    assert "Be kind" in (await stranger.get("/terms-of-service")).main
    assert (await settings.current(app)).blocks_shown == "members"


async def test_admins_see_what_takes_room_and_say_how_much_copies_may(admin: Browser, app: App) -> None:
    for at in range(3):
        found = Copy(f"https://far.example/{at}.png", None, "image/png", 0, 0, at, "avatar", "far.example")
        await copying.keep(app, found, bytes(2_000))
    page = await admin.get("/admin/media")
    kinds, servers = page.all("table")
    assert "Copies of avatars36000 B" in kinds.text and "far.example" in servers.text
    assert "Kopien von Profilbildern" in (await admin.get("/admin/media", accept_language="de")).all("table")[0].text

    refused = await admin.send(page, "/admin/media/cap", megabytes="1")
    assert refused.status == 422 and "64" in refused.problem
    assert (await admin.send(page, "/admin/media/cap", megabytes="100")).status == 303
    assert (await settings.current(app)).copies_most == 100
    assert (await admin.send(page, "/admin/media/prune", days="-1")).status == 422
    assert (await copies.amount())[0] == 3
    assert (await admin.send(page, "/admin/media/prune", days="1")).status == 303
    assert await copies.amount() == (0, 0)
    assert "forgot copies" in (await admin.get("/admin/log")).one("table").text


async def test_admins_block_a_file_by_itself_or_by_what_it_is_known_by(admin: Browser) -> None:
    page = await admin.get("/admin/media")
    unsure = await admin.send_with(page, "/admin/media/block", {"file": ("x.png", PNG)}, reason="<b>bad</b>")
    assert unsure.status == 422 and unsure.problem and await blocked_files.newest() == []
    assert (
        await admin.send_with(page, "/admin/media/block", {"file": ("x.png", PNG)}, reason="<b>bad</b>", sure="true")
    ).status == 303
    page = await admin.get("/admin/media")
    digest = hashlib.sha256(PNG).hexdigest()
    assert digest in page.main and "<b>bad</b>" in page.one("main").text
    for wrong, status in (("abc", 422), (digest, 409)):
        refused = await admin.send_with(page, "/admin/media/block", {}, digest=wrong, sure="true")
        assert (refused.status, refused.one("input", id="digest")["value"]) == (status, wrong) and refused.problem
    page = await admin.button(page, f"/admin/media/blocked/{digest}/unblock")
    assert digest not in page.main and await blocked_files.newest() == []
    log = (await admin.get("/admin/log")).one("table").text
    assert "blocked a file" in log and "takes a file again" in log
