"""Who boosted a post, and each boost by its own id, as far as whoever asks may see those who boosted."""

import pytest

import storage.actors
from tests import build
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio


@pytest.mark.attack("PRI-06")
async def test_nobody_sees_boosts_of_whom_they_do_not_see(alice: Member, bob: Member) -> None:
    names = ("kind", "shy", "rude", "suspended", "limited", "gone")
    fans = {name: await build.person(name) for name in names}
    await build.block(fans["shy"], alice.actor)
    await build.block(alice.actor, fans["rude"])
    for name in ("suspended", "limited"):
        await storage.actors.change(fans[name].id, **{f"{name}_at": build.NOW})
    await storage.actors.change(fans["gone"].id, deleted_at=build.NOW)
    post = await build.post(bob.actor)
    boosts = {name: await build.boost(fan, post) for name, fan in fans.items()}

    seen = ids(await alice.get(f"statuses/{post.id}/reblogged_by"))
    single = {name: (await alice.ask("GET", f"statuses/{boost}")).status_code for name, boost in boosts.items()}

    assert seen == [str(fans["kind"].id)]
    assert single == {name: 200 if name == "kind" else 404 for name in names}
    assert len(await bob.get(f"statuses/{post.id}/reblogged_by")) == 3
