"""What waits before it is in a group, as moderators see it and decide; and what the form for writing says before."""

import msgspec
import pytest

import storage.actors
from fedcomm import clock, group_profile, groups
from fedcomm.app import App
from fedcomm.group_profile import Change
from storage import held, members
from storage.actors import Actor
from storage.connect import Writes, apply, execute, rows
from storage.held import Held
from storage.ids import next_id
from storage.members import Member
from tests import build
from tests.people import person
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

PAGE = "/c/rye/held"


@pytest.fixture
async def rye(app: App) -> Actor:
    """A group that mo is steward of."""
    await person(app, "mo")
    await groups.create(app, "rye", "Rye bread", steward="mo", ladder=True)
    return (await groups.named("rye"))[1]


@pytest.fixture
async def mo(rye: Actor, enter: Enter) -> Browser:
    """The browser of its steward."""
    steward = await storage.actors.local("mo")
    assert steward
    return await enter(steward)


async def wait(author: Actor, slug: str, content: str, kind: str = "links", **more: object) -> int:
    """Let a post of somebody elsewhere wait for the group; gives its number."""
    group, face = await groups.named("rye")
    note = {
        "id": f"https://far.example/notes/{slug}", "type": "Note", "attributedTo": author.uri, "content": content,
        "to": ["https://www.w3.org/ns/activitystreams#Public", face.uri],
    }  # fmt: skip
    create = {"id": f"{note['id']}/create", "type": "Create", "actor": author.uri, "object": note | more}
    body = msgspec.json.encode({"@context": "https://www.w3.org/ns/activitystreams"} | create)
    kept = Held(
        next_id(), group.id, author.id, author.host, note["id"], author.uri, body, kind, held.WAITING, build.NOW
    )  # fmt: skip
    held.put(writes := Writes(), kept)
    await apply(writes)
    return kept.id


async def test_moderators_read_what_waits_and_decide(
    app: App, rye: Actor, mo: Browser, alice: Actor, enter: Enter, stranger: Browser
) -> None:
    bob, eve = await build.person("bob", "far.example"), await build.person("eve", "far.example")
    first = await wait(bob, "1", '<p>Buy <a href="https://shop.example">this</a><script>alert(1)</script></p>')
    second = await wait(bob, "2", "<p>And that</p>", "rules", summary="Shops")
    for number in range(3):
        await wait(eve, f"eve{number}", "<p>Spam</p>", "flood")

    page = await mo.get(PAGE)
    assert flaws(page) == [] and page.scripts == [] and "5 posts are waiting" in (await mo.get("/c/rye/moderate")).main
    assert "waits for you: its author neither belongs" in page.main  # so that it is not enough to wait
    lines = page.all("li", id=f"held-{first}") + page.all("li", id=f"held-{second}")
    assert "many links" in lines[0].text and "https://shop.example" in page.links
    assert "not accepted the rules" in lines[1].text and lines[1].all("details")[0].all("summary")[0].text == "Shops"
    for other, status in ((await enter(alice), 403), (stranger, 303)):
        assert (await other.get(PAGE)).status == status
        assert (await other.post(PAGE, {"act": "release", "id": str(first)})).status in (303, 403)
    assert await held.count((await groups.named("rye"))[0].id) == 5

    secret = page.all("input", name="csrf")[0]["value"]

    async def decide(act: str, number: int, reason: str = "") -> int:
        sent = {"csrf": secret, "act": act, "id": str(number), "reason": reason}
        return (await mo.post(PAGE, sent)).status

    assert [await decide("release", first), await decide("release", first), await decide("release", 5)] == [
        303,
        303,
        404,
    ]
    assert await decide("trust", second) == 303
    (one, *_others) = [each.id for each in await held.of_group((await groups.named("rye"))[0].id, 9)]
    assert await decide("refuse", first) == 409 and await decide("refuse", one, "x" * 501) == 422
    assert await decide("refuse_all", one, "Enough.") == 303 and await decide("nothing", one) == 422
    assert [await decide(act, one) for act in ("release", "trust")] == [409, 409]  # somebody else was quicker
    taken_up = await rows("SELECT signer FROM inbox_item WHERE state IN (0, 1, 4) ORDER BY id")
    after = await mo.get(PAGE)
    log = (await mo.get("/c/rye/moderate")).main

    assert taken_up == [(bob.uri,), (bob.uri,)]  # each once, as if it had just come
    assert "Nothing is waiting" in after.main and "Whom you trust" in after.main and flaws(after) == []
    assert log.count("let in a post that waited") == 2 and log.count("turned away a post that waited") == 3
    assert "trusts" in log and "Enough." in log
    assert "Enough." in str(await rows("SELECT content FROM post WHERE visibility = 3"))
    assert await decide("distrust", bob.id) == 303 and "Whom you trust" not in (await mo.get(PAGE)).main


async def test_moderators_mark_who_announces_and_see_when_a_newcomers_post_comes_in(
    app: App, rye: Actor, mo: Browser
) -> None:
    group, _face = await groups.named("rye")
    bob, eve = await build.person("bob", "far.example"), await build.person("eve", "far.example")
    for number, (who, ago) in enumerate(((bob, 3_600_000), (eve, 90_000_000))):
        member = Member(group.id, who.id, "joined", who.host, clock.now_ms() - ago, None)
        members.put(writes := Writes(), member)
        await apply(writes)
        await wait(who, str(number), "<p>Look</p>")
    await group_profile.change(app, "rye", Change(promotion=3))

    page = await mo.get(PAGE)
    secret = page.all("input", name="csrf")[0]["value"]
    marked = await mo.post(PAGE, {"csrf": secret, "act": "mark", "who": "@bob@far.example"})
    after, listed = await mo.get(PAGE), await mo.get("/c/rye/members")
    unmarked = await mo.post("/c/rye/members", {"csrf": secret, "act": "unmark", "id": str(bob.id)})
    log = (await mo.get("/c/rye/moderate")).main

    assert "it is in the group by itself:" in page.main and "in some minutes it is in the group" in page.main
    assert flaws(page) == flaws(after) == flaws(listed) == [] and (marked.status, unmarked.status) == (303, 303)
    assert "Promotional no more" in after.main and "promotional" in listed.main
    assert "marked as promotional" in log and "marks no more as promotional" in log
    assert "Promotional no more" not in (await mo.get("/c/rye/members")).main


async def test_the_form_says_before_what_the_group_asks_for(app: App, rye: Actor, mo: Browser, enter: Enter) -> None:
    group, _face = await groups.named("rye")
    settings = await mo.get("/c/rye/moderate")
    boxes = [box for box in settings.all("input", name="ladder") if "checked" in box.attributes]
    form = {"title": "Rye bread", "rules": "Be kind.", "join_mode": "open", "posting": "anyone", "votes": "both"}
    await mo.send(settings, "/c/rye/profile", **form, ladder="true", promotion="3", slow="900")
    browser = await enter(await person(app, "anna"))

    page = await browser.get("/write?group=rye")
    refused = await browser.send(page, "/write", title="Mine", text="Is it too wet?")
    rules = await browser.get("/c/rye/rules")
    await browser.button(rules, "/c/rye/rules")
    second = await browser.get("/write?group=rye")
    links = "https://a.example https://b.example https://c.example"
    limited = await browser.send(second, "/write", title="Mine", text=links)
    sent = await browser.send(second, "/write", title="Mine", text="Is it too wet?")

    assert len(boxes) == 1 and flaws(page) == [] and "accept its rules" in page.main and "/c/rye/rules" in page.links
    assert refused.status == 403 and refused.problem == f"Read and accept the rules: {build.BASE}/c/rye/rules"
    assert "accept its rules" not in second.main and "3 threads and 10 replies" in second.main
    assert "It ends in 24 hours." in second.main and "2 links, 1 picture and 2 mentions" in second.main
    assert limited.status == 422 and "New members may add 2 links" in limited.problem and links in limited.source
    third = await browser.get("/write?group=rye")
    early = await browser.send(third, "/write", title="Again", text="And is it too dry?")
    assert sent.status == 303 and "Threads left: 2." in third.main and flaws(third) == []
    pause = "Between two posts of one member there is a pause: a quarter of an hour."
    assert pause in third.main and "You can write again in 15 minutes." in third.main
    assert "You can write again" not in second.main and pause in (await browser.get("/c/rye")).main
    assert early.status == 429 and "Minutes until you can write again: 15." in early.problem
    assert "And is it too dry?" in early.source
    await execute("UPDATE post SET received_at = received_at - 172800000 WHERE group_id = ?", (group.id,))
    assert "first day" not in (await browser.get("/write?group=rye")).main
    await group_profile.change(app, "rye", Change(ladder=False, promotion=0, slow=0, rules=()))
    stored, _face = await groups.named("rye")
    assert not stored.asks
