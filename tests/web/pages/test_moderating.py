"""What moderators do with a browser, and that nobody else does it."""

import msgspec
import pytest

import storage.actors
import storage.groups
import storage.peers
from fedcomm import admit, clock, follows, groups, members, moderation, posts, reactions
from fedcomm.app import App
from fedcomm.posts import Draft
from storage.actors import Actor
from storage.connect import Writes, apply, execute, rows, value
from storage.groups import Group
from tests import build
from tests.people import person
from tests.web.pages.browser import Browser, Page
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

HERE = "/c/rye/moderate"
acts = {"remove", "lock", "unlock", "pin", "unpin", "flair"}


@pytest.fixture
async def rye(app: App) -> Actor:
    """A group that mo moderates; its face."""
    await person(app, "mo")
    await groups.create(app, "rye", "Rye bread", steward="mo", join_mode="approval")
    return (await groups.named("rye"))[1]


@pytest.fixture
async def mo(rye: Actor, enter: Enter) -> Browser:
    """The browser of its moderator."""
    moderator = await storage.actors.local("mo")
    assert moderator
    return await enter(moderator)


@pytest.fixture
async def anna(app: App, rye: Actor) -> Actor:
    """A member of the group."""
    actor = await person(app, "anna")
    await follows.follow(app, actor, rye.id)
    await follows.accept(app, rye, actor.id)
    return actor


async def act(browser: Browser, what: str, where: str = HERE, **more: str) -> Page:
    """Press a button of the page of the group; gives what is shown then."""
    secret = (await browser.get("/settings")).form("/sign_out").one("input", name="csrf")["value"]
    answer = await browser.post(where, {"csrf": secret, "act": what} | more)
    return await browser.open(answer.headers["location"]) if answer.status == 303 else answer


async def test_the_group_is_described_anew(app: App, rye: Actor, mo: Browser, stranger: Browser) -> None:
    page = await mo.get(HERE)

    done = await mo.button(
        page, "/c/rye/profile", title="Rye & <wheat>", summary="Both of them.\n\nReally.", rules="Be kind.\n\nNo spam.",
        join_mode="open", posting="members",
    )  # fmt: skip

    assert "Done." in done.main and done.one("textarea", name="rules").text == "Be kind. No spam."
    group = await stranger.get("/c/rye")
    assert group.one("h1").text == "Rye & <wheat>" and "Both of them." in group.main
    assert [rule.text for rule in group.one("aside", aria_label="About this group").one("ol").all("li")] == [
        "Be kind.",
        "No spam.",
    ]
    log = done.one("table").text
    assert "changed the title" in log and "changed the rules" in log and "changed who can join" in log
    found, _ = await groups.named("rye")
    assert (found.join_mode, found.posting) == ("open", "members")


async def test_votes_that_are_switched_off_are_not_shown_and_refused(
    app: App, rye: Actor, mo: Browser, anna: Actor, enter: Enter
) -> None:
    thread = await posts.create(app, anna, Draft(text="@rye Sour dough\n\nToo wet"))
    where = f"/@anna/{thread}"
    moderator = await storage.actors.local("mo")
    assert moderator
    await reactions.dislike(app, moderator, thread)
    before = (await (await enter(anna)).get(where)).one("article", class_="starter")

    settings = {"title": "Rye bread", "summary": "", "rules": "", "join_mode": "approval", "posting": "members"}
    await mo.button(await mo.get(HERE), "/c/rye/profile", **settings, votes="none")
    after = await (await enter(anna)).get(where)
    theirs = await mo.get(where)  # whose vote is there still, and can be taken back
    refused = await mo.send(theirs, f"/like/{thread}", act="like")

    assert "1 vote against" in before.text and before.all("button", value="like")
    starter = after.one("article", class_="starter")
    assert "against" not in starter.text and not starter.all("button", value="like") and flaws(after) == []
    assert theirs.all("button", value="unlike") and not theirs.all("button", value="dislike")
    assert refused.status == 422 and "There are no votes in this group." in refused.source


@pytest.mark.attack("PRI-26")
async def test_a_group_that_is_made_private_is_a_card_to_all_but_its_members(
    app: App, rye: Actor, mo: Browser, anna: Actor, stranger: Browser, enter: Enter
) -> None:
    """What it is called, for, its rules and how one joins; not how many are in it, who, or how much they say."""
    settings = {"title": "Rye bread", "summary": "For bakers", "rules": "", "posting": "members"}
    refused = await mo.send(await mo.get(HERE), "/c/rye/profile", **settings, join_mode="open", visibility="members")
    assert refused.status == 422 and "is no secret" in refused.problem
    done = await mo.button(await mo.get(HERE), "/c/rye/profile", **settings, join_mode="approval", visibility="members")
    assert flaws(done) == [] and "Whoever becomes a member reads it too." in done.main
    thread = await posts.create(app, anna, Draft(text="@rye SECRET dough\n\nToo wet"))
    places = ("/c/rye", "/c/rye/members", "/c/rye?sort=new", "/@anna", f"/@anna/{thread}", "/", "/@anna/following")
    other = await enter(await person(app, "otto"))

    for who in (stranger, other):
        shown = [await who.get(place) for place in places]
        assert not any("SECRET" in page.source for page in shown)
        card = shown[0]
        assert "For bakers" in card.main and "for its members" in card.main and flaws(card) == []
        assert "1 member" not in card.main and "1 thread" not in card.main
        assert "anna" not in shown[1].main and "rye" not in shown[-1].main.lower()
        assert shown[4].status == 404
    inside = await (await enter(anna)).get("/c/rye")
    assert "SECRET dough" in inside.main and "1 member" in inside.main and "1 thread" in inside.main
    answer = await (await enter(anna)).get(f"/write?to={thread}")
    levels = [option["value"] for option in answer.one("select", name="visibility").all("option")]
    assert levels == ["private", "direct"] and "the members of the group" in answer.main
    await act(mo, "", "/c/rye/profile", title="Rye bread", join_mode="approval", posting="members")  # an older form
    assert (await groups.named("rye"))[0].visibility == "members"


async def test_a_description_that_cannot_be_changes_nothing(mo: Browser) -> None:
    cases = [
        ({"title": " "}, "title"),
        ({"title": "x" * 101}, "title"),
        ({"summary": "x" * 5001}, "summary"),
        ({"rules": "r\n" * 51}, "rules"),
        ({"join_mode": "magic"}, "join_mode"),
        ({"votes": "secret"}, "votes"),
        ({"visibility": "spies"}, "visibility"),
        ({"posting": "nobody"}, "posting"),
    ]
    for wrong, field in cases:
        before = await value("SELECT COUNT(*) FROM act")

        page = await mo.send(await mo.get(HERE), "/c/rye/profile", **wrong)

        marked = [each["name"] for each in page.one("main").all() if each["aria-invalid"] == "true"]
        assert page.status == 422 and page.problem and marked == [field] and flaws(page) == []
        assert await value("SELECT COUNT(*) FROM act") == before
        assert (await mo.get("/c/rye")).one("h1").text == "Rye bread"


async def test_somebody_is_banned_and_may_come_back(
    app: App, rye: Actor, mo: Browser, anna: Actor, enter: Enter
) -> None:
    wrong = await act(mo, "ban", who="@anna", days="-1")
    assert wrong.status == 422 and flaws(wrong) == [] and "Nobody is banned." in wrong.main
    page = await act(mo, "ban", who="@anna", reason="spam <b>again</b>", days="7")
    theirs = await (await enter(anna)).get("/c/rye")

    group, _ = await groups.named("rye")
    assert flaws(page) == [] and "anna" in page.one("section", aria_labelledby="bans").text
    assert "spam <b>again</b>" in page.one("table").text
    until = admit.banned_until((await members.standing(group, anna)).ban)
    assert until and 6 < (until - clock.now_ms()) / 86_400_000 < 7
    assert page.one("section", aria_labelledby="bans").all("time")
    assert "You are banned from this group. The ban ends by itself:" in theirs.main and flaws(theirs) == []
    assert "spam <b>again</b>" in theirs.main
    assert theirs.one("div", class_="actions").text == ""
    page = await act(mo, "unban", id=str(anna.id))
    assert "Nobody is banned." in page.main and "lifted the ban" in page.one("table").text
    assert (await (await enter(anna)).get("/c/rye")).one("div", class_="actions").text == "Ask to join"


async def test_who_cannot_be_banned_is_not(rye: Actor, mo: Browser) -> None:
    for who in ["@nobody", "", "nonsense@", "@mo", "@rye"]:
        page = await act(mo, "ban", who=who)

        assert page.status in (403, 404) and page.problem and flaws(page) == []
        assert ("no account of this name here" in page.problem) == (who in ("@nobody", ""))
        assert await rows("SELECT value FROM register WHERE property = 'ban'") == []


async def test_stewards_appoint_and_dismiss_but_a_steward_stays(
    app: App, rye: Actor, mo: Browser, anna: Actor, enter: Enter, stranger: Browser
) -> None:
    moderator = await storage.actors.local("mo")
    assert moderator
    assert "Only people" in (await act(mo, "appoint", who="rye")).problem
    await act(mo, "appoint", who="anna")
    theirs = await enter(anna)
    listed = [each["href"] for each in (await stranger.get("/c/rye")).one("aside").all("a", class_="person")]
    assert listed == ["/@anna", "/@mo"]  # stewards last (features S3.9)
    page = await theirs.get(HERE)
    forms = [form["action"] for form in page.all("form")]

    assert page.status == 200 and flaws(page) == [] and "/c/rye/profile" not in forms
    for what in ("appoint", "role", "dismiss"):
        assert (await act(theirs, what, who="anna", id=str(moderator.id), role="steward")).status == 403, what
    assert (await act(theirs, "", "/c/rye/profile", title="Mine")).status == 403
    assert (await act(theirs, "ban", who="@mo")).status == 403
    page = await act(mo, "role", id=str(anna.id), role="steward")
    assert "made steward" in page.one("table").text and flaws(page) == []
    about = (await stranger.get("/c/rye")).one("aside").text
    assert about.count("steward") == 2 and "moderator" not in about
    left = await act(mo, "dismiss", id=str(moderator.id))
    assert left.status == 200 and "Look after the group" not in left.main and (await mo.get(HERE)).status == 403
    page = await act(theirs, "dismiss", id=str(anna.id))

    assert page.status == 409 and "needs a steward" in page.problem


async def test_an_answer_is_taken_out_and_put_back(
    app: App, rye: Actor, mo: Browser, anna: Actor, stranger: Browser
) -> None:
    thread = await posts.create(app, anna, Draft(text="@rye Sour dough\n\nToo wet"))
    answer = await posts.create(app, anna, Draft(text="Buy my oven", in_reply_to_id=thread))
    page = await mo.get(f"/@anna/{thread}")
    assert flaws(page) == []

    await act(mo, "remove", f"/moderate/{answer}", reason="an advertisement")

    assert "Buy my oven" not in (await stranger.get(f"/@anna/{thread}")).source
    log = await mo.get(HERE)
    assert "took out" in log.one("table").text and "an advertisement" in log.one("table").text and flaws(log) == []
    (back,) = [form for form in log.all("form") if form.all("button", value="restore")]
    await act(mo, "restore", who=back.one("input", name="who")["value"])
    assert "Buy my oven" in (await stranger.get(f"/@anna/{thread}")).source
    assert not (await mo.get(HERE)).all("button", value="restore")


async def test_a_thread_that_is_taken_out_is_counted_no_more(
    app: App, rye: Actor, mo: Browser, anna: Actor, stranger: Browser
) -> None:
    await posts.create(app, anna, Draft(text="@rye Sour dough\n\nToo wet"))
    spam = await posts.create(app, anna, Draft(text="@rye Ovens\n\nBuy mine"))
    assert "2 threads" in (await stranger.get("/c/rye")).main

    await act(mo, "remove", f"/moderate/{spam}", reason="an advertisement")

    shown = (await stranger.get("/c/rye")).main
    assert "1 thread" in shown and "2 threads" not in shown


async def test_a_thread_is_locked_and_pinned(
    app: App, rye: Actor, mo: Browser, anna: Actor, enter: Enter, stranger: Browser
) -> None:
    thread = await posts.create(app, anna, Draft(text="@rye Sour dough\n\nToo wet"))
    where = f"/moderate/{thread}"

    locked = await act(mo, "lock", where)
    pinned = await act(mo, "pin", where)

    assert "locked" in locked.main and locked.all("button", value="unlock") and pinned.all("button", value="unpin")
    assert "Sour dough" in (await stranger.get("/c/rye")).one("section", aria_labelledby="pinned").text
    assert not [link for link in (await (await enter(anna)).get(f"/@anna/{thread}")).links if "/write?to" in link]
    await act(mo, "unpin", where)
    page = await act(mo, "unlock", where)
    assert page.all("button", value="lock") and not (await stranger.get("/c/rye")).all(
        "section", aria_labelledby="pinned"
    )
    care = await mo.get(page.one("a", href=where)["href"])
    closed = await mo.button(care, where, minutes="360", act="cool", reason="heated")
    refused = await act(mo, "cool", where, minutes="3")
    assert flaws(care) == flaws(closed) == [] and "It opens by itself:" in closed.main
    assert refused.status == 422 and "5 minutes to 7 days" in refused.main
    warned = await mo.button(await mo.get(where), where, act="warn", reason="mind the oven")
    assert flaws(warned) == [] and "warned" in (await mo.get(HERE)).main
    assert "mind the oven" not in (await stranger.get("/c/rye")).main
    await groups.create(app, "spelt", "Spelt", steward="mo")
    gone = await mo.button(await mo.get(where), where, act="move", to="spelt", reason="about spelt")
    left = (await stranger.get("/c/rye")).one("section", aria_labelledby="moved")
    assert "Spelt" in gone.main and "Sour dough" in left.text and "moved to another group" in (await mo.get(HERE)).main
    assert "moved here from another group" in (await mo.get("/c/spelt/moderate")).main
    assert "It opens:" in (await mo.get(where)).main and "closed for a while" in (await mo.get(HERE)).main


@pytest.mark.attack("ADM-10")
async def test_nobody_else_looks_after_a_group(
    app: App, rye: Actor, mo: Browser, anna: Actor, enter: Enter, stranger: Browser
) -> None:
    thread = await posts.create(app, anna, Draft(text="@rye Sour dough\n\nToo wet"))
    await groups.create(app, "spelt", "Spelt", steward="anna")
    member = await enter(anna)  # moderates another group
    before = await value("SELECT COUNT(*) FROM act"), await value("SELECT COUNT(*) FROM post WHERE removed_at IS NULL")

    assert (await stranger.get(HERE)).status == 303
    assert (await member.get(HERE)).status == 403
    assert HERE not in (await member.get("/c/rye")).links and HERE in (await mo.get("/c/rye")).links
    assert not (await member.get(f"/@anna/{thread}")).all("details", class_="care")
    for what in ("accept", "refuse", "appoint", "dismiss", "ban", "unban", "restore"):
        assert (await act(member, what, who="mo", id="1")).status == 403, what
    assert (await act(member, "", "/c/rye/profile", title="Mine")).status == 403
    for what in ("remove", "lock", "unlock", "pin", "unpin"):
        assert (await act(member, what, f"/moderate/{thread}")).status == 403, what

    assert before == (
        await value("SELECT COUNT(*) FROM act"),
        await value("SELECT COUNT(*) FROM post WHERE removed_at IS NULL"),
    )


async def test_an_admin_looks_after_a_group_without_moderators(app: App, admin: Browser) -> None:
    await groups.create(app, "orphan", "Orphan")
    await person(app, "anna")

    page = await act(admin, "appoint", "/c/orphan/moderate", who="anna")

    assert "anna" in page.one("section", aria_labelledby="looking-after").text
    assert "/c/orphan/moderate" in (await admin.get("/c/orphan")).links


@pytest.mark.thorough("postgres")
async def test_a_group_of_another_server_is_looked_after_from_here_as_far_as_that_server_takes_it(
    app: App, admin: Browser, enter: Enter
) -> None:
    far = await build.group("far", "far.example")
    await execute("UPDATE actor SET moderators = uri || '/moderators' WHERE id = ?", (far.actor_id,))
    face, eve = await storage.actors.by_id(far.actor_id), await build.person("eve", "far.example")
    post, zoe = await build.post(eve, "Buy my oven", group=far), await build.person("zoe", "else.example")
    mo, where = await person(app, "mo"), "/c/far@far.example/moderate"
    browser, other = await enter(mo), await enter(await person(app, "anna"))
    assert face
    await apply_role(app, far, face, mo.uri)
    await build.follow(zoe, face, "pending")
    group = await browser.get("/c/far@far.example")
    (link,) = [each for each in group.links if each.endswith("/members")]
    for page in (group, members_ := await browser.get(link)):
        assert "mo" in page.main and "moderator" in page.main and flaws(page) == []
    assert "Who looks after it" in members_.main

    for program, wanted, offered in (
        ("lemmy", {"remove", "lock", "pin"}, {"appoint", "dismiss", "ban", "remove"}),
        ("fedcomm", {"remove", "lock", "pin"}, {"dismiss", "ban", "remove"}),  # for a moderator, who is no steward
        ("nodebb", set(), set()),
    ):
        await storage.peers.meet_at("far.example", 0, 0)
        await storage.peers.set_software("far.example", program, "1", "groups", 0)
        thread, page = await browser.get(f"/@eve@far.example/{post.id}"), await browser.get(where)
        assert {each["value"] for each in thread.all("button", name="act")} & acts == wanted, program
        assert {each["value"] for each in page.all("button", name="act")} == offered, program
        assert flaws(page) == flaws(thread) == [] and where in (await browser.get("/c/far@far.example")).links
        refused = await act(browser, "ban", where, who="@eve@far.example", reason="ovens", days="1")
        assert (refused.status == 403) == (program == "nodebb")
        if program != "lemmy":
            why = "Only stewards" if program == "fedcomm" else "takes that from nobody here"
            assert why in (await act(browser, "appoint", where, who="@eve@far.example")).problem
        page = await browser.get(where)
        if program != "nodebb":
            assert "ovens" in page.one("table").text and "eve" in page.one("section", aria_labelledby="bans").text
            await act(browser, "unban", where, id=str(eve.id))
        requests = await browser.get(where.replace("moderate", "requests"))
        assert (requests.status == 200 and "zoe" in requests.main) == (program == "fedcomm")
        if program == "fedcomm":
            (form,) = [each["action"] for each in requests.all("form") if each.all("button", value="accept")]
            assert flaws(requests) == [] and "1 person is waiting" in page.main
            await act(browser, "deny", form, id=str(zoe.id), reason="full")
            assert "Nobody is waiting" in (await browser.get(form)).main
    await storage.peers.set_software("far.example", "lemmy", "1", "groups", 0)
    await act(browser, "remove", f"/moderate/{post.id}", reason="an advertisement")
    log = await browser.get(where)
    await act(browser, "restore", where, who=log.one("table").one("input", name="who")["value"])

    said = [msgspec.json.decode(body) for (body,) in await rows("SELECT body FROM outbox ORDER BY seq")]
    sent = [each["type"] for each in said]
    assert said[0]["endTime"] == said[0]["expires"] and said[0]["removeData"] is False
    assert sent == ["Block", "Undo", "Block", "Undo", "Reject", "Delete", "Undo"]
    for somebody in (admin, other):
        assert (await somebody.get(where)).status == 404 and where not in (await somebody.get(where[:-9])).links
        assert (await act(somebody, "ban", where, who="@eve@far.example")).status == 404
        assert (await act(somebody, "remove", f"/moderate/{post.id}")).status == 403
    assert len(await rows("SELECT 1 FROM outbox")) == len(sent)


async def apply_role(app: App, group: Group, face: Actor, uri: str) -> None:
    """The group elsewhere has said that somebody moderates it."""
    moderation.record_role(app, writes := Writes(), group, face, uri, face.uri, f"{face.uri}#1", given=True)
    await apply(writes)
