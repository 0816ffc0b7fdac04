"""Everybody × every visibility × every place where a post can be met: nobody finds a trace of what is not for them."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from fedcomm import accounts, follows, posts
from fedcomm.app import App
from storage.connect import execute
from tests.web import onlookers
from tests.web.client import whichever_database
from tests.web.onlookers import ANYBODY, World, allowed

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]


# Where the author, the mentioned or everybody must find something, or these places are looked at in vain.
MET = (
    "tag", "timelines/home", "notifications", "page profile", "page /search?q=mentioned", "form /write?to={id}",
    "form /report?post={id}", "form /write/{id}/edit", "document replies", "document outbox",
    "feed of the thread", "feed of the author", "feed of the tag",
)  # fmt: skip


_DOCUMENTS = ("/posts/{}", "/posts/{}/create", "/posts/{}/context", "/posts/{}/replies", "/posts/{}/retold")
ALONE = {
    "stranger": ("/@author/{}", "/write?to={}", "/report?post={}", "/write/{}/edit", "/posts/{}"),
    ANYBODY: ("/@author/{}", "/@author/{}/feed.atom", *_DOCUMENTS),
    "far stranger": _DOCUMENTS,
}


@pytest.fixture
async def world(app: App, client: httpx.AsyncClient) -> World:
    """Posts of every visibility and everybody who might look at them."""
    return await onlookers.made(app, client)


@pytest.mark.attack("PRI-01", "PRI-02", "PRI-10", "PRI-14", "PRI-25")
async def test_a_post_is_where_it_is_for_exactly_those_it_is_for(world: World) -> None:
    sights = await onlookers.single(world)

    assert [sight for sight in sights if sight.found != allowed(sight.who)] == []
    assert set(onlookers.seen(sights)) == {sight.place for sight in sights}


@pytest.mark.attack("PRI-01", "PRI-03", "PRI-10", "PRI-12", "PRI-24", "PRI-28")
async def test_no_list_shows_anybody_what_is_not_for_them(world: World) -> None:
    whole, part = await onlookers.listed(world)

    assert [sight for sight in whole if sight.found != allowed(sight.who)] == []
    assert [sight for sight in part if not sight.found <= allowed(sight.who)] == []
    hidden = {"private", "direct"}
    documents = [sight for sight in part if sight.place.startswith("document ") and sight.who == onlookers.ANYBODY]
    assert documents and not any(sight.found & hidden for sight in documents)
    assert await onlookers.counted(world) == len(onlookers.FOR_ALL)
    for place in MET:
        assert place in onlookers.seen(part), place


@pytest.mark.attack("PRI-02")
async def test_what_is_for_others_is_answered_as_what_never_was(world: World) -> None:
    """In status, body, headers and time; time is counted in questions to the database, since clocks are moody."""
    secret = world.answers["direct"]
    wrong = []
    await onlookers.look(world, "far stranger", "/posts/1")  # whose key is proved now
    await onlookers.look(world, "stranger", "/write")  # so the settings of the server are in memory
    for who in ("stranger", ANYBODY, "far stranger"):
        for place in (*onlookers.own_places(world).values(), *(each.format for each in ALONE[who])):
            there, never = [await _counted(world, who, place(str(number))) for number in (secret.id, secret.id + 1)]
            if there != never:
                wrong.append((who, place("{}"), there, never))

    assert wrong == []


@whichever_database
@pytest.mark.parametrize("inside", onlookers.INSIDE)
@pytest.mark.attack("PRI-01", "PRI-02", "PRI-05", "PRI-26", "PRI-28")
async def test_what_is_said_in_a_group_that_is_not_for_everybody_is_where_its_readers_look(
    app: App, client: httpx.AsyncClient, inside: str
) -> None:
    world = await onlookers.made(app, client, inside)

    single = await onlookers.single(world)
    whole, part = await onlookers.listed(world)

    assert [sight for sight in (*single, *whole) if sight.found != allowed(sight.who, inside)] == []
    assert [sight for sight in part if not sight.found <= allowed(sight.who, inside)] == []
    assert await onlookers.counted(world) == 1
    for_servers = {"/posts/{}", "/posts/{}/create", "file for a server"}
    looked_at = {sight.place for sight in single}
    assert set(onlookers.seen(single)) == (looked_at if inside == "members" else looked_at - for_servers)


@pytest.mark.attack("PRI-06")
async def test_who_is_blocked_or_leaves_finds_nothing_from_then_on(world: World) -> None:
    await follows.unfollow(world.app, world.people["follower"], world.author.id)
    await execute("DELETE FROM follow WHERE follower_id = ?", (world.people["far follower"].id,))

    sights = await onlookers.single(world)
    whole, part = await onlookers.listed(world)

    gone = [each for each in (*sights, *whole, *part) if each.who in ("follower", "far follower")]
    assert [sight for sight in gone if not sight.found <= set(onlookers.FOR_ALL)] == []
    assert any(sight.found for sight in gone)


@pytest.mark.attack("PRI-13")
async def test_what_is_deleted_is_gone_from_every_place_for_everybody(world: World) -> None:
    assert await onlookers.kept("canary") > {"post", "post_revision", "outbox"}
    for post in world.answers.values():
        await posts.delete(world.app, world.author, post.id)

    sights = await onlookers.single(world)
    _, part = await onlookers.listed(world)

    assert [sight for sight in (*sights, *part) if sight.found] == []
    assert await onlookers.counted(world) == 0
    assert await onlookers.kept("canary") == {"outbox"}  # in order, behind it the Delete, until all have both


@pytest.mark.parametrize("ended", ["suspended", "closed"])
@pytest.mark.attack("PRI-11", "PRI-13", "ADM-22")
async def test_what_somebody_wrote_who_is_suspended_or_gone_is_gone_from_every_place_for_everybody(
    world: World, ended: str
) -> None:
    if ended == "suspended":
        await accounts.set_suspended(world.app, "author", True)
    else:
        await accounts.delete(world.app, "author")  # closed; what it wrote is erased in jobs, which nobody does here
    del world.tokens["author"]

    sights = await onlookers.single(world)
    _, part = await onlookers.listed(world)

    assert [sight for sight in (*sights, *part) if sight.found] == []
    assert await onlookers.kept("canary") > {"post"}


async def _counted(world: World, who: str, path: str) -> tuple[int, str, dict[str, str], int]:
    """Status, body and headers of an answer, and how often the database was asked for it."""
    engine, asked = world.app.db.engine, []
    of = {name: getattr(engine, name) for name in ("rows", "read_many")}

    def noting(name: str) -> Callable[..., Awaitable[Any]]:
        async def ask(*args: Any) -> Any:
            asked.append(args)
            return await of[name](*args)

        return ask

    for name in of:
        setattr(engine, name, noting(name))
    try:
        answer = await onlookers.look(world, who, path)
    finally:
        for name, method in of.items():
            setattr(engine, name, method)
    number = next(part for part in re.split(r"\D+", path) if len(part) > 9)
    headers = {name: value for name, value in answer.headers.items() if name not in ("x-request-id", "set-cookie")}
    return answer.status_code, answer.text.replace(number, "{}"), headers, len(asked)
