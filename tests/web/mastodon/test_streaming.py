"""`/api/v1/streaming`: who looks on is told what happens, as their timelines would show it."""

from collections.abc import AsyncIterator

import pytest

from fedcomm import clock
from fedcomm.app import App
from storage import events
from storage.actors import Actor
from storage.ids import next_id
from tests import build
from tests.web.live import Place, event, heard, listening_apart, nothing, said, subscribe
from tests.web.mastodon.member import Member

pytestmark = pytest.mark.anyio


@pytest.fixture
async def place(app: App) -> AsyncIterator[Place]:
    """The app as a server; with PostgreSQL what happens happens in another process."""
    async with listening_apart(app) as found:
        yield found


def token(member: Member) -> str:
    """What their program has."""
    return member.headers["authorization"].removeprefix("Bearer ")


async def follow(follower: Member, followed: Member) -> None:
    """One follows the other."""
    await follower.do(f"accounts/{followed.id}/follow")


async def test_the_home_of_a_follower_is_told_of_a_post(place: Place, alice: Member, bob: Member) -> None:
    await follow(bob, alice)
    async with place.socket(token(bob)) as socket:
        await subscribe(socket, "user")

        posted = await alice.post("The rye is in")

        stream, kind, status = await event(socket)
        assert (stream, kind, status["id"]) == (["user"], "update", posted["id"])
        assert status == await bob.get(f"statuses/{posted['id']}")


async def test_what_was_edited_and_deleted_is_told(place: Place, alice: Member, bob: Member) -> None:
    await follow(bob, alice)
    posted = await alice.post("The rye is inn")
    async with place.socket(token(bob), "?stream=user") as socket:
        await subscribe(socket, "public")

        await alice.do(f"statuses/{posted['id']}", "PUT", status="The rye is in")
        edited = [await event(socket), await event(socket)]
        await alice.ask("DELETE", f"statuses/{posted['id']}")
        deleted = [await said(socket), await said(socket)]

        assert sorted((stream, kind) for stream, kind, _ in edited) == [
            (["public"], "status.update"), (["user"], "status.update"),
        ]  # fmt: skip
        assert "The rye is in<" in edited[0][2]["content"] and edited[0][2]["edited_at"]
        assert sorted(deleted, key=str) == [
            {"stream": ["public"], "event": "delete", "payload": posted["id"]},
            {"stream": ["user"], "event": "delete", "payload": posted["id"]},
        ]


async def test_a_boost_comes_once_and_goes_again(place: Place, alice: Member, bob: Member, app: App) -> None:
    carol = await build.person("carol", "far.example")
    posted = await build.post(carol, "From afar")
    await follow(bob, alice)
    async with place.socket(token(bob)) as socket:
        await subscribe(socket, "user")

        boost = await alice.do(f"statuses/{posted.id}/reblog")
        told = await event(socket)
        await alice.do(f"statuses/{posted.id}/unreblog")

        assert (told[1], told[2]["id"], told[2]["reblog"]["id"]) == ("update", boost["id"], str(posted.id))
        assert await said(socket) == {"stream": ["user"], "event": "delete", "payload": boost["id"]}


async def test_whoever_is_told_of_something_hears_it_at_once(place: Place, alice: Member, bob: Member) -> None:
    posted = await alice.post("Who bakes?")
    async with place.socket(token(alice)) as socket:
        await subscribe(socket, "user:notification")

        await bob.do(f"statuses/{posted['id']}/favourite")

        stream, kind, notice = await event(socket)
        assert (stream, kind, notice["type"]) == (["user:notification"], "notification", "favourite")
        assert notice == await alice.get(f"notifications/{notice['id']}")


@pytest.mark.attack("OAU-19")
async def test_a_program_is_told_what_its_scopes_allow(place: Place, alice: Member, bob: Member) -> None:
    reader = await build.token(alice.actor, "read:statuses")
    async with place.socket(reader) as socket:
        await subscribe(socket, "user")
        await socket.send('{"type":"subscribe","stream":"user:notification"}')
        refused = await said(socket)

        await bob.post("@alice look")

        assert (refused["status"], set(refused)) == (403, {"error", "status"})
        assert await nothing(socket)


async def test_public_posts_and_those_with_a_tag_are_told(place: Place, alice: Member, bob: Member) -> None:
    async with place.socket(token(bob)) as socket:
        await subscribe(socket, "public:local")
        await subscribe(socket, "public:remote")
        await subscribe(socket, "public:media")
        await subscribe(socket, "hashtag", tag="Rye")
        await subscribe(socket, "hashtag", tag="oat")

        posted = await alice.post("About #rye")
        told = [await event(socket), await event(socket)]

        assert sorted(stream for stream, _, _ in told) == [["hashtag", "Rye"], ["public:local"]]
        assert {status["id"] for _, _, status in told} == {posted["id"]}
        assert await nothing(socket)


@pytest.mark.attack("PRI-01", "PRI-22")
async def test_nobody_is_told_what_is_not_for_them(place: Place, alice: Member, bob: Member, app: App) -> None:
    await follow(bob, alice)
    eve = await Member.of(alice.client, await build.person("eve"))
    streams = ("user", "public", "public:local", "hashtag", "direct")
    async with place.socket(token(bob)) as his, place.socket(token(eve)) as hers:
        for socket in (his, hers):
            for stream in streams:
                await subscribe(socket, stream, tag="rye")

        private = await alice.post("For followers #rye", visibility="private")
        direct = await alice.post("@alice between us #rye", visibility="direct")
        unlisted = await alice.post("Not for lists #rye", visibility="unlisted")

        assert [(await event(his))[2]["id"] for _ in range(2)] == [private["id"], unlisted["id"]]
        assert await nothing(his) and await nothing(hers)
        assert direct["visibility"] == "direct"


@pytest.mark.attack("PRI-06", "PRI-22")
async def test_what_ends_a_right_to_see_ends_it_in_streams(place: Place, alice: Member, bob: Member) -> None:
    await follow(bob, alice)
    async with place.socket(token(bob)) as socket:
        await subscribe(socket, "user")
        await subscribe(socket, "public")

        await alice.do(f"accounts/{bob.id}/block")
        await alice.post("Without bob")

        assert await nothing(socket)


@pytest.mark.attack("PRI-06", "PRI-22")
async def test_a_joined_group_is_a_stream_until_one_leaves(
    place: Place, alice: Member, bob: Member, gardening: Actor
) -> None:
    await bob.do(f"accounts/{gardening.id}/follow")
    await alice.do(f"accounts/{gardening.id}/follow")
    async with place.socket(token(bob)) as socket:
        await subscribe(socket, "list", list=str(gardening.id))
        await subscribe(socket, "user")

        posted = await alice.post("@gardening The beans climb")
        told = {tuple(stream): status for stream, _, status in (await event(socket), await event(socket))}
        await bob.do(f"accounts/{gardening.id}/unfollow")
        await alice.post("@gardening The peas too")

        assert told["list", str(gardening.id)]["id"] == posted["id"]
        assert told["user",]["reblog"]["id"] == posted["id"]
        assert told["user",]["account"]["group"] is True
        assert await nothing(socket)


async def test_a_list_one_made_is_told_what_it_shows(place: Place, alice: Member, bob: Member) -> None:
    await follow(bob, alice)
    made = (await bob.do("lists", title="Friends", exclusive=True))["id"]
    await bob.do(f"lists/{made}/accounts", account_ids=[alice.id])
    async with place.socket(token(bob)) as socket:
        await subscribe(socket, "list", list=made)

        await bob.post("Not in the list")
        posted = await alice.post("The rye is in")
        told = await event(socket)
        await alice.do(f"statuses/{posted['id']}", "PUT", status="The rye is out")
        edited = await event(socket)
        await alice.ask("DELETE", f"statuses/{posted['id']}")

        assert (told[0], told[1], told[2]["id"]) == (["list", made], "update", posted["id"])
        assert (edited[1], edited[2]["id"]) == ("status.update", posted["id"])
        assert await said(socket) == {"stream": ["list", made], "event": "delete", "payload": posted["id"]}


async def test_a_list_tells_nothing_that_its_owner_muted(place: Place, alice: Member, bob: Member) -> None:
    await follow(bob, alice)
    made = (await bob.do("lists", title="Friends"))["id"]
    await bob.do(f"lists/{made}/accounts", account_ids=[alice.id])
    await bob.do(f"accounts/{alice.id}/mute")
    async with place.socket(token(bob)) as socket:
        await subscribe(socket, "list", list=made)

        await alice.post("The rye is in")

        assert await nothing(socket)


@pytest.mark.attack("OAU-19")
async def test_nobody_looks_into_a_list_that_somebody_else_made(place: Place, alice: Member, bob: Member) -> None:
    made = (await bob.do("lists", title="Friends"))["id"]
    async with place.socket(token(alice)) as socket:
        await socket.send(f'{{"type":"subscribe","stream":"list","list":"{made}"}}')

        assert "error" in await said(socket)


@pytest.mark.attack("OAU-19")
async def test_a_list_of_somebody_else_is_refused(place: Place, alice: Member, gardening: Actor) -> None:
    async with place.socket(token(alice)) as socket:
        for stream in (f'"list","list":"{gardening.id}"', '"list"', '"hashtag"', '"everything"', '"list","list":"x"'):
            await socket.send(f'{{"type":"subscribe","stream":{stream}}}')
            answer = await said(socket)
            assert answer["status"] in (400, 404) and answer["error"], stream

        assert place.application.onlookers.occupied() == []


async def test_unsubscribing_ends_a_stream_and_leaves_the_others(place: Place, alice: Member) -> None:
    async with place.socket(token(alice), "?stream=user") as socket:
        await subscribe(socket, "public")
        await socket.send('{"type":"unsubscribe","stream":"user"}')

        await alice.post("Mine")

        assert (await event(socket))[0] == ["public"]
        assert await nothing(socket)


async def test_what_is_deleted_leaves_the_list_of_its_group(
    place: Place, alice: Member, bob: Member, gardening: Actor
) -> None:
    await bob.do(f"accounts/{gardening.id}/follow")
    await alice.do(f"accounts/{gardening.id}/follow")
    posted = await alice.post("@gardening Buy my beans")
    async with place.socket(token(bob)) as socket:
        await subscribe(socket, "list", list=str(gardening.id))

        await alice.ask("DELETE", f"statuses/{posted['id']}")

        assert await said(socket) == {
            "stream": ["list", str(gardening.id)], "event": "delete", "payload": posted["id"],
        }  # fmt: skip


async def test_changed_filters_are_told(place: Place, alice: Member) -> None:
    async with place.socket(token(alice)) as socket:
        await subscribe(socket, "user")

        await alice.do("/api/v2/filters", title="Oats", context=["home"], keywords_attributes=[{"keyword": "oats"}])

        assert await said(socket) == {"stream": ["user"], "event": "filters_changed"}


async def test_each_viewer_is_told_what_their_filters_find(place: Place, alice: Member, bob: Member) -> None:
    await alice.do("/api/v2/filters", title="Oats", context=["home"], keywords_attributes=[{"keyword": "oats"}])
    async with place.socket(token(alice)) as hers, place.socket(token(bob)) as his:
        for socket in (hers, his):
            await subscribe(socket, "public")

        await bob.post("Sowing oats")

        assert [match["keyword_matches"] for match in (await event(hers))[2]["filtered"]] == [["oats"]]
        assert (await event(his))[2]["filtered"] == []


async def test_an_event_source_says_the_same(place: Place, alice: Member) -> None:
    async with place.source("public/local", token(alice)) as source:
        assert source.status == 200
        assert "content-type: text/event-stream" in source.head.lower()
        assert "cache-control: no-store" in source.head.lower()
        assert await source.piece() == ":)\n"

        posted = await alice.post("The rye is in")

        name, data, *end = (await source.piece()).split("\n")
        assert (name, end) == ("event: update", ["", ""])
        assert f'"id":"{posted["id"]}"' in data and data.startswith("data: {")


async def test_direct_messages_are_told_to_those_in_them(place: Place, alice: Member, bob: Member) -> None:
    eve = await Member.of(alice.client, await build.person("eve"))
    async with place.socket(token(bob)) as his, place.socket(token(eve)) as hers:
        for socket in (his, hers):
            await subscribe(socket, "direct")

        first = await alice.post("@bob between us", visibility="direct")
        came = [await event(his), await bob.get("conversations")]
        second = await alice.post("@bob and this", visibility="direct", in_reply_to_id=first["id"])
        more = await event(his)
        await bob.do(f"conversations/{more[2]['id']}/read")
        read = await event(his)
        await alice.ask("DELETE", f"statuses/{second['id']}")
        left = await event(his)

        assert (came[0][0], came[0][1], [came[0][2]]) == (["direct"], "conversation", came[1])
        assert [each["unread"] for each in (more[2], read[2])] == [True, False]
        assert [each["last_status"]["id"] for each in (more[2], left[2])] == [second["id"], first["id"]]
        assert await nothing(hers)


async def test_it_is_told_that_somebody_was_let_in(place: Place, alice: Member, bob: Member) -> None:
    await alice.do("/api/v2/notifications/policy", "PATCH", for_not_following="filter")
    async with place.socket(token(alice)) as socket:
        await subscribe(socket, "user:notification")

        await bob.post("@alice look")
        assert await nothing(socket)
        await alice.do(f"notifications/requests/{bob.id}/accept")

        assert (await said(socket))["event"] == "notifications_merged"


async def test_what_is_old_when_it_comes_is_not_put_on_top(place: Place, alice: Member, bob: Member) -> None:
    old = clock.now_ms() - events.NEWS - 1000
    far = await build.person("carol", "far.example")
    posts = [await build.post(far, "Old", id=next_id(old)), await build.post(far, "New")]
    async with place.socket(token(bob)) as socket:
        await subscribe(socket, "public")

        for post in posts:
            events.happened("post", post.id)

        assert (await event(socket))[2]["id"] == str(posts[1].id)


async def test_an_event_that_cannot_be_told_leaves_the_next_ones(
    place: Place, alice: Member, caplog: pytest.LogCaptureFixture
) -> None:
    async with place.socket(token(alice), "?stream=user") as socket:
        await heard(socket)

        events.happened("post", "nonsense")
        posted = await alice.post("Still there")

        assert (await event(socket))[2]["id"] == posted["id"]
        assert [record.levelname for record in caplog.records if record.name == "web.streaming.hub"] == ["ERROR"]
