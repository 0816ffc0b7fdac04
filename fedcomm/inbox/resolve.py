"""Resolve: somebody has dealt with a report (Lemmy 1.0) that we sent, or in a group that ours look after.

What stands in it of the report (a `Flag`) only says which one is meant: the post, who reported, and its id.
"""

from typing import Any

import storage.actors
import storage.groups
import storage.posts
from activitypub.activities import Activity
from fedcomm import casework, clock, dispatches, members, rights, sanitise
from fedcomm.errors import AppError
from fedcomm.inbox import announce
from fedcomm.inbox.hand import Hand, Ignored
from storage import reports
from storage.actors import Actor
from storage.connect import Writes, write
from storage.counting import hold
from storage.reports import Report

_MOST = 50  # reports about one account that are looked through


async def resolved(hand: Hand, activity: Activity) -> None:
    """The server of the group or of who is reported says so, or a moderator of the group: who reported here learns it.

    Of a group of ours its moderators say so: it ends as if they had done it on a page here.
    """
    by, done = hand.actor(activity.actor), 0
    for found in await _meant(hand, activity):
        if await _may(found, by):
            return await _end(hand, found, activity, by)
        done += await _ended_in_ours(hand, found, activity, by)
    if not done:
        raise Ignored("no report here is meant by it")


async def announced(hand: Hand, activity: Activity) -> None:
    """A group elsewhere passes on that a report in it was dealt with."""
    group, face = announce.announcer(hand, activity, late=True)
    inner = activity.object
    assert isinstance(inner, Activity)
    if hand.app.urls.own(inner.uri or ""):
        raise Ignored("it is ours")
    for found in await _meant(hand, inner):
        if found.group_id == group.id:
            return await _end(hand, found, inner, hand.facts.actors.get(inner.actor) or face)
    raise Ignored("no report here is meant by it")


async def _meant(hand: Hand, activity: Activity) -> list[Report]:
    """The reports that it may be about: Lemmy makes up another id each time it speaks of one."""
    flag = _flag(activity)
    uri, thing, by = [value if isinstance(value := flag.get(name), str) else "" for name in ("id", "object", "actor")]
    own = hand.app.urls.own
    known = await reports.by_uri(uri.partition("#")[0] if own(uri) else uri) if uri else None
    if known is not None:
        return [known]
    post, reporter = await storage.posts.by_uri(thing), await storage.actors.by_uri(by)
    if post is None or reporter is None:
        return []
    # What we sent we sent in the name of somebody who runs this server, or of the server itself; moderators of a group
    # of ours so hear of what others reported as well.
    group, _face = await storage.groups.with_face(post.group_id)
    ours = group is not None and bool(group.local)
    return [
        each
        for each in await reports.about(post.author_id, _MOST)
        if post.id in each.post_ids and (ours or own(each.uri) if reporter.local else each.reporter_id == reporter.id)
    ]


def _flag(activity: Activity) -> dict[str, Any]:
    said = activity.raw.get("object")
    if not isinstance(said, dict) or said.get("type") != "Flag":
        raise Ignored("it does not say which report is meant")
    return said


async def _may(found: Report, by: Actor) -> bool:
    if found.target_id == by.id:  # as here, where nobody works on what is said about themselves
        return False
    target = await storage.actors.by_id(found.target_id)
    if found.forwarded and target is not None and target.host == by.host:
        return True
    group, face = await storage.groups.with_face(found.group_id)
    if group is None or face is None or group.local or not found.for_group:
        return False
    return face.host == by.host or (await members.standing(group, by)).may(rights.OVERSEE)


async def _ended_in_ours(hand: Hand, found: Report, activity: Activity, by: Actor) -> bool:
    """Whether a moderator of a group of ours has so ended what was reported in it; they do not of themselves."""
    group, _face = await storage.groups.with_face(found.group_id)
    if group is None or not group.local or found.state == reports.CLOSED:
        return False
    try:
        worker = await casework.of_group(by, group)
        await casework.end(hand.app, worker, found.id, *_said(activity))
    except AppError:  # no moderator, or nothing that they may see
        return False
    return True


def _said(activity: Activity) -> tuple[str, str]:
    """How it ended, where that is said, and what the one who reported should know."""
    said = activity.raw.get("result")
    return said if said in casework.OUTCOMES else "", sanitise.plain(activity.summary).strip()[: casework.MAX_ANSWER]


async def _end(hand: Hand, found: Report, activity: Activity, by: Actor) -> None:
    """It is closed, but for admins here who are to decide for themselves; it ends so once, whoever says so."""
    hold(held := Writes(), "report", found.id)
    await write(held)
    found = await reports.by_id(found.id) or found
    if found.state == reports.CLOSED or found.closed_by:
        raise Ignored("it was dealt with before")
    outcome, answer = _said(activity)
    writes = Writes()
    columns: dict[str, Any] = {"closed_by": by.uri, "outcome": outcome, "answer": answer}
    if not found.for_admins:
        columns |= {"state": reports.CLOSED, "closed_at": clock.now_ms()}
    reports.change(writes, found.id, **columns)
    reporter, target = await storage.actors.by_id(found.reporter_id), await storage.actors.by_id(found.target_id)
    if reporter is not None and target is not None and reporter.local and not reporter.gone:
        await dispatches.report_ended(hand.app, writes, reporter, target, outcome, answer)
    await write(writes)
