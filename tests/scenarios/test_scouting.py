"""A new server is no empty room: groups of other servers are followed for everybody, within a budget."""

import time
from typing import Any

import msgspec
import pytest

import storage.accounts
import storage.groups
from activitypub.client import Allowance
from fedcomm import commands, errors, follows, prospects, scout, scouting
from storage import backfills, timelines, visible
from storage.paging import Page
from tests import build
from tests.forger import AS, Face, Host, Json, send
from tests.scenarios.test_backfill import announced, listing, page
from tests.scenarios.test_directory import stranger, titles
from tests.scenarios.town import Town
from tests.web.pages.test_every_page import flaws
from tests.web.pages.test_find import browser_of

pytestmark = pytest.mark.anyio

JSON = "application/json"


def runs(host: Host, software: str, path: str, told: Any) -> None:
    """What a server says of itself, and how it lists its groups."""
    schema = "http://nodeinfo.diaspora.software/ns/schema/2.1"
    links = {"links": [{"rel": schema, "href": f"https://{host.name}/nodeinfo/2.1"}]}
    host.serve(f"https://{host.name}/.well-known/nodeinfo", links, content_type=JSON)
    about = {"version": "2.1", "software": {"name": software, "version": "1"}}
    host.serve(f"https://{host.name}/nodeinfo/2.1", about, content_type=JSON)
    host.serve(f"https://{host.name}{path}", told, content_type=JSON)


def lively(host: Host, name: str, threads: int, **more: Any) -> Face:
    """A group with some threads; `more` is in each of them, and its list has their ids then."""
    face, flora = host.actor(name, "Group"), host.actor(f"flora_{name}")
    notes = [page(host, flora, face, number, **more) for number in range(1, threads + 1)]
    listing(face, "outbox", [note["id"] if more else announced(face, note) for note in notes])
    return face


def community(face: Face, title: str, active: int, **more: Any) -> Json:
    """As Lemmy lists it."""
    said = {"actor_id": face.uri, "name": face.name, "title": title, "description": "", "nsfw": False} | more
    return {"community": said, "counts": {"users_active_month": active}}


async def accept(town: Town, *faces: Face) -> None:
    """The groups let in who asked."""
    for face in faces:
        asked = [each for each in face.host.received if each["type"] == "Follow" and each["object"] == face.uri]
        await send(town.fediverse, town.ours, face, face.does("Accept", asked[-1], to=[asked[-1]["actor"]]))


async def shown(town: Town, face: Face) -> list[str]:
    """The threads of a group here, to everybody."""
    with town.ours.here():
        group = await storage.groups.by_face(face.uri)
        found = await timelines.of_group(visible.ANYBODY, group.id, Page(limit=40)) if group is not None else None
    return [str(entry.post_id) for entry in found.entries] if found is not None else []


async def test_an_empty_server_is_no_empty_room(town: Town) -> None:
    """An admin looks for groups by topic; two servers have some, one lists those of others, one is silent."""
    lemmy, forum, evil = [Host(town.fediverse, f"{name}.test") for name in ("lemmy", "forum", "liar")]
    rye, beer, asks = lively(lemmy, "rye", 25), lively(lemmy, "beer", 2), lively(lemmy, "asks", 1)
    lemmy.serve(asks.uri, asks.document(manuallyApprovesFollowers=True))
    hidden, stolen = lively(lemmy, "hidden", 1), lively(town.evil, "stolen", 1)
    wheat = lively(forum, "wheat", 3)
    forum.serve("https://forum.test/category/5", {"@context": AS, "id": wheat.uri})
    listed = [community(beer, "Beer", 900), community(rye, "Rye bread", 50), community(asks, "Bread for few", 80),
              community(hidden, "Bread", 70, nsfw=True), {"community": 7}, "x"]  # fmt: skip
    runs(lemmy, "lemmy", "/api/v3/community/list?type_=Local&sort=Active&limit=50", {"communities": listed})
    runs(forum, "fedcomm", "/api/fedcomm/v1/groups", {"groups": [{"id": wheat.uri, "title": "W", "topics": ["bread"]}]})
    runs(evil, "piefed", "/api/alpha/community/list?type_=Local&sort=Active&limit=50",
         {"communities": [community(stolen, "Bread", 1)]})  # fmt: skip
    ada = await browser_of(town.ours, await town.ours.person("ada"))
    with town.ours.here():
        await storage.accounts.set_role((await _account("ada")).id, "admin")
    form = await ada.get("/admin/neighbours")
    servers = "lemmy.test\nhttps://forum.test/about\nliar.test\nnowhere.test"

    wrong = await ada.send(form, "/admin/neighbours", servers="no server", topics="#bread")
    begun = time.monotonic()
    sought = await ada.button(form, "/admin/neighbours", servers=servers, topics="#bread #rye #wheat", budget="50")
    await town.fediverse.settle()
    waiting = await ada.get("/admin/neighbours")
    await accept(town, rye, wheat)
    await town.fediverse.settle()
    going, visitor = await ada.get("/admin/neighbours"), stranger(town.ours)

    assert wrong.status == 422 and "no name of a server" in wrong.main
    assert "being looked for" in sought.main and "This is going on" in sought.main and flaws(going) == []
    assert "nowhere.test: does not answer" in waiting.main and "liar.test: lists no groups" in waiting.main
    assert waiting.main.count("has not answered yet") == 2 and "This is going on" not in going.main
    assert len(await shown(town, rye)) >= 20 and len(await shown(town, wheat)) == 3
    assert time.monotonic() - begun < 120  # acceptance C1 7: twenty posts within two minutes and 50 MB
    with town.ours.here():
        wish = await scout.wish()
        grown, used = await backfills.disk() - wish.disk, await scout.used(await scout.scout_id())
    assert 0 < grown <= used < 50_000_000 and " of 50 MB are used" in going.main
    assert sorted(titles(await visitor.get("/groups"))) == ["Rye", "Wheat"]
    (who,) = {each["actor"] for each in lemmy.received}
    document = await town.ours.get(who.removeprefix("https://ours.test"))
    assert document["type"] == "Service" and document["discoverable"] is False
    new = page(lemmy, lemmy.actor("flora"), rye, 0)
    await send(town.fediverse, town.ours, rye, rye.does("Announce", new["id"]))
    assert (await town.here(new["id"])).group_id is not None
    stopped = await ada.button(going, "/admin/neighbours/stop")
    await town.fediverse.settle()
    assert "There are none" in stopped.main and [each["type"] for each in forum.received][-1] == "Undo"
    for browser in (ada, visitor):
        await browser.client.aclose()


async def _account(name: str) -> storage.accounts.Account:
    found = await storage.accounts.by_name(name)
    assert found is not None
    return found


@pytest.mark.thorough("postgres")
async def test_groups_bring_no_more_than_the_budget_and_ten_are_followed(town: Town) -> None:
    host = Host(town.fediverse, "forum.test")
    faces = [lively(host, f"group{number}", 14, more="x" * 8_000) for number in range(11)]
    items = [{"apProfileId": face.uri, "name": face.name, "subscriptionsCount": 50 - n} for n, face in enumerate(faces)]
    runs(host, "mbin", "/api/magazines?sort=active&federation=local&perPage=50", {"items": items})
    with town.ours.here():
        for wrong in ((["a b"], "", 1), ([], "", 1), (["forum.test"], "two-words", 1), (["forum.test"], "", 0)):
            with pytest.raises(errors.Invalid):
                await scouting.begin(town.ours.app, *wrong, None)
        await commands.COMMANDS["neighbours.seek"](town.ours.app, topics="", servers=["forum.test"], budget=1)
    await town.fediverse.settle()
    await accept(town, *faces[:10])
    await town.fediverse.settle()

    with town.ours.here():
        told = await commands.COMMANDS["neighbours.list"](town.ours.app)
        assert [each["uri"] for each in told["groups"]] == [face.uri for face in faces[:10]]
        assert all(each["fetched"] for each in told["groups"]) and told["told"] == [("forum.test", "11")]
        spent = await backfills.spent(await scout.scout_id())
        assert 0 < spent <= 1_000_000 + 10 * 20_000  # the last document of each may go beyond
        assert 0 < sum(each["threads"] for each in told["groups"]) < 10 * 14
        first = told["groups"][0]["face_id"]
        wish = msgspec.structs.replace(await scout.wish(), budget=50)
        await scout.keep(msgspec.structs.replace(wish, disk=wish.disk - 50_000_000), build.NOW)
        assert await scout.left(first) == 0  # the database has grown by more than was read
        await scout.keep(msgspec.structs.replace(wish, disk=0, begun=0), build.NOW)
        assert await scout.left(first) == 50_000_000 // scout.MOST  # long ago: what it grew by may be anybody's
        await follows.follow(town.ours.app, town.anna.actor, first)
    await town.fediverse.settle()
    await accept(town, faces[0])
    with town.ours.here():
        assert await scout.left(first) is None  # a member is in it now, who is not to be left without
        assert await scouting.stop(town.ours.app, None, first) == 1
        assert (await commands.COMMANDS["neighbours.stop"](town.ours.app))["left"] == 9
        assert await scouting.state() == []


async def test_each_program_lists_its_groups_in_its_own_way(town: Town) -> None:
    host = Host(town.fediverse, "forum.test")
    face = host.actor("rye", "Group")
    lists: dict[str, Any] = {
        "nodebb": {"categories": [{"cid": 5, "name": "Rye", "totalTopicCount": 9}, {"cid": -1, "name": "World"}]},
        "lemmy": {"communities": [{"community": {"ap_id": face.uri, "title": "Rye", "users_active_month": 4}}]},
        "mbin": {"items": [{"apProfileId": face.uri, "title": "Rye"}, {"apProfileId": "no", "title": "x"}]},
        "piefed": {"communities": 7},
        "friendica": [
            {"group": True, "url": face.uri, "display_name": "Rye", "note": "<p>bread</p>", "id": "7"},
            {"group": False, "url": host.actor("flora").uri, "display_name": "Flora"},
            7,
        ],
    }
    found: dict[str, list[str]] = {}
    for software, told in lists.items():
        runs(host, software, prospects.LISTS[software][-1][0], told)
        with town.ours.here():
            listed = await prospects.of_server(town.ours.app, "forum.test", Allowance(20, 20))
        found[software] = [each.uri for each in listed]

    assert found == {
        "nodebb": ["https://forum.test/category/5"], "lemmy": [face.uri], "mbin": [face.uri], "piefed": [],
        "friendica": [face.uri],
    }  # fmt: skip
