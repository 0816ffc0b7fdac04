"""People who follow, block, name and join one another at random, and what each of them is shown of what they wrote."""

import random
from collections import defaultdict

import httpx
import msgspec
import pytest

from storage.actors import Actor
from storage.connect import execute, transaction
from storage.groups import Group
from storage.posts import Post
from tests import build
from tests.web.client import bearer
from tests.web.federation import asking

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]

VISIBILITIES = (build.PUBLIC, build.UNLISTED, build.FOLLOWERS, build.DIRECT, build.MEMBERS, build.LOCAL)
FATES = {"": 12, "suspended": 1, "limited": 2, "deleted": 1}


class Said(msgspec.Struct):
    """A post, and what was done to it."""

    post: Post
    author: str
    visibility: int
    group: str
    named: set[str]
    gone: str


class Graph(msgspec.Struct):
    """Who is what to whom, as it was drawn: pairs of names."""

    people: dict[str, Actor] = {}
    fates: dict[str, str] = {}
    follows: set[tuple[str, str]] = set()
    blocks: set[tuple[str, str]] = set()
    members: defaultdict[str, set[str]] = msgspec.field(default_factory=lambda: defaultdict(set))
    said: list[Said] = []

    def allowed(self, viewer: str, said: Said) -> bool:
        """The rule a third time, from what was drawn. A viewer '' is nobody."""
        author, fate = said.author, self.fates[said.author]
        if said.gone == "deleted":
            return False
        if viewer == author:
            return True
        if said.gone or fate in ("suspended", "deleted") or {(viewer, author), (author, viewer)} & self.blocks:
            return False
        follows = (viewer, author) in self.follows
        if fate == "limited" and not follows:
            return False
        match said.visibility:
            case build.MEMBERS:
                return viewer in self.members[said.group]
            case build.LOCAL:
                return viewer.startswith("near")
            case build.FOLLOWERS:
                return follows or viewer in said.named
            case build.DIRECT:
                return viewer in said.named
        return True


async def drawn(chance: random.Random) -> Graph:
    """Twelve people on two servers, two groups, and sixty posts."""
    graph = Graph()
    names = [*(f"near{n}" for n in range(8)), *(f"far{n}" for n in range(4))]
    for name in names:
        graph.people[name] = await build.person(name, "far.test" if name.startswith("far") else "")
        graph.fates[name] = chance.choices([*FATES], [*FATES.values()])[0]
    groups = {name: await build.group(name, visibility=name) for name in ("members", "local")}
    for one in names:
        for other in names:
            if one != other:
                await _related(chance, graph, one, other)
        await _joined(chance, graph, one, groups["members"])
    for _ in range(60):
        graph.said.append(await _written(chance, graph, names, groups))
    for name, fate in graph.fates.items():
        if fate:
            await execute(f"UPDATE actor SET {fate}_at = 1 WHERE id = ?", (graph.people[name].id,))
    return graph


async def _related(chance: random.Random, graph: Graph, one: str, other: str) -> None:
    if (drawn := chance.random()) < 0.5:
        state = "accepted" if drawn < 0.35 else "pending"
        await build.follow(graph.people[one], graph.people[other], state)
        if state == "accepted":
            graph.follows.add((one, other))
    if chance.random() < 0.07:
        await build.block(graph.people[one], graph.people[other])
        graph.blocks.add((one, other))


async def _joined(chance: random.Random, graph: Graph, who: str, group: Group) -> None:
    if chance.random() < 0.6:
        await build.join(graph.people[who], group)
        if chance.random() < 0.3:
            sql = "UPDATE member SET state = 'left', left_at = 1 WHERE actor_id = ?"
            await execute(sql, (graph.people[who].id,))
        else:
            graph.members["members"].add(who)


async def _written(chance: random.Random, graph: Graph, names: list[str], groups: dict[str, Group]) -> Said:
    author, visibility = chance.choice(names), chance.choice(VISIBILITIES)
    place = {build.MEMBERS: "members", build.LOCAL: "local"}.get(visibility, "")
    parent = chance.choice([None, *(each.post for each in graph.said if each.group == place)])
    post = await build.post(graph.people[author], "x", visibility=visibility, group=groups.get(place), parent=parent)
    named = set()
    for name in chance.sample(names, 3):
        addressed = chance.random() < 0.6
        await build.insert("mention", post_id=post.id, actor_id=graph.people[name].id, addressed=int(addressed))
        if addressed:
            named.add(name)
    gone = chance.choices(["", "deleted", "removed"], [10, 1, 1])[0]
    if gone:
        await execute(f"UPDATE post SET {gone}_at = 1 WHERE id = ?", (post.id,))
    return Said(post, author, visibility, place, named, gone)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.attack("PRI-01", "PRI-05", "PRI-09", "PRI-10", "PRI-26")
async def test_whatever_people_are_to_one_another_they_are_shown_exactly_what_is_for_them(
    client: httpx.AsyncClient, seed: int
) -> None:
    async with transaction():
        graph = await drawn(random.Random(seed))
    wrong, outcomes = [], set()
    for viewer in ("", *(name for name in graph.people if name.startswith("near"))):
        if graph.fates.get(viewer) in ("suspended", "deleted"):
            continue
        headers = bearer(await build.token(graph.people[viewer])) if viewer else {}
        expected = {str(each.post.id) for each in graph.said if graph.allowed(viewer, each)}
        found, above = set(), set()
        for each in graph.said:
            path = f"/api/v1/statuses/{each.post.id}"
            if (await client.get(path, headers=headers)).status_code == 200:
                found.add(str(each.post.id))
                context = (await client.get(f"{path}/context", headers=headers)).json()
                above |= {post["id"] for part in ("ancestors", "descendants") for post in context[part]}
        wrong += [(viewer, "alone", found ^ expected)] if found != expected else []
        wrong += [(viewer, "around", above - expected)] if above - expected else []
        outcomes |= {(each.visibility, str(each.post.id) in found) for each in graph.said}
    assert wrong == []
    assert len(outcomes) == 2 * len(VISIBILITIES)


@pytest.mark.attack("PRI-01", "PRI-02")
async def test_whoever_asks_from_elsewhere_is_given_exactly_what_is_for_them(client: httpx.AsyncClient) -> None:
    async with transaction():
        graph = await drawn(random.Random(7))
    for name in ("far0", "far1"):
        await asking.signs(graph.people[name])
        if graph.fates[name]:
            await execute(
                "UPDATE actor SET suspended_at = NULL, limited_at = NULL, deleted_at = NULL WHERE username = ?", (name,)
            )
            graph.fates[name] = ""
    here = [each for each in graph.said if each.author.startswith("near")]
    inside = any(name.startswith("far") and not graph.fates[name] for name in graph.members["members"])

    for viewer in ("far0", "far1", ""):
        by = graph.people.get(viewer)
        statuses = {each.post.id: (await asking.ask(client, f"/posts/{each.post.id}", by)).status_code for each in here}
        for each in here:
            status = statuses[each.post.id]
            if each.gone == "deleted":
                assert status == (410 if each.visibility <= build.UNLISTED else 404), each
            elif each.visibility != build.MEMBERS:
                assert status == (200 if graph.allowed(viewer, each) else 404), (viewer, each)
            else:  # a server asks for its members: those who may read it
                assert status == 404 or (viewer and inside), (viewer, each)
