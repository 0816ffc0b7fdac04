"""A place for stories of forgery: an instance with anna; bob and eve on one server elsewhere, mallory on another."""

from typing import Any

from storage.posts import Post
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import Face, Host, send


class Town:
    """An instance with anna, and two servers elsewhere: bob and eve live on one, mallory on the other."""

    def __init__(self, fediverse: Fediverse, ours: Instance, anna: Person) -> None:
        self.fediverse, self.ours, self.anna = fediverse, ours, anna
        self.theirs, self.evil = Host(fediverse, "theirs.test"), Host(fediverse, "evil.test")
        self.bob, self.eve = self.theirs.actor("bob"), self.theirs.actor("eve")
        self.mallory = self.evil.actor("mallory")

    async def written(self, **more: Any) -> dict[str, Any]:
        """A post by bob that is known here, and served by his server."""
        note = self.bob.note(1, cc=[self.bob.followers, self.anna.actor.uri], **more)
        self.theirs.serve(note["id"], note)
        await self.send(self.bob, self.bob.does("Create", note))
        return note

    async def send(self, by: Face, *said: dict[str, Any]) -> None:
        """Deliver, and wait for the effects."""
        await send(self.fediverse, self.ours, by, *said)

    async def here(self, uri: str = "https://theirs.test/notes/1") -> Post:
        """The post as it is known here."""
        return await self.ours.knows(uri)
