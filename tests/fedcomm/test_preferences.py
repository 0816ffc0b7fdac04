"""Who changes several of their preferences at the same moment loses none of these changes."""

import asyncio

import pytest

import storage.accounts
from activitypub import keys
from fedcomm import preferences, staff_mail
from fedcomm.app import App
from fedcomm.preferences import Wish
from tests import build

pytestmark = pytest.mark.anyio


async def test_of_changes_at_the_same_moment_none_is_lost(app: App) -> None:
    ada = await build.person("ada", role="admin")
    account = await storage.accounts.of_actor(ada.id)
    assert account
    app.service_key = keys.make_rsa(), ""
    tokens = [staff_mail.stopping(app, account.id, kind) for kind in ("reports", "sign_ups")]

    async with asyncio.TaskGroup() as each:
        each.create_task(preferences.change(app, account, Wish("private")))
        each.create_task(preferences.change(app, account, Wish(language="de")))
        each.create_task(preferences.set_terms_read(account, 7))
        for token in tokens:
            each.create_task(staff_mail.stop(app, token))
    now = await storage.accounts.by_id(account.id)

    assert preferences.of(now) == preferences.Preferences("private", False, "de", ("reports", "sign_ups"), (), 7)
