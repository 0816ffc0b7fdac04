"""What members do not want to meet is marked for them in every answer, and for nobody else."""

from typing import Any

import httpx
import pytest

from fedcomm import filtering, filters
from fedcomm.app import App
from storage import bus
from storage.connect import Database, execute, use
from tests.web.mastodon.keys import wrong
from tests.web.mastodon.member import Member, ids
from tests.web.mastodon.schema import Schema

pytestmark = pytest.mark.anyio

V2 = "/api/v2/filters"
MISSING = (404, "Record not found")
FILTER = {
    "id": "number", "title": str, "context": list, "expires_at": ("moment", None), "filter_action": str,
    "keywords": [{"id": "number", "keyword": str, "whole_word": bool}],
    "statuses": [{"id": "number", "status_id": "number"}],
}  # fmt: skip


async def words(member: Member, *keywords: str, whole: bool = True, **more: Any) -> dict[str, Any]:
    """A filter with these words."""
    parts = [{"keyword": keyword, "whole_word": whole} for keyword in keywords]
    wish = {"title": "Not this", "context": ["home"], "keywords_attributes": parts} | more
    found: dict[str, Any] = await member.do(V2, **wish)
    return found


async def found_in(member: Member, post: dict[str, Any]) -> list[Any]:
    """What the member's filters find in a post."""
    found: list[Any] = (await member.get(f"statuses/{post['id']}"))["filtered"]
    return found


async def test_a_filter_is_made_changed_and_deleted(alice: Member) -> None:
    made = await words(alice, "tomato", "soil", filter_action="hide", expires_in=3600)
    first, second = made["keywords"]
    changed = await alice.do(
        f"{V2}/{made['id']}", "PUT", title="Other", context=["thread", "account"], filter_action="blur", expires_in="",
        keywords_attributes=[
            {"id": first["id"], "keyword": "potato"}, {"id": second["id"], "_destroy": True}, {"keyword": "beet"}
        ],
    )  # fmt: skip

    schema = Schema()
    assert schema.wrong(made, schema.of(V2, "post")) == schema.wrong(changed, schema.of(V2 + "/{id}", "put")) == []
    assert wrong(made, FILTER) == [] and made["filter_action"] == "hide" and made["expires_at"]
    assert (changed["title"], changed["context"]) == ("Other", ["thread", "account"])
    assert (changed["filter_action"], changed["expires_at"]) == ("blur", None)
    assert [each["keyword"] for each in changed["keywords"]] == ["potato", "beet"]
    assert changed["keywords"][0]["id"] == first["id"]
    assert await alice.get(f"{V2}/{made['id']}") == changed and await alice.get(V2) == [changed]
    assert await alice.do(f"{V2}/{made['id']}", "DELETE") == {} and await alice.get(V2) == []
    assert await alice.refused("DELETE", f"{V2}/{made['id']}") == (404, filters.MISSING)


@pytest.mark.parametrize(
    "written",
    [
        {"data": "title=T&context[]=home&keywords_attributes[][keyword]=a&keywords_attributes[][whole_word]=false"
                 "&keywords_attributes[][keyword]=b"},
        {"data": "title=T&context[]=home&keywords_attributes[0][keyword]=a&keywords_attributes[0][whole_word]=0"
                 "&keywords_attributes[1][keyword]=b"},
        {"json": {"title": "T", "context": ["home"],
                  "keywords_attributes": [{"keyword": "a", "whole_word": False}, {"keyword": "b"}]}},
        {"json": {"title": "T", "context[]": ["home"],
                  "keywords_attributes": {"0": {"keyword": "a", "whole_word": False}, "1": {"keyword": "b"}}}},
    ],
)  # fmt: skip
async def test_words_are_understood_in_every_spelling(alice: Member, written: dict[str, Any]) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"} if "data" in written else {}
    body = {"content": written["data"]} if "data" in written else written

    answer = await alice.ask("POST", V2, headers=kind, **body)

    assert answer.status_code == 200, answer.text
    assert [(each["keyword"], each["whole_word"]) for each in answer.json()["keywords"]] == [("a", False), ("b", True)]


async def test_words_and_posts_are_things_of_their_own(alice: Member, bob: Member) -> None:
    made, post, other = await words(alice), await bob.post("Hello"), await bob.post("Hello")
    place = f"{V2}/{made['id']}"

    word = await alice.do(f"{place}/keywords", keyword="soil")
    assert word == {"id": word["id"], "keyword": "soil", "whole_word": True}
    assert await alice.get(f"{place}/keywords") == [word] and await alice.get(f"{V2}/keywords/{word['id']}") == word
    changed = await alice.do(f"{V2}/keywords/{word['id']}", "PUT", keyword="mud", whole_word=False)
    assert changed == {"id": word["id"], "keyword": "mud", "whole_word": False}
    assert await alice.do(f"{V2}/keywords/{word['id']}", "DELETE") == {}

    named = await alice.do(f"{place}/statuses", status_id=post["id"])
    assert await alice.do(f"{place}/statuses", status_id=post["id"]) == named
    assert await alice.get(f"{place}/statuses") == [named] and await alice.get(f"{V2}/statuses/{named['id']}") == named
    (found,) = await found_in(alice, post)
    assert (found["keyword_matches"], found["status_matches"]) == (None, [post["id"]])
    assert await found_in(alice, other) == []
    assert await alice.do(f"{V2}/statuses/{named['id']}", "DELETE") == {}
    assert await found_in(alice, post) == [] and await alice.get(f"{place}/keywords") == []


@pytest.mark.contract(32)
async def test_what_is_found_is_told_to_the_one_who_filters_alone(
    alice: Member, bob: Member, client: httpx.AsyncClient
) -> None:
    made = await words(alice, "tomatoes", filter_action="hide")
    post = await bob.post("Ripe Tomatoes!")
    await alice.do(f"accounts/{bob.id}/follow")
    boost = await bob.do(f"statuses/{post['id']}/reblog")
    head = {key: value for key, value in made.items() if key not in ("keywords", "statuses")}
    result = [{"filter": head, "keyword_matches": ["Tomatoes"], "status_matches": None}]

    assert await found_in(alice, post) == result
    assert [each["filtered"] for each in await alice.get("timelines/public")] == [result]
    shown = await alice.get(f"statuses/{boost['id']}")
    assert shown["filtered"] == shown["reblog"]["filtered"] == result
    assert await found_in(bob, post) == []
    assert "filtered" not in (await client.get(f"/api/v1/statuses/{post['id']}")).json()
    assert Schema().wrong(result[0], {"$ref": "#/components/schemas/FilterResult"}) == []


async def test_a_warning_an_answer_of_a_poll_and_an_edit_are_read_too(alice: Member, bob: Member) -> None:
    await words(alice, "spiders")
    warned = await bob.post("Look", spoiler_text="Spiders")
    asked = await bob.post("Which?", poll={"options": ["cats", "spiders"], "expires_in": 3600})
    edited = await bob.post("Nothing")

    assert await found_in(alice, warned) and await found_in(alice, asked) and not await found_in(alice, edited)
    await bob.do(f"statuses/{edited['id']}", "PUT", status="spiders")
    assert await found_in(alice, edited)


async def test_a_change_of_a_filter_is_seen_at_once(alice: Member, bob: Member) -> None:
    post = await bob.post("one two")
    assert await found_in(alice, post) == []

    made = await words(alice, "one")
    assert await found_in(alice, post)
    await alice.do(f"{V2}/{made['id']}", "PUT", expires_in=1)
    assert await found_in(alice, post)
    await alice.do(f"{V2}/{made['id']}", "DELETE")
    assert await found_in(alice, post) == []


async def test_a_filter_that_is_over_finds_nothing(alice: Member, bob: Member) -> None:
    post = await bob.post("one two")
    await words(alice, "one", title="Over", expires_in=3600)
    await words(alice, "one", title="Longer", expires_in=86_400)
    await execute("UPDATE filter SET expires_at = expires_at - 7200000", ())

    assert [each["filter"]["title"] for each in await found_in(alice, post)] == ["Longer"]


@pytest.mark.attack("OAU-13")
async def test_filters_of_somebody_else_are_not_there(alice: Member, bob: Member) -> None:
    made, post = await words(alice, "soil"), await alice.post("Hello")
    named = await alice.do(f"{V2}/{made['id']}/statuses", status_id=post["id"])
    word = made["keywords"][0]["id"]
    tries = [
        *[(method, f"{V2}/{made['id']}") for method in ("GET", "PUT", "DELETE")],
        *[(method, f"{V2}/keywords/{word}") for method in ("GET", "PUT", "DELETE")],
        *[(method, f"{V2}/statuses/{named['id']}") for method in ("GET", "DELETE")],
        *[(method, f"filters/{word}") for method in ("GET", "PUT", "DELETE")],
        *[(method, f"{V2}/{made['id']}/{part}") for part in ("keywords", "statuses") for method in ("GET", "POST")],
    ]
    mine = await words(bob, "mine")
    stolen = await bob.refused("PUT", f"{V2}/{mine['id']}", keywords_attributes=[{"id": word, "keyword": "x"}])

    answers = [
        await bob.refused(method, path, keyword="x", status_id=post["id"], title="x") for method, path in tries
    ]  # fmt: skip

    assert {status for status, _ in (*answers, stolen)} == {404}
    assert len(await alice.get(V2)) == 1 and (await alice.get(f"{V2}/{made['id']}"))["keywords"] == made["keywords"]


@pytest.mark.attack("PRI-01")
async def test_a_post_that_may_not_be_seen_cannot_be_named(alice: Member, bob: Member) -> None:
    secret, made = await bob.post("Hidden", visibility="direct"), await words(alice, "Hidden")

    assert (await alice.refused("POST", f"{V2}/{made['id']}/statuses", status_id=secret["id"]))[0] == 404


@pytest.mark.parametrize(
    "wish",
    [
        {"title": ""}, {"title": "x" * 257}, {"context": []}, {"context": ["nowhere"]}, {"filter_action": "burn"},
        {"expires_in": -5}, {"expires_in": 10**15}, {"keywords_attributes": [{"keyword": " "}]},
        {"keywords_attributes": [{"keyword": "x" * 513}]}, {"keywords_attributes": "x"},
        {"title": "fine", "keywords_attributes": [{"keyword": "fine"}, {"keyword": ""}]},
    ],
)  # fmt: skip
async def test_what_cannot_be_changes_nothing(alice: Member, wish: dict[str, Any]) -> None:
    made = await words(alice, "soil")

    assert (await alice.refused("POST", V2, **{"title": "T", "context": ["home"]} | wish))[0] == 422
    assert (await alice.refused("PUT", f"{V2}/{made['id']}", **wish))[0] == 422
    assert await alice.get(V2) == [made]


async def test_there_is_an_end_to_filters_words_and_posts(alice: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOST_FILTERS", "MOST_KEYWORDS", "MOST_POSTS"):
        monkeypatch.setattr(filters, name, 2)
    made, first = await words(alice, "one"), await words(alice, "two")
    posts = [await alice.post(str(number)) for number in range(3)]

    for post in posts[:2]:
        await alice.do(f"{V2}/{made['id']}/statuses", status_id=post["id"])
    assert (await alice.refused("POST", f"{V2}/{first['id']}/statuses", status_id=posts[2]["id"]))[0] == 422
    assert (await alice.refused("POST", f"{V2}/{made['id']}/keywords", keyword="three"))[0] == 422
    assert (await alice.refused("POST", V2, title="T", context=["home"]))[0] == 422


@pytest.mark.contract(32)
async def test_clients_of_before_see_each_word_as_a_filter(alice: Member, bob: Member) -> None:
    old = await alice.do("filters", phrase="soil", context=["home", "public"], irreversible=True, whole_word=False)
    shown = {
        "id": old["id"], "phrase": "soil", "context": ["home", "public"], "whole_word": False, "expires_at": None,
        "irreversible": True,
    }  # fmt: skip
    (new,) = await alice.get(V2)

    answer = await alice.ask("GET", "filters")
    schema = Schema()
    assert schema.wrong(answer.json(), schema.of("/api/v1/filters", "get")) == []
    assert answer.headers["deprecation"] == "@1668384000" and answer.json() == [shown]
    assert await alice.get(f"filters/{old['id']}") == shown == old
    assert (new["title"], new["filter_action"], ids(new["keywords"])) == ("soil", "hide", [old["id"]])
    assert await found_in(alice, await bob.post("subsoil"))
    changed = await alice.do(f"filters/{old['id']}", "PUT", phrase="mud", context=["thread"], irreversible=False)
    assert changed == shown | {"phrase": "mud", "context": ["thread"], "irreversible": False}

    await alice.do(f"{V2}/{new['id']}/keywords", keyword="clay")
    assert (await alice.refused("PUT", f"filters/{old['id']}", phrase="x", context=["home"]))[0] == 422
    assert (await alice.do(f"filters/{old['id']}", "PUT", phrase="silt", context=["thread"]))["phrase"] == "silt"
    for word in await alice.get("filters"):
        await alice.do(f"filters/{word['id']}", "DELETE")
    assert await alice.get(V2) == await alice.get("filters") == []


@pytest.mark.parametrize("dialect", ["postgres"])
async def test_another_process_hears_of_a_change(app: App, alice: Member) -> None:
    other = await Database.open(app.db.url, slot=7)
    try:
        with use(other):
            assert await filtering.active(alice.actor.id) == []
        await words(alice, "soil")
        with use(other):
            assert await bus.heard_all()
            (found,) = await filtering.active(alice.actor.id)
    finally:
        await other.close()

    assert [word.keyword for word in found.keywords] == ["soil"]
