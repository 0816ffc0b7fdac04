"""What holds for every page: status, structure, accessibility, and that nothing in it can run."""

import re

import pytest

from fedcomm import oauth
from fedcomm.app import App
from tests import build
from tests.web.pages.browser import Browser, Element, Page
from tests.web.pages.conftest import Enter
from tests.web.pages.world import FOR_ADMINS, World, for_anybody, for_members, made

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]


@pytest.fixture
async def world(app: App) -> World:
    """Something to look at."""
    return await made(app)


async def everything(
    world: World, stranger: Browser, enter: Enter, language: str = "en"
) -> list[tuple[str, Page, int]]:
    """Every page, as everybody sees it who may; as long as nobody is admin, somebody can become the first one."""
    found = []
    for path, status in for_anybody(world).items():
        found.append((f"stranger {path}", await stranger.get(path), status))
    member = await enter(world.alice)
    member.client.headers["accept-language"] = language
    for path, status in (for_anybody(world) | for_members(world)).items():
        page = await member.get(path)
        if page.status == 303:
            continue  # who is signed in needs no account
        found.append((f"member {path}", page, status))
    admin = await enter(await build.person("ada", role="admin"))
    admin.client.headers["accept-language"] = language
    for path in FOR_ADMINS:
        found.append((f"admin {path}", await admin.get(path), 200))
    assert len(found) > 50
    return found


def flaws(page: Page) -> list[str]:
    """What is wrong with the structure of a page."""
    found = [f"{tag} × {len(page.all(tag))}" for tag in ("h1", "main") if len(page.all(tag)) != 1]
    found += ["titles"] * (len(page.one("head").all("title")) != 1)  # a picture has one of its own
    found += [f"no {tag}" for tag in ("header", "nav", "footer") if not page.all(tag)]
    if not page.one("html")["lang"] or not page.one("meta", name="viewport"):
        found.append("language or viewport")
    if page.all("a", class_="skip")[0]["href"] != "#main" or page.one("main")["id"] != "main":
        found.append("skip link")
    found += ["a value of the program's"] * ("(id=" in page.source)
    ids = [each["id"] for each in page.all() if each["id"]]
    found += [f"id {name} twice" for name in {name for name in ids if ids.count(name) > 1}]
    for each in page.all():
        for attribute in ("aria-describedby", "aria-labelledby", "for"):
            found += [f"{attribute} {name}" for name in each[attribute].split() if name not in ids]
    for heading, after in zip(headings(page), headings(page)[1:], strict=False):
        if after > heading + 1:
            found.append(f"h{after} after h{heading}")
    found += [f"headings say twice {each.text}" for each in page.all("h2") if each.text == page.one("h1").text]
    named = [each["aria-label"] for each in page.all("nav")]
    if len(set(named)) != len(named) or not all(named):
        found.append(f"navigations {named}")
    return found + [flaw for form in page.all("form") for flaw in form_flaws(page, form)]


def headings(page: Page) -> list[int]:
    """The levels of the headings, in order."""
    return [int(each.tag[1]) for each in page.all() if re.fullmatch("h[1-6]", each.tag)]


def form_flaws(page: Page, form: Element) -> list[str]:
    """What is wrong with a form."""
    found = []
    labels = {each["for"] for each in page.all("label")}
    for field in form.all():
        shown = field.tag in ("input", "textarea", "select") and field["type"] != "hidden"
        if shown and "hidden" not in field.attributes and field["id"] not in labels:
            found.append(f"no label for {field['name']}")
        if field.tag == "button" and not (field.text or field["aria-label"]):
            found.append("a button without words")
    if form["method"] == "post" and not form.one("input", name="csrf")["value"]:
        found.append("no secret")
    return found


async def test_every_page_has_its_status_and_is_well_made(world: World, stranger: Browser, enter: Enter) -> None:
    shown = await everything(world, stranger, enter)

    assert {name: page.status for name, page, status in shown if page.status != status} == {}
    assert {name: found for name, page, _ in shown if (found := flaws(page))} == {}


@pytest.mark.attack("XSS-12", "XSS-20", "OAU-08")
async def test_nothing_in_a_page_can_run_or_be_framed_or_kept(world: World, stranger: Browser, enter: Enter) -> None:
    for name, page, _ in await everything(world, stranger, enter):
        policy = page.headers["content-security-policy"]
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy, name
        assert page.headers["x-content-type-options"] == "nosniff" and page.headers["referrer-policy"], name
        assert page.headers["cache-control"] in ("private, no-store", "no-store"), name
        assert len(page.all("script")) == 1 + name.endswith("/moderation"), name
        assert not page.scripts and not page.all("style") and not page.all("iframe"), name
        assert not [each for each in page.all() for key in each.attributes if key == "style" or key[:2] == "on"], name
        sources = [each["src"] or each["href"] for each in page.all() if each.tag in ("img", "link", "script")]
        ours = ("/static/", "/modlog/", "https://home.test/")
        assert sources and all(each.startswith(ours) for each in sources), name
        assert [form["action"] for form in page.all("form") if form["action"].startswith(("http", "//"))] == [], name


async def test_who_is_not_signed_in_is_sent_to_the_form_and_back(world: World, stranger: Browser) -> None:
    for path in (*for_members(world), *FOR_ADMINS):
        page = await stranger.get(path)

        assert page.status == 303 and page.headers["location"].startswith("/sign_in?next=/"), path


@pytest.mark.attack("ADM-10")
async def test_pages_of_admins_are_closed_to_everybody_else(
    world: World, stranger: Browser, enter: Enter, admin: Browser
) -> None:
    member = await enter(world.alice)

    for path in FOR_ADMINS:
        assert (await stranger.get(path)).status == 303, path
        assert (await member.get(path)).status == 403, path
        assert (await admin.get(path)).status == 200, path


async def test_the_page_that_asks_about_an_application_is_well_made(
    app: App, world: World, enter: Enter, stranger: Browser
) -> None:
    registered = await oauth.register(app, "<b>Tusky</b>", ["tusky://back", oauth.OUT_OF_BAND], "read write", "")
    asked = f"client_id={registered.program.client_id}&response_type=code&scope=read"
    member = await enter(world.alice)

    page = await member.get(f"/oauth/authorize?{asked}&redirect_uri=tusky://back")
    shown = await member.get(f"/oauth/authorize?{asked}&redirect_uri={oauth.OUT_OF_BAND}")
    code = await member.send(shown, "/oauth/authorize", decision="allow")
    wrong = await member.get(f"/oauth/authorize?{asked}&redirect_uri=https://evil.example")

    assert [flaws(each) for each in (page, shown, code, wrong)] == [[], [], [], []]
    assert "<b>Tusky</b>" in page.main and "tusky://back" in page.main and page.form("/sign_out")
    assert "form-action" not in page.headers["content-security-policy"]  # the answer may lead to tusky://
    assert code.status == 200 and len(code.one("input", id="code")["value"]) > 20
    assert code.headers["cache-control"] == "no-store"
    assert wrong.status == 400 and "location" not in wrong.headers
