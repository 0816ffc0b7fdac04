"""Custom emojis: admins upload small pictures, texts name them, and each server's names mean its own."""

import io

import httpx
import pytest

import storage.posts
from fedcomm import emojis, posts
from fedcomm.app import App
from fedcomm.errors import AppError, NotAllowed
from storage import accounts, actors
from storage.connect import Database, Writes, apply
from tests import build
from tests.pictures import moving, opened, picture
from tests.web.mastodon import keys
from tests.web.mastodon.member import Member
from tests.web.mastodon.schema import Schema

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (16).to_bytes(4, "big") * 2 + b"\x08\x06\0\0\0rest"
GIF = b"GIF89a" + (16).to_bytes(2, "little") * 2 + b"rest"
WEBP = b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0" + b"\0" * 4 + (15).to_bytes(3, "little") * 2
POLICY = "content-security-policy"
EMOJI = {"shortcode": str, "url": "url", "static_url": "url", "visible_in_picker": bool, "category": (str, None)}


async def test_emojis_are_told_to_everybody(client: httpx.AsyncClient) -> None:
    for name, content, category in (("oven", PNG, "Bakery"), (":flour_2:", GIF, ""), ("rye", WEBP, "Bakery")):
        await emojis.add(None, name, content, category)
    await emojis.change(None, "rye", "Bakery", in_picker=False)

    found = (await client.get("/api/v1/custom_emojis")).json()
    pictures = [await client.get(each["url"]) for each in found]

    assert [(each["shortcode"], each["category"], each["visible_in_picker"]) for each in found] == [
        ("flour_2", None, True), ("oven", "Bakery", True), ("rye", "Bakery", False)
    ]  # fmt: skip
    assert [fault for each in found for fault in keys.wrong(each, EMOJI)] == []
    assert [(each.headers["content-type"], each.content) for each in pictures] == [
        ("image/gif", GIF), ("image/png", PNG), ("image/webp", WEBP)
    ]  # fmt: skip
    schema = Schema()
    assert schema.wrong(found, schema.of("/api/v1/custom_emojis", "get")) == []


async def test_texts_and_names_show_the_emojis_they_name(app: App, alice: Member) -> None:
    await emojis.add(None, "oven", PNG)
    post = await alice.post("Hot :oven: and :nothing: at 12:30:00", spoiler_text=":oven:")
    asked = await alice.post("Which?", poll={"options": ["one", "two :oven:"], "expires_in": 3600})
    await alice.do("accounts/update_credentials", "PATCH", display_name="Alice :oven:")

    shown, poll = await alice.get(f"statuses/{post['id']}"), await alice.get(f"statuses/{asked['id']}")
    own = await alice.get("accounts/verify_credentials")
    stored = await storage.posts.by_id(int(post["id"]))
    assert stored
    document = await posts.document_of(app, stored)

    (oven,) = shown["emojis"]
    await alice.do(f"statuses/{post['id']}", "PUT", status="Cold", spoiler_text="")
    assert [each["emojis"] for each in await alice.get(f"statuses/{post['id']}/history")] == [[oven], []]
    assert oven["shortcode"] == "oven" and poll["emojis"] == shown["account"]["emojis"] == own["emojis"] == [oven]
    assert poll["poll"]["emojis"] == (await alice.get(f"polls/{poll['poll']['id']}"))["emojis"] == [oven]
    other = await alice.post("Which :oven:?", poll={"options": ["one", "two"], "expires_in": 3600})
    assert other["emojis"] == [oven] and other["poll"]["emojis"] == []
    told = [tag for tag in document["tag"] if tag["type"] == "Emoji"]
    assert [(tag["name"], tag["icon"]["url"]) for tag in told] == [(":oven:", oven["url"])]
    answer = await alice.client.get(told[0]["id"])
    assert answer.json()["name"] == ":oven:" and answer.json()["icon"] == told[0]["icon"]


async def test_each_has_a_still_picture_for_who_does_not_want_to_see_it_move(client: httpx.AsyncClient) -> None:
    still = picture("WEBP", lossless=True)
    for name, content in (("fire", moving()), ("oven", still), ("rain", frames("WEBP")), ("snow", frames("PNG"))):
        await emojis.add(None, name, content)
    broken = await emojis.add(None, "broken", GIF)

    found = {each["shortcode"]: each for each in (await client.get("/api/v1/custom_emojis")).json()}
    shown = {name: await client.get(each["static_url"]) for name, each in found.items()}

    assert shown["oven"].content == still and shown["oven"].headers["content-type"] == "image/webp"
    for name in ("fire", "rain", "snow"):
        assert getattr(opened((await client.get(found[name]["url"])).content), "is_animated", False), name
        assert not getattr(opened(shown[name].content), "is_animated", False), name
        assert opened(shown[name].content).size == (40, 30) and "sandbox" in shown[name].headers[POLICY], name
    assert shown["broken"].status_code == 404
    assert (await client.get(f"/emojis/{broken.id + 1}/still")).status_code == 404


def frames(kind: str) -> bytes:
    """A picture of this kind that moves."""
    held = io.BytesIO()
    first, second = opened(picture("PNG")), opened(picture("PNG", colour="navy"))
    first.save(held, kind, save_all=True, append_images=[second])
    return held.getvalue()


async def test_another_picture_is_seen_at_once_and_a_deleted_one_not_any_more(alice: Member) -> None:
    await emojis.add(None, "oven", PNG)
    post = await alice.post("Hot :oven:")
    before = (await alice.get(f"statuses/{post['id']}"))["emojis"][0]["url"]

    await emojis.add(None, "oven", GIF, replace=True)
    after = (await alice.get(f"statuses/{post['id']}"))["emojis"][0]["url"]
    await emojis.remove(None, "oven")

    assert before != after and (await alice.client.get(before)).status_code == 404
    assert (await alice.get(f"statuses/{post['id']}"))["emojis"] == await alice.get("custom_emojis") == []
    assert (await alice.client.get(after)).status_code == 404


async def test_what_a_server_calls_so_is_its_own(alice: Member) -> None:
    await emojis.add(None, "oven", PNG)
    writes = Writes()
    for host in ("far.test", "other.test"):
        found = emojis.objects.Emoji("oven", f"https://{host}/oven.png", f"https://{host}/emojis/1", "image/png")
        emojis.learn(writes, host, [found])
    await apply(writes)

    carol = await build.person("carol", "far.test")
    await actors.change(carol.id, name="Carol :oven:")
    post = await build.post(carol, "Hot :oven: :rye:")
    shown = await alice.get(f"statuses/{post.id}")

    assert [each["url"] for each in (*shown["emojis"], *shown["account"]["emojis"])] == [
        "https://far.test/oven.png"
    ] * 2


@pytest.mark.attack("XSS-04")
async def test_names_that_are_more_than_names_are_none(alice: Member) -> None:
    writes = Writes()
    for name in ('x"><script>', "a b", "x", "ok_1", "é"):
        emojis.learn(writes, "far.test", [emojis.objects.Emoji(name, "https://far.test/x.png")])
    await apply(writes)
    far = await build.person("carol", "far.test")

    post = await build.post(far, ':x"&gt;&lt;script&gt;: :a b: :x: :ok_1: :é:')

    assert [each["shortcode"] for each in (await alice.get(f"statuses/{post.id}"))["emojis"]] == ["ok_1"]
    for name in ('x"><script>', "a b", "x", "", "é", "x" * 51):
        with pytest.raises(AppError):
            await emojis.add(None, name, PNG)


@pytest.mark.attack("XSS-09")
@pytest.mark.parametrize(
    "content",
    [
        b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<!doctype html><script>", PNG[:12], b"GIF89a", b"%PDF-1.7",
        PNG + b"\0" * emojis.MOST_BYTES, b"RIFF0000WEBP",
        PNG.replace((16).to_bytes(4, "big"), (5000).to_bytes(4, "big")),
    ],
)  # fmt: skip
async def test_only_small_pictures_become_emojis(client: httpx.AsyncClient, content: bytes) -> None:
    with pytest.raises(AppError):
        await emojis.add(None, "oven", content)

    assert (await client.get("/api/v1/custom_emojis")).json() == []


@pytest.mark.attack("XSS-09", "XSS-19")
async def test_no_browser_runs_what_stands_in_a_picture(client: httpx.AsyncClient) -> None:
    made = await emojis.add(None, "oven", GIF + b"<script>alert(1)</script>")

    answer = await client.get(f"/emojis/{made.id}.gif")

    assert (answer.headers["content-type"], answer.headers["x-content-type-options"]) == ("image/gif", "nosniff")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert (await client.get(f"/emojis/{made.id}.png")).status_code == 404


async def test_only_admins_change_them_and_there_is_an_end_to_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await build.person("alice")
    account = await accounts.by_name("alice")
    monkeypatch.setattr(emojis, "MOST", 1)

    with pytest.raises(NotAllowed):
        await emojis.add(account, "oven", PNG)
    await emojis.add(None, "oven", PNG)
    for name in ("oven", "rye"):
        with pytest.raises(AppError):
            await emojis.add(None, name, PNG)
    with pytest.raises(NotAllowed):
        await emojis.remove(account, "oven")
