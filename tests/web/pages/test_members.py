"""The pages about who is in a group, and about the invitations into it."""

import pytest

import storage.members
from fedcomm import accounts, group_profile, groups, invites, settings
from fedcomm.app import App
from fedcomm.group_profile import Change
from storage import actors
from storage.actors import Actor
from storage.connect import value
from storage.groups import Group
from tests import build
from tests.people import person
from tests.web.pages.browser import Browser, Page
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws
from tests.web.pages.test_invitations import made

pytestmark = pytest.mark.anyio


@pytest.fixture
async def rye(app: App, alice: Actor) -> Group:
    """A group that mo looks after; alice is in it, and fay who wants to be found, from elsewhere."""
    await person(app, "mo")
    await groups.create(app, "rye", "Rye bread", steward="mo")
    group, _face = await groups.named("rye")
    mo = await actors.local("mo")
    assert mo
    await actors.change(alice.id, discoverable=0)
    for who in (mo, alice, await build.person("fay", "far.example", discoverable=1)):
        await build.join(who, group)
    return group


def people(page: Page) -> list[str]:
    """Whose pages the list leads to."""
    return [each["href"] for lines in page.all("ul", class_="lines") for each in lines.all("a", class_="person")]


async def entered(enter: Enter, name: str) -> Browser:
    """Somebody who is signed in."""
    who = await actors.local(name)
    assert who
    return await enter(who)


async def test_members_see_all_members_others_those_who_want_to_be_found_and_of_private_groups_none(
    app: App, rye: Group, alice: Actor, stranger: Browser, enter: Enter
) -> None:
    member, other = await enter(alice), await enter(await build.person("olaf"))

    seen = [people(await each.get("/c/rye/members")) for each in (stranger, other, member)]
    page = await member.get("/c/rye/members")
    await group_profile.change(app, "rye", Change(visibility="members", join_mode="approval"))
    private = [(await each.get("/c/rye/members")).status for each in (stranger, other, member)]

    assert seen == [["/@fay@far.example", "/@mo"]] * 2 + [["/@fay@far.example", "/@alice", "/@mo"]]
    assert "steward" in page.main and not page.one("main").all("form") and flaws(page) == []
    assert private == [404, 404, 200]


async def test_moderators_take_somebody_out_with_a_reason_who_may_come_again(
    app: App, rye: Group, alice: Actor, enter: Enter
) -> None:
    mo, member = await entered(enter, "mo"), await enter(alice)
    page = await mo.get("/c/rye/members")
    fields = {"csrf": page.one("main").all("input", name="csrf")[0]["value"], "id": str(alice.id)}
    own = (await member.get("/c/rye")).form("/c/rye/leave").one("input", name="csrf")["value"]
    assert flaws(page) == [] and f"/@{alice.username}" in people(page)

    answers = [
        await member.post("/c/rye/members", fields | {"csrf": own}),
        await mo.post("/c/rye/members", fields | {"reason": "x" * 501}),
        await mo.post("/c/rye/members", fields | {"id": "5"}),
        await mo.post("/c/rye/members", fields | {"reason": "Too many adverts."}),
    ]
    found = await storage.members.of(rye.id, alice.id)
    said = await value("SELECT content FROM post WHERE visibility = 3")
    log = (await mo.get("/c/rye/moderate")).one("section", aria_labelledby="log").text

    assert [page.status for page in answers] == [403, 422, 404, 303]
    assert found and found.state == "left" and "Too many adverts." in said
    assert "ended the membership of" in log and "Too many adverts." in log
    await member.button(await member.get("/c/rye"), "/c/rye/join")
    again = await storage.members.of(rye.id, alice.id)
    assert again and again.state == "joined"
    steward = await actors.local("mo")
    assert steward and (await mo.post("/c/rye/members", fields | {"id": str(steward.id)})).problem


async def test_moderators_free_a_member_of_the_limits_of_the_first_day_and_bind_them_again(
    app: App, rye: Group, enter: Enter
) -> None:
    nina = await person(app, "nina")
    mo, member = await entered(enter, "mo"), await enter(nina)
    await member.button(await member.get("/c/rye"), "/c/rye/join")
    await group_profile.change(app, "rye", Change(ladder=True))
    links = "https://a.example https://b.example https://c.example"

    async def writes() -> int:
        return (await member.send(await member.get("/write?group=rye"), "/write", title="Shops", text=links)).status

    async def decides(act: str, browser: Browser = mo) -> int:
        own = (await browser.get("/c/rye/members")).all("input", name="csrf")[0]["value"]
        return (await browser.post("/c/rye/members", {"csrf": own, "act": act, "id": str(nina.id)})).status

    assert [await writes(), await decides("trust", member)] == [422, 403]
    assert [await decides("trust"), await decides("trust"), await writes()] == [303, 303, 303]
    page = await mo.get("/c/rye/members")
    assert "trusted" in page.main and "Trust no more" in page.main and flaws(page) == []
    assert (await mo.get("/c/rye/moderate")).one("section", aria_labelledby="log").text.count("trusts") == 1
    assert [await decides("distrust"), await writes()] == [303, 422]


async def test_who_looks_after_a_group_sees_the_invitations_into_it_and_takes_them_back(
    app: App, rye: Group, alice: Actor, enter: Enter, stranger: Browser
) -> None:
    mo, account = await entered(enter, "mo"), await accounts.named("alice")
    of_member = (await invites.create(app, account, group_id=rye.id)).removeprefix(app.base_url)
    elsewhere = await groups.create(app, "spelt", "Spelt")
    other = await invites.find(app, (await invites.create(app, None, group_id=elsewhere.id)).rpartition("/")[2])
    await settings.change(app, None, {"members_invite": False})  # what they make is for who has an account then

    page = await mo.get("/c/rye/invites")
    wrong = await mo.send(page, "/c/rye/invites", uses="11")
    link = made(await mo.send(page, "/c/rye/invites", uses="2", days="3"), app)
    listed = await mo.get("/c/rye/invites")
    shown = await stranger.get(link)
    signing_up = await stranger.post(link, {"csrf": shown.all("input", name="csrf")[0]["value"], "name": "eve"})

    assert wrong.status == 422 and flaws(page) == flaws(listed) == []
    assert (await stranger.get(of_member)).status == 404  # members do not invite any more
    assert "Used 0 of 2 times" in listed.main and "/@mo" in people(listed)
    assert not shown.all("input", name="password") and "/sign_in?next=" in " ".join(shown.links)
    assert signing_up.status == 403
    for form in [each["action"] for each in listed.all("form") if each["action"].endswith("/revoke")]:
        await mo.button(listed, form)
    csrf = {"csrf": page.form("/c/rye/invites").one("input", name="csrf")["value"]}
    assert (await mo.post(f"/c/rye/invites/{other.id}/revoke", csrf)).status == 404
    assert (await stranger.get(link)).status == 404
    assert (await (await enter(alice)).get("/c/rye/invites")).status == 403
