"""Other accounts of a member, and moving to one."""

import msgspec
import pytest

from fedcomm.app import App
from storage.connect import execute, rows, value
from tests import build
from tests.people import PASSWORD, person
from tests.web.pages.browser import Browser, Page
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

HERE, ALIASES, BACK = "/settings/moving", "/settings/moving/aliases", "/settings/moving/back"


@pytest.fixture
async def anna(app: App, enter: Enter) -> Browser:
    """The browser of a member, who has another account called annie."""
    actor = await person(app, "anna")
    annie = await person(app, "annie")
    aliases = msgspec.json.encode([actor.uri]).decode()
    await execute("UPDATE actor SET also_known_as = ? WHERE id = ?", (aliases, annie.id))
    return await enter(actor)


def wrong(page: Page) -> list[str]:
    """The ids of the fields that are marked as wrong."""
    return [each["id"] for each in page.all("input") if each["aria-invalid"] == "true"]


async def moved() -> tuple[int | None, int]:
    """Whom anna has become, and how much was told of it."""
    return await value("SELECT moved_to_id FROM actor WHERE username = 'anna'"), await value(
        "SELECT COUNT(*) FROM outbox"
    )


async def test_another_account_is_named_and_not_any_more(app: App, anna: Browser) -> None:
    old = await build.person("old", "far.test")
    await execute("UPDATE actor SET name = 'Old <b>me</b>' WHERE id = ?", (old.id,))
    sql = "SELECT also_known_as FROM actor WHERE username = 'anna'"
    await execute(
        "UPDATE actor SET also_known_as = ? WHERE username = 'anna'", ('["https://never.test/users/heard-of"]',)
    )

    shown = await anna.button(await anna.get(HERE), ALIASES, account="@old@far.test")

    assert flaws(shown) == [] and "Saved." in shown.main and "Old <b>me</b>" in shown.main
    assert "https://never.test/users/heard-of" in shown.main
    forms = [form for form in shown.all("form") if form["action"] == f"{ALIASES}/remove"]
    assert [form.one("button").text for form in forms] == [
        "Remove: https://never.test/users/heard-of", "Remove: Old <b>me</b>"
    ]  # fmt: skip
    fields = {each["name"]: each["value"] for each in forms[0].all("input")}
    assert (await anna.post(f"{ALIASES}/remove", fields)).headers["location"] == f"{HERE}?done=saved"
    assert await value(sql) == '["https://far.test/users/old"]'
    again = await anna.post(f"{ALIASES}/remove", fields)
    assert again.status == 404 and again.problem


@pytest.mark.parametrize(
    ("account", "status"), [("", 422), ("   ", 422), ("anna", 422), ("nobody", 404), ("x@down.test", 422)]
)
async def test_what_is_no_other_account_is_refused(anna: Browser, account: str, status: int) -> None:
    page = await anna.send(await anna.get(HERE), ALIASES, account=account)

    assert page.status == status and page.problem and wrong(page) == ["alias"] and flaws(page) == []
    assert page.one("input", id="alias")["value"] == account
    assert await rows("SELECT also_known_as FROM actor WHERE username = 'anna'") == [("[]",)]


async def test_a_member_moves_and_comes_back(app: App, anna: Browser, stranger: Browser) -> None:
    await person(app, "bert")
    page = await anna.get(HERE)
    assert "name @anna@home.test as another account" in page.main
    assert HERE in (await anna.get("/settings")).links

    gone = await anna.button(page, HERE, account="annie", password=PASSWORD)

    assert flaws(gone) == [] and "You have moved" in gone.main and "/@annie" in gone.links
    assert "moved to" in (await stranger.get("/@anna")).main and not gone.all("input", id="password")
    refused = await anna.send(await anna.get("/@bert"), "/@bert/follow")
    assert refused.status == 403 and "undo that in its settings" in refused.main
    back = await anna.button(gone, BACK)
    assert flaws(back) == [] and "use this account again" in back.main and "not long ago" in back.main
    assert "moved to" not in (await stranger.get("/@anna")).main and not back.all("input", id="password")
    assert (await anna.send(await anna.get("/@bert"), "/@bert/follow")).status == 303


async def test_nobody_moves_without_the_password(anna: Browser, limited: None) -> None:
    for password in ("", "wrong wrong", PASSWORD.upper()):
        page = await anna.send(await anna.get(HERE), HERE, account="annie", password=password)

        assert page.status == 403 and page.problem and wrong(page) == ["password"] and flaws(page) == []
        assert page.one("input", id="target")["value"] == "annie" and PASSWORD not in page.source
    assert await moved() == (None, 0)
    for _try in range(30):
        page = await anna.send(await anna.get(HERE), HERE, account="annie", password="wrong wrong")
    assert page.status == 429 and await moved() == (None, 0)


@pytest.mark.attack("ORI-17")
@pytest.mark.parametrize("account", ["", "anna", "bert", "nobody", "x@down.test", "<script>alert(1)</script>"])
async def test_who_cannot_move_there_is_told_why_and_stays(app: App, anna: Browser, account: str) -> None:
    await person(app, "bert")

    page = await anna.send(await anna.get(HERE), HERE, account=account, password=PASSWORD)

    assert page.status in (404, 422) and page.problem and wrong(page) == ["target"] and flaws(page) == []
    assert page.one("input", id="target")["value"] == account and not page.scripts
    assert await moved() == (None, 0)


async def test_who_has_not_moved_cannot_come_back(anna: Browser) -> None:
    secret = (await anna.get(HERE)).all("input", name="csrf")[0]["value"]

    page = await anna.post(BACK, {"csrf": secret})

    assert page.status == 409 and page.problem and await moved() == (None, 0)


@pytest.mark.attack("OAU-08")
async def test_another_site_moves_nobody(anna: Browser) -> None:
    for path in (HERE, ALIASES, f"{ALIASES}/remove", BACK):
        answer = await anna.post(path, {"account": "annie", "password": PASSWORD})

        assert answer.status == 403, path
    assert await moved() == (None, 0)
