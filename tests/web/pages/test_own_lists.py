"""What a member reads: home, notifications, bookmarks, favourites, lists; and the buttons below posts in lists."""

import pytest

import storage.actors
from fedcomm import lists, posts
from fedcomm.app import App
from fedcomm.posts import Draft
from storage.actors import Actor
from storage.connect import rows, value
from storage.ids import next_id
from tests import build
from tests.people import person
from tests.web.pages.browser import Browser, Page, filled
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio


@pytest.fixture
async def anna(app: App) -> Actor:
    """A member, who can act."""
    return await person(app, "anna")


@pytest.fixture
async def browser(anna: Actor, enter: Enter) -> Browser:
    """Her browser."""
    return await enter(anna)


def shown(page: Page) -> list[str]:
    """The posts of a list, in their order."""
    return [each.one("div", class_="content").text for each in page.one("ul", class_="posts").all("article")]


async def test_home_holds_what_followed_people_write_on_pages_that_end(anna: Actor, browser: Browser) -> None:
    bert = await build.person("bert", "far.example")
    await build.follow(anna, bert)
    for number in range(45):
        await build.post(bert, f"Number {number}", home=[anna])
    await build.post(bert, "To nobody here")

    seen, page = [], await browser.get("/home")
    while True:
        seen += shown(page)
        older = [each["href"] for each in page.all("a", rel="next")]
        if not older:
            break
        page = await browser.get(older[0])

    assert seen == [f"Number {number}" for number in reversed(range(45))]


async def test_home_says_who_passed_a_post_on(anna: Actor, browser: Browser) -> None:
    bert, carl = await build.person("bert", "far.example"), await build.person("carl", "far.example")
    await build.follow(anna, bert)
    post = await build.post(carl, "Passed on", group=await build.group("rye"), truth="attested")
    await build.boost(bert, post, home=[anna])

    (article,) = (await browser.get("/home")).one("ul", class_="posts").all("article")

    assert "Passed on by Bert" in article.text and "Carl" in article.one("h3").text
    assert "new here" in article.one("h3").text, "as in the group, also without a title"
    assert article.text.count("by the group, not confirmed") == 1 and "group tells" not in article.text  # said once


@pytest.mark.attack("PRI-17")
async def test_a_list_shows_nothing_that_its_reader_may_not_see_any_more(anna: Actor, browser: Browser) -> None:
    bert = await build.person("bert", "far.example")
    post = await build.post(bert, "For followers", visibility=build.FOLLOWERS, home=[anna])
    await build.insert("bookmark", actor_id=anna.id, post_id=post.id, created_at=build.NOW)
    await build.like(anna, post)
    await build.notice(anna, "mention", bert, post)

    for path in ("/home", "/bookmarks", "/favourites", "/notifications"):
        assert "For followers" not in (await browser.get(path)).source, path

    await build.follow(anna, bert)

    for path in ("/home", "/bookmarks", "/favourites", "/notifications"):
        assert "For followers" in (await browser.get(path)).source, path


async def test_the_buttons_of_a_post_lead_back_to_the_page_of_the_list(anna: Actor, browser: Browser) -> None:
    bert = await build.person("bert", "far.example")
    post = await build.post(bert, "Good morning", home=[anna])
    where = f"/home?max_id={post.id + 1}"

    for action, acts in (("mark", ("bookmark", "boost", "unbookmark", "unboost")), ("like", ("like", "unlike"))):
        for act in acts:
            answer = await browser.send(await browser.get(where), f"/{action}/{post.id}", act=act)
            assert answer.headers["location"] == f"{where}#post-{post.id}", act
            done = {"bookmark": "bookmark", "boost": "boost", "like": "reaction"}.get(act.removeprefix("un"))
            assert await value(f"SELECT COUNT(*) FROM {done} WHERE actor_id = ?", (anna.id,)) == (act[:2] != "un")


@pytest.mark.attack("XSS-13")
async def test_a_button_leads_nowhere_else(anna: Actor, browser: Browser) -> None:
    post = await build.post(await build.person("bert", "far.example"), "Good morning")
    csrf = (await browser.get("/home")).form("/sign_out").one("input", name="csrf")["value"]
    own = f"/@bert@far.example/{post.id}#post-{post.id}"

    for where in ("//evil.example", "https://evil.example", "/\\evil.example", "nothing", "home/../..//evil.example"):
        answer = await browser.post(f"/mark/{post.id}", {"csrf": csrf, "act": "bookmark", "where": where})
        assert answer.headers["location"] == own, where


@pytest.mark.attack("OAU-08", "PRI-17")
async def test_nobody_marks_what_they_may_not_see_nor_without_meaning_it(anna: Actor, browser: Browser) -> None:
    bert = await build.person("bert", "far.example")
    secret_post = await build.post(bert, "For followers", visibility=build.FOLLOWERS)
    open_post = await build.post(bert, "For all")
    token = (await browser.get("/home")).form("/sign_out").one("input", name="csrf")["value"]

    hidden = await browser.post(f"/mark/{secret_post.id}", {"csrf": token, "act": "bookmark"})
    forged = await browser.post(f"/mark/{open_post.id}", {"csrf": "x" * 40, "act": "bookmark"})
    strange = await browser.post(f"/mark/{open_post.id}", {"csrf": token, "act": "explode"})

    assert (hidden.status, forged.status, strange.status) == (404, 403, 422)
    assert await value("SELECT COUNT(*) FROM bookmark") == 0


async def test_what_is_not_for_everybody_cannot_be_passed_on(anna: Actor, browser: Browser) -> None:
    bert = await build.person("bert", "far.example")
    await build.follow(anna, bert)
    post = await build.post(bert, "For followers", visibility=build.FOLLOWERS, home=[anna])

    page = await browser.get("/home")
    answer = await browser.send(page, f"/mark/{post.id}", act="boost")

    assert "Pass on" not in page.main and answer.status == 403 and await value("SELECT COUNT(*) FROM boost") == 0


async def test_notifications_say_who_did_what_and_can_be_put_away(anna: Actor, browser: Browser) -> None:
    bert = await build.person("bert", "far.example")
    own = await build.post(anna, "My bread")
    answer = await build.post(bert, "Nice bread", parent=own)
    thread = await build.post(bert, "For @anna", title="Which bread?")
    for kind, about in (
        ("mention", answer),
        ("mention", thread),
        ("favourite", own),
        ("reblog", own),
        ("follow", None),
    ):
        await build.notice(anna, kind, bert, about)

    page = await browser.get("/notifications")

    lines = [each.text for each in page.one("main").one("ul", class_="lines").all("li")]
    assert ["follows you" in lines[0], "passed on what you wrote" in lines[1], "likes what you wrote" in lines[2]] == [
        True, True, True,
    ]  # fmt: skip
    assert "answered you" in lines[4] and "Nice bread" in lines[4] and f"/write?to={answer.id}" in page.links
    assert "mentioned you" in lines[3] and "Which bread?" in lines[3], "a thread is named by its title"
    empty = await browser.button(page, "/notifications/clear")
    assert "Nothing is here" in empty.main and await value("SELECT COUNT(*) FROM notification") == 0


async def test_what_was_seen_is_not_new_any_more_and_what_comes_then_is(anna: Actor, browser: Browser) -> None:
    bert, eve = await build.person("bert", "far.example"), await build.person("eve")
    await build.notice(anna, "follow", bert)
    others = await build.notice(eve, "follow", bert)

    page = await browser.get("/notifications")
    seen = await browser.button(page, "/notifications/read")
    await browser.post("/notifications/read", {"csrf": page.form("/sign_out").one("input", name="csrf")["value"],
                                               "id": str(others)})  # fmt: skip
    await build.notice(anna, "follow", await build.person("carl", "far.example"))
    again = (await browser.get("/notifications")).one("main").one("ul", class_="lines").all("li")

    assert len(page.all("span", class_="tag")) == 1 and not seen.all("span", class_="tag")
    assert [bool(line.all("span", class_="tag")) for line in again] == [True, False]


async def test_every_joined_group_is_a_list(anna: Actor, browser: Browser) -> None:
    for name in ("rye", "cake"):
        await build.join(anna, await build.group(name))
    await build.group("tea")

    page = await browser.get("/lists")

    links = [link for link in page.links if link.startswith("/c/")]
    assert links == ["/c/cake", "/c/rye"]


async def test_a_list_is_made_filled_read_changed_and_deleted(anna: Actor, browser: Browser) -> None:
    bert, carl = await build.person("bert", "far.example"), await build.person("carl", "far.example")
    await build.follow(anna, bert)
    await build.post(bert, "From the list", home=[anna])

    edit = await browser.button(await browser.get("/lists"), "/lists", title="Bakers")
    list_id = await value("SELECT id FROM list")
    secret = edit.form("/sign_out").one("input", name="csrf")["value"]
    people = f"/lists/{list_id}/people"
    stranger = await browser.post(people, {"csrf": secret, "act": "add", "address": "@carl@far.example"})
    added = await browser.post(people, {"csrf": secret, "act": "add", "address": "@bert@far.example"})

    assert stranger.status == 422 and "whom you follow" in stranger.problem and carl.id
    assert added.status == 303 and "From the list" in shown(await browser.get(f"/lists/{list_id}"))
    edit = await browser.get(f"/lists/{list_id}/edit")
    edit = await browser.button(edit, f"/lists/{list_id}", title="Millers", replies="none", exclusive="true")
    assert await rows("SELECT title, replies_policy, exclusive FROM list") == [("Millers", "none", 1)]
    untitled = await browser.send(edit, f"/lists/{list_id}", title=" ")
    assert untitled.status == 422 and untitled.problem
    await browser.post(people, {"csrf": secret, "act": "drop", "id": str(bert.id)})
    assert await value("SELECT COUNT(*) FROM list_entry") == 0
    await browser.button(edit, f"/lists/{list_id}/delete")
    assert await value("SELECT COUNT(*) FROM list") == 0


async def test_the_list_of_a_group_is_as_its_reader_wants_it(app: App, anna: Actor, browser: Browser) -> None:
    group = await build.group("rye", title="Rye bread")
    face = await storage.actors.by_id(group.actor_id)
    assert face
    await build.join(anna, group)
    old = await build.post(anna, "Old", group=group, title="Old", id=next_id(build.NOW + 1))
    await build.post(anna, "New", group=group, title="New", id=next_id(build.NOW + 5001))
    await build.post(await build.person("berta"), group=group, parent=old)
    here, edit = f"/lists/{face.id}", f"/lists/{face.id}/edit"

    before = await browser.get(here)
    changed = await browser.button(
        await browser.get(edit), here, title="Bakers", sort="active", exclusive="true", hidden="true"
    )
    after, listed = await browser.get(here), await browser.get("/lists")

    assert before.one("h1").text == "Rye bread" and shown(before) == ["New", "Old"]
    assert after.one("h1").text == "Bakers" and shown(after) == ["Old", "New"] and flaws(changed) == []
    (line,) = [each.text for each in listed.all("li") if "@rye" in each.text]
    assert "Bakers hidden in apps" in line and "newest answers" in line and "not at home" in line
    assert await rows("SELECT reblogs FROM follow WHERE follower_id = ?", (anna.id,)) == [(0,)]
    assert [each.hidden for each in await lists.of_groups(anna.id)] == [True]
    assert (await browser.send(changed, here, title="x" * 256)).status == 422
    odd = await browser.send(changed, here, sort="oldest")
    assert odd.status == 422 and odd.one("select", id="sort")["aria-invalid"] == "true"
    again = {**filled(changed.form(here)), "title": "", "sort": "new"}
    del again["exclusive"], again["hidden"]
    await browser.post(here, again)
    assert await rows("SELECT title, sort, hidden FROM group_list") == [("", "new", 0)]
    assert await rows("SELECT reblogs FROM follow WHERE follower_id = ?", (anna.id,)) == [(1,)]
    assert "Rye bread" in (await browser.get("/lists")).main


@pytest.mark.attack("OAU-13")
async def test_nobody_has_the_list_of_a_group_that_they_are_not_in(browser: Browser) -> None:
    face = (await build.group("rye")).actor_id
    secret = (await browser.get("/lists")).form("/sign_out").one("input", name="csrf")["value"]

    for path in (f"/lists/{face}", f"/lists/{face}/edit"):
        assert (await browser.get(path)).status == 404, path
    for path in (f"/lists/{face}", f"/lists/{face}/people", f"/lists/{face}/delete"):
        assert (await browser.post(path, {"csrf": secret, "title": "Mine", "act": "drop"})).status == 404, path
    assert await rows("SELECT * FROM group_list") == []


@pytest.mark.attack("OAU-13")
async def test_nobody_reads_or_changes_the_lists_of_others(anna: Actor, browser: Browser, enter: Enter) -> None:
    await browser.button(await browser.get("/lists"), "/lists", title="Bakers")
    list_id = await value("SELECT id FROM list")
    eve = await enter(await build.person("eve"))
    secret = (await eve.get("/lists")).form("/sign_out").one("input", name="csrf")["value"]

    for path in (f"/lists/{list_id}", f"/lists/{list_id}/edit"):
        assert (await eve.get(path)).status == 404, path
    for path in (f"/lists/{list_id}", f"/lists/{list_id}/people", f"/lists/{list_id}/delete"):
        sent = {"csrf": secret, "title": "Mine", "act": "drop", "id": "5"}
        assert (await eve.post(path, sent)).status == 404, path
    assert await rows("SELECT title FROM list") == [("Bakers",)]


async def test_somebody_is_blocked_and_the_block_lifted(anna: Actor, browser: Browser) -> None:
    bert = await build.person("bert", "far.example")
    await build.follow(bert, anna)

    page = await browser.button(await browser.get("/@bert@far.example"), "/@bert@far.example/block")

    assert "Bert" in page.main and (await browser.get("/@bert@far.example")).status == 404
    assert await rows("SELECT actor_id, target_id FROM block") == [(anna.id, bert.id)]
    assert await value("SELECT COUNT(*) FROM follow") == 0
    csrf = page.form("/sign_out").one("input", name="csrf")["value"]
    await browser.post("/settings/blocks", {"csrf": csrf, "act": "unblock", "id": str(bert.id)})
    assert await value("SELECT COUNT(*) FROM block") == 0
    again = await browser.post("/settings/blocks", {"csrf": csrf, "act": "block", "address": "@bert@far.example"})
    nobody = await browser.post("/settings/blocks", {"csrf": csrf, "act": "block", "address": "@nobody@far.example"})
    myself = await browser.post("/settings/blocks", {"csrf": csrf, "act": "block", "address": "anna"})
    assert again.status == 303 and nobody.status == 404 and "Nothing was found" in nobody.problem
    assert myself.status == 403 and "Nobody blocks themselves" in myself.problem
    assert await value("SELECT COUNT(*) FROM block") == 1


async def test_somebody_is_muted_and_heard_again(anna: Actor, browser: Browser) -> None:
    bert = await build.person("bert", "far.example")

    page = await browser.button(await browser.get("/@bert@far.example"), "/settings/mutes", act="mute")

    assert "Bert" in page.main and await rows("SELECT actor_id, target_id FROM mute") == [(anna.id, bert.id)]
    shown = await browser.get("/@bert@far.example")
    assert "Hear them again" in shown.main
    again = await browser.button(shown, "/settings/mutes", act="unmute")
    assert "You mute nobody" in again.main and await value("SELECT COUNT(*) FROM mute") == 0
    myself = await browser.send(again, "/settings/mutes", act="mute", address="anna")
    assert myself.status == 403 and "Nobody mutes themselves" in myself.problem


async def test_a_server_is_blocked_and_the_block_lifted(anna: Actor, browser: Browser) -> None:
    page = await browser.get("/settings/domain_blocks")
    for wrong in ("", "home.test", "not a host"):
        refused = await browser.send(page, "/settings/domain_blocks", act="block", address=wrong)
        assert refused.status == 422 and refused.problem, wrong

    page = await browser.button(page, "/settings/domain_blocks", act="block", address="Evil.example")
    assert await rows("SELECT host FROM domain_block WHERE actor_id = ?", (anna.id,)) == [("evil.example",)]
    csrf = page.form("/sign_out").one("input", name="csrf")["value"]
    await browser.post("/settings/domain_blocks", {"csrf": csrf, "act": "unblock", "address": "evil.example"})
    assert await value("SELECT COUNT(*) FROM domain_block") == 0


async def test_an_own_post_is_pinned_to_the_profile_and_a_thread_muted(
    app: App, anna: Actor, browser: Browser, stranger: Browser
) -> None:
    post_id = await posts.create(app, anna, Draft(text="Read this first"))
    where = f"/@anna/{post_id}"
    csrf = (await browser.get(where)).form("/sign_out").one("input", name="csrf")["value"]

    for act in ("pin", "mute"):
        done = await browser.post(f"/mark/{post_id}", {"csrf": csrf, "act": act, "page": str(post_id)})
        assert done.headers["location"] == f"{where}#post-{post_id}", act

    profile = await stranger.get("/@anna")
    assert "Read this first" in profile.one("section", aria_labelledby="pinned").text
    page = await browser.get(where)
    acts = [each["value"] for each in page.all("button", name="act")]
    assert "unpin" in acts and "unmute" in acts and flaws(page) == []
    for act in ("unpin", "unmute"):
        await browser.post(f"/mark/{post_id}", {"csrf": csrf, "act": act})
    assert not (await stranger.get("/@anna")).all("section", aria_labelledby="pinned")
    other = await build.post(await build.person("bert", "far.example"), "Not hers")
    assert (await browser.post(f"/mark/{other.id}", {"csrf": csrf, "act": "pin"})).status in (403, 422)


async def test_a_tag_is_followed_and_unfollowed(anna: Actor, browser: Browser) -> None:
    page = await browser.button(await browser.get("/tags/Bread"), "/tags/Bread/follow")

    assert await value("SELECT COUNT(*) FROM tag_follow WHERE actor_id = ?", (anna.id,)) == 1
    await browser.button(page, "/tags/bread/unfollow")
    assert await value("SELECT COUNT(*) FROM tag_follow") == 0
    refused = await browser.send(await browser.get("/tags/123"), "/tags/123/follow")
    assert refused.status == 422 and "That is no tag" in refused.main
