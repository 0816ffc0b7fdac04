"""What is kept for a while only is gone after it."""

from collections.abc import Callable

import pytest

import storage.oauth
from fedcomm import accounts, oauth, sessions, tokens
from fedcomm.app import App
from fedcomm.jobs import nightly
from storage.connect import rows

pytestmark = pytest.mark.anyio

DAY = 86_400.0


async def registered(app: App) -> oauth.Registered:
    """A new program."""
    return await oauth.register(app, "A program", ["https://app.test/back"], "read")


@pytest.mark.attack("OAU-12")
async def test_programs_that_nobody_let_in_are_gone_after_a_week(app: App, pass_time: Callable[[float], None]) -> None:
    await accounts.create(app, "ann", "correct horse battery")
    unused, used = await registered(app), await registered(app)
    await tokens.issue(app, "ann", "read", used.program.id)

    pass_time(6 * DAY)
    await nightly.run(app)
    still = await storage.oauth.program(unused.program.id)
    pass_time(2 * DAY)
    await nightly.run(app)

    assert still is not None
    assert await storage.oauth.program(unused.program.id) is None
    assert await storage.oauth.program(used.program.id) is not None


async def test_codes_and_sessions_that_expired_are_gone(app: App, pass_time: Callable[[float], None]) -> None:
    account = await accounts.create(app, "ann", "correct horse battery")
    made = await registered(app)
    await oauth.issue_code(app, made.program, account.id, "https://app.test/back", "read")
    await sessions.open(app, account.id, "A browser")

    await nightly.run(app)
    before = [await rows(f"SELECT 1 FROM {table}", ()) for table in ("oauth_code", "session")]
    pass_time(400 * DAY)
    await nightly.run(app)

    assert before == [[(1,)], [(1,)]]
    assert [await rows(f"SELECT 1 FROM {table}", ()) for table in ("oauth_code", "session")] == [[], []]
