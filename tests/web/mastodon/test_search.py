"""Posts, people, groups and tags are found by name, handle and address, by who may see them."""

import httpx
import pytest

from storage.actors import Actor
from tests import build
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio

SEARCH = "/api/v2/search"


@pytest.mark.contract(37)
async def test_a_post_is_found_by_either_of_its_addresses(alice: Member, bob: Member) -> None:
    post = await bob.post("Hello")

    for address in (post["url"], post["uri"]):
        for resolve in ("true", "false"):
            found = await alice.get(SEARCH, q=address, resolve=resolve)
            assert ids(found["statuses"]) == [post["id"]] and found["accounts"] == [], (address, resolve)


@pytest.mark.contract(37)
async def test_somebody_is_found_by_either_of_their_addresses(alice: Member, bob: Member) -> None:
    for address in (f"{build.BASE}/@bob", bob.actor.uri):
        found = await alice.get(SEARCH, q=address, resolve=True)
        assert ids(found["accounts"]) == [bob.id], address


async def test_a_kind_is_asked_for_alone(alice: Member, bob: Member, gardening: Actor) -> None:
    await bob.post("#gardening")

    everything = await alice.get(SEARCH, q="gardening")
    people, tags = [await alice.get(SEARCH, q="gardening", type=kind) for kind in ("accounts", "hashtags")]

    assert ids(everything["accounts"]) == ids(people["accounts"]) == [str(gardening.id)]
    assert [tag["name"] for tag in everything["hashtags"]] == [tag["name"] for tag in tags["hashtags"]] == ["gardening"]
    assert people["hashtags"] == tags["accounts"] == []


@pytest.mark.attack("PRI-17", "PRI-12")
async def test_what_may_not_be_seen_is_not_found_by_its_address(
    client: httpx.AsyncClient, alice: Member, bob: Member
) -> None:
    secret = await bob.post("Hidden words", visibility="direct")

    for query in (secret["url"], secret["uri"], "Hidden"):
        member = await alice.get(SEARCH, q=query, resolve=True)
        stranger = await client.get(SEARCH, params={"q": query})
        assert member["statuses"] == stranger.json()["statuses"] == [], query
    assert ids((await bob.get(SEARCH, q=secret["uri"]))["statuses"]) == [secret["id"]]


async def test_strangers_do_not_make_this_server_ask_others(client: httpx.AsyncClient) -> None:
    answer = await client.get(SEARCH, params={"q": "https://far.test/posts/1", "resolve": "true"})

    assert answer.status_code == 401


@pytest.mark.parametrize(
    "query", ["", " ", "@", "!", "#", "https://", "https://far.test/x", "nobody@far.test", "%", "_", "a" * 5000, "'\"<"]
)
async def test_nothing_is_found_where_nothing_is(alice: Member, query: str) -> None:
    found = await alice.get(SEARCH, q=query, resolve=True)

    assert found["accounts"] == found["statuses"] == found["hashtags"] == []


async def test_results_are_paged_by_offset(alice: Member) -> None:
    for number in range(5):
        await build.person(f"tomato{number}")

    pages = [await alice.get("accounts/search", q="tomato", limit=2, offset=offset) for offset in (0, 2, 4, 6)]

    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert len({each["id"] for page in pages for each in page}) == 5


async def test_a_tag_is_found_with_its_posts_however_it_is_written(alice: Member, bob: Member) -> None:
    post = await bob.post("Look #Tomatoes")

    for name in ("tomatoes", "TOMATOES", "Tomatoes"):
        assert ids(await alice.get(f"timelines/tag/{name}")) == [post["id"]]
    assert (await alice.get("tags/Tomatoes"))["name"] == "tomatoes"


async def test_tags_are_combined(alice: Member) -> None:
    red, both, ripe = [
        await alice.post(text) for text in ("a #red", "b #red #ripe", "c #ripe")
    ]  # fmt: skip

    assert ids(await alice.get("timelines/tag/red", **{"all[]": "ripe"})) == [both["id"]]
    assert ids(await alice.get("timelines/tag/red", **{"any[]": "ripe"})) == ids([ripe, both, red])
    assert ids(await alice.get("timelines/tag/red", **{"none[]": "ripe"})) == [red["id"]]


async def test_who_types_a_tag_is_shown_tags_and_its_posts_when_asked_for_posts(alice: Member) -> None:
    post = await alice.post("Look #tomatoes")

    plain = await alice.get("/api/v2/search", q="#tomatoes")
    posts = await alice.get("/api/v2/search", q="#tomatoes", type="statuses")

    assert ([each["name"] for each in plain["hashtags"]], plain["statuses"]) == (["tomatoes"], [])
    assert ids(posts["statuses"]) == [post["id"]]
