"""What clients have stumbled over on other servers: each has a rule with a number, and each rule has a test.

Tests of a rule are marked `@pytest.mark.contract(number)`; those that belong to no other file stand here.
"""

import re
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus

import storage.actors
from fedcomm import accounts, emojis, groups
from fedcomm.app import App
from fedcomm.errors import Conflict
from storage.actors import Actor
from tests import build
from tests.people import PASSWORD
from tests.web.client import bearer, whichever_database
from tests.web.live import event, listening, subscribe
from tests.web.mastodon import keys, kinds
from tests.web.mastodon.member import Member, ids
from tests.web.mastodon.test_custom_emojis import PNG

pytestmark = pytest.mark.anyio

RULES = frozenset(range(1, 39))
# What is not built yet: there is nothing to hold to a rule.
LATER = {26: "push messages", 27: "push messages"}

# Empty is fine, another answer than a list is not.
TABS = (
    "bookmarks", "favourites", "conversations", "announcements", "followed_tags", "featured_tags", "scheduled_statuses",
    "suggestions", "/api/v2/suggestions", "custom_emojis", "lists", "mutes", "blocks", "domain_blocks",
    "follow_requests", "endorsements", "filters", "/api/v2/filters", "directory", "trends", "trends/tags",
    "trends/statuses", "trends/links",
)  # fmt: skip


def test_every_rule_has_a_test() -> None:
    texts = [path.read_text() for path in Path(__file__).parent.parent.rglob("test_*.py")]
    marked = [found for text in texts for found in re.findall(r"mark\.contract\(([\d, ]+)\)", text)]

    assert {int(number) for numbers in marked for number in numbers.split(",")} == RULES - set(LATER)


@pytest.mark.contract(9)
async def test_pictures_are_whole_addresses_also_of_who_has_none(client: httpx.AsyncClient, alice: Member) -> None:
    far = await build.person("carol", "far.test")
    found = [await alice.get(f"accounts/{each}") for each in (alice.id, far.id)]
    thumbnails = [
        (await client.get("/api/v1/instance")).json()["thumbnail"],
        (await client.get("/api/v2/instance")).json()["thumbnail"]["url"],
    ]

    pictures = [account[key] for account in found for key in ("avatar", "avatar_static", "header", "header_static")]
    for address in {*pictures, *thumbnails}:
        assert address.startswith(f"{build.BASE}/"), address
        answer = await client.get(address)
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("image/"), address


@pytest.mark.contract(13, 14)
async def test_ids_are_numbers_as_text_that_rise_and_moments_have_milliseconds(alice: Member) -> None:
    posts = [await alice.post(str(number)) for number in range(3)]
    me = await alice.get("accounts/verify_credentials")

    assert ids(posts) == sorted(ids(posts)) and len({len(each) for each in ids(posts)}) == 1
    assert all(post["id"].isdigit() and keys.MOMENT.fullmatch(post["created_at"]) for post in posts)
    assert keys.MOMENT.fullmatch(me["created_at"]) and keys.DATE.fullmatch(me["last_status_at"])


@pytest.mark.contract(19)
@pytest.mark.parametrize("agent", [None, "", "-", "\xff", "() { :;}", "curl/8", "a" * 4000])
@whichever_database
async def test_nobody_is_refused_for_the_name_of_their_program(alice: Member, agent: str | None) -> None:
    headers = {} if agent is None else {"user-agent": agent.encode("latin-1")}  # type: ignore[dict-item]
    if agent is None:
        del alice.client.headers["user-agent"]

    answers = [await alice.ask("GET", path, headers) for path in ("timelines/home", "/api/v2/instance")]  # type: ignore[arg-type]

    assert [answer.status_code for answer in answers] == [200, 200]


@pytest.mark.contract(23)
async def test_what_a_client_asks_when_somebody_has_signed_in_is_answered(alice: Member) -> None:
    kinds = ("mention", "status", "reblog", "follow", "follow_request", "favourite", "poll", "update")

    for path in ("/api/v2/instance", "preferences", "lists", f"accounts/{alice.id}", "accounts/verify_credentials"):
        assert (await alice.ask("GET", path)).status_code == 200, path
    assert (await alice.ask("GET", "accounts/1")).status_code == 404
    assert await alice.get(f"accounts/{alice.id}/statuses", exclude_reblogs="1") == []
    assert await alice.get("notifications", **{"types[]": list(kinds)}) == []


@pytest.mark.contract(24)
async def test_every_post_has_a_history_of_at_least_itself(alice: Member) -> None:
    own = await alice.post("Mine")
    far = await build.post(await build.person("carol", "far.test"), "From afar")

    for post_id in (own["id"], far.id):
        (only,) = await alice.get(f"statuses/{post_id}/history")
        assert keys.wrong(only, keys.EDIT) == []


@pytest.mark.contract(25, 35)
@pytest.mark.parametrize("path", TABS)
@whichever_database
async def test_every_tab_of_a_client_finds_a_list(alice: Member, path: str) -> None:
    assert isinstance(await alice.get(path), list)


@pytest.mark.contract(35)
async def test_markers_are_kept_and_read(alice: Member) -> None:
    post = await alice.post("Here")

    written = await alice.do("markers", home={"last_read_id": post["id"]})
    read = await alice.get("markers", **{"timeline[]": "home"})

    assert read == written and keys.wrong(read["home"], keys.MARKER) == []


@pytest.mark.contract(28)
async def test_that_no_push_messages_are_sent_is_said_so_that_clients_hide_them(alice: Member) -> None:
    instance = await alice.get("/api/v2/instance")

    assert instance["configuration"]["vapid"]["public_key"] == ""
    for method in ("GET", "PUT", "DELETE"):
        assert (await alice.refused(method, "push/subscription"))[0] == 404
    status, sentence = await alice.refused("POST", "push/subscription", subscription={"endpoint": "https://x.test"})
    assert status == 422 and sentence


@pytest.mark.contract(30)
async def test_whether_an_emoji_is_for_the_picker_is_always_said(client: httpx.AsyncClient) -> None:
    await emojis.add(None, "oven", PNG)
    await emojis.change(None, "oven", "Bakery", in_picker=False)
    await emojis.add(None, "rye", PNG)

    answer = await client.get("/api/v1/custom_emojis")

    assert {each["shortcode"]: each["visible_in_picker"] for each in answer.json()} == {"oven": False, "rye": True}
    assert kinds.wrong(answer.json()) == []


@pytest.mark.contract(34)
async def test_a_stream_takes_the_token_in_three_ways_and_is_where_the_instance_says(app: App, alice: Member) -> None:
    token = alice.headers["authorization"].removeprefix("Bearer ")
    instance = await alice.get("/api/v2/instance")
    old = await alice.get("/api/v1/instance")

    async with listening(app) as place:
        for way in (
            place.socket(token),
            place.socket(query=f"?access_token={token}"),
            place.socket(additional_headers={"authorization": f"Bearer {token}"}),
        ):
            async with way as socket:
                await subscribe(socket, "user")
                await alice.post("Live")
                assert (await event(socket))[1] == "update"
        async with place.source("user", token) as source:
            assert source.status == 200 and "text/event-stream" in source.head
        with pytest.raises(InvalidStatus):
            async with place.socket("wrong"):
                pass

    assert instance["configuration"]["urls"]["streaming"] == old["urls"]["streaming_api"] == "wss://home.test"


@pytest.mark.contract(38)
async def test_a_person_and_a_group_never_share_a_name(app: App, client: httpx.AsyncClient, gardening: Actor) -> None:
    await accounts.create(app, "rye", PASSWORD)

    with pytest.raises(Conflict):
        await accounts.create(app, "Gardening", PASSWORD)
    with pytest.raises(Conflict):
        await groups.create(app, "rye", "Rye", "", None, "open")

    for name in ("rye", "gardening"):
        answer = await client.get("/.well-known/webfinger", params={"resource": f"acct:{name}@home.test"})
        found = await storage.actors.local(name)
        assert found and found.uri in answer.text


@pytest.mark.contract(29)
async def test_no_more_is_promised_than_there_is(alice: Member) -> None:
    """Each level stands for what clients then ask for; a level is claimed when all up to it answers."""
    level = (await alice.get("/api/v2/instance"))["api_versions"].get("mastodon", 0)
    there = {
        2: "/api/v2/notifications",
        6: f"accounts/{alice.id}/endorsements",
        8: "profile",
        10: f"accounts/{alice.id}/collections",
    }

    assert level >= 6 and await alice.do("accounts/update_credentials", "PATCH", attribution_domains=["rye.test"])
    blurred = await alice.do("/api/v2/filters", title="x", context=["home"], filter_action="blur")
    assert blurred["filter_action"] == "blur" and await alice.do("tags/rye/feature")

    for needed, path in there.items():
        if level >= needed:
            assert (await alice.ask("GET", path)).status_code == 200, path
    assert level < 7  # posts that quote others cannot be written


@pytest.mark.contract(18, 21)
@whichever_database
async def test_only_a_bad_token_signs_a_client_out(alice: Member, bob: Member) -> None:
    post = await bob.post("Hello")
    narrow = bearer(await build.token(alice.actor, "read:lists"))

    refused = [
        await alice.client.post(f"/api/v1/statuses/{post['id']}/favourite", headers=narrow),
        await alice.ask("PUT", f"statuses/{post['id']}", json={"status": "mine now"}),
        await alice.ask("DELETE", f"statuses/{post['id']}"),
        await alice.ask("GET", "statuses/1"),
        await alice.ask("POST", "statuses"),
    ]
    bad = await alice.client.get("/api/v1/timelines/home", headers=bearer("wrong"))

    assert [answer.status_code for answer in refused] == [403, 403, 403, 404, 422]
    assert bad.status_code == 401 and bad.json()["error"]
