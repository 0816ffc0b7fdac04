"""Members whose ties to a server an admin cuts are told once, and can take along whom they lost."""

import httpx
import pytest

from fedcomm import members, peers, severing
from fedcomm.app import App
from storage import actors, severances
from storage import peers as met
from storage.actors import Actor
from storage.connect import value
from storage.peers import Decision
from tests import build
from tests.web.mastodon.member import Member
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws
from tests.web.pages.test_welcoming import done

pytestmark = pytest.mark.anyio

FAR = "far.example"


async def tied() -> tuple[Actor, Actor]:
    """alice, who follows two at the server and is followed by one; and bert, who has nothing to do with it."""
    alice, bert = await build.person("alice"), await build.person("bert")
    for name, host in (("carol", FAR), ("dan", f"below.{FAR}")):
        await met.meet_at(host, 0, build.NOW)
        await build.follow(alice, await build.person(name, host))
    await build.follow(await build.person("erin", FAR), alice)
    await build.follow(bert, await build.person("fay", "fine.example"))
    return alice, bert


async def test_who_loses_somebody_is_told_and_gets_them_back(app: App, client: httpx.AsyncClient, enter: Enter) -> None:
    alice, bert = await tied()
    browser, other = await enter(alice), await enter(bert)
    program = await Member.of(client, alice)

    await peers.set_policy(app, FAR, "suspend")
    await peers.set_policy(app, FAR, "suspend", comment="again")
    await done(app)

    page = await browser.get("/notifications")
    assert f"An admin has suspended {FAR}" in page.main
    assert "You follow 2 there, and 1 there follow you. Should it be let in again" in page.main
    assert "suspended" not in (await other.get("/notifications")).main
    (told,) = await program.get("notifications", **{"types[]": "severed_relationships"})
    assert told["event"] | {"id": "", "created_at": ""} == {
        "id": "", "type": "domain_block", "purged": False, "target_name": FAR, "followers_count": 1,
        "following_count": 2, "created_at": "",
    }  # fmt: skip
    assert await program.get("notifications") == []  # programs that do not know it are not given it
    (group,) = (await program.get("/api/v2/notifications", **{"types[]": "severed_relationships"}))[
        "notification_groups"
    ]
    assert group["event"] == told["event"]

    (cut,) = await severances.of(alice.id)
    assert (cut.joined, cut.members) == (0, 0)
    links = [link for link in (await browser.get("/settings/data")).links if "severed" in link]
    following, followers = [(await browser.get(link)).text for link in links]
    heading = "Account address,Show boosts,Notify on new posts,Languages"
    assert following == f"{heading} dan@below.{FAR},true,false, carol@{FAR},true,false,"  # a browser joins lines
    assert followers == f"Account address erin@{FAR}"
    for link in links:
        assert (await other.get(link)).status == 404

    await peers.set_policy(app, FAR, "")
    assert await value("SELECT COUNT(*) FROM follow WHERE follower_id = ? AND state = 'accepted'", (alice.id,)) == 2
    await peers.set_policy(app, FAR, "suspend")
    await done(app)
    assert len(await severances.of(alice.id)) == 2 and cut.cut_id != (await severances.of(alice.id))[0].cut_id


async def test_nobody_is_told_of_what_was_taken_back_meanwhile_or_cuts_nothing(app: App) -> None:
    alice, _ = await tied()

    await peers.set_policy(app, FAR, "suspend")
    await peers.set_policy(app, FAR, "limit")
    await peers.decide(app, "fine.example", Decision(reject_media=True))
    await done(app)

    assert await severances.of(alice.id) == []


async def test_groups_count_as_well_there_and_here_for_who_looks_after_them(app: App, enter: Enter) -> None:
    alice, bert = await tied()
    far = await actors.by_id((await build.group("rye", FAR)).actor_id)
    face = await actors.by_id((await build.group("oats")).actor_id)
    assert far and face
    await build.follow(alice, far)
    await members.appoint(app, "oats", bert, role="steward")
    await build.follow(await build.person("gus", FAR), face)
    leader = await enter(bert)

    await peers.set_policy(app, FAR, "suspend")
    await done(app)

    (hers,) = await severances.of(alice.id)
    (his,) = await severances.of(bert.id)
    assert (hers.following, hers.joined, hers.members) == (3, 1, 0)
    assert (his.following, his.followers, his.joined, his.members) == (0, 0, 0, 1)
    page = await leader.get("/notifications")
    assert "Groups that you look after have 1 member from there." in page.main
    (link,) = [link for link in page.links if link.endswith("/members.csv")]
    assert (await leader.get(link)).text == f"Group,Account address oats,gus@{FAR}"
    data = await leader.get("/settings/data")
    assert "1 membership in groups that you look after" in data.main and flaws(data) == []


async def test_members_are_told_what_rests_when_only_allowed_servers_are_spoken_with(app: App, enter: Enter) -> None:
    alice, bert = await tied()
    browser = await enter(alice)
    await severing.look(app)
    await peers.decide(app, "fine.example", Decision("allow"))
    app.peers.allow_list = True

    for _ in range(2):
        await severing.look(app)
        await done(app)

    assert await severances.of(bert.id) == []
    (cut,) = await severances.of(alice.id)
    assert (cut.host, cut.following, cut.followers) == ("", 2, 1)
    page = await browser.get("/notifications")
    assert "speaks from now on only with servers" in page.main and "You follow 2 there" in page.main
    following = next(link for link in page.links if link.endswith("/following.csv"))
    assert f"carol@{FAR}" in (await browser.get(following)).text
    assert "All that are not let in by name" in (await browser.get("/settings/data")).main
    await peers.decide(app, "fine.example", Decision())
    await done(app)
    assert [cut.host for cut in await severances.of(bert.id)] == ["fine.example"]
    app.peers.allow_list = False
    await severing.look(app)
    await done(app)
    assert len(await severances.of(alice.id)) == 1
