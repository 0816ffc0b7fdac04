"""Flairs with a browser: set, chosen, shown, and threads found by them."""

import pytest

import storage.actors
import storage.flairs
from fedcomm import flairs, follows, groups, posts, sharing
from fedcomm.app import App
from fedcomm.posts import Draft
from storage.actors import Actor
from tests.people import person
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio

WHERE = "/c/rye/flairs"


@pytest.fixture
async def rye(app: App) -> Actor:
    """A group that mo looks after; its face."""
    await person(app, "mo")
    await groups.create(app, "rye", "Rye bread", steward="mo")
    return (await groups.named("rye"))[1]


@pytest.fixture
async def mo(app: App, rye: Actor, enter: Enter) -> Browser:
    """The browser of its steward, who is a member too."""
    moderator = await storage.actors.local("mo")
    assert moderator
    await follows.follow(app, moderator, rye.id)
    return await enter(moderator)


async def names() -> list[tuple[str, str]]:
    """What the group has."""
    group, _face = await groups.named("rye")
    return [(each.name, each.background_color) for each in await storage.flairs.of_group(group.id)]


async def test_flairs_are_set_chosen_shown_and_threads_found_by_them(
    app: App, rye: Actor, mo: Browser, stranger: Browser
) -> None:
    empty = await mo.get(WHERE)
    plain = await mo.get("/write?group=rye")

    first = {"uri": ["", "", ""], "called": ["Ask & tell", "Offer", ""], "color": ["#ffcc00", "#003366", "#2f6f4f"]}
    secret = empty.form(WHERE).one("input", name="csrf")["value"]
    done = await mo.open((await mo.post(WHERE, {"csrf": secret, **first})).headers["location"])
    form = await mo.get("/write?group=rye")
    thread = await mo.button(form, "/write", title="Sour dough", text="Too wet", flair="Ask & tell")
    await mo.button(await mo.get("/write?group=rye"), "/write", title="An oven", text="Take it")
    group = await stranger.get("/c/rye")
    (link, _other) = group.one("nav", aria_label="Flairs").all("a")
    found = await stranger.get(link["href"])

    await groups.create(app, "corn", "Corn bread", steward="mo")
    await flairs.change(app, "corn", [flairs.Wanted("", "Ask & Tell", "#000000")])
    mo_here = await storage.actors.local("mo")
    assert mo_here
    for text, flair in (("Kernels\n\nAnd?", "Ask & Tell"), ("Cobs\n\n#AskTell", None), ("Husks\n\nNo", "")):
        number = await posts.create(app, mo_here, Draft(text=f"@corn {text}", flair=flair))
        await sharing.share(app, mo_here, number, "rye")
    beside = await stranger.get(link["href"])
    offered = await stranger.get("/c/rye?flair=Offer")
    for page in (empty, done, form, thread, group, found, beside, offered):
        assert flaws(page) == []
    assert [word in beside.main for word in ("Sour dough", "Kernels", "Cobs", "Husks", "An oven")] == [1, 1, 1, 0, 0]
    assert not any(word in offered.main for word in ("Kernels", "Cobs", "Husks")), "other labels"
    assert not plain.all("select", name="flair") and "Saved." in done.main
    assert await names() == [("Ask & tell", "#ffcc00"), ("Offer", "#003366")]
    assert "Ask & tell" in thread.one("article", class_="starter").one("a", class_="flair").text
    assert "Sour dough" in found.main and "An oven" not in found.main and "All threads" in found.main
    uri = (await storage.flairs.of_group((await groups.named("rye"))[0].id))[0].uri
    assert (await stranger.open(uri.removeprefix(app.base_url))).one("h2", id="threads").text == "Threads: Ask & tell"
    assert (await stranger.get("/c/rye/tag/nothing")).status == 404


async def test_moderators_change_the_flair_of_a_thread_and_what_is_wrong_with_flairs_is_told(
    app: App, rye: Actor, mo: Browser, enter: Enter
) -> None:
    secret = (await mo.get(WHERE)).form(WHERE).one("input", name="csrf")["value"]
    await mo.post(WHERE, {"csrf": secret, "uri": [""], "called": ["Offer"], "color": ["#003366"]})
    thread = await mo.button(await mo.get("/write?group=rye"), "/write", title="An oven", text="Take it")
    care = thread.one("details", class_="care").one("form")["action"]

    edit = next(link for link in thread.links if link.endswith("/edit"))
    chosen = await mo.button(await mo.get(edit), edit, flair="Offer")
    kept = await mo.button(form := await mo.get(edit), edit, text="@rye An oven\n\nTake it, please")
    dropped = await mo.button(await mo.get(edit), edit, flair="")
    assert flaws(form) == [] and [bool(each.all("a", class_="flair")) for each in (chosen, kept, dropped)] == [1, 1, 0]

    given = await mo.button(thread, care, act="flair", flair="Offer")
    assert not (await mo.get(edit)).all("select", name="flair")  # what moderators decided, authors do not change
    taken = await mo.button(given, care, act="flair", flair="")
    wrong = await mo.post(WHERE, {"csrf": secret, "uri": ["", ""], "called": ["A", "a!"], "color": ["#000000"] * 2})
    short = await mo.post(WHERE, {"csrf": secret, "uri": [""], "called": ["A", "B"], "color": ["#000000"]})
    theirs = await enter(await person(app, "anna"))

    assert given.all("a", class_="flair") and not taken.all("a", class_="flair")
    assert wrong.status == 422 and "name of its own" in wrong.problem and flaws(wrong) == []
    assert [each["value"] for each in wrong.all("input", name="called")][:2] == ["A", "a!"]
    assert short.status == 422 and await names() == [("Offer", "#003366")]
    assert (await theirs.get(WHERE)).status == 403
