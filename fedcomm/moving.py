"""Accounts that move: members here that follow one go along; and requests that nobody answered are sent again."""

from fedcomm import clock, follows
from fedcomm.app import App
from fedcomm.errors import AppError
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage import actors
from storage import follows as stored
from storage.connect import Writes, apply
from storage.outbox import Audience

UNANSWERED = 24 * 3_600_000  # ms after which a request is sent once more


async def take_followers_along(app: App, old: int, new: int) -> None:
    """Everybody here that follows the old account follows the new one."""
    for follower_id in await stored.followers_here(old):
        follower = await actors.by_id(follower_id)
        if follower is None or follower.gone:
            continue
        try:
            await follows.follow(app, follower, new)
        except AppError:
            continue  # blocked or banned there: this one stays behind
        await follows.unfollow(app, follower, old)


async def ask_again(app: App) -> None:
    """Send requests again that peers have not answered for a day: nobody stays pending because a message was lost."""
    for asked in await stored.unanswered(clock.now_ms() - UNANSWERED):
        follower, target = await actors.by_id(asked.follower_id), await actors.by_id(asked.target_id)
        if follower is None or target is None or target.gone:
            continue
        writes = Writes()
        again = activities.activity("Follow", asked.uri, follower.uri, target.uri, to=[target.uri])
        publish(app, writes, follower, again, Audience(inboxes=(target.inbox,)))
        stored.asked_again(writes, asked.id, clock.now_ms())
        await apply(writes)
