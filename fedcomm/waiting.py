"""Requests that nobody answered: ours to somebody elsewhere are sent again, those to open groups of ours are let in."""

from fedcomm import clock, follows, limits
from fedcomm.app import App
from storage import actors
from storage import follows as stored
from storage.connect import Writes, apply

PAUSE = 24 * 3_600_000  # ms after which a request is sent again; twice as long after each time
MOST_TRIES = 5  # a month in all


async def ask_again(app: App) -> None:
    """Send requests again that peers have not answered: nobody stays pending because a message was lost."""
    for asked in await stored.unanswered(clock.now_ms(), PAUSE, MOST_TRIES):
        follower, target = await actors.by_id(asked.follower_id), await actors.by_id(asked.target_id)
        if follower is None or target is None or target.gone:
            continue
        follows.send_again(app, writes := Writes(), asked, follower, target)
        await apply(writes)


async def let_in(app: App) -> None:
    """Let in who waits for nobody: they came when many did (attack GRP-23), or before the group became open."""
    for asked in await stored.waiting_for_nobody(limits.JOINS, clock.now_ms()):
        face = await actors.by_id(asked.target_id)
        if face is not None and not face.gone:
            await follows.admit_waiting(app, face, asked.follower_id)
