"""The page of requests to join a group, and the page on which somebody asks."""

import pytest

import storage.directory
import storage.follows
import storage.join_requests
import storage.members
from fedcomm import follows, group_profile, groups, refusals
from fedcomm.app import App
from fedcomm.group_profile import Change
from storage import actors
from storage.actors import Actor
from storage.connect import Writes, apply, execute, rows, value
from storage.ids import next_id
from storage.join_requests import JoinRequest
from tests import build
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio


@pytest.fixture
async def rye(app: App) -> Actor:
    """A group by approval with a question, of which mo is steward."""
    await build.person("mo")
    await groups.create(app, "rye", "Rye bread", steward="mo", join_mode="approval")
    await group_profile.change(app, "rye", Change(question="Which flour?", rules=("Be kind.",)))
    return (await groups.named("rye"))[1]


async def state(actor: Actor) -> str:
    """Whether somebody is in the group."""
    group, _face = await groups.named("rye")
    found = await storage.members.of(group.id, actor.id)
    return found.state if found else ""


async def said_to(actor: Actor) -> list[str]:
    """What direct messages somebody got say."""
    sql = (
        "SELECT p.content FROM post p JOIN mention m ON m.post_id = p.id WHERE m.actor_id = ? AND p.visibility = 3"
        " ORDER BY p.id"
    )
    return [found[0] for found in await rows(sql, (actor.id,))]


async def test_who_asks_answers_the_question_and_moderators_read_it_turn_down_and_let_in_after_all(
    app: App, rye: Actor, alice: Actor, enter: Enter, stranger: Browser
) -> None:
    mo = await actors.local("mo")
    assert mo
    asking, deciding = await enter(alice), await enter(mo)
    assert "/c/rye/join" in (await asking.get("/c/rye")).links  # there the question stands
    page = await asking.get("/c/rye/join")
    empty = await asking.send(page, "/c/rye/join", answer=" ")
    long = await asking.send(page, "/c/rye/join", answer="x" * 2_001)
    await asking.button(page, "/c/rye/join", answer="Rye & <b>spelt</b>")
    waits = await state(alice)
    again = await asking.get("/c/rye/join")

    assert [empty.status, long.status] == [422, 422] and empty.one("textarea", name="answer")["aria-invalid"]
    assert waits == "pending" and again.one("textarea", name="answer").text == "Rye & <b>spelt</b>"
    assert "Your answer" in (await asking.get("/c/rye")).main and again.form("/c/rye/leave")
    waiting = (await deciding.get("/c/rye/moderate")).one("section", aria_labelledby="waiting")
    assert "1 person is waiting." in waiting.text and waiting.one("a")["href"] == "/c/rye/requests"

    requests = await deciding.get("/c/rye/requests")
    assert "Which flour?" in requests.main and "Rye & <b>spelt</b>" in requests.main
    turned_down = await deciding.get("/c/rye/requests/denied")
    assert "Nobody was turned down." in turned_down.main
    fields = {"csrf": requests.one("main").all("input", name="csrf")[0]["value"], "id": str(alice.id), "act": "deny"}
    denied = await deciding.post("/c/rye/requests", fields | {"reason": "No wheat, please."})
    assert denied.headers["location"] == "/c/rye/requests?done=deny"
    twice = await deciding.post("/c/rye/requests", fields)
    told, page = await said_to(alice), await asking.get("/c/rye/join")
    listed = await deciding.get("/c/rye/requests/denied")

    assert twice.status == 404 or twice.problem  # nothing is left to decide
    assert await state(alice) == "left" and len(told) == 1 and "No wheat, please." in told[0]
    assert "No wheat, please." in page.main and "have not let you in" in page.main
    assert "Reason: No wheat, please." in listed.main and "Turned down by @mo@" in listed.main
    assert "Rye & <b>spelt</b>" in listed.main

    await deciding.post("/c/rye/requests/denied", fields | {"act": "let_in"})
    assert await state(alice) == "joined"
    assert "Nobody was turned down." in (await deciding.get("/c/rye/requests/denied")).main
    assert len(await said_to(alice)) == 2 and await value("SELECT COUNT(*) FROM follow") == 1


async def test_who_was_turned_down_asks_again_and_is_let_in_like_anybody_else(
    app: App, rye: Actor, alice: Actor, enter: Enter
) -> None:
    mo = await actors.local("mo")
    assert mo
    asking, deciding = await enter(alice), await enter(mo)
    for _time in range(2):
        await asking.button(await asking.get("/c/rye/join"), "/c/rye/join", answer="Spelt")
        page = await deciding.get("/c/rye/requests")
        fields = {"csrf": page.one("main").all("input", name="csrf")[0]["value"], "id": str(alice.id)}
        if _time == 0:
            await deciding.post("/c/rye/requests", fields | {"act": "deny", "reason": "Too wet"})
            assert await state(alice) == "left"
    assert "Turned down before: Too wet" in page.main

    await deciding.post("/c/rye/requests", fields | {"act": "accept"})

    assert await state(alice) == "joined"
    assert await value("SELECT COUNT(*) FROM join_request WHERE state = 'settled' AND answer = ''") == 1
    other = await enter(await build.person("eve"))
    refused = [await other.get("/c/rye/requests"), await other.post("/c/rye/requests", fields | {"act": "accept"})]
    assert [page.status for page in refused] == [403, 403]


async def test_the_pages_say_how_one_comes_in(
    app: App, rye: Actor, stranger: Browser, alice: Actor, enter: Enter
) -> None:
    member = await enter(alice)
    seen: dict[str, list[str]] = {}
    for wish in ({}, {"join_mode": "invite"}, {"join_mode": "open"}, {"visibility": "local"}):
        await group_profile.change(app, "rye", Change(**wish))  # type: ignore[arg-type]
        pages = [await each.get(path) for each in (stranger, member) for path in ("/c/rye", "/c/rye/join")]
        seen["".join(wish.values())] = [page.main for page in pages]

    assert all("its moderators will answer" in main for main in seen[""][1::2])
    assert all("Ask to join" in main for main in seen[""][::2]) and "mentions this address" in seen[""][0]
    assert "Join" not in seen["invite"][0].split("Threads")[0]  # nothing to press that leads nowhere
    assert all("by invitation" in main and "another server" not in main for main in seen["invite"])
    assert all("That is joining" in main for main in seen["open"][1::2]) and "Join from anywhere" in seen["open"][0]
    assert "people of its own server" in seen["local"][2] and "another server" not in seen["local"][3]
    assert [main.count("by invitation") for main in seen["invite"]] == [1] * 4  # said once on each page
    group, _face = await groups.named("rye")
    await build.join(alice, group)
    await group_profile.change(app, "rye", Change(join_mode="invite", visibility="public"))
    inside = (await member.get("/c/rye")).main
    assert "Leave" in inside and "by invitation" not in inside and "All ways to join" not in inside


async def test_the_pages_say_of_a_group_elsewhere_how_one_comes_in(
    app: App, stranger: Browser, alice: Actor, enter: Enter
) -> None:
    bread = await build.group("bread", "far.test", "Bread")
    for number in range(storage.directory.MANY):  # so that it is in the directory
        await build.join(await build.person(f"p{number}"), bread)
    member = await enter(alice)
    paths = ("/c/bread@far.test", "/c/bread@far.test/join", "/groups")
    seen = {}
    for way in ("open", "approval", "invite"):
        await execute("UPDATE groups SET join_mode = ? WHERE id = ?", (way, bread.id))
        pages = [await each.get(path) for each in (stranger, member) for path in paths]
        assert [flaws(page) for page in pages] == [[]] * 6
        seen[way] = [page.main for page in pages]

    assert all("Ask to join" not in main and "invitation" not in main for main in seen["open"])
    assert all("That is joining" in main for main in seen["open"][1::3])
    assert ["Ask to join" in main for main in seen["approval"]] == [True, False, True, True, True, True]
    assert all(
        "its moderators will answer" in main and "in a direct message" in main for main in seen["approval"][1::3]
    )
    assert all("by invitation" in main.lower() for main in seen["invite"])
    assert not any("Ask to join" in main or "That is asking to join" in main for main in seen["invite"])
    page = await member.get(paths[1])
    assert [button.text for button in page.one("main").all("button")] == ["I have been invited"]  # its group decides
    face = await actors.by_id(bread.actor_id)
    assert face
    await build.follow(alice, face, "pending")
    await execute("UPDATE groups SET join_mode = 'approval' WHERE id = ?", (bread.id,))
    assert "has not answered yet" in (main := (await member.get(paths[0])).main) and "in a direct message" in main


async def test_who_was_not_let_in_elsewhere_reads_so_in_notices_and_on_the_pages_of_the_group(
    app: App, alice: Actor, enter: Enter
) -> None:
    bread = await build.group("bread", "far.test", "Bread")
    face = await actors.by_id(bread.actor_id)
    assert face
    for number in range(storage.directory.MANY):
        await build.join(await build.person(f"p{number}"), bread)
    await build.follow(alice, face, "pending")
    asked = await storage.follows.of(alice.id, face.id)
    assert asked
    await refusals.end(app, asked, bread, face, "No more room")
    browser = await enter(alice)

    for way, words in (("approval", "You may ask again"), ("invite", "You have not been let in")):
        await execute("UPDATE groups SET join_mode = ? WHERE id = ?", (way, bread.id))
        pages = [await browser.get(path) for path in ("/c/bread@far.test", "/c/bread@far.test/join", "/groups")]
        assert [flaws(page) for page in pages] == [[]] * 3 and all(words in page.main for page in pages)
        assert all("No more room" in page.main for page in pages[:2])
    notices = await browser.get("/notifications")
    assert "No more room" in notices.main and flaws(notices) == []
    (message,) = await rows("SELECT id FROM post WHERE visibility = 3")
    thread = await browser.get(f"/@actor/{message[0]}")
    assert thread.status == 200 and "has not let you in" in thread.main and flaws(thread) == []
    assert "/about" in [each["href"] for each in thread.one("main").all("a")]  # who says it is this server


async def test_moderators_see_who_came_by_another_way_in_pages_and_who_takes_it_back_is_gone(
    app: App, rye: Actor, enter: Enter
) -> None:
    mo = await actors.local("mo")
    assert mo
    people = [await build.person(f"p{number:02}") for number in range(32)]
    for each in people:
        await follows.follow(app, each, rye.id)
    deciding = await enter(mo)

    first = await deciding.get("/c/rye/requests")
    (older,) = [link for link in first.links if "max_id" in link]
    second = await deciding.get(older)
    names = [[each.text.split()[-1] for each in page.one("main").all("a", class_="person")] for page in (first, second)]

    assert [len(each) for each in names] == [30, 2] and names[0][0] == "@p31" and names[1] == ["@p01", "@p00"]
    assert first.main.count("No answer to the question.") == 30
    await follows.unfollow(app, people[31], rye.id)
    assert "p31" not in (await deciding.get("/c/rye/requests")).main
    told = "SELECT COUNT(*) FROM notification WHERE owner_id = ? AND kind = 'follow_request'"
    assert await value(told, (mo.id,)) == 31
    theirs = (await deciding.get("/follow_requests")).one("section", aria_labelledby="groups")
    assert "Rye bread: 31 people are waiting." in theirs.text and theirs.one("a")["href"] == "/c/rye/requests"

    group, _face = await groups.named("rye")
    lea = await build.person("lea", "lemmy.test")
    app.peers.learn("lemmy.test", "groups", "lemmy")
    await build.follow(lea, rye, "pending")
    writes = Writes()
    storage.join_requests.ask(writes, JoinRequest(next_id(), group.id, lea.id, "waiting", "", "", build.NOW))
    await apply(writes)
    (line,) = [each for each in (await deciding.get("/c/rye/requests")).one("main").all("li") if "@lea" in each.text]
    assert "Not asked: their server takes no messages of groups." in line.text and "No answer" not in line.text
