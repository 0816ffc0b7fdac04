"""Flag: somebody elsewhere reports something of ours."""

from activitypub.activities import Activity
from fedcomm import clock, sanitise
from fedcomm.inbox.hand import Hand, Ignored
from storage import reports
from storage.connect import Writes, write
from storage.ids import next_id
from storage.reports import Report

MAX_COMMENT = 5_000  # characters
MAX_POSTS = 50


async def report(hand: Hand, activity: Activity) -> None:
    """The report is kept for the admins; it names one of ours, and perhaps posts."""
    reporter = hand.actor(activity.actor)
    named = [hand.facts.posts[uri] for uri in activity.object_ids if uri in hand.facts.posts]
    people = [hand.facts.actors[uri] for uri in activity.object_ids if uri in hand.facts.actors]
    target = next((actor.id for actor in people if actor.local), None) or next(
        (post.author_id for post in named if post.local or post.group_id), None
    )
    if target is None:
        raise Ignored("it is about nobody here")
    group = next((post.group_id for post in named if post.group_id), None)
    comment = sanitise.plain(activity.content or activity.summary)[:MAX_COMMENT]
    writes = Writes()
    reports.insert(
        writes,
        Report(
            next_id(), activity.uri or "", reporter.id, target, group, [post.id for post in named][:MAX_POSTS], comment,
            "other", "open", clock.now_ms(), None,
        ),
    )  # fmt: skip
    await write(writes)
