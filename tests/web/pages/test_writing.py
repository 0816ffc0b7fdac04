"""Writing with a browser: threads, answers, deleting; joining, leaving, following."""

import json

import pytest

import storage.accounts
import storage.actors
import storage.peers
from fedcomm import groups, members, posts, preferences
from fedcomm.app import App
from fedcomm.drafting import PollDraft
from fedcomm.posts import Draft
from storage import members as members_
from storage import memberships
from storage.connect import Writes, apply, execute, row, rows, value
from storage.members import Member
from storage.memberships import Membership
from tests import build
from tests.people import person
from tests.web.pages.browser import Browser, Page
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio


@pytest.fixture
async def anna(app: App, enter: Enter) -> Browser:
    """The browser of a member, where there is a group called rye."""
    await groups.create(app, "rye", "Rye bread")
    return await enter(await person(app, "anna"))


async def start(browser: Browser, title: str = "Sour dough", text: str = "Mine is *too* wet", **more: str) -> str:
    """Start a thread; gives its address."""
    page = await browser.get("/write?group=rye")
    answer = await browser.send(page, "/write", title=title, text=text, **more)
    assert answer.status == 303, answer.problem
    return answer.headers["location"]


async def test_a_member_joins_starts_a_thread_and_leaves(anna: Browser, stranger: Browser) -> None:
    group = await anna.button(await anna.get("/c/rye"), "/c/rye/join")
    assert "1 member" in group.main and "/write?group=rye" in group.links

    address = await start(anna)

    thread = await stranger.open(address)
    assert thread.one("h1").text == "Sour dough" and thread.one("div", class_="content").one("em").text == "too"
    assert "Sour dough" in (await stranger.get("/c/rye")).main and "Sour dough" in (await stranger.get("/")).main
    left = await anna.button(await anna.get("/c/rye"), "/c/rye/leave")
    assert "0 members" in left.main and left.form("/c/rye/join")


async def test_an_answer_stands_below_what_it_answers(app: App, anna: Browser, enter: Enter) -> None:
    thread = await start(anna)
    bert = await enter(await person(app, "bert"))
    (link,) = [link for link in (await bert.get(thread)).links if link.startswith("/write?to=")]

    page = await bert.get(link)
    answer = await bert.send(page, "/write", text="Take less water")

    assert answer.status == 303 and answer.headers["location"].startswith(f"{thread}#post-")
    shown = await anna.get(thread)
    assert "1 answer" in shown.main
    assert "Take less water" in shown.one("ol", class_="answers").one("article").text


async def test_a_form_sent_twice_is_one_post(anna: Browser) -> None:
    page = await anna.get("/write?group=rye")

    first = await anna.send(page, "/write", title="Once", text="only")
    second = await anna.send(page, "/write", title="Once", text="only")

    assert first.headers["location"] == second.headers["location"]
    assert await value("SELECT COUNT(*) FROM post") == 1


async def test_what_cannot_be_posted_comes_back_in_the_form(anna: Browser) -> None:
    for title, text, field in [
        ("", "text without a title", "title"),
        (" ", " ", "text"),
        ("Long", "x" * 20_000, "text"),
    ]:
        page = await anna.send(await anna.get("/write?group=rye"), "/write", title=title, text=text)

        wrong = [each["name"] for each in page.all() if each["aria-invalid"] == "true"]
        assert page.status == 422 and page.problem and wrong == [field]
        assert page.one("textarea", name="text").text == text.strip()
        assert page.one("input", name="title")["value"] == title
        assert await value("SELECT COUNT(*) FROM post") == 0


async def test_a_post_without_a_group_is_for_whom_its_author_says(anna: Browser, stranger: Browser) -> None:
    for level, visible in (("public", 200), ("unlisted", 200), ("private", 404), ("direct", 404)):
        page = await anna.get("/write")
        answer = await anna.send(page, "/write", text=f"For {level}", visibility=level, warning="Care", language="eo")

        address = answer.headers["location"]
        shown = await anna.get(address)
        assert (await stranger.get(address)).status == visible, level
        assert shown.one("summary").text == "Care" and f"For {level}" in shown.main
        assert shown.one("div", class_="content")["lang"] == "eo"


async def test_what_an_address_says_stands_in_the_form_and_nothing_is_sent(anna: Browser) -> None:
    page = await anna.open("/share?text=Read%20this&url=https://far.example/a%26b&title=News")

    assert page.status == 200 and page.one("textarea", name="text").text == "News Read this https://far.example/a&b"
    assert await value("SELECT COUNT(*) FROM post") == 0


async def test_a_poll_is_asked_and_can_be_voted_in(app: App, anna: Browser, enter: Enter) -> None:
    page = await anna.get("/write")
    fields = {"options[0]": "Rye", "options[1]": " Spelt ", "options[2]": "", "multiple": "true", "hours": "72"}

    answer = await anna.send(page, "/write", text="Which flour?", **fields)

    assert await rows("SELECT options, multiple FROM poll") == [('["Rye","Spelt"]', 1)]
    bert = await enter(await person(app, "bert"))
    thread = await bert.get(answer.headers["location"])
    assert [each["type"] for each in thread.all("input", name="choice")] == ["checkbox", "checkbox"]


async def test_a_poll_that_makes_no_sense_comes_back_in_the_form(anna: Browser) -> None:
    for fields in (
        {"options[0]": "Only one"}, {"options[0]": "Twice", "options[1]": "Twice"}, {"hours": "0", "options[0]": "A"},
        {"options[0]": "A", "options[1]": "x" * 201}, {"options[0]": "A", "options[1]": "B", "hours": "100000"},
    ):  # fmt: skip
        page = await anna.send(await anna.get("/write"), "/write", text="Which?", **fields)

        assert page.status == 422 and page.problem and page.one("fieldset", aria_invalid="true"), fields
        assert page.one("input", id="option-0")["value"] == fields["options[0]"]
    for wrong in ({"visibility": "nobody"}, {"language": "xx"}, {"warning": "x" * 501}):
        page = await anna.send(await anna.get("/write"), "/write", text="Hello", **wrong)
        assert page.status == 422 and page.problem, wrong
    assert await value("SELECT COUNT(*) FROM post") == 0


@pytest.mark.attack("PRI-05")
async def test_an_answer_is_for_no_more_people_than_what_it_answers(app: App, anna: Browser, enter: Enter) -> None:
    sent = await anna.send(await anna.get("/write"), "/write", text="@bert hello", visibility="direct")
    bert = await enter(await person(app, "bert"))
    again = await anna.send(await anna.get("/write"), "/write", text="@bert between us", visibility="direct")
    (link,) = [each for each in (await bert.get(again.headers["location"])).links if each.startswith("/write?to=")]

    form = await bert.get(link)
    answer = await bert.send(form, "/write", text="Yes", visibility="public")

    assert sent.status == 303 and [each["value"] for each in form.one("select", id="visibility").all("option")] == [
        "direct"
    ]
    assert answer.status == 303 and await value("SELECT visibility FROM post WHERE source = 'Yes'") == 3


@pytest.mark.attack("XSS-01", "XSS-16")
async def test_what_members_write_holds_nothing_that_runs(anna: Browser, stranger: Browser) -> None:
    text = (
        "<script>alert(1)</script> <img src=x onerror=alert(2)> [x](javascript:alert(3)) ![y](https://a.example/t.gif)"
    )

    page = await stranger.open(await start(anna, "<script>alert(0)</script>", text))

    assert not page.scripts and not page.all("img")
    assert not [link for link in page.links if link.startswith("javascript")]
    assert page.one("h1").text == "<script>alert(0)</script>"


async def test_a_thread_in_a_group_that_is_not_there_cannot_be_started(anna: Browser) -> None:
    assert (await anna.get("/write?group=nothing")).status == 404
    assert (await anna.get("/write?to=5")).status == 404
    assert (await anna.get("/write?to=abc")).status == 422


async def test_what_a_group_elsewhere_says_of_itself_and_its_rules_is_read_before_one_writes_there(
    anna: Browser,
) -> None:
    await build.group("oats", "far.example", summary="<p>All oats</p><p>Rules:</p><ol><li>No wheat.</li></ol>")

    page = await anna.get("/write?group=oats@far.example")

    told = page.all("details")[0]
    assert told.one("summary").text == "What the group says of itself" and "No wheat." in told.text


async def test_who_is_no_member_of_a_group_of_mobilizon_reads_why_they_begin_nothing_there(
    app: App, enter: Enter
) -> None:
    bakers, anna = await build.group("bakers", "far.example"), await person(app, "anna")
    await storage.peers.meet_at("far.example", 0, 0)
    await storage.peers.set_software("far.example", "mobilizon", "5", "microblog", 0)
    face = await storage.actors.by_id(bakers.actor_id)
    assert face
    browser, seen = await enter(anna), []
    for state, said in (
        ("", "Who joins it asks to be one"), ("asked", "not let you in as a member yet"),
        ("ended", "does not have you among its members"), ("invited", "invites you to belong to it"), ("joined", ""),
    ):  # fmt: skip
        if state == "asked":
            await build.follow(anna, face)
        writes = Writes()
        if state:
            memberships.put(writes, Membership(1, anna.id, bakers.id, state, "https://far.example/member/1"))
        if state == "joined":
            members_.put(writes, Member(bakers.id, anna.id, "joined", "", 0, None))
        await apply(writes)
        page, group, join = [
            await browser.get(path.format("bakers@far.example")) for path in ("/write?group={}", "/c/{}", "/c/{}/join")
        ]
        assert said in page.main and flaws(page) == flaws(group) == flaws(join) == [], state
        assert not state or (said in group.main and said in join.main), state
        seen.append((bool(page.all("textarea")), "/write?group=bakers%40far.example" in group.links))
        if state == "ended":
            await browser.button(page, "/c/bakers@far.example/join")
            assert await value("SELECT state FROM membership") == "asked"

    assert seen == [(False, False)] * 4 + [(True, True)]


async def test_who_is_banned_cannot_post_and_is_told_so(app: App, anna: Browser) -> None:
    await members.ban(app, "rye", "anna", None)

    page = await anna.send(await anna.get("/write?group=rye"), "/write", title="Still here", text="am I not")

    assert page.status == 403 and "banned" in page.problem
    assert await value("SELECT COUNT(*) FROM post WHERE visibility < 3") == 0  # but for what tells them of it


async def test_in_a_locked_thread_nobody_is_asked_to_answer(app: App, anna: Browser) -> None:
    thread = await start(anna)
    await execute("UPDATE post SET locked = 1")

    page = await anna.get(thread)

    assert not [link for link in page.links if link.startswith("/write?to=")] and "locked" in page.main


async def test_a_post_is_deleted_after_being_asked_once_more(anna: Browser, stranger: Browser) -> None:
    thread = await start(anna)
    (link,) = [link for link in (await anna.get(thread)).links if link.endswith("/delete")]
    asking = await anna.get(link)
    assert "Mine is too wet" in asking.main and "cannot be undone" in asking.main

    await anna.button(asking, link)

    assert (await stranger.get(thread)).status == 404
    assert "Sour dough" not in (await stranger.get("/c/rye")).main


@pytest.mark.attack("OAU-13")
async def test_only_its_author_deletes_a_post(app: App, anna: Browser, enter: Enter) -> None:
    thread = await start(anna)
    found = await row("SELECT id FROM post")
    assert found
    eve = await enter(await person(app, "eve"))
    secret = (await eve.get("/settings")).form("/sign_out").one("input", name="csrf")["value"]

    answer = await eve.post(f"/write/{found[0]}/delete", {"csrf": secret})

    assert answer.status == 403
    assert not [link for link in (await eve.get(thread)).links if link.endswith("/delete")]
    assert (await anna.get(thread)).status == 200


async def test_a_group_with_approval_is_asked_and_the_request_can_be_taken_back(app: App, anna: Browser) -> None:
    await groups.create(app, "closed", "Closed circle", join_mode="approval")

    asked = await anna.button(await anna.get("/c/closed"), "/c/closed/join")

    assert "You have asked to join" in asked.main and "0 members" in asked.main
    assert "You have asked to join" in (await anna.get("/c/closed/join")).main
    back = await anna.button(asked, "/c/closed/leave")
    assert back.form("/c/closed/join")


async def test_a_closed_group_asks_nobody_to_join_or_write(app: App, anna: Browser, stranger: Browser) -> None:
    await anna.button(await anna.get("/c/rye"), "/c/rye/join")
    await execute("UPDATE groups SET closed_at = 5")

    for browser in (anna, stranger):
        page = await browser.get("/c/rye")
        assert "closed" in page.main and "/write?group=rye" not in page.links
    assert not [form for form in (await stranger.get("/c/rye")).all("form") if form["action"] == "/c/rye/join"]


async def test_people_are_followed_and_unfollowed(app: App, anna: Browser) -> None:
    await person(app, "bert")

    page = await anna.button(await anna.get("/@bert"), "/@bert/follow")
    assert await rows("SELECT state FROM follow") == [("accepted",)]
    page = await anna.button(page, "/@bert/unfollow")

    assert page.form("/@bert/follow") and await value("SELECT COUNT(*) FROM follow") == 0


async def test_a_post_is_edited_and_says_so(anna: Browser, stranger: Browser) -> None:
    thread = await start(anna)
    (link,) = [link for link in (await anna.get(thread)).links if link.endswith("/edit")]
    form = await anna.get(link)
    assert "Mine is *too* wet" in form.one("textarea", name="text").text

    await anna.button(form, link, text="@rye Rye dough\n\nMine was **too** wet")

    shown = await stranger.get(thread)
    assert shown.one("h1").text == "Rye dough" and shown.one("strong").text == "too" and "edited" in shown.main
    assert "Rye dough" in (await stranger.get("/c/rye")).main


async def test_the_form_begins_with_what_somebody_likes_as_a_rule(app: App, anna: Browser) -> None:
    row = await storage.accounts.by_name("anna")
    assert row is not None
    await preferences.change(app, row, preferences.Wish("private", None, "eo"))

    form, thread = await anna.get("/write"), await anna.get("/write?group=rye")

    chosen = [[each["value"] for each in page.all("option", selected="")] for page in (form, thread)]
    assert {"private", "eo"} <= set(chosen[0]) and "eo" in chosen[1]


async def test_a_warning_and_the_language_can_be_edited(anna: Browser) -> None:
    thread = await start(anna, warning="Wet", language="en")
    edit = f"/write/{thread.rpartition('/')[2]}/edit"
    form = await anna.get(edit)
    assert form.one("input", name="warning")["value"] == "Wet"

    shown = await anna.button(form, edit, warning="", language="de")
    wrong = await anna.send(await anna.get(edit), edit, language="xx")

    assert "Wet" not in shown.main and shown.one("div", class_="content")["lang"] == "de"
    assert await rows("SELECT summary, sensitive, language FROM post") == [("", 0, "de")]
    assert wrong.status == 422 and wrong.one("select", id="language")["aria-invalid"] == "true"


async def test_an_edit_that_cannot_be_leaves_the_post_as_it_was(app: App, anna: Browser, enter: Enter) -> None:
    thread = await start(anna)
    edit = f"/write/{thread.rpartition('/')[2]}/edit"
    eve = await enter(await person(app, "eve"))
    secret = (await eve.get("/settings")).form("/sign_out").one("input", name="csrf")["value"]

    empty = await anna.send(await anna.get(edit), edit, text=" ")
    long = await anna.send(await anna.get(edit), edit, text="x" * 20_000)
    foreign = await eve.post(edit, {"csrf": secret, "text": "mine now"})

    assert (empty.status, long.status, foreign.status) == (422, 422, 403)
    assert empty.problem and long.one("textarea", name="text")["aria-invalid"] == "true"
    page = await anna.get(thread)
    assert "Mine is too wet" in page.main and "edited" not in page.main


def likes_of(page: Page) -> str:
    """Where the buttons with which one likes the only post of a page lead."""
    (found,) = {each["formaction"] for each in page.all("button") if each["formaction"].startswith("/like/")}
    return found


async def test_a_post_is_liked_once_and_the_like_taken_back(app: App, anna: Browser, enter: Enter) -> None:
    thread = await start(anna)
    bert = await enter(await person(app, "bert"))
    like = likes_of(await bert.get(thread))
    post_id = like.rpartition("/")[2]

    for _ in range(2):
        answer = await bert.send(await bert.get(thread), like, act="like")
        assert answer.headers["location"] == f"{thread}#post-{post_id}"
    liked = await bert.get(thread)
    await bert.send(liked, like, act="unlike")

    assert "1 like" in liked.main and [each["value"] for each in liked.all("button", formaction=like)] == ["unlike"]
    assert "like" not in (await bert.get(thread)).one("article", id=f"post-{post_id}").one("p", class_="small").text
    assert (await bert.send(liked, like, act="love")).status == 422


async def test_a_member_votes_against_a_thread_and_takes_that_back(app: App, anna: Browser, enter: Enter) -> None:
    thread = await start(anna)
    bert = await enter(await person(app, "bert"))
    vote = likes_of(await bert.get(thread))

    await bert.send(await bert.get(thread), vote, act="like")
    await bert.send(await bert.get(thread), vote, act="dislike")
    against = await bert.get(thread)
    told = [json.loads(bytes(body)) for (body,) in await rows("SELECT body FROM outbox ORDER BY seq")]
    await bert.send(against, vote, act="unlike")

    assert "1 vote against" in against.main and "1 like" not in against.main
    assert [button["value"] for button in against.all("button", formaction=vote)] == ["unlike"]
    assert [each["object"]["type"] for each in told if isinstance(each["object"], dict)][-2:] == ["Like", "Dislike"]
    assert "against" not in (await bert.get(thread)).one("p", class_="small").text


async def test_a_member_chooses_each_answer_of_a_poll_once(
    app: App, anna: Browser, enter: Enter, stranger: Browser
) -> None:
    bert = await person(app, "bert")
    poll = PollDraft(("Rye", "Spelt", "Wheat"), multiple=True)
    post_id = await posts.create(app, bert, Draft(text="Which flour?", poll=poll))
    where = f"/@bert/{post_id}"
    page = await anna.get(where)
    secret = page.form(f"/poll/{post_id}").one("input", name="csrf")["value"]

    none = await anna.post(f"/poll/{post_id}", {"csrf": secret})
    wrong = await anna.post(f"/poll/{post_id}", {"csrf": secret, "choice": "7"})
    done = await anna.post(f"/poll/{post_id}", {"csrf": secret, "choice[]": ["0", "2"]})
    again = await anna.post(f"/poll/{post_id}", {"csrf": secret, "choice": "2"})

    assert [answer.status for answer in (none, wrong, done, again)] == [422, 422, 303, 422]
    shown = await anna.get(where)
    assert flaws(page) == flaws(shown) == [] and "Wheat (your choice): 1 vote, 100 %" in shown.main
    for browser in (anna, await enter(bert), stranger):
        assert not [form for form in (await browser.get(where)).all("form") if form["action"].startswith("/poll/")]
