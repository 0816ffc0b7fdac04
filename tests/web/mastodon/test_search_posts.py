"""Posts are found by their words: by who wrote them, was named in them or marked them, and where wished by all."""

from typing import Any

import httpx
import pytest

from fedcomm import indexing
from fedcomm.app import App
from storage import actors
from storage.connect import execute, value
from tests import build
from tests.web.mastodon.member import Member, ids

pytestmark = pytest.mark.anyio

SEARCH = "/api/v2/search"


async def found(member: Member, text: str, **more: Any) -> list[str]:
    """Ids of the posts that are found."""
    return ids((await member.get(SEARCH, q=text, type="statuses", **more))["statuses"])


@pytest.fixture
async def open_bob(bob: Member) -> Member:
    """Somebody who agreed to be found by all."""
    await actors.change(bob.actor.id, indexable=1)
    return bob


@pytest.mark.parametrize(
    ("text", "finding", "not_finding"),
    [
        ("The Crème brûlée was good", ["creme", "CRÈME BRULEE", "good was"], ["crem", "bad", "creme bad"]),
        ("東京都に行く", ["東京", "京都", "東", "く", "東京都に"], ["都東", "行東", "北"]),
        ("สวัสดีครับ", ["สวัสดี", "ครับ"], ["รับค"]),
        ("Привет, мир", ["привет", "МИР"], ["мирный"]),
        ("किताब पढ़ो", ["किताब"], ["क", "कि"]),
        ("C++ & <b>html</b> O'Neill", ["c++", "o'neill", "neill", "html"], ["xhtml"]),
        ("see https://example.com/path", ["example", "example.com"], ["example.org"]),
    ],
)
async def test_words_are_found_in_all_scripts(
    alice: Member, text: str, finding: list[str], not_finding: list[str]
) -> None:
    post = await alice.post(text)

    assert [words for words in finding if await found(alice, words) != [post["id"]]] == []
    assert [words for words in not_finding if await found(alice, words)] == []


async def test_quotes_minus_and_operators_narrow_a_search(alice: Member, open_bob: Member) -> None:
    ripe = await alice.post("ripe red tomatoes", language="en")
    red = await open_bob.post("red and ripe", spoiler_text="tomatoes", language="de")
    asked = await alice.post("ripe?", in_reply_to_id=red["id"], poll={"options": ["red", "green"], "expires_in": 3600})

    wanted: dict[str, list[dict[str, Any]]] = {
        "ripe": [asked, red, ripe], '"ripe red"': [ripe], "tomatoes": [red, ripe], "ripe -and": [asked, ripe],
        'red -"ripe red"': [asked, red], "ripe from:me": [asked, ripe], "ripe from:@bob": [red],
        "ripe from:bob@home.test": [red], "from:bob": [red], "ripe from:nobody": [], "green": [asked],
        "ripe has:poll": [asked], "ripe -has:poll": [red, ripe], "ripe is:reply": [asked], "ripe is:sensitive": [red],
        "ripe language:de": [red], "ripe before:2020-01-01": [], "ripe after:2020-01-01": [asked, red, ripe],
        "ripe during:2020-01-01": [], "ripe in:library": [asked, ripe], "ripe in:public": [red], "ripe has:media": [],
        "has:poll": [], "-ripe": [], '"': [], '"" ripe': [asked, red, ripe], "ripe:red": [asked, ripe, red],
    }  # fmt: skip
    seen = {query: await found(alice, query) for query in wanted}

    assert {query: sorted(each) for query, each in seen.items()} == {
        query: sorted(ids(each)) for query, each in wanted.items()
    }
    assert seen["ripe"] == ids([asked, red, ripe])


@pytest.mark.attack("PRI-12")
async def test_what_is_not_for_everybody_is_found_by_nobody_else(
    client: httpx.AsyncClient, alice: Member, bob: Member
) -> None:
    await alice.do(f"accounts/{bob.id}/follow")
    posts = [await bob.post("secret plans", visibility=kind) for kind in ("private", "direct", "unlisted", "public")]

    assert await found(alice, "plans") == []  # bob has not agreed
    assert sorted(await found(bob, "plans")) == sorted(ids(posts))
    await actors.change(bob.actor.id, indexable=1)
    assert await found(alice, "plans") == ids(posts)[3:]
    assert (await client.get(SEARCH, params={"q": "plans"})).json()["statuses"] == []


@pytest.mark.attack("PRI-12", "PRI-06")
async def test_what_somebody_may_not_see_any_more_is_not_found(alice: Member, open_bob: Member) -> None:
    bob = open_bob
    gone, edited = await bob.post("turnips gone"), await bob.post("turnips before")
    kept, told = await bob.post("turnips kept"), await bob.post("@alice turnips told", visibility="direct")
    await alice.do(f"statuses/{kept['id']}/bookmark")
    assert len(await found(alice, "turnips")) == 4

    await bob.do(f"statuses/{gone['id']}", "DELETE")
    await bob.do(f"statuses/{edited['id']}", "PUT", status="beets")
    assert sorted(await found(alice, "turnips")) == sorted(ids([kept, told]))
    assert await value("SELECT COUNT(*) FROM post_text") == 3
    await actors.change(bob.actor.id, indexable=0)
    assert sorted(await found(alice, "turnips")) == sorted(ids([kept, told]))
    await bob.do(f"accounts/{alice.id}/block")
    assert await found(alice, "turnips") == []


@pytest.mark.attack("PRI-11")
async def test_who_is_limited_or_shut_out_is_not_found(alice: Member, open_bob: Member) -> None:
    bob = open_bob
    post = await bob.post("parsnips")
    assert await found(alice, "parsnips") == [post["id"]]

    await actors.change(bob.actor.id, limited_at=build.NOW)
    assert await found(alice, "parsnips") == []
    await alice.do(f"accounts/{bob.id}/follow")
    assert await found(alice, "parsnips") == [post["id"]]
    await actors.change(bob.actor.id, suspended_at=build.NOW)
    assert await found(alice, "parsnips") == []


async def test_who_is_not_wanted_is_not_found_though_asked_for(app: App, alice: Member, open_bob: Member) -> None:
    far = await build.person("carol", "far.test", indexable=1)
    mine, near, away = [await build.post(each, "parsnips") for each in (alice.actor, open_bob.actor, far)]
    await indexing.catch_up(app, 2**63 - 1)
    assert await found(alice, "parsnips") == [str(each.id) for each in (away, near, mine)]

    await alice.do(f"accounts/{open_bob.id}/mute", notifications=False)
    await alice.do("domain_blocks", domain="far.test")

    assert await found(alice, "parsnips") == [str(mine.id)]
    assert await found(alice, "from:bob") == await found(alice, "from:carol@far.test parsnips") == []
    await alice.do(f"accounts/{open_bob.id}/unmute")
    assert await found(alice, "parsnips") == [str(near.id), str(mine.id)]


async def test_results_are_paged(alice: Member, bob: Member) -> None:
    posts = ids([await alice.post(f"tomato {number}") for number in range(5)])[::-1]

    assert [await found(alice, "tomato", limit=2, offset=at) for at in (0, 2, 4)] == [posts[:2], posts[2:4], posts[4:]]
    assert await found(alice, "tomato", max_id=posts[2]) == posts[3:]
    assert await found(alice, "tomato", min_id=posts[3], limit=2) == posts[1:3]
    assert await found(alice, "tomato", account_id=bob.id) == []
    assert await found(alice, "tomato", account_id=alice.id) == posts
    assert await found(alice, "tomato", account_id="x") == []


@pytest.mark.parametrize(
    "query", ["'", "''; DROP", "a & b | !c", "(a", "a:*", "\\", "NEAR(a b)", "a* OR b", "\x01", "<->"]
)
async def test_no_query_means_anything_to_the_database(alice: Member, query: str) -> None:
    await alice.post("nothing of that")

    assert await found(alice, query) == []


async def test_posts_from_before_are_found_once_they_are_read(app: App, alice: Member) -> None:
    first = await build.post(alice.actor, "Old <b>marrows</b>", title="Harvest")
    await execute(
        "INSERT INTO poll (post_id, multiple, options, votes) VALUES (?, 0, ?, ?)", (first.id, '["yes"]', "[0]")
    )
    assert await found(alice, "marrows") == []

    await indexing.catch_up(app, 2**63 - 1)

    for word in ("marrows", "harvest", "yes"):
        assert await found(alice, word) == [str(first.id)]
