"""Outboxes, featured, moderators, context and replies: what they list, in which pages, and what they leave out."""

import zlib
from typing import Any

import httpx
import msgspec
import pytest

from fedcomm import curation, members, posts
from storage import collections
from storage.connect import execute, transaction
from tests import build
from tests.web.federation.asking import ask, read, signs
from tests.web.federation.conftest import Place

pytestmark = pytest.mark.anyio


async def walk(client: httpx.AsyncClient, uri: str) -> tuple[dict[str, Any], list[Any]]:
    """A collection, and the items of all its pages."""
    whole = await read(client, uri)
    items, following = [], whole.get("first")
    if following is None:
        items = whole.get("orderedItems", [])
    while following:
        page = await read(client, following)
        assert (page["type"], page["partOf"], page["id"]) == ("OrderedCollectionPage", uri, following)
        items += page.get("orderedItems", [])
        following = page.get("next")
    return whole, items


async def test_the_outbox_of_a_group_is_its_announcements_of_creates(place: Place, client: httpx.AsyncClient) -> None:
    first, second = await place.thread(), await place.thread("Wheat\nDay one @bread@home.test", place.bo)
    await place.post("Yes", place.bo, first)

    whole, items = await walk(client, place.face.outbox)

    assert (whole["type"], whole["totalItems"]) == ("OrderedCollection", 2)
    assert [item["object"]["object"]["id"] for item in items] == [second.uri, first.uri]
    for item, author in zip(items, (place.bo, place.ann), strict=True):
        create = item["object"]
        assert (item["type"], item["actor"], create["type"]) == ("Announce", place.face.uri, "Create")
        assert create["actor"] == create["object"]["attributedTo"] == author.uri
        assert create["object"]["audience"] == place.face.uri and create["object"]["content"]
        assert (await ask(client, create["id"])).status_code == 200
        announced = await read(client, item["id"])
        assert {name: announced[name] for name in ("type", "published", "to", "cc")} == {
            name: item[name] for name in ("type", "published", "to", "cc")
        }
        assert announced["object"] == {name: value for name, value in create.items() if name != "@context"}


async def test_a_thread_from_elsewhere_stands_in_the_outbox_as_its_author_published_it(
    place: Place, client: httpx.AsyncClient
) -> None:
    far = await build.person("far", "far.test")
    post = await build.post(
        far, "Rye", group=place.group, kind="page", title="Rye bread", create_uri="https://far.test/creates/1"
    )

    _whole, (item,) = await walk(client, place.face.outbox)

    create, page = item["object"], item["object"]["object"]
    assert (create["id"], create["actor"]) == ("https://far.test/creates/1", far.uri)
    assert (page["id"], page["type"], page["name"]) == (post.uri, "Page", "Rye bread")

    await execute("UPDATE post SET create_uri = ''")
    _whole, (item,) = await walk(client, place.face.outbox)

    assert (item["object"]["id"], item["object"]["actor"]) == (f"{item['id']}#create", far.uri)  # an id of this server


async def test_what_its_author_proved_is_listed_as_it_came(place: Place, client: httpx.AsyncClient) -> None:
    far = await build.person("far", "far.test")
    posts_ = [await build.post(far, f"Number {n}", group=place.group) for n in range(2)]
    await execute("UPDATE post SET edited_at = 1 WHERE id = ?", (posts_[1].id,))
    await execute("UPDATE post SET create_uri = uri || '#create'")
    proved = [
        {
            "@context": ["https://www.w3.org/ns/activitystreams", "https://far.test/odd"], "id": f"{post.uri}#create",
            "type": "Create", "actor": far.uri, "object": {"id": post.uri, "type": "Note", "odd": 1},
            "proof": {"x": "y"},
        }
        for post in posts_
    ]  # fmt: skip
    for post, create in zip(posts_, proved, strict=True):
        raw = zlib.compress(msgspec.json.encode(create))
        await build.insert("proven", uri=create["id"], object_uri=post.uri, raw=raw, received_at=build.NOW)

    _whole, (edited, as_it_came) = await walk(client, place.face.outbox)

    assert as_it_came["object"] == proved[0]
    assert edited["object"]["object"]["content"] == "<p>Number 1</p>"  # what was proved is not what it says now


async def test_an_outbox_has_pages_that_miss_nothing_and_repeat_nothing(
    place: Place, client: httpx.AsyncClient
) -> None:
    async with transaction():
        made = [await build.post(place.ann, f"Number {n}", group=place.group) for n in range(45)]
    newest = [post.uri for post in reversed(made)]

    group, of_group = await walk(client, place.face.outbox)
    person, of_person = await walk(client, place.ann.outbox)

    assert [item["object"]["object"]["id"] for item in of_group] == newest
    assert [item["object"]["id"] for item in of_person] == newest
    assert group["totalItems"] == person["totalItems"] == 45


async def test_lemmy_reads_the_newest_threads_of_a_group_in_the_outbox_itself(
    place: Place, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes no pages, and nothing where one of `type`, `id`, `totalItems` and `orderedItems` is missing."""
    empty = await read(client, place.face.outbox)
    async with transaction():
        made = [await build.post(place.ann, f"Number {n}", group=place.group) for n in range(25)]
    await execute("UPDATE groups SET threads_count = 25 WHERE id = ?", (place.group.id,))
    monkeypatch.setattr(collections, "_MOST_COUNTED", 24)

    outbox = await read(client, place.face.outbox)
    first = await read(client, outbox["first"])

    assert empty["orderedItems"] == [] and empty["totalItems"] == 0
    assert (outbox["type"], outbox["id"], outbox["totalItems"]) == ("OrderedCollection", place.face.outbox, 25)
    assert [item["object"]["object"]["id"] for item in outbox["orderedItems"]] == [m.uri for m in made[:4:-1]]
    assert {(item["type"], item["object"]["type"]) for item in outbox["orderedItems"]} == {("Announce", "Create")}
    assert first["orderedItems"] == outbox["orderedItems"] and "next" in first


@pytest.mark.attack("PRI-03")
async def test_collections_neither_list_nor_count_what_is_not_for_everybody(
    place: Place, client: httpx.AsyncClient
) -> None:
    open_, alone = await place.thread(), await place.post("Outside every group")
    removed, deleted = await place.thread(by=place.bo), await place.thread()
    await place.post("Canary among us", visibility="private")
    await place.post("Canary to you, @bo@home.test", visibility="direct")
    for answered in (open_, alone):
        await place.post("Canary answer", place.bo, answered, visibility="private")
        await place.post("@bo Canary to one", place.ann, answered, visibility="direct")
    await curation.pin(place.app, place.ann, removed.id)
    await curation.remove(place.app, place.ann, removed.id)
    await posts.delete(place.app, place.ann, deleted.id)

    seen = {}
    for uri in (
        place.face.outbox, place.ann.outbox, place.bo.outbox, place.face.featured, f"{open_.uri}/context",
        f"{open_.uri}/replies", f"{alone.uri}/context", f"{alone.uri}/replies",
    ):  # fmt: skip
        whole, items = await walk(client, uri)
        assert "Canary" not in str(items)
        seen[uri.removeprefix("https://home.test")] = (whole["totalItems"], len(items))

    assert seen == {
        "/c/bread/outbox": (1, 1),
        "/users/ann/outbox": (2, 2),
        "/users/bo/outbox": (0, 0),
        "/c/bread/featured": (0, 0),
        f"/posts/{open_.id}/context": (1, 1),
        f"/posts/{open_.id}/replies": (0, 0),
        f"/posts/{alone.id}/context": (1, 1),
        f"/posts/{alone.id}/replies": (0, 0),
    }


async def test_pinned_threads_are_featured_whole(place: Place, client: httpx.AsyncClient) -> None:
    first, second = await place.thread(), await place.thread("Wheat\nDay one @bread@home.test")
    for post in (second, first):
        await curation.pin(place.app, place.ann, post.id)

    whole, items = await walk(client, place.face.featured)

    assert whole["totalItems"] == 2 and [item["id"] for item in items] == [second.uri, first.uri]
    assert items[0]["type"] == "Note" and items[0]["attributedTo"] == place.ann.uri


async def test_a_pinned_page_from_elsewhere_is_said_to_be_pinned(place: Place, client: httpx.AsyncClient) -> None:
    far = await build.person("far", "far.test")
    page = await build.post(far, "Rye", group=place.group, kind="page", title="Rye bread")
    await curation.pin(place.app, place.ann, page.id)

    _whole, (item,) = await walk(client, place.face.featured)

    assert (item["id"], item["type"], item["stickied"]) == (page.uri, "Page", True)


async def test_moderators_are_listed_by_the_group_that_they_moderate(place: Place, client: httpx.AsyncClient) -> None:
    far = await build.person("far", "far.test")
    await members.appoint(place.app, "bread", far, place.ann)
    await members.appoint(place.app, "bread", place.bo, place.ann)
    await members.dismiss(place.app, "bread", place.bo, place.ann)

    whole, items = await walk(client, place.face.moderators)

    assert items == [place.ann.uri, far.uri] and whole["attributedTo"] == place.face.uri


@pytest.mark.attack("PRI-03", "PRI-25")
async def test_followers_and_following_are_counted_and_not_named(place: Place, client: httpx.AsyncClient) -> None:
    await execute("UPDATE actor SET followers_count = 7, following_count = 3 WHERE id = ?", (place.ann.id,))

    followers, following = await read(client, place.ann.followers), await read(client, place.ann.following)

    assert (followers["totalItems"], following["totalItems"]) == (7, 3)
    assert "orderedItems" not in followers and "first" not in following


async def test_the_context_lists_a_thread_in_the_order_of_time_and_says_whose_it_is(
    place: Place, client: httpx.AsyncClient
) -> None:
    post = await place.thread()
    answer = await place.post("Yes", place.bo, post)
    below = await place.post("Oh", place.ann, answer)

    context, in_thread = await walk(client, f"{post.uri}/context")
    _replies, direct = await walk(client, f"{post.uri}/replies")

    assert in_thread == [post.uri, answer.uri, below.uri] and direct == [answer.uri]
    assert context["attributedTo"] == place.face.uri and context["totalItems"] == 3
    other = await ask(client, f"{answer.uri}/context")
    assert (other.status_code, other.headers["location"]) == (301, f"{post.uri}/context")
    await execute("UPDATE post SET deleted_at = 5 WHERE id = ?", (post.id,))  # what others answered is left
    gone = await ask(client, post.uri)
    left, others = await walk(client, f"{post.uri}/context")
    below, direct = await walk(client, f"{post.uri}/replies")
    assert gone.status_code == 410 and {"formerType", "deleted"} <= gone.json().keys()
    assert others == [uri for uri in in_thread if uri != post.uri] and direct and left and below


async def test_the_thread_of_a_group_elsewhere_is_not_said_to_be_that_groups_word(
    place: Place, client: httpx.AsyncClient
) -> None:
    far, wine = await build.person("far", "far.test"), await build.group("wine", "far.test")
    post = await build.post(far, "Merlot", group=wine)

    whole, items = await walk(client, f"https://home.test/posts/{post.id}/context")

    assert items == [post.uri] and "attributedTo" not in whole


async def test_a_long_thread_has_pages_that_miss_nothing_and_repeat_nothing(
    place: Place, client: httpx.AsyncClient
) -> None:
    async with transaction():
        post = await build.post(place.ann, "Rye", group=place.group)
        answers = [await build.post(place.bo, str(n), parent=post, group=place.group) for n in range(230)]

    context, in_thread = await walk(client, f"{post.uri}/context")
    replies, direct = await walk(client, f"{post.uri}/replies")

    assert direct == [each.uri for each in answers] and in_thread == [post.uri, *direct]
    assert (context["totalItems"], replies["totalItems"]) == (231, 230)


@pytest.mark.attack("PRI-19")
async def test_a_thread_as_only_one_asker_sees_it_is_kept_by_no_cache(place: Place, client: httpx.AsyncClient) -> None:
    post, far = await place.thread(), await build.person("far", "far.test")
    await signs(far)

    signed, unsigned = await ask(client, f"{post.uri}/context", far), await ask(client, f"{post.uri}/context")

    assert signed.headers["cache-control"] == "private, no-store"
    assert unsigned.headers["cache-control"] == "max-age=60"


async def test_what_is_asked_for_strangely_is_answered_all_the_same(place: Place, client: httpx.AsyncClient) -> None:
    post = await place.thread()
    for query in ("?page=0", "?page=x&max_id=y", "?max_id=" + "9" * 40, "?page=1&min_id=-1", "?max_id=%D9%A3", "?page"):
        for uri in (place.face.outbox, f"{post.uri}/context", place.face.featured):
            assert (await ask(client, uri + query)).status_code == 200, uri + query


async def test_a_page_of_an_outbox_costs_the_same_however_many_posts_it_has(
    place: Place, client: httpx.AsyncClient
) -> None:
    async with transaction():
        for n in range(20):
            await build.post(place.ann, f"Number {n}", group=place.group, mentions=[place.bo], tags=["rye"])
    await read(client, place.face.uri)  # what is kept in memory is read
    engine, asked = place.app.db.engine, 0
    rows, read_many = engine.rows, engine.read_many

    async def counting(*args: Any) -> Any:
        nonlocal asked
        asked += 1
        return await rows(*args)

    async def counting_many(*args: Any) -> Any:
        nonlocal asked
        asked += 1
        return await read_many(*args)

    engine.rows, engine.read_many = counting, counting_many  # type: ignore[method-assign]
    try:
        page = await read(client, f"{place.face.outbox}?page=1")
    finally:
        engine.rows, engine.read_many = rows, read_many  # type: ignore[method-assign]

    assert len(page["orderedItems"]) == 20 and asked <= 10
