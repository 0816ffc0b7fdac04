"""Browsers that are signed in, and tokens of programs."""

import pytest

import storage.sessions
from fedcomm import accounts, sessions, tokens
from fedcomm.app import App
from fedcomm.errors import Invalid, NotAllowed, NotFound
from storage.connect import value

pytestmark = pytest.mark.anyio

GOOD = "correct horse battery"
DAY = 86_400


async def test_a_session_lasts_as_long_as_it_is_used_and_a_year_at_most(app: App, pass_time) -> None:
    account = await accounts.create(app, "ann", GOOD)
    used, unused = [await sessions.open(app, account.id, "A browser") for _ in range(2)]

    for _ in range(12):
        pass_time(30 * DAY)
        assert await sessions.find(app, used)
    assert await sessions.find(app, unused) is None
    pass_time(10 * DAY)
    assert await sessions.find(app, used) is None


@pytest.mark.attack("ADM-04")
async def test_each_sign_in_has_a_secret_of_its_own_that_cannot_be_chosen(app: App) -> None:
    account = await accounts.create(app, "ann", GOOD)
    seen = {await sessions.open(app, account.id, "") for _ in range(5)}

    assert len(seen) == 5 and all(len(token) >= 43 for token in seen)
    for made_up in ("", "x", "chosen by somebody else", "\ud800", "a" * 5000):
        assert await sessions.find(app, made_up) is None


async def test_signing_out_ends_the_session_at_once(app: App) -> None:
    account = await accounts.create(app, "ann", GOOD)
    token = await sessions.open(app, account.id, "")
    session = await sessions.find(app, token)
    assert session

    await sessions.close(app, session)

    assert await sessions.find(app, token) is None


@pytest.mark.attack("OAU-13")
async def test_one_ends_ones_own_sessions_only(app: App) -> None:
    ann, eve = await accounts.create(app, "ann", GOOD), await accounts.create(app, "eve", GOOD)
    session = await sessions.find(app, token := await sessions.open(app, ann.id, ""))
    assert session

    with pytest.raises(NotFound):
        await sessions.close_other(app, eve.id, session.id)
    assert await sessions.find(app, token)
    await sessions.close_other(app, ann.id, session.id)
    assert await sessions.find(app, token) is None


async def test_there_are_at_most_twenty_sessions_of_one_account(app: App) -> None:
    account = await accounts.create(app, "ann", GOOD)
    for _ in range(25):
        newest = await sessions.open(app, account.id, "")

    assert await sessions.find(app, newest)
    assert await value("SELECT count(*) FROM session") == sessions.MOST


async def test_what_a_browser_says_of_itself_is_kept_as_short_plain_text(app: App) -> None:
    account = await accounts.create(app, "ann", GOOD)
    await sessions.open(app, account.id, "Fire\0fox\r\n\u202e" + "x" * 5000)

    (session,) = await storage.sessions.of_account(account.id, 0)

    assert session.user_agent.startswith("Firefoxx") and len(session.user_agent) <= 300


async def test_a_token_has_known_scopes_only_and_those_of_admins_need_one(app: App) -> None:
    await accounts.create(app, "ann", GOOD)
    await accounts.create(app, "boss", GOOD, role="admin")

    assert len(await tokens.issue(app, "ann", "read write follow push")) >= 43
    assert await tokens.issue(app, "@Ann", "read:statuses  read:statuses")
    assert await tokens.issue(app, "boss", "admin:read")
    with pytest.raises(Invalid):
        await tokens.issue(app, "ann", "read everything")
    with pytest.raises(NotAllowed):
        await tokens.issue(app, "ann", "read admin:write:accounts")
    with pytest.raises(NotFound):
        await tokens.issue(app, "nobody", "read")
    assert await value("SELECT count(*) FROM oauth_token WHERE scopes = 'read:statuses'") == 1
