"""Who may read what on pages, and that nothing somebody wrote can do anything there."""

import re

import pytest

import storage.actors
from activitypub.objects import Controls, Permission
from fedcomm import controls, group_profile, groups, members, peers, rights
from fedcomm.app import App
from storage.actors import Actor
from storage.connect import execute
from storage.posts import Post
from tests import build
from tests.web.pages.browser import Browser, Element, Page
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws
from tests.web.pages.world import World, made
from web.pages import remains
from web.pages.assets import FOLDER

pytestmark = pytest.mark.anyio

EVIL = "</title><script>alert(1)</script><img src=x onerror=alert(2)>\"'><b>"


@pytest.fixture
async def world(app: App) -> World:
    """A group with a thread."""
    return await made(app)


def where(post: Post, author: Actor) -> str:
    """The page of a post."""
    return f"/@{author.acct}/{post.id}"


async def everywhere(browser: Browser, world: World) -> str:
    """The words of every page on which a post of alice could stand."""
    pages = ["/", "/c/rye", "/@alice", where(world.thread, world.alice), where(world.answer, world.bob)]
    return "\n".join([(await browser.get(path)).source for path in pages])


@pytest.mark.parametrize("visibility", [build.FOLLOWERS, build.DIRECT])
async def test_what_is_not_for_everybody_is_shown_to_whom_it_is_for_only(
    world: World, stranger: Browser, enter: Enter, visibility: int
) -> None:
    friend, other = await build.person("friend"), await build.person("other")
    await build.follow(friend, world.alice)
    to = [friend] if visibility == build.DIRECT else []
    secret = await build.post(world.alice, "SECRET starter", visibility=visibility, mentions=to, title="SECRET title")
    answer = await build.post(
        world.alice, "SECRET answer", visibility=visibility, parent=world.thread, group=world.group, mentions=to
    )

    for browser in (stranger, await enter(other)):
        assert "SECRET" not in await everywhere(browser, world)
        for post in (secret, answer):
            page = await browser.get(where(post, world.alice))
            assert page.status == 404 and "SECRET" not in page.source
            assert (await browser.get(f"/write?to={post.id}")).status != 200
    for browser in (await enter(friend), await enter(world.alice)):
        assert (await browser.get(where(secret, world.alice))).status == 200
        assert "SECRET answer" in (await browser.get(where(world.thread, world.alice))).source


async def test_a_removed_post_is_shown_to_its_author_only(world: World, stranger: Browser, enter: Enter) -> None:
    await execute("UPDATE post SET removed_at = 5 WHERE id = ?", (world.deeper.id,))

    assert (await stranger.get(where(world.deeper, world.alice))).status == 404
    assert "removed by the moderators" in (await (await enter(world.alice)).get(where(world.deeper, world.alice))).main


async def test_what_an_author_elsewhere_lets_somebody_not_do_is_not_offered_to_them(
    world: World, enter: Enter, stranger: Browser
) -> None:
    closed = Permission(("https://far.example/users/bob",))
    post = await build.post(world.bob, "Nobody answers this")
    await build.insert("control", post_id=post.id, body=controls.stored(Controls(closed, closed, closed)))
    browser = await enter(world.alice)

    page = await browser.get(where(post, world.bob))

    for act in (f"/write?to={post.id}", f"/like/{post.id}", 'value="boost"'):
        assert act not in page.source
    assert "lets only some people answer it" in page.main
    assert "lets only some people" not in (await stranger.get(where(post, world.bob))).main
    form = await browser.get(f"/write?to={post.id}")
    assert "lets only some people answer it" in form.main
    by_hand = controls.stored(
        Controls(reply=Permission((world.bob.uri,), ("https://www.w3.org/ns/activitystreams#Public",)))
    )
    await execute("UPDATE control SET body = ? WHERE post_id = ?", (by_hand, post.id))
    assert "decides which answers there are" in (await browser.get(f"/write?to={post.id}")).main
    mine = await build.post(world.alice, "May I?", parent=post, visibility=build.DIRECT, mentions=[world.bob])
    await build.insert(
        "plea", uri=mine.uri, kind="reply", actor_id=world.alice.id, post_id=post.id, subject_id=mine.id, visibility=0,
        state="waiting", stamp="", asked_at=build.NOW,
    )  # fmt: skip
    assert "waits until whom it answers agrees" in (await browser.get(where(mine, world.alice))).main
    await execute("UPDATE plea SET state = 'refused'")
    assert "whom it answers did not agree" in (await browser.get(where(post, world.bob))).main
    other = await build.post(world.bob, "Everybody may")
    page = await browser.get(where(other, world.bob))
    assert all(act in page.source for act in (f"/write?to={other.id}", f"/like/{other.id}", 'value="boost"'))


async def test_the_threads_of_a_group_stand_in_the_order_one_chooses(app: App, stranger: Browser) -> None:
    ann, ben, group = await build.person("ann"), await build.person("ben"), await build.group("oats")
    old, new = [await build.post(ann, text, title=text, group=group) for text in ("Old", "New")]
    await build.post(ben, parent=old, group=group)
    for number in range(26):
        await build.post(ben, f"Fill {number}", title=f"Fill {number}", group=group)

    async def titles(path: str) -> list[str]:
        page = await stranger.get(path)
        return [each.text for each in page.one("section").all("h3")]

    start = await stranger.get("/c/oats")
    heads = {(await stranger.get(f"/c/oats{query}")).one("title").text for query in ("", "?sort=new", "?sort=top")}
    heads |= {(await stranger.get(start.one("a", rel="next")["href"])).one("title").text}
    assert len(heads) == 4 and all(each.startswith("Oats · ") for each in heads)
    orders = start.one("nav", **{"aria-label": "Order of the threads"})
    assert orders.one("strong").text == "Active" and len(orders.all("a")) == 8
    assert start.one("a", rel="next")["href"].startswith("/c/oats?max_id=")
    for sort in ("hot", "top", "top-day"):
        page = await stranger.get(f"/c/oats?sort={sort}")
        assert [each.text for each in page.one("section").all("h3")][:2] == ["Old", "Fill 25"], sort
        more = await titles(page.one("a", rel="next")["href"])
        assert more[-1] == "New" and len(more) == 3, sort
    assert "Old" not in await titles("/c/oats?sort=unanswered") + await titles(
        (await stranger.get("/c/oats?sort=unanswered")).one("a", rel="next")["href"]
    )
    assert await titles("/c/oats?sort=loud") == await titles("/c/oats") and new.id
    front = await stranger.get("/?sort=hot")
    assert [each.text for each in front.all("section")[-1].all("h3")][:2] == ["Old", "Fill 25"]
    assert "sort=hot" in front.one("a", rel="next")["href"] and "/?sort=hot" in (await stranger.get("/")).links
    assert (await stranger.get("/")).one("a", rel="next")["href"].startswith("/?max_id=")


@pytest.mark.parametrize("column", ["deleted_at", "suspended_at"])
async def test_who_is_gone_has_no_page_and_no_posts(world: World, stranger: Browser, column: str) -> None:
    await execute(f"UPDATE actor SET {column} = 5 WHERE id = ?", (world.bob.id,))

    assert (await stranger.get("/@bob@far.example")).status == 404
    assert (await stranger.get(where(world.answer, world.bob))).status == 404
    assert "Take less water" not in await everywhere(stranger, world)


async def test_who_is_blocked_sees_nothing_of_who_blocks(world: World, enter: Enter) -> None:
    eve = await build.person("eve")
    await build.block(world.alice, eve)

    browser = await enter(eve)

    assert (await browser.get("/@alice")).status == 404
    assert (await browser.get(where(world.thread, world.alice))).status == 404


async def test_posts_of_a_suspended_server_are_not_shown(app: App, world: World, stranger: Browser) -> None:
    await peers.set_policy(app, "far.example", "suspend")

    assert "Take less water" not in await everywhere(stranger, world)
    assert (await stranger.get("/@bob@far.example")).status == 404


@pytest.mark.attack("XSS-03", "XSS-08")
async def test_names_headsand_other_texts_are_text_and_nothing_else(app: App, stranger: Browser) -> None:
    evil = await build.person("evil", "far.example", fields=f'[{{"name": {_json(EVIL)}, "value": ""}}]')
    await execute("UPDATE actor SET name = ? WHERE id = ?", (EVIL, evil.id))
    group = await build.group("oven", title=EVIL)
    post = await build.post(
        evil,
        "hello",
        group=group,
        title=EVIL,
        summary=EVIL,
        language='"><script>',
        kind="question",
        url=f"javascript:{EVIL}",
    )
    await build.insert("poll", post_id=post.id, multiple=0, options=f"[{_json(EVIL)}]", votes="[1]", voters_count=1)
    await build.insert(
        "media", id=1, owner_id=evil.id, post_id=post.id, kind="image", mime=EVIL, origin="remote", created_at=0,
        remote_url="javascript:alert(1)", description=EVIL,
    )  # fmt: skip
    await execute("UPDATE post SET attachments_count = 1 WHERE id = ?", (post.id,))

    pages = [await stranger.get(path) for path in ("/", "/c/oven", "/@evil@far.example", where(post, evil))]

    for page in pages:
        assert page.status == 200
        assert not page.scripts and not page.all("img")
        assert not [each for each in page.all() if any(name.startswith("on") for name in each.attributes)]
        assert not [link for link in page.links if "javascript" in link]
        assert "</title><script>" in page.main  # it stands there as it was written


@pytest.mark.attack("XSS-15")
async def test_letters_that_turn_hide_or_pile_up_are_taken_out_of_names(app: App, stranger: Browser) -> None:
    name = "\u202eevil\u202c \u200bzero " + "Z" + "\u0301" * 100 + " end"
    actor = await build.person("strange", "far.example")
    await execute("UPDATE actor SET name = ? WHERE id = ?", (name, actor.id))
    await build.post(actor, "hello", title=name)

    page = await stranger.get("/@strange@far.example")

    shown = page.one("h1").one("bdi").text
    assert not set(shown) & {"\u202e", "\u202c", "\u200b"} and shown.count("\u0301") <= 2
    assert shown.startswith("evil zero Z") and shown.endswith("end")
    named = _holding(page, "evil zero")
    assert named and all("bdi" in (each.tag, each.parent and each.parent.tag) for each in named)


async def test_a_thread_is_a_nested_list_that_can_be_heard(world: World, stranger: Browser) -> None:
    page = await stranger.get(where(world.thread, world.alice))

    assert page.one("h1").text == "Sour dough" and "2 answers" in page.main
    first = page.one("li", id=f"post-{world.answer.id}")
    second = first.one("li", id=f"post-{world.deeper.id}")
    assert first.parent and first.parent.tag == "ol" and second.parent and second.parent.tag == "ol"
    assert first.all("article")[0]["aria-label"] == "Answer by Bob to Alice, level 1, 1 answer"
    assert second.all("article")[0]["aria-label"] == "Answer by Alice to Bob, level 2, 0 answers"
    assert "not confirmed by its author's server" in first.all("article")[0].text
    assert [each.one("summary").text for each in first.all("details", class_="branch")] == ["1 answer"]
    assert "open" in first.one("details", class_="branch").attributes
    assert "newest answer" in second.one("h3").text and "newest answer" not in first.all("h3")[0].text
    assert where(world.deeper, world.alice) in page.links and "unanswered" not in page.main
    assert "unanswered" in (await stranger.get(where(world.poll, world.bob))).one("h2", id="answers").text
    assert page.one("article", id=f"post-{world.thread.id}").one("h1")["lang"] == "en"


@pytest.mark.parametrize("path", ["/", "/c/rye", "/@alice"])
async def test_lists_count_the_answers_that_the_page_of_the_thread_shows(
    world: World, stranger: Browser, enter: Enter, path: str
) -> None:
    await build.post(world.alice, "For friends", visibility=build.FOLLOWERS, parent=world.thread, group=world.group)

    counts = [
        re.findall(r"Sour dough.*?(\d+) answers", (await browser.get(path)).main)
        for browser in (stranger, await enter(world.alice))
    ]

    assert counts == [["2"], ["3"]]


async def test_an_answer_has_a_page_that_leads_to_its_thread(world: World, stranger: Browser) -> None:
    page = await stranger.get(where(world.answer, world.bob))

    assert page.one("h1").text == "Answer by Bob"
    assert f"{where(world.thread, world.alice)}#post-{world.answer.id}" in page.links
    above = page.one("section", aria_labelledby="above")
    assert (
        "How much less?" in page.main
        and "Mine is too wet" in above.text
        and where(world.thread, world.alice) in page.links
    )


async def test_a_deep_branch_goes_on_at_the_page_of_its_last_answer(world: World, stranger: Browser) -> None:
    post, chain = world.deeper, []
    for number in range(12):
        post = await build.post(world.alice, f"number {number}.", group=world.group, parent=post)
        chain.append(post)

    page = await stranger.get(where(world.thread, world.alice))
    last = page.one("li", id=f"post-{chain[5].id}")
    rest = await stranger.get(where(chain[5], world.alice))

    assert "14 answers" in page.one("h2", id="answers").text
    assert "number 5." in page.main and "number 6." not in page.main
    assert max(_depth(each) for each in page.all("ol", class_="answers")) == 8
    assert last.all("a", href=where(chain[5], world.alice))[-1].text == "Continue this branch: 6 more answers"
    assert "number 11." in rest.main and "number 4." in rest.one("section", aria_labelledby="above").text
    assert "number 1." not in rest.main


async def test_answers_stand_in_the_order_of_time_for_who_wants_that(world: World, stranger: Browser) -> None:
    late = await build.post(world.alice, "late", group=world.group, parent=world.thread)
    for number in range(40):
        await build.post(world.bob, f"number {number}.", group=world.group, parent=world.answer)
    away = await build.post(world.bob, "SECRET", group=world.group, parent=late, visibility=build.FOLLOWERS)

    page = await stranger.get(f"{where(world.thread, world.alice)}?order=time")
    more = page.one("nav", aria_label="Pages of answers").one("a")["href"]
    rest = await stranger.get(more)

    ids = [each["id"] for each in page.one("ol", class_="answers").all("li") if each["id"]]
    assert ids[:3] == [f"post-{each.id}" for each in (world.answer, world.deeper, late)] and len(ids) == 40
    assert "to Bob" in page.one("li", id=f"post-{world.deeper.id}").one("h3").text
    assert len(rest.one("ol", class_="answers").all("article")) == 3 and "number 39." in rest.main
    assert not rest.all("nav", aria_label="Pages of answers") and "43 answers" in rest.main
    assert page.one("meta", name="robots") and "SECRET" not in page.source + rest.source and away
    tree = await stranger.get(where(world.thread, world.alice))
    assert f"{where(world.thread, world.alice)}?order=time#answers" in tree.links


async def test_a_page_of_a_large_thread_shows_forty_answers_and_weighs_little(
    app: App, world: World, stranger: Browser, enter: Enter
) -> None:
    long = "Many 名 " + "名" * 60
    await execute("UPDATE actor SET name = ? WHERE id = ?", (long, world.bob.id))
    first = [
        await build.post(world.bob, f"top {number}.", group=world.group, parent=world.thread) for number in range(4)
    ]
    for number in range(30):
        await build.post(world.bob, f"one {number}.", group=world.group, parent=first[0])
        await build.post(world.bob, f"two {number}.", group=world.group, parent=first[1])

    page = await stranger.get(where(world.thread, world.alice))
    more = page.one("nav", aria_label="Pages of answers").one("a")["href"]
    rest = await stranger.get(more)

    assert len([each for each in page.all("article") if each["tabindex"]]) == 40 and "66 answers" in page.main
    branch = page.one("li", id=f"post-{first[1].id}")
    assert (
        "Continue this branch: 24 more answers" in branch.text
        and "two 29." in (await stranger.get(where(first[1], world.bob))).main
    )
    assert more.endswith(f"?after={first[1].id}") and len([e for e in rest.all("article") if e["tabindex"]]) == 2
    assert "top 3." in rest.main and not rest.all("nav", aria_label="Pages of answers")
    assert (await stranger.get(f"{where(world.thread, world.alice)}?after=nonsense")).status == 200
    await members.appoint(app, "rye", world.alice, None, rights.STEWARD)
    mo = await enter(world.alice)
    mine = await mo.get(where(world.thread, world.alice))
    german = await mo.client.get(where(world.thread, world.alice), headers={"accept-language": "de"})
    loaded = sum(each.stat().st_size for each in FOLDER.glob("*.[cj]s*") if f"/{each.name}?" in mine.source)
    assert "Antwort von" in german.text and max(len(mine.source.encode()), len(german.content)) + loaded < 100_000
    cares = [link for link in mine.links if link.startswith("/moderate/")]
    assert len(cares) == 41 and mine.one("details", class_="care").one("button", value="lock")
    care = await mo.get(cares[1])
    assert flaws(care) == [] and "Take less water" in care.main
    gone = await mo.button(care, cares[1], act="remove", reason="an advertisement")
    assert "Take less water" not in gone.source and "Mine is too wet" in gone.main  # back in the thread
    assert (await (await enter(await build.person("otto"))).get(cares[2])).status == 403


async def test_a_warning_is_shown_before_what_it_warns_of(world: World, stranger: Browser) -> None:
    page = await stranger.get(where(world.poll, world.bob))

    details = page.one("details")
    assert details.one("summary").text == "Flour" and "open" not in details.attributes
    assert "Which flour?" in details.text
    assert [each.text for each in details.one("ul", class_="poll").all("li")] == [
        "Rye: 3 votes, 75 %",
        "Spelt: 1 vote, 25 %",
    ]
    assert "4 people have voted · closed" in details.text


async def test_remote_people_posts_and_groups_lead_to_their_originals(world: World, stranger: Browser) -> None:
    far = await build.group("far", "far.example", title="Far")
    face = await storage.actors.by_id(far.actor_id)
    assert face

    for path, original in (
        ("/@bob@far.example", world.bob.url),
        (where(world.answer, world.bob), world.answer.url),
        ("/c/far@far.example", face.url),
    ):
        page = await stranger.get(path)
        (link,) = page.one("main").all("a", href=original)
        assert {"nofollow", "noopener", "noreferrer"} <= set(link["rel"].split())
        assert page.one("meta", name="robots")["content"] == "noindex"


async def test_of_a_group_elsewhere_is_told_only_what_is_known_here(world: World, stranger: Browser) -> None:
    far = await build.group("far", "far.example", title="Far")
    await build.join(world.alice, far)

    ours, theirs = [(await stranger.get(path)).main for path in ("/c/rye", "/c/far@far.example")]

    assert "0 members" in ours and "The admins of the server look after this group." in ours
    assert "member" not in theirs and "Moderators" not in theirs and "look after" not in theirs


async def test_a_link_to_a_page_can_be_previewed(world: World, stranger: Browser) -> None:
    thread = await stranger.get(where(world.thread, world.alice))
    warned = await stranger.get(where(world.poll, world.bob))

    assert thread.one("meta", property="og:title")["content"] == "Sour dough"
    assert thread.one("meta", name="description")["content"] == "Mine is too wet"
    assert (await stranger.get("/c/rye")).one("meta", name="description")["content"] == "All about rye"
    assert warned.one("meta", property="og:title")["content"] == "Flour" and not warned.all("meta", name="description")


async def test_whoever_has_moved_says_where_to(world: World, stranger: Browser) -> None:
    await execute("UPDATE actor SET moved_to_id = ? WHERE id = ?", (world.bob.id, world.alice.id))

    page = await stranger.get("/@alice")

    assert (
        "This account has moved to" in page.main
        and "/@bob@far.example" in page.one("main").one("p", class_="note").all("a")[0]["href"]
    )


async def test_addresses_in_other_spellings_lead_to_the_one_page(world: World, stranger: Browser) -> None:
    thread = where(world.thread, world.alice)

    assert (await stranger.get("/@rye")).headers["location"] == "/c/rye"
    assert (await stranger.get(f"/@bob@far.example/{world.thread.id}")).headers["location"] == thread
    assert (await stranger.get(f"/@alice/statuses/{world.thread.id}")).status == 200
    assert (await stranger.get("/@alice@home.test")).status == 200
    assert (await stranger.get("/@ALICE")).status == 200
    assert (await stranger.get("/c/alice")).status == 404


async def test_long_lists_go_on_on_the_next_page_until_there_is_nothing_older(world: World, stranger: Browser) -> None:
    for number in range(60):
        await build.post(world.alice, f"text {number}", group=world.group, title=f"Thread {number}.")

    for path in ("/", "/c/rye", "/@alice"):
        titles, page = [], await stranger.get(path)
        while True:
            lines = page.one("ul", class_="lines").all("h3")
            assert lines
            titles += [each.text for each in lines if each.text.startswith("Thread")]
            older = [each["href"] for each in page.all("a", rel="next")]
            if not older:
                break
            page = await stranger.get(older[0])
        assert titles == [f"Thread {number}." for number in reversed(range(60))], path
        assert page.one("nav", class_="pages").all("a")[0]["href"] == path


@pytest.mark.parametrize(
    "query", ["max_id=abc", "max_id=", "max_id=99999999999999999999999", "max_id=-1", "max_id=1%00"]
)
async def test_a_cursor_that_makes_no_sense_breaks_nothing(world: World, stranger: Browser, query: str) -> None:
    for path in ("/", "/c/rye", "/@alice"):
        assert (await stranger.get(f"{path}?{query}")).status in (200, 422)


async def test_threads_of_joined_groups_stand_on_the_front_page_of_a_member(world: World, enter: Enter) -> None:
    page = await (await enter(world.alice)).get("/")

    section = page.one("section", aria_labelledby="joined")
    assert section.one("a")["href"] == "/c/rye"


async def test_who_asks_for_a_document_gets_no_page(world: World, stranger: Browser) -> None:
    for path in ("/c/rye", "/@alice", where(world.thread, world.alice)):
        answer = await stranger.client.get(path, headers={"accept": "application/activity+json"})
        assert answer.headers["content-type"].startswith("application/activity+json"), path
        assert "accept" in answer.headers["vary"].lower()
        assert "accept" in (await stranger.get(path)).headers["vary"].lower()


def _json(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _holding(page: Page, words: str) -> list[Element]:
    """The innermost elements of the main part with these words."""
    found = [each for each in page.one("main").all() if words in each.text]
    return [each for each in found if not any(words in inner.text for inner in each.all())]


def _depth(element: Element) -> int:
    above = element.parent
    count = 1
    while above is not None:
        count += above.tag == "ol"
        above = above.parent
    return count


async def test_a_group_says_what_it_is_about_and_which_languages_are_spoken(app: App, stranger: Browser) -> None:
    await groups.create(app, "rye", "Rye")
    await group_profile.change(app, "rye", group_profile.Change(topics=("baking", "rye"), languages=("de",)))

    page = await stranger.get("/c/rye")

    assert {"/groups?topic=baking", "/groups?topic=rye"} <= set(page.links)
    assert [each.text for each in page.all("li", lang="de")] == ["Deutsch"]


async def test_of_a_thread_whose_beginning_was_deleted_the_answers_are_left(
    world: World, stranger: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = f"/@alice/{world.thread.id}"
    await execute("UPDATE post SET deleted_at = 5 WHERE id = ?", (world.thread.id,))

    page = await stranger.open(where)
    monkeypatch.setattr(remains, "MOST", 1)
    short = await stranger.open(where)
    (onward,) = [link for link in short.links if "?after=" in link]
    second = await stranger.get(onward)
    answer = await stranger.open(f"/@alice/{world.deeper.id}")
    await execute("UPDATE post SET deleted_at = NULL, removed_at = 5 WHERE id = ?", (world.thread.id,))
    removed, below = await stranger.open(where), await stranger.open(f"/@alice/{world.deeper.id}")
    await execute("UPDATE post SET visibility = 4 WHERE id = ?", (world.thread.id,))
    private = await stranger.open(where)
    await execute("UPDATE post SET deleted_at = 5 WHERE id IN (?, ?)", (world.answer.id, world.deeper.id))
    nothing = await stranger.open(where)

    assert page.status == 410 and page.one("h1").text == "A thread whose beginning was deleted"
    assert [each.status for each in (short, second)] == [410, 410] and flaws(second) == []
    assert not any("?after=" in link for link in second.links) and short.main != second.main
    assert "Take less water" in page.main and "How much less?" in page.main
    assert "Sour dough" not in page.source and "too wet" not in page.source
    assert removed.status == 404 and removed.one("h1").text == "A thread whose beginning was removed"
    assert "moderators of the group have removed" in removed.main and "Take less water" in removed.main
    assert "Sour dough" not in removed.source and "too wet" not in removed.source
    assert "beginning its author has deleted" in answer.main and "beginning the moderators have removed" in below.main
    assert nothing.status == private.status == 404 and "removed" not in private.main


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ("deleted_at", "post that its author has deleted"),
        ("removed_at", "post that the moderators have removed"),
        ("author", "post of an account that was deleted"),
    ],
)
async def test_who_took_an_answer_away_is_told_where_it_stood(
    world: World, stranger: Browser, column: str, told: str
) -> None:
    leaf = await build.post(world.bob, "Nobody answers this", group=world.group, parent=world.thread)
    await build.post(world.alice, "What came then", group=world.group, parent=world.thread)
    column, gone = ("deleted_at", True) if column == "author" else (column, False)
    await execute(f"UPDATE post SET {column} = 5 WHERE id IN (?, ?)", (world.answer.id, leaf.id))
    if gone:  # a moderator of their server deleted the account, or they did: nobody here knows which
        await execute("UPDATE actor SET deleted_at = 5 WHERE id = ?", (world.bob.id,))

    tree, flat = [await stranger.open(f"/@alice/{world.thread.id}{order}") for order in ("", "?order=time")]
    await execute("UPDATE post SET visibility = 2 WHERE id = ?", (world.answer.id,))
    secret = await stranger.open(f"/@alice/{world.thread.id}")

    assert f"A {told}." in tree.one("li", id=f"post-{world.answer.id}").text and "How much less?" in tree.main
    assert f"to a {told}" in flat.main
    assert f"A {told}." in flat.one("li", id=f"post-{leaf.id}").text  # in time, also where nothing answers it
    assert not tree.all("li", id=f"post-{leaf.id}")
    assert "Take less water" not in tree.source + flat.source and "Nobody answers" not in tree.source + flat.source
    await execute("UPDATE post SET deleted_at = 5 WHERE id = ?", (world.thread.id,))
    left = (await stranger.open(f"/@alice/{world.thread.id}")).main
    assert left.count(f"A {told}.") == 1 and left.index("How much less?") < left.rindex(told) < left.index("came then")
    assert told not in secret.main and "not shown (any more)" in secret.main
