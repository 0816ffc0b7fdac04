"""Of whom a list of those tells who look after a group: somebody known here, or to the server of the group alone."""

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import msgspec

import storage.actors
from storage.actors import Actor


class Named(Protocol):
    """An entry of such a list."""

    @property
    def id(self) -> str:
        """The id of whom it is about."""

    @property
    def handle(self) -> str:
        """What they are called, if that is known."""


T = TypeVar("T", bound=Named)


class Line(msgspec.Struct, Generic[T], frozen=True):
    """What is told of somebody, and who that is here; None where they are not known."""

    told: T
    actor: Actor | None


async def lines(told: Sequence[T]) -> list[Line[T]]:
    """Each with whom it is about."""
    found = await storage.actors.by_uris([each.id for each in told])
    return [Line(each, found.get(each.id)) for each in told]
