"""The files that pages load."""

import re

import pytest

from fedcomm.app import App
from tests.web.pages.browser import Browser
from web.pages.assets import FOLDER

pytestmark = pytest.mark.anyio

MOST = 100_000  # bytes of a page with all it loads


@pytest.fixture
def dialect() -> str:
    """None of it comes from the database."""
    return "sqlite"


async def test_what_a_page_loads_is_there_small_and_kept_for_ever(app: App, stranger: Browser) -> None:
    page = await stranger.get("/about")

    loaded = [each["href"] for each in page.all("link") if each["rel"] in ("stylesheet", "icon")]
    loaded += [each["src"] for each in page.all("script")]
    size = len(page.source)
    assert len(loaded) >= 3
    for address in loaded:
        answer = await stranger.client.get(address)
        assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"], address
        size += len(answer.content)
    assert size < MOST


async def test_a_file_that_is_known_is_not_sent_again(app: App, stranger: Browser) -> None:
    answer = await stranger.client.get("/static/style.css")

    again = await stranger.client.get("/static/style.css", headers={"if-none-match": answer.headers["etag"]})

    assert (
        answer.headers["content-type"] == "text/css; charset=utf-8"
        and "immutable" not in answer.headers["cache-control"]
    )
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name", ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "nothing.css", "style.css%00", ".hidden"]
)
async def test_nothing_else_is_a_file(app: App, stranger: Browser, name: str) -> None:
    assert (await stranger.client.get(f"/static/{name}")).status_code == 404


async def test_programs_that_search_the_web_are_told_what_is_not_for_them(app: App, stranger: Browser) -> None:
    answer = await stranger.client.get("/robots.txt")

    assert answer.headers["content-type"].startswith("text/plain")
    assert {"Disallow: /settings", "Disallow: /admin", "Disallow: /invite/"} <= set(answer.text.splitlines())
    assert (await stranger.client.get("/favicon.ico")).headers["content-type"] == "image/png"


def test_the_style_loads_nothing_from_elsewhere() -> None:
    style = (FOLDER / "style.css").read_text()

    assert not re.search(r"@import|url\(|https?:|expression|@font-face", style)


@pytest.mark.attack("XSS-12", "XSS-20")
def test_the_script_is_small_and_makes_no_markup_or_code_of_words() -> None:
    script = (FOLDER / "comfort.js").read_text()

    assert len(script.splitlines()) <= 200
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|\beval\b|Function\(|document\.write|import|//\w+\.", script
    )
    assert not re.search(r"animat|scroll|\.style\b|\.on[a-z]+ *=|localStorage|document\.cookie", script)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(scheme: str) -> None:
    """WCAG 2.2, 1.4.3 and 1.4.11: 4.5 to 1 for text, 3 to 1 for the edges of fields and for the focus."""
    style = (FOLDER / "style.css").read_text()
    light, dark = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in style.split("@media", 2)[:2])
    colours = light if scheme == "light" else light | dark
    pairs = [("ink", "ground"), ("ink", "raised"), ("quiet", "ground"), ("quiet", "raised"), ("quiet", "note-ground"),
             ("link", "ground"), ("link", "raised"), ("link", "note-ground"), ("link-seen", "ground"),
             ("button-ink", "button"), ("problem", "problem-ground"), ("done", "done-ground"), ("ink", "note-ground"),
             ("banner-ink", "banner"), ("ground", "problem")]  # fmt: skip

    assert {pair: contrast(*(colours[name] for name in pair)) for pair in pairs if _poor(colours, pair, 4.5)} == {}
    for pair in (("field", "raised"), ("field", "ground"), ("focus", "ground"), ("focus", "raised")):
        assert not _poor(colours, pair, 3.0), (pair, contrast(*(colours[name] for name in pair)))


def contrast(one: str, other: str) -> float:
    """How much two colours differ in brightness, from 1 to 21."""
    high, low = sorted((_brightness(one), _brightness(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _poor(colours: dict[str, str], pair: tuple[str, str], least: float) -> bool:
    return contrast(colours[pair[0]], colours[pair[1]]) < least


def _brightness(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
