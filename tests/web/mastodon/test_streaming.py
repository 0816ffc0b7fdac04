"""`/api/v1/streaming`: who looks on is told what happens, as their timelines would show it."""

from collections.abc import AsyncIterator

import pytest

from fedcomm.app import App
from tests.web.live import Place, event, listening, subscribe
from tests.web.mastodon.member import Member

pytestmark = pytest.mark.anyio


@pytest.fixture
async def place(app: App) -> AsyncIterator[Place]:
    async with listening(app) as found:
        yield found


def token(member: Member) -> str:
    return member.headers["authorization"].removeprefix("Bearer ")


async def test_the_home_of_a_follower_is_told_of_a_post(place: Place, alice: Member, bob: Member) -> None:
    await bob.do(f"accounts/{alice.id}/follow")
    async with place.socket(token(bob)) as socket:
        await subscribe(socket, "user")

        posted = await alice.post("The rye is in")

        stream, kind, status = await event(socket)
        assert (stream, kind, status["id"]) == (["user"], "update", posted["id"])
        assert status == await bob.get(f"statuses/{posted['id']}")
