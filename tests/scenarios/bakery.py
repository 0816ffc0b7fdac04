"""A group that is looked after from two servers of fedcomm: what the stories about its desk have in common."""

from collections.abc import Awaitable, Callable

from fedcomm import fetching, group_profile, groups, members
from fedcomm.group_profile import Change
from storage.actors import Actor
from storage.groups import Group
from tests.fediverse import Fediverse, Instance, Person
from tests.web.pages.browser import Browser

Enter = Callable[[Person], Awaitable[Browser]]


class Bakery:
    """`bread@a.test`: its steward ann lives there, its steward bob on b.test, where nobody follows it."""

    def __init__(self, fediverse: Fediverse, a: Instance, b: Instance, ann: Person, bob: Person, bread: Actor) -> None:
        self.fediverse, self.a, self.b, self.ann, self.bob, self.bread = fediverse, a, b, ann, bob, bread

    async def group(self) -> tuple[Group, Actor]:
        """As its server has it now."""
        with self.a.here():
            return await groups.named("bread")

    async def appoint(self, uri: str, role: str) -> None:
        """By ann."""
        with self.a.here():
            there = await fetching.actor(self.a.app, uri)
            await members.appoint(self.a.app, "bread", there, self.ann.actor, role)
        await self.fediverse.settle()

    async def change(self, change: Change) -> None:
        """By ann."""
        with self.a.here():
            await group_profile.change(self.a.app, "bread", change, self.ann.actor)

    async def told(self, who: Person) -> list[str]:
        """What the group has told somebody of what it did not take."""
        await self.fediverse.settle()
        return [each for each in await who.letters() if "was not taken" in each]
