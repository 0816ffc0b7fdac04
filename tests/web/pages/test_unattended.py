"""A server that nobody looked after for a week lets nobody in unasked, says so, and opens again only by hand."""

import pytest

import storage.accounts
from fedcomm import accounts, clock, settings, unattended
from fedcomm.app import App
from storage import audit
from storage.connect import execute, value
from tests.web.pages.browser import Browser
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"


async def away(days: float) -> None:
    """Nobody who looks after the server has been there for so long."""
    at = clock.now_ms() - int(days * 86_400_000)
    await execute("UPDATE account SET last_active_at = ?, created_at = 1 WHERE role <> 'member'", (at,))
    await execute("UPDATE setting SET changed_at = ?", (at,))


@pytest.mark.attack("ADM-11")
async def test_registrations_close_by_themselves_and_open_by_hand(app: App, admin: Browser) -> None:
    await accounts.create(app, "mia", PASSWORD, role="moderator")
    await settings.change(app, None, {"registration": "open"})
    await away(6.9)
    await unattended.look(app)
    assert (await accounts.sign_up(app, "early", PASSWORD)).state == "active"

    await away(7.1)
    for _twice in range(2):
        await unattended.look(app)

    assert (await accounts.sign_up(app, "late", PASSWORD)).state == "pending"
    assert await value("SELECT COUNT(*) FROM audit WHERE act = 'settings.unattended'") == 1
    assert (await audit.newest(1))[0].actor == "(server)"
    assert await value("SELECT COUNT(*) FROM post WHERE visibility = 3") == 2  # to the admin and to the moderator
    letter = await admin.get("/notifications")
    assert "was here for a week" in letter.main and flaws(letter) == []
    page = await admin.get("/admin/site")
    assert "waits for an answer now" in page.source and flaws(page) == []
    saved = await admin.button(page, "/admin/site", registration="approval")  # seen, and left so
    assert "waits for an answer now" not in saved.source
    await unattended.look(app)
    assert (await settings.current(app)).registration == "approval"
    await admin.button(await admin.get("/admin/site"), "/admin/site", registration="open")
    await unattended.look(app)  # who has just decided it looks after it
    assert (await settings.current(app)).registration == "open"


async def test_what_is_not_open_stays_as_it_is(app: App, admin: Browser) -> None:
    for mode in ("invite", "approval"):
        await settings.change(app, None, {"registration": mode})
        await away(30)
        await unattended.look(app)
        now = await settings.current(app)
        assert (now.registration, now.unattended_at) == (mode, 0)
    await settings.change(app, None, {"registration": "open"})
    await execute("UPDATE account SET role = 'member'")
    await unattended.look(app)
    assert await storage.accounts.last_attended() is None and (await settings.current(app)).registration == "open"
