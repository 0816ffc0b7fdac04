"""Stories of reports between servers."""

import pytest

from fedcomm import reports
from fedcomm.actors import SERVICE
from fedcomm.reports import Complaint
from storage.connect import row, rows, use
from tests.fediverse import Fediverse

pytestmark = pytest.mark.anyio


@pytest.mark.attack("PRI-16")
async def test_the_server_of_who_is_reported_learns_of_it_but_not_by_whom(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    alice, mallory = await a.person("alice"), await b.person("mallory")
    await alice.follow(mallory.handle)
    await fediverse.settle()
    spam = await mallory.post("Buy watches")
    await fediverse.settle()
    there = await a.knows(spam.uri)

    with a.here():
        complaint = Complaint(target_id=there.author_id, post_ids=(there.id,), comment="Spam", forward=True)
        await reports.report(a.app, alice.actor, complaint)
    await fediverse.settle()

    with use(b.app.db):
        found = await row(
            "SELECT r.comment, r.state, r.post_ids, a.uri FROM report r JOIN actor a ON a.id = r.reporter_id"
        )
    with use(a.app.db):
        (flag,) = [found[0] for found in await rows("SELECT body FROM outbox") if b'"Flag"' in found[0]]
    assert found == ("Spam", "open", f"[{spam.id}]", f"https://a.test/{SERVICE}")
    assert b"alice" not in flag
