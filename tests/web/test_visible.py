"""Who may see which post: every author × visibility × relation × surface, against a rule written down a second time."""

from collections.abc import Awaitable, Callable
from itertools import product

import msgspec
import pytest

from storage import threads, timelines, visible
from storage.actors import Actor
from storage.connect import execute, transaction
from storage.groups import Group
from storage.ids import next_id
from storage.lists import List
from storage.paging import Page
from storage.posts import Post
from tests import build

pytestmark = pytest.mark.anyio

VISIBILITIES = (build.PUBLIC, build.UNLISTED, build.FOLLOWERS, build.DIRECT)
RELATIONS = ("nobody", "stranger", "follower", "pending", "mentioned", "named only", "blocking", "blocked", "author")
# What is in a group that is not for everybody, and what somebody is to that.
IN_GROUPS = {build.MEMBERS: "members", build.LOCAL: "local"}
IN_GROUP = ("member", "asking", "gone", "banned", "leading", "far member", "far stranger")
OF_GROUPS = (*IN_GROUP, "nobody", "stranger", "follower", "mentioned", "blocked", "author")
STATES = (
    "fine",
    "deleted",
    "removed",
    "author suspended",
    "author deleted",
    "author limited",
    "host suspended",
    "host limited",
)


class Case(msgspec.Struct, frozen=True):
    """One post and one who wants to see it."""

    visibility: int
    relation: str
    state: str
    viewer: int
    author: Actor
    post: Post


def allowed(case: Case) -> bool:
    """The rule in Python, on purpose in other words than the SQL."""
    if case.state == "deleted":
        return False
    if case.relation == "author":
        return True
    if case.relation in ("blocking", "blocked"):
        return False
    if case.state in ("removed", "author suspended", "author deleted", "host suspended"):
        return False
    if case.state in ("author limited", "host limited") and case.relation != "follower":
        return False
    if case.visibility in (build.PUBLIC, build.UNLISTED):
        return True
    if case.visibility == build.MEMBERS:
        return case.relation in ("member", "leading", "far member")
    if case.visibility == build.LOCAL:
        return case.relation not in ("nobody", "far member", "far stranger")
    if case.relation == "mentioned":
        return True
    return case.visibility == build.FOLLOWERS and case.relation == "follower"


async def cases() -> list[Case]:
    """Every combination, each with people of its own."""
    made: list[Case] = []
    async with transaction():
        for state, visibility, relation in product(STATES, VISIBILITIES, RELATIONS):
            made.append(await _case(len(made), visibility, relation, state))
        for state, visibility, relation in product(STATES[:5], IN_GROUPS, OF_GROUPS):
            made.append(await _case(len(made), visibility, relation, state))
    return made


async def _case(number: int, visibility: int, relation: str, state: str) -> Case:
    host = f"far{number}.test" if state.startswith("host") else ""
    author = await build.person(f"author{number}", host)
    there = "elsewhere.test" if relation.startswith("far ") else ""
    name = f"viewer{number}"
    viewer = author if relation == "author" else None if relation == "nobody" else await build.person(name, there)
    inside = IN_GROUPS.get(visibility)
    group = await build.group(f"group{number}", visibility=inside) if inside else None
    starter = await build.post(author, "start", visibility=build.PUBLIC)
    post = await build.post(author, f"canary {number}", visibility=visibility, parent=starter, group=group,
                            tags=["canary"])  # fmt: skip
    if viewer and viewer is not author:
        await _relate(viewer, author, post, relation)
        if group and relation in IN_GROUP:
            await _belong(viewer, group, relation)
    await _bring_into(state, author, post)
    return Case(visibility, relation, state, viewer.id if viewer else visible.ANYBODY, author, post)


async def _relate(viewer: Actor, author: Actor, post: Post, relation: str) -> None:
    match relation:
        case "follower":
            await build.follow(viewer, author)
        case "pending":
            await build.follow(viewer, author, "pending")
        case "mentioned" | "named only":
            await build.insert(
                "mention", post_id=post.id, actor_id=viewer.id, addressed=int(relation == "mentioned")
            )  # fmt: skip
        case "blocking":
            await build.follow(viewer, author)
            await build.block(viewer, author)
        case "blocked":
            await build.follow(viewer, author)
            await build.block(author, viewer)


async def _belong(viewer: Actor, group: Group, relation: str) -> None:
    if relation in ("member", "gone", "banned", "far member"):
        await build.join(viewer, group)
    if relation in ("gone", "banned"):  # who is banned from elsewhere goes on following, to learn when that is over
        await execute("UPDATE member SET state = 'left', left_at = 1 WHERE actor_id = ?", (viewer.id,))
    if relation == "asking":
        await build.insert("member", group_id=group.id, actor_id=viewer.id, state="pending", home_host="", joined_at=1)
    if relation == "leading":
        columns = {"group_id": group.id, "property": "role", "subject": viewer.uri, "value": '{"role":"moderator"}'}
        await build.insert("register", **columns, clock="1", face="", uri="", act_id=1)


async def _bring_into(state: str, author: Actor, post: Post) -> None:
    if state in ("deleted", "removed"):
        await execute(f"UPDATE post SET {state}_at = 1 WHERE id = ?", (post.id,))
    elif state.startswith("author "):
        await execute(f"UPDATE actor SET {state.split()[1]}_at = 1 WHERE id = ?", (author.id,))
    elif state.startswith("host "):
        policy = {"suspended": "suspend", "limited": "limit"}[state.split()[1]]
        await build.insert("peer", host=author.host, policy=policy, holds=policy, first_seen_at=1)


async def by_id(case: Case) -> bool:
    return await visible.sees(case.viewer, case.post.id)


async def of_author(case: Case) -> bool:
    found = await timelines.of_actor(case.viewer, case.author.id, Page())
    return case.post.id in [entry.post_id for entry in found.entries]


async def in_thread(case: Case) -> bool:
    assert case.post.parent_id
    found = await threads.context(case.viewer, case.post.parent_id, above=5, below=50, depth=5)
    return case.post.id in found.descendants


async def above_an_answer(case: Case) -> bool:
    answer = await build.post(case.author, "answer", parent=case.post)
    found = await threads.context(case.viewer, answer.id, above=5, below=50, depth=5)
    return case.post.id in found.ancestors


async def at_home(case: Case) -> bool:
    await build.insert("home_entry", owner_id=case.viewer, id=case.post.id, post_id=case.post.id)
    found = await timelines.home(case.viewer, Page())
    return case.post.id in [entry.post_id for entry in found.entries]


async def among_bookmarks(case: Case) -> bool:
    await build.insert("bookmark", actor_id=case.viewer, post_id=case.post.id, created_at=build.NOW)
    found = await timelines.bookmarked(case.viewer, Page())
    return case.post.id in [entry.post_id for entry in found.entries]


async def in_list(case: Case) -> bool:
    made = List(next_id(), case.viewer, "All", "followed", 0, build.NOW)
    await build.insert("list", id=made.id, owner_id=case.viewer, title="All", created_at=build.NOW)
    await build.insert("list_entry", list_id=made.id, actor_id=case.author.id)
    found = await timelines.of_list(made, Page())
    return case.post.id in [entry.post_id for entry in found.entries]


SURFACES: list[Callable[[Case], Awaitable[bool]]] = [
    by_id,
    of_author,
    in_thread,
    above_an_answer,
    at_home,
    in_list,  # after at_home, which brought the post there
    among_bookmarks,
]


@pytest.mark.thorough("postgres")
@pytest.mark.attack("PRI-01", "PRI-08", "PRI-09", "PRI-10", "PRI-11")
async def test_every_surface_shows_exactly_what_the_rule_allows(database: object) -> None:
    everything = await cases()

    assert {allowed(case) for case in everything} == {True, False}
    for surface in SURFACES:
        async with transaction():
            found = [(case, await surface(case)) for case in everything]
        wrong = [(case.state, case.visibility, case.relation) for case, seen in found if seen != allowed(case)]
        assert wrong == [], surface.__name__


@pytest.mark.attack("PRI-01")
async def test_public_lists_show_public_posts_only(database: object) -> None:
    everything = await cases()
    outcomes = set()

    for case in everything:
        tagged = await timelines.tagged(case.viewer, Page(limit=1000), ["canary"])
        shown = case.post.id in [entry.post_id for entry in tagged.entries]
        assert shown == (allowed(case) and case.visibility == build.PUBLIC), case
        outcomes.add((allowed(case), shown))
    assert outcomes == {(True, True), (True, False), (False, False)}


@pytest.mark.attack("PRI-06")
async def test_who_is_no_follower_any_more_sees_nothing_more(database: object) -> None:
    author, reader = await build.person("author"), await build.person("reader")
    post = await build.post(author, visibility=build.FOLLOWERS)
    await build.follow(reader, author)
    assert await visible.sees(reader.id, post.id)

    await execute("DELETE FROM follow")

    assert not await visible.sees(reader.id, post.id)


@pytest.mark.attack("PRI-04")
async def test_a_boost_opens_a_post_to_nobody(database: object) -> None:
    author, friend, stranger = [await build.person(name) for name in ("author", "friend", "stranger")]
    await build.follow(friend, author)
    secret = await build.post(author, visibility=build.FOLLOWERS)
    await build.boost(friend, secret, home=[stranger])

    assert (await timelines.home(stranger.id, Page())).entries == []
    assert (await timelines.of_actor(stranger.id, friend.id, Page())).entries == []


@pytest.mark.attack("PRI-10", "PRI-11")
@pytest.mark.parametrize("column", ["suspended_at", "deleted_at", "limited_at"])
async def test_boosts_by_who_is_out_of_sight_are_not_shown(database: object, column: str) -> None:
    author, booster, reader = [await build.person(name) for name in ("author", "booster", "reader")]
    await build.boost(booster, await build.post(author), home=[reader])
    assert len((await timelines.home(reader.id, Page())).entries) == 1

    await execute(f"UPDATE actor SET {column} = 1 WHERE id = ?", (booster.id,))

    assert (await timelines.home(reader.id, Page())).entries == []


@pytest.mark.attack("PRI-05")
async def test_an_answer_to_a_hidden_post_does_not_show_it(database: object) -> None:
    author, friend, reader = [await build.person(name) for name in ("author", "friend", "reader")]
    await build.follow(friend, author)
    hidden = await build.post(author, visibility=build.FOLLOWERS)
    answer = await build.post(friend, parent=hidden)
    below = await build.post(reader, parent=answer)

    found = await threads.context(reader.id, below.id, above=10, below=10, depth=10)

    assert found.ancestors == [answer.id]
    assert (await threads.context(reader.id, hidden.id, above=1, below=9, depth=9)).descendants == [answer.id, below.id]


@pytest.mark.attack("PRI-01")
async def test_what_a_viewer_does_not_want_is_a_rule_of_its_own(database: object) -> None:
    """Whoever is muted, or on a server that is blocked, is left out of what comes unasked and found by who asks."""
    reader, muted, former = [await build.person(name) for name in ("reader", "muted", "former")]
    far, near = await build.person("far", "far.test"), await build.person("near", "near.test")
    await build.insert("mute", actor_id=reader.id, target_id=muted.id, created_at=1)
    await build.insert("mute", actor_id=reader.id, target_id=former.id, created_at=1, expires_at=2)
    await build.insert("domain_block", actor_id=reader.id, host="far.test", id=1)
    starter = await build.post(reader)
    posts = {
        a.username: await build.post(a, a.username, parent=starter, tags=["x"]) for a in (muted, former, far, near)
    }

    async def unasked(viewer: int) -> list[set[int]]:
        tagged = await timelines.tagged(viewer, Page(), ["x"])
        context = await threads.context(viewer, starter.id, above=5, below=50, depth=5)
        return [{entry.post_id for entry in tagged.entries}, set(context.descendants)]

    everything = {post.id for post in posts.values()}
    assert await unasked(reader.id) == [{posts["former"].id, posts["near"].id}] * 2
    assert await unasked(visible.ANYBODY) == await unasked(former.id) == [everything] * 2
    assert await visible.seen(reader.id, list(everything)) == everything
