"""All that is known of a server that is suspended is erased, after one question, and its people may be met anew."""

import pytest

from fedcomm import peers, purging
from fedcomm.app import App
from fedcomm.errors import Conflict
from storage import actors, audit, members, purges, severances
from storage import peers as met
from storage.actors import Actor
from storage.connect import Writes, apply, execute, rows, value
from storage.members import Member
from tests import build
from tests.web.pages.browser import Browser
from tests.web.pages.test_every_page import flaws
from tests.web.pages.test_welcoming import done

pytestmark = pytest.mark.anyio

FAR = "far.example"


async def met_there() -> tuple[Actor, Actor]:
    """alice, who follows bob at the server; with a post of his, an emoji and a copy, and with cleo below it."""
    alice, bob = await build.person("alice"), await build.person("bob", FAR)
    for host in (FAR, f"below.{FAR}", f"kept.{FAR}", "fine.example"):
        await met.meet_at(host, 0, build.NOW)
    for name, host in (("cleo", f"below.{FAR}"), ("dora", f"kept.{FAR}"), ("emil", "fine.example")):
        await build.post(await build.person(name, host), "Hello")
    await build.follow(alice, bob)
    members.put(
        writes := Writes(), Member((await build.group("rye", FAR, "Rye")).id, alice.id, "joined", "", build.NOW, None)
    )
    await apply(writes)
    await build.post(bob, "Buy watches")
    await build.insert("emoji", id=5, host=FAR, shortcode="x", uri="x", url="https://x.example/x", mime="image/png",
                       updated_at=1)  # fmt: skip
    await build.insert(
        "copy", url="https://far.example/a.png", mime="image/png", size=7, tried_at=1, used_at=1, host=FAR
    )
    return alice, bob


async def due() -> None:
    """The wait before it begins is over."""
    await execute("UPDATE job SET run_at = 1 WHERE name = ?", (purging.JOB,))


async def test_after_one_question_all_of_it_is_erased_and_nothing_else(app: App, admin: Browser) -> None:
    alice, bob = await met_there()
    assert (await admin.get(f"/admin/servers/{FAR}/purge")).status == 409
    await peers.set_policy(app, FAR, "suspend")
    await peers.set_policy(app, f"kept.{FAR}", "limit")
    await done(app)
    page = await admin.get(f"/admin/servers/{FAR}/purge")
    assert "3 accounts and groups, 2 posts, and 1 copies of pictures (7 B)" in page.main and flaws(page) == []

    sent = await admin.button(page, f"/admin/servers/{FAR}/purge")
    assert "erased from the next minute on" in sent.main and await purges.amount(FAR) == purges.Amount(3, 2, 1, 7)
    await due()
    await done(app)

    assert await purges.amount(FAR) == purges.Amount(0, 0, 0, 0)
    assert await value("SELECT COUNT(*) FROM post WHERE deleted_at IS NULL") == 2
    assert await value("SELECT COUNT(*) FROM follow") == 0 and await value("SELECT COUNT(*) FROM emoji") == 0
    assert await rows("SELECT state, members_count FROM member m JOIN groups g ON g.id = m.group_id") == [("left", 0)]
    gone, kept = await actors.by_id(bob.id), await actors.by_handle("dora", f"kept.{FAR}")
    assert gone and gone.forgotten and gone.name == "" and kept and not kept.gone
    assert (await met.decision(FAR)) is not None
    assert (await audit.newest(1))[0].act == "peer.purge"
    (cut,) = await severances.of(alice.id)
    assert cut.purged == 1


async def test_an_erasure_that_was_interrupted_goes_on_and_stops_when_the_server_is_let_in(app: App) -> None:
    _, bob = await met_there()
    await peers.set_policy(app, FAR, "suspend")
    await purging.begin(app, FAR, "@ada")
    await purging.work(app, f"below.{FAR}")  # as far as a first try came
    assert (await purges.amount(FAR)).actors == 3

    await peers.set_policy(app, FAR, "")
    await due()
    await done(app)

    kept = await actors.by_id(bob.id)
    assert kept and not kept.gone
    with pytest.raises(Conflict, match="Suspend the server first"):
        await purging.begin(app, FAR, "@ada")
