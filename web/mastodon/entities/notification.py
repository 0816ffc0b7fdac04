"""Notifications, one by one and in groups (Mastodon API: "Notification", "NotificationGroup")."""

from collections.abc import Sequence
from typing import Any

import msgspec

import storage.actors
from activitypub.origins import host_of
from fedcomm import cautions
from fedcomm.app import App
from storage import docket, notice_groups, registers, reports, sanctions, severances
from storage.notice_groups import Group
from storage.notifications import Notice
from web.mastodon.entities import account, small, status
from web.mastodon.entities.report import report
from web.mastodon.entities.times import moment
from web.mastodon.entities.wish import wishes, with_wish

# What every client knows, and what only some do: that is sent to those who ask for it.
KINDS = ("mention", "status", "reblog", "follow", "follow_request", "favourite", "poll", "update")
ASKED_FOR = ("admin.sign_up", "admin.report", "severed_relationships", "moderation_warning")
_PARTIAL = ("id", "acct", "url", "avatar", "avatar_static", "locked", "bot")


def kinds(types: Sequence[str], exclude: Sequence[str]) -> list[str]:
    """The kinds that are wanted: all that every client knows, or those that are named."""
    wanted = [kind for kind in (*KINDS, *ASKED_FOR) if kind in types] if types else list(KINDS)
    return [kind for kind in wanted if kind not in exclude]


async def each(app: App, viewer: int, found: Sequence[Notice]) -> list[dict[str, Any]]:
    """Each notice; those about something that is gone meanwhile are left out."""
    base, wanted = app.base_url, await wishes(app, viewer, _askers(found))
    actors = await account.accounts(base, [notice.actor_id for notice in found])
    posts = await status.by_id(base, viewer, [notice.post_id for notice in found if notice.post_id])
    reported = await _reports(base, found)
    return [
        {
            "id": str(notice.id), "type": notice.kind, "created_at": moment(notice.created_at),
            "group_key": notice_groups.key_of(notice), "account": _account(actors, notice, wanted),
            "status": msgspec.Raw(posts[notice.post_id]) if notice.post_id else None,
        } | reported.get(notice.report_id, {})
        for notice in found
        if _there(notice, actors, posts, reported)
    ]  # fmt: skip


async def grouped(app: App, viewer: int, found: Sequence[Group], *, partial: bool = False) -> dict[str, Any]:
    """Groups, with the accounts and posts that they name each once (Mastodon API: "GroupedNotificationsResults").

    With `partial` only the latest account of each group is there in full.
    """
    base, newest = app.base_url, [group.newest for group in found]
    actors = await account.accounts(base, [actor for group in found for actor in group.actors])
    wanted = await wishes(app, viewer, _askers(newest))
    posts = await status.by_id(base, viewer, [notice.post_id for notice in newest if notice.post_id])
    reported = await _reports(base, newest)
    groups = [group for group in found if _there(group.newest, actors, posts, reported)]
    everybody = dict.fromkeys(actor for group in groups for actor in group.actors if actor in actors)
    full = dict.fromkeys(group.newest.actor_id for group in groups) if partial else everybody
    results: dict[str, Any] = {
        "accounts": [with_wish(actors[actor], wanted.get(actor, "")) for actor in full],
        "statuses": [msgspec.Raw(body) for body in posts.values()],
        "notification_groups": [_group(group, reported) for group in groups],
    }
    if partial:
        results["partial_accounts"] = [_partial(actors[actor]) for actor in everybody if actor not in full]
    return results


def _askers(found: Sequence[Notice]) -> set[int]:
    return {notice.actor_id for notice in found if notice.kind == "follow_request"}


def _account(actors: dict[int, bytes], notice: Notice, wanted: dict[int, str]) -> msgspec.Raw | dict[str, object]:
    asks = notice.kind == "follow_request"
    return with_wish(actors[notice.actor_id], wanted.get(notice.actor_id, "") if asks else "")


def _group(group: Group, reported: dict[int, dict[str, Any]]) -> dict[str, Any]:
    newest = group.newest
    return {
        "group_key": group.key, "notifications_count": group.count, "type": newest.kind,
        "most_recent_notification_id": newest.id, "page_min_id": str(group.lowest), "page_max_id": str(newest.id),
        "latest_page_notification_at": moment(newest.created_at),
        "sample_account_ids": [str(actor) for actor in group.actors],
        "status_id": str(newest.post_id) if newest.post_id else None,
    } | reported.get(newest.report_id, {})  # fmt: skip


def _partial(body: bytes) -> dict[str, Any]:
    whole = msgspec.json.decode(body)
    return {key: whole[key] for key in _PARTIAL}


def _there(
    notice: Notice, actors: dict[int, bytes], posts: dict[int, bytes], reported: dict[int, dict[str, Any]]
) -> bool:
    return (
        notice.actor_id in actors
        and (not notice.post_id or notice.post_id in posts)
        and (not notice.report_id or notice.report_id in reported)
    )


async def _reports(base: str, found: Sequence[Notice]) -> dict[int, dict[str, Any]]:
    """What stands beside a notice that is about a report, or about ties that were cut, by the number of that."""
    wanted = [notice.report_id for notice in found if notice.kind == "admin.report"]
    cut = [notice.report_id for notice in found if notice.kind == "severed_relationships"]
    severed = await severances.by_ids(cut) if cut else {}
    events = {number: {"event": small.severance(each, host_of(base))} for number, each in severed.items()}
    events |= await _warnings(base, [notice for notice in found if notice.kind == "moderation_warning"])
    if not wanted:
        return events
    named = await reports.by_ids(wanted)
    targets = await storage.actors.by_ids([each.target_id for each in named])
    told = {each.id: report(base, each, targets[each.target_id]) for each in named if each.target_id in targets}
    return events | {number: {"report": each} for number, each in told.items()}


async def _warnings(base: str, found: Sequence[Notice]) -> dict[int, dict[str, Any]]:
    """What was done about the one who is told, and why (Mastodon API: "AccountWarning")."""
    if not found:
        return {}
    done = await sanctions.by_ids([notice.report_id for notice in found])
    warned = await registers.acts([notice.report_id for notice in found if notice.report_id not in done])
    about = {number: cautions.post_of(act) for number, act in warned.items()}
    posts = await docket.posts_at(list(about.values()))
    targets = await storage.actors.by_ids(sorted({notice.actor_id for notice in found}))
    owners = {notice.report_id: account.account(base, targets[notice.actor_id]) for notice in found}
    told = {number: small.warning(each, owners[number]) for number, each in done.items()}
    for number, act in warned.items():
        post = posts.get(about[number])
        told[number] = small.caution(act, post.id if post and not post.deleted_at else None, owners[number])
    return {number: {"moderation_warning": each} for number, each in told.items()}
