"""A small instance that others ask about: people, a group, and what they wrote."""

import msgspec
import pytest

from fedcomm import actors, groups, posts
from fedcomm.app import App
from fedcomm.posts import Draft
from storage import posts as stored
from storage.actors import Actor
from storage.groups import Group
from storage.posts import Post
from tests.people import person


class Place(msgspec.Struct):
    """Who and what is there."""

    app: App
    ann: Actor
    bo: Actor
    group: Group
    face: Actor

    async def post(self, text: str, by: Actor | None = None, answers: Post | None = None, **more: str) -> Post:
        """Something ann, or somebody else here, writes."""
        draft = Draft(text=text, in_reply_to_id=answers.id if answers else None, **more)  # type: ignore[arg-type]
        found = await stored.by_id(await posts.create(self.app, by or self.ann, draft))
        assert found
        return found

    async def thread(self, text: str = "Rye\nDay nine @bread@home.test", by: Actor | None = None) -> Post:
        """A thread in the group."""
        return await self.post(text, by)


@pytest.fixture
async def place(app: App) -> Place:
    """ann runs the server and moderates the group `bread`; bo is somebody."""
    await actors.service(app)
    ann, bo = await person(app, "ann", "admin"), await person(app, "bo")
    await groups.create(app, "bread", "Bread baking", "All about bread.", "ann")
    group, face = await groups.named("bread")
    return Place(app, ann, bo, group, face)
