"""What waits for an answer in a group, as a list in any program of who greets there."""

import httpx
import msgspec
import pytest

from fedcomm import group_profile, groups
from fedcomm.app import App
from fedcomm.group_profile import Change
from fedcomm.jobs import JOBS
from storage import posts, rankings, talks
from storage.connect import execute, rows
from storage.groups import Group
from storage.ids import next_id
from storage.paging import Page
from storage.visible import ANYBODY
from tests import build
from tests.people import person
from tests.web.live import event, listening_apart, subscribe
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio

HOUR = 3_600_000


@pytest.fixture
async def rye(app: App, alice: Member, bob: Member) -> Group:
    """A group that alice looks after, and bob is in."""
    await groups.create(app, "rye", "Rye", "", "alice", "open")
    group, face = await groups.named("rye")
    for member in (alice, bob):
        await member.do(f"accounts/{face.id}/follow")
    return group


async def test_who_looks_after_a_group_has_a_list_of_what_waits_there(alice: Member, bob: Member, rye: Group) -> None:
    shown = {"id": str(rye.id), "title": "Unanswered · Rye", "replies_policy": "none", "exclusive": False}

    assert [each for each in await alice.get("lists") if each["id"] != str(rye.actor_id)] == [shown]
    assert await alice.get(f"lists/{rye.id}") == await bob.get(f"lists/{rye.id}") == shown
    assert ids(await bob.get("lists")) == [str(rye.actor_id)]
    assert ids(await alice.get(f"lists/{rye.id}/accounts")) == [str(rye.actor_id)]
    refusals = [
        await alice.refused("PUT", f"lists/{rye.id}", title="Mine"),
        await alice.refused("DELETE", f"lists/{rye.id}"),
        await alice.refused("POST", f"lists/{rye.id}/accounts", account_ids=[bob.id]),
        await alice.refused("DELETE", f"lists/{rye.id}/accounts", account_ids=[bob.id]),
    ]
    assert {status for status, _ in refusals} == {422} and all("waits for an answer" in said for _, said in refusals)
    assert await alice.get(f"lists/{rye.id}") == shown


@pytest.mark.attack("OAU-13")
async def test_what_waits_is_a_list_for_members_only(app: App, client: httpx.AsyncClient, rye: Group) -> None:
    eve = await Member.of(client, await person(app, "eve"))

    for path in (f"lists/{rye.id}", f"lists/{rye.id}/accounts", f"timelines/list/{rye.id}"):
        assert await eve.refused("GET", path) == (404, "Record not found"), path
    for method in ("PUT", "DELETE"):
        assert await eve.refused(method, f"lists/{rye.id}") == (404, "Record not found")


async def test_newcomers_are_in_it_at_once_and_others_after_an_hour(alice: Member, bob: Member, rye: Group) -> None:
    now = next_id() >> 16
    carol, robot = await build.person("carol", "far.test"), await build.person("robot", "far.test", bot=1)
    threads = [await build.post(carol, group=rye, id=next_id(now - ago * HOUR - 1)) for ago in (9, 8, 7, 2, 0)]
    fed = await build.post(robot, group=rye, id=next_id(now - 3 * HOUR - 1))
    new = await bob.post("@rye Hello")
    waiting = [new["id"], *(str(threads[n].id) for n in (3, 2, 1, 0))]

    pages = await alice.pages(f"timelines/list/{rye.id}", limit=2)
    assert [ids(page) for page in pages] == [waiting[:2], waiting[2:4], waiting[4:]] and str(fed.id) not in waiting

    await build.post(robot, group=rye, parent=threads[3])
    await build.post(carol, group=rye, parent=threads[3])
    assert ids(await alice.get(f"timelines/list/{rye.id}")) == waiting
    await bob.post("@carol@far.test Like this", in_reply_to_id=str(threads[3].id))
    began = await posts.by_id(int(new["id"]))
    await build.post(carol, group=rye, parent=began)
    assert ids(await alice.get(f"timelines/list/{rye.id}")) == waiting[2:]
    answer = await alice.post("@carol@far.test And so", in_reply_to_id=str(threads[2].id))
    assert ids(await alice.get(f"timelines/list/{rye.id}")) == waiting[3:]
    await alice.do(f"statuses/{answer['id']}", "DELETE")
    assert ids(await alice.get(f"timelines/list/{rye.id}")) == waiting[2:]


async def test_who_looks_at_the_list_is_told_of_newcomers(app: App, alice: Member, bob: Member, rye: Group) -> None:
    async with listening_apart(app) as place:
        async with place.socket(alice.headers["authorization"].removeprefix("Bearer ")) as socket:
            await subscribe(socket, "list", list=str(rye.id))

            posted = await bob.post("@rye Hello")

            stream, kind, status = await event(socket)
            assert (stream, kind, status["id"]) == (["list", str(rye.id)], "update", posted["id"])


async def test_what_moves_is_what_people_talk_about_and_not_what_is_liked(
    client: httpx.AsyncClient, alice: Member, rye: Group
) -> None:
    people = [await build.person(f"p{number}", "far.test") for number in range(4)]
    robot = await build.person("robot", "far.test", bot=1)
    liked, talked, other = [await build.post(author, group=rye) for author in (people[0], people[1], people[1])]
    fed, beeped = await build.post(robot, group=rye), await build.post(people[2], group=rye)
    hidden = await build.post(people[3], group=rye, visibility=build.UNLISTED)
    for thread, count in ((liked, 1), (talked, 3), (other, 2), (fed, 3), (hidden, 2)):
        for author in [each for each in people if each.id != thread.author_id][:count]:
            await build.post(author, group=rye, parent=thread)
    await build.post(robot, group=rye, parent=beeped)
    await execute("UPDATE post SET likes_count = 100 WHERE id IN (?, ?)", (liked.id, beeped.id))
    await talks.weigh(0)

    assert ids(await alice.get("trends/statuses")) == [str(talked.id), str(liked.id)]
    assert (await client.get("/api/v1/trends/statuses?offset=1&limit=1")).json()[0]["id"] == str(liked.id)
    assert (await client.get("/api/v1/trends/statuses?offset=2")).json() == []


@pytest.mark.attack("PRI-25")
async def test_votes_from_before_they_were_switched_off_show_and_lift_nothing_until_they_are_on_again(
    app: App, alice: Member, bob: Member, rye: Group
) -> None:
    liked, disputed = (await bob.post("@rye Liked"))["id"], (await bob.post("@rye Disputed"))["id"]
    plain = (await bob.post("@rye Plain"))["id"]
    await alice.do(f"statuses/{liked}/favourite")
    await execute("UPDATE post SET likes_count = 9 WHERE id IN (?, ?)", (int(liked), int(disputed)))
    await execute("UPDATE post SET dislikes_count = 9 WHERE id = ?", (int(disputed),))
    for thread in (liked, disputed):
        app.forget_post(int(thread))
    await talks.weigh(0)

    async def shown() -> tuple[list[str], list[int], list[str]]:
        top = await rankings.of_group(ANYBODY, rye.id, "top", Page(limit=9))
        counts = [(await bob.get(f"statuses/{thread}"))["favourites_count"] for thread in (liked, disputed)]
        voters = ids(await bob.get(f"statuses/{liked}/favourited_by"))
        return [str(each.post_id) for each in top.entries], counts, voters

    told = [await shown()]
    for votes in ("none", "up", "both"):
        await group_profile.change(app, "rye", Change(votes=votes))
        for name, args in await rows("SELECT name, args FROM job WHERE name = 'weigh_group'"):
            await JOBS[name].do(app, **msgspec.json.decode(args))
        await execute("DELETE FROM job")
        told.append(await shown())

    everything = ([liked, plain, disputed], [9, 9], [alice.id])
    assert told[0] == told[3] == everything
    assert told[1] == ([plain, disputed, liked], [0, 0], [])
    assert told[2] == ([disputed, liked, plain], [9, 9], [alice.id])
    assert (await alice.get(f"statuses/{liked}"))["favourited"] is True  # their own, which they can take back
