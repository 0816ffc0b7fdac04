"""What members are told of what servers elsewhere decide about them, which is no way to write to them without end."""

import pytest

from fedcomm import dispatches, limits
from fedcomm.app import App
from storage import actors
from storage.connect import Writes, apply, value
from tests import build

pytestmark = pytest.mark.anyio


async def test_a_server_that_bans_somebody_again_and_again_is_heard_so_often_a_day(app: App) -> None:
    bob = await build.person("bob")
    far = await actors.by_id((await build.group("rye", "far.example")).actor_id)
    assert far
    writes = Writes()

    for _ in range(limits.DISPATCHES):
        await dispatches.banned_by_site(app, writes, "far.example", bob, "Come to spam.example", None)
        await dispatches.ban_lifted(app, writes, far, bob, member=False)
    await dispatches.banned_by_site(app, writes, "other.example", bob, "Spam", None)
    await apply(writes)

    letters = "SELECT COUNT(*) FROM mention WHERE actor_id = ?"
    assert await value(letters, (bob.id,)) == limits.DISPATCHES + 1
