"""A report as who works on it sees it (Mastodon API: "Admin::Report")."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

import storage.actors
from storage import accounts, reports, visible
from storage.actors import Actor
from storage.people import Person
from storage.reports import Report
from web.mastodon.entities import status
from web.mastodon.entities.admin_account import admin_accounts
from web.mastodon.entities.times import moment, moment_or_none


async def admin_reports(base: str, viewer: int, found: Sequence[Report]) -> list[dict[str, Any]]:
    """Each of them, with the posts that the viewer may see, who is not told who reported themselves.

    Rules of groups are told with those of the server.
    """
    numbers = {number for each in found for number in (each.target_id, each.reporter_id)}
    named = [uri for each in found for uri in (each.assigned, each.closed_by) if uri]
    working = await storage.actors.by_uris(sorted(set(named)))
    known = await storage.actors.by_ids(sorted(numbers)) | {who.id: who for who in working.values()}
    people = await _people(base, known)
    posts = sorted({number for each in found for number in each.post_ids})
    shown = await status.by_id(base, viewer, sorted(await visible.seen(viewer, posts))) if posts else {}

    def reporter(each: Report) -> dict[str, Any]:
        return people[each.reporter_id if each.target_id != viewer else viewer]

    def worker(uri: str) -> dict[str, Any] | None:
        return people.get(working[uri].id) if uri in working else None

    return [
        {
            "id": str(each.id), "action_taken": each.state == reports.CLOSED,
            "action_taken_at": moment_or_none(each.closed_at), "category": each.category, "comment": each.comment,
            "forwarded": bool(each.forwarded), "created_at": moment(each.created_at),
            "updated_at": moment(each.closed_at or each.created_at), "account": reporter(each),
            "target_account": people[each.target_id], "assigned_account": worker(each.assigned),
            "action_taken_by_account": worker(each.closed_by),
            "statuses": [msgspec.Raw(shown[number]) for number in each.post_ids if number in shown],
            "rules": [
                {"id": str(rule.number), "text": rule.text, "hint": "", "translations": {}} for rule in each.rules
            ],
        }
        for each in found
        if each.reporter_id in people and each.target_id in people
    ]  # fmt: skip


async def _people(base: str, known: Mapping[int, Actor]) -> dict[int, dict[str, Any]]:
    here = await accounts.of_actors(list(known))
    shown = await admin_accounts(base, [Person(who, here.get(number)) for number, who in known.items()])
    return {int(each["id"]): each for each in shown}
