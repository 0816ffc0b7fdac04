"""Sharing a thread into another group with a browser."""

import msgspec
import pytest

import storage.actors
from fedcomm import follows, group_profile, groups, members, moderation, posts
from fedcomm.app import App
from fedcomm.group_profile import Change
from fedcomm.posts import Draft
from storage import shares
from storage.connect import Writes, apply, rows, value
from tests import build
from tests.people import person
from tests.web.pages.browser import Browser
from tests.web.pages.conftest import Enter
from tests.web.pages.test_every_page import flaws

pytestmark = pytest.mark.anyio


async def test_a_thread_is_shared_shown_in_both_groups_and_taken_out_again(
    app: App, enter: Enter, stranger: Browser
) -> None:
    ann, bo = await person(app, "ann"), await person(app, "bo")
    faces = []
    for name in ("bread", "wine", "tea"):
        await groups.create(app, name, name.capitalize(), steward="bo")
        faces.append((await groups.named(name))[1])
    for face in faces[:2]:
        await follows.follow(app, ann, face.id)
    far = await build.group("beer", "far.example", title="Beer")
    await build.join(ann, far)
    thread = await posts.create(app, bo, Draft(text="@bread Rye and Riesling\n\nDo they go together?"))
    hers, where = await enter(ann), f"/@bo/{thread}"
    before = await hers.get(where)

    form = before.form(f"/share/{thread}")
    assert [each["value"] for each in form.all("option")] == ["wine"]  # no member of tea; it is in bread
    copies = [link for link in before.links if link.startswith("/write?group=beer%40far.example")]
    assert len(copies) == 1 and f"bo%2F{thread}" in copies[0]
    refused = await hers.send(before, f"/share/{thread}", group="tea")
    after = await hers.button(before, f"/share/{thread}", group="wine", act="share")
    group = await stranger.get("/c/wine")
    told = [
        (await stranger.client.get(f"/api/{path}")).json()
        for path in ("fedcomm/v1/groups", "v1/accounts/lookup?acct=wine")
    ]
    assert "Rye" in group.main
    for page in (group, await stranger.get("/groups"), await stranger.get("/")):
        assert "1 member · 1 thread" in page.main and "0 thread" not in page.main
    assert {each["name"]: each["threads"] for each in told[0]["groups"]} == {"bread": 1, "wine": 1, "tea": 0}
    assert told[1]["statuses_count"] == len(
        (await stranger.client.get(f"/api/v1/accounts/{told[1]['id']}/statuses")).json()
    )
    seen = await stranger.get(where)

    for page in (before, after, group, seen, await hers.get(copies[0])):
        assert flaws(page) == []
    assert refused.status == 403
    assert "@wine shows your thread too" in (await (await enter(bo)).get("/notifications")).main
    assert "Also in: Wine" in seen.main and not seen.all("button", value="end")
    assert (
        "Rye and Riesling" in (listed := group.one("section", aria_labelledby="threads").text) and "in Bread" in listed
    )
    for sort in ("new", "active", "hot", "top", "unanswered"):
        assert "Rye and Riesling" in (await stranger.get(f"/c/wine?sort={sort}")).main, sort
    for form in ("atom", "rss", "json"):
        assert "Rye and Riesling" in (await stranger.client.get(f"/c/wine/feed.{form}")).text, form
    assert not after.all("select", id="share-into")
    cy = await person(app, "cy")
    await follows.follow(app, cy, faces[1].id)
    for name, rule in (("bread", "No beer"), ("wine", "No water")):
        await group_profile.change(app, name, Change(rules=(rule,)))
    asked = await (await enter(cy)).get(f"/write?to={thread}")  # cy is in the thread through wine
    assert "No water" in asked.main and "No beer" not in asked.main and "/c/wine/rules" in asked.links
    gone = await hers.button(after, f"/share/{thread}", group="wine", act="end")
    assert "Also in" not in gone.main and "Rye" not in (await stranger.get("/c/wine")).main


async def test_who_may_not_share_or_end_it_changes_nothing(app: App, enter: Enter, stranger: Browser) -> None:
    ann, bo, cy = [await person(app, name) for name in ("ann", "bo", "cy")]
    await groups.create(app, "wine", "Wine", steward="bo")
    face = (await groups.named("wine"))[1]
    await follows.follow(app, ann, face.id)
    public = await posts.create(app, cy, Draft(text="For all"))
    private = await posts.create(app, cy, Draft(text="For a few", visibility="private"))
    await follows.follow(app, ann, cy.id)
    hers, his, theirs = await enter(ann), await enter(bo), await enter(cy)
    page = await hers.get(f"/@cy/{public}")

    secret = page.form(f"/share/{public}").one("input", name="csrf")["value"]
    answers = [
        (await hers.post(f"/share/{private}", {"csrf": secret, "group": "wine"})).status,
        (await hers.post(f"/share/{public}", {"csrf": secret, "group": "nothing"})).status,
        (await hers.post(f"/share/{public}", {"csrf": secret, "group": "wine", "act": "explode"})).status,
        (await hers.post(f"/share/{public}", {"csrf": secret, "group": "wine", "act": "end"})).status,
        (await stranger.post(f"/share/{public}", {"group": "wine"})).status,
    ]

    assert answers == [422, 404, 422, 404, 303]
    assert await value("SELECT COUNT(*) FROM share") == 0
    await hers.button(page, f"/share/{public}", group="wine", act="share")
    assert "For all" in (await stranger.get("/c/wine?sort=unanswered")).main
    await posts.create(app, ann, Draft(text="For me?", in_reply_to_id=public))
    assert "For all" not in (await stranger.get("/c/wine?sort=unanswered")).main  # though it began in no group
    member = await enter(await person(app, "dee"))
    assert not (await member.get(f"/@cy/{public}")).all("button", value="end")
    for browser in (his, theirs):  # its moderator, and who wrote it
        assert (await browser.get(f"/@cy/{public}")).all("button", value="end")
    acts = ("lock", "pin", "unlock", "unpin")
    assert not (await theirs.get(f"/@cy/{public}")).all("button", value="lock")
    for act in acts[:2]:  # there, and not in what it began in
        page = await his.button(await his.get(f"/@cy/{public}"), f"/moderate/{public}", group="wine", act=act)
    seen = await stranger.get(f"/@cy/{public}")
    assert "locked there" in seen.main and "does not get there" in seen.main and flaws(page) == flaws(seen) == []
    assert "For all" in (await stranger.get("/c/wine")).one("section", aria_labelledby="pinned").text
    for act in acts[2:]:
        page = await his.button(await his.get(f"/@cy/{public}"), f"/moderate/{public}", group="wine", act=act)
    assert "locked" not in (await stranger.get(f"/@cy/{public}")).main
    assert not (await stranger.get("/c/wine")).all("section", aria_labelledby="pinned")
    wine = await groups.named("wine")
    assert (await members.standing(wine[0], ann)).member and await storage.actors.local("dee")


async def test_who_looks_after_a_group_elsewhere_locks_and_pins_and_ends_there_what_it_shows(
    app: App, enter: Enter
) -> None:
    ann, bo = await person(app, "ann"), await person(app, "bo")
    await groups.create(app, "bread", "Bread", steward="bo")
    thread = await posts.create(app, bo, Draft(text="@bread Rye and beer"))
    far = await build.group("beer", "far.example", title="Beer")
    face = await storage.actors.by_id(far.actor_id)
    assert face is not None
    await build.insert("peer", host="far.example", software="fedcomm", family="groups", first_seen_at=0)
    await app.peers.load()
    writes = Writes()
    shares.put(writes, far.id, thread, far.actor_id, 1)
    moderation.record_role(app, writes, far, face, ann.uri, face.uri, f"{face.uri}#1", given=True)
    await apply(writes)
    hers, where = await enter(ann), f"/@bo/{thread}"

    page = await hers.get(where)
    for act in ("lock", "pin"):
        page = await hers.button(page, f"/moderate/{thread}", group="beer@far.example", act=act)

    assert "locked there" in page.main and page.all("button", value="unlock") and page.all("button", value="unpin")
    assert flaws(page) == [] and not (await (await enter(bo)).get(where)).all("button", value="unpin")
    page = await hers.button(page, f"/share/{thread}", group="beer@far.example", act="end")
    assert "Also in" not in page.main
    sent = [msgspec.json.decode(body) for (body,) in await rows("SELECT body FROM outbox ORDER BY seq")][-3:]
    assert [(each["type"], each["audience"]) for each in sent] == [
        (kind, face.uri) for kind in ("Lock", "Add", "Remove")
    ]
