"""Two fedcomm servers and one of a program for communities: what the stories about Lemmy and PieFed have in common."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.databases import Databases
from tests.peers.forum import Forum
from tests.peers.lemmy import Lemmy
from tests.peers.piefed import PieFed
from tests.peers.posts import Post
from tests.peers.users import User
from tests.scenarios.neighbours import Home, Member, Neighbourhood, eventually

PROGRAMS = {"lemmy": Lemmy, "piefed": PieFed}


class World(msgspec.Struct):
    """The servers: `a.test`, `b.test`, and `lemmy.test` or `piefed.test`."""

    around: Neighbourhood
    a: Home
    b: Home
    forum: Forum
    clock: Path  # holds the seconds by which the clock of a.test is ahead

    @property
    def host(self) -> str:
        """That of the scripted server."""
        return self.forum.server.host

    async def failing(self) -> bool:
        """Whether a.test has noticed that the scripted server is away."""
        return any(p["host"] == self.host and p["failures"] for p in (await self.a.command("queue"))["peers"])


class Group(msgspec.Struct):
    """A group or community, and somebody of each server in it: flora is of the scripted one."""

    uri: str
    handle: str
    alice: Member
    bob: Member
    flora: User


@asynccontextmanager
async def opened(program: str, folder: Path, databases: Databases) -> AsyncIterator[World]:
    """One of the fedcomm servers runs on SQLite, the other on PostgreSQL."""
    host, clock = f"{program}.test", folder / "clock"
    clock.write_text("0")
    settings: dict[str, dict[str, str]] = {"a.test": {"TEST_CLOCK": str(clock)}, "b.test": {}}
    settings["a.test" if program == "lemmy" else "b.test"]["DATABASE_URL"] = await databases.new("postgres")
    async with Neighbourhood(folder, "a.test", "b.test", host) as around:
        a, b = [await around.home(name, **settings[name]) for name in ("a.test", "b.test")]
        yield World(around, a, b, Forum(await around.server(host, taken=200), PROGRAMS[program]()), clock)


async def ours(world: World, name: str) -> Group:
    """A group on a.test. Its name has a capital letter, and there is a thread in it when flora joins."""
    alice, bob = await world.a.member(f"Alice_{name}"), await world.b.member(f"bob_{name}")
    handle = await world.a.group(name.capitalize(), alice)
    await bob.follow(handle)
    await alice.write(f"Welcome\n\nThis is about {name}. @{handle}")
    flora = User(world.forum, f"flora_{name}")
    uri = await flora.join(handle)
    await eventually(lambda: flora.uri in world.forum.joined.get(uri, ()), "flora is in the group")
    await world.around.quiet()
    return Group(uri, handle, alice, bob, flora)


async def theirs(world: World, name: str) -> Group:
    """A community of the scripted server; flora moderates it."""
    flora = User(world.forum, f"flora_{name}")
    made = world.forum.community(name, name.capitalize(), flora.uri)
    alice, bob = await world.a.member(f"Alice_{name}"), await world.b.member(f"bob_{name}")
    handle = f"{name}@{world.host}"
    for member in (alice, bob):
        await member.follow(handle)
    await world.around.quiet()
    return Group(made.uri, handle, alice, bob, flora)


async def there(world: World, uri: str, **wanted: Any) -> str:
    """Until the post looks so at the scripted server, of texts a part is enough; gives its id."""

    def looks() -> bool:
        seen = world.forum.posts.get(uri)
        return seen is not None and all(_fits(seen, name, value) for name, value in wanted.items())

    await eventually(looks, lambda: f"{uri} at {world.host} shows {wanted}, but is {world.forum.posts.get(uri)}")
    return uri


async def arrived(member: Member, uri: str) -> str:
    """Until the member sees the post; gives its id."""
    await member.sees(uri)
    return uri


async def placed(member: Member, uri: str) -> str:
    """Until the member sees the thread in their one group; gives its id.

    What a group passes on of a third server may be here a moment before it is in the group, and who answers it then
    does not answer in the group.
    """

    async def so() -> bool:
        return uri in await listed(member)

    await eventually(so, f"{member.name} sees {uri} in the group")
    return uri


async def listed(member: Member) -> list[str]:
    """The threads in the list of the member's one group."""
    (group,) = await member.call("GET", "/api/v1/lists")
    return [post["uri"] for post in await member.call("GET", f"/api/v1/timelines/list/{group['id']}")]


async def until_listed(member: Member, wanted: list[str]) -> None:
    """Until the list of the member's one group shows these threads."""

    async def so() -> bool:
        return await listed(member) == wanted

    await eventually(so, f"{member.name} sees {wanted} in the group")


async def answers_with(member: Member, uri: str, status: int) -> None:
    """Until the member who answers the post is met with that status."""
    number = await member.here(uri)

    async def so() -> bool:
        got, _ = await member.attempt("POST", "/api/v1/statuses", status="Me.", in_reply_to_id=number)
        return got == status

    await eventually(so, f"an answer by {member.name} is met with {status}")


def _fits(post: Post, name: str, wanted: Any) -> bool:
    value = getattr(post, name)
    return wanted in value if isinstance(wanted, str) else bool(value == wanted)
