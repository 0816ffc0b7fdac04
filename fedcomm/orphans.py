"""Answers that missed what they answer: two processes took both in at the same moment, and neither saw the other's."""

from fedcomm import clock
from fedcomm.app import App
from storage import posts
from storage.connect import Writes, apply

LATELY = 3_600_000  # ms: who came together came not long ago
AT_ONCE = 100  # posts whose answers are tied to them in one look


async def adopt(app: App) -> None:
    """Tie answers that came lately to the post they answer, when that is here and they were not tied to it."""
    for post_id, uri, thread_id, group_id in await posts.with_orphans(clock.now_ms() - LATELY, AT_ONCE):
        writes = Writes()
        posts.adopt(writes, post_id, uri, thread_id, group_id)
        await apply(writes)
        app.forget_post(post_id)
