"""Flag: somebody elsewhere reports something of ours."""

from activitypub.activities import Activity
from fedcomm import admit, clock, sanitise, telling
from fedcomm.inbox.hand import Hand, Ignored
from storage import reports
from storage.connect import Writes, write
from storage.ids import next_id
from storage.reports import Report

MAX_COMMENT = 5_000  # characters
MAX_POSTS = 50
MAX_A_DAY = 100  # reports of one server
DAY = 86_400_000  # ms


async def report(hand: Hand, activity: Activity) -> None:
    """The report is kept for the admins; it names one of ours, and perhaps posts."""
    reporter = hand.actor(activity.actor)
    if not admit.reporting(hand.app.peers, reporter):
        raise Ignored("reports from that server are not taken")
    named = [hand.facts.posts[uri] for uri in activity.object_ids if uri in hand.facts.posts]
    people = [hand.facts.actors[uri] for uri in activity.object_ids if uri in hand.facts.actors]
    target = next((actor.id for actor in people if actor.local), None) or next(
        (post.author_id for post in named if post.local or post.group_id), None
    )
    if target is None:
        raise Ignored("it is about nobody here")
    group = next((post.group_id for post in named if post.group_id), None)
    if any(
        admit.banned(hand.facts.standing(found, reporter.uri).ban) for found in map(hand.facts.group_of, named) if found
    ):
        raise Ignored("the reporter is banned from the group")  # attack GRP-01
    if await reports.count_from(reporter.host, clock.now_ms() - DAY) >= MAX_A_DAY:
        raise Ignored("that server has reported enough for a day")  # attack GRP-16
    comment = sanitise.plain(activity.content or activity.summary)[:MAX_COMMENT]
    writes, report_id = Writes(), next_id()
    reports.insert(
        writes,
        Report(
            report_id, activity.uri or "", reporter.id, target, group, [post.id for post in named][:MAX_POSTS], comment,
            "other", "open", clock.now_ms(), None,
        ),
    )  # fmt: skip
    await telling.admins(writes, "admin.report", reporter.id, report_id)
    await write(writes)
