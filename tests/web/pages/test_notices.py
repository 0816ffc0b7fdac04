"""Every page of a try-out, and of a server in test mode, says what it is."""

import msgspec
import pytest

from fedcomm.app import App
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import everything
from tests.web.pages.world import World, made

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]


@pytest.mark.parametrize(
    ("setting", "words"), [("try_out", "This is a try-out"), ("test_mode", "This server runs in test mode")]
)
async def test_every_page_says_that_it_is_not_for_real(
    app: App, stranger: Browser, enter: Enter, monkeypatch: pytest.MonkeyPatch, setting: str, words: str
) -> None:
    world: World = await made(app)
    monkeypatch.setattr(app, "config", msgspec.structs.replace(app.config, **{setting: True}))

    for path, page, _ in await everything(world, stranger, enter):
        assert page.one("aside", class_="banner").text.startswith(words), path


async def test_a_real_server_says_nothing_of_the_kind(app: App, stranger: Browser) -> None:
    assert not (await stranger.get("/")).all("aside", class_="banner")
