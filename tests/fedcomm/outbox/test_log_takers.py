"""Who has a use for an entry is remembered, until a server says what it runs."""

import pytest

from fedcomm.app import App
from fedcomm.outbox.log import Log
from storage import outbox
from storage.connect import Writes, apply
from storage.outbox import Audience, Entry
from tests import build

pytestmark = pytest.mark.anyio


async def _entry(author: int, form: str) -> Entry:
    writes = Writes()
    audience = Audience(followers=(author,))
    outbox.publish(
        writes, uri="https://here.test/1", actor_id=author, body=b"{}", audience=audience, now_ms=1, form=form
    )
    await apply(writes)
    return (await outbox.after(0, 10))[-1]


async def test_who_has_a_use_for_an_entry_is_looked_up_anew_when_a_server_says_what_it_runs(app: App) -> None:
    alice, rita = await build.person("alice"), await build.person("rita", "there.test")
    await build.follow(rita, alice)
    log = Log(app)
    wrapped, plain = await _entry(alice.id, "wrapped"), await _entry(alice.id, "plain")

    before = [list(await log.takers(each)) for each in (wrapped, plain, wrapped)]
    app.peers.learn("there.test", "microblog", "mastodon")
    after = [list(await log.takers(each)) for each in (wrapped, plain)]

    assert before == [["there.test"]] * 3
    assert after == [[], ["there.test"]]
