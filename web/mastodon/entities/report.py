"""Report (Mastodon API: "Report")."""

from typing import Any

from storage.actors import Actor
from storage.reports import CLOSED, Report
from web.mastodon.entities.account import account
from web.mastodon.entities.times import moment, moment_or_none


def report(base: str, found: Report, target: Actor) -> dict[str, Any]:
    """A report, with the account that it is about; its rules are those of the server."""
    rules = [str(each.number) for each in found.rules if not each.group]
    return {
        "id": str(found.id), "action_taken": found.state == CLOSED,
        "action_taken_at": moment_or_none(found.closed_at),
        "category": found.category, "comment": found.comment, "forwarded": bool(found.forwarded),
        "created_at": moment(found.created_at), "status_ids": [str(post_id) for post_id in found.post_ids],
        "rule_ids": rules or None, "collection_ids": [], "target_account": account(base, target),
    }  # fmt: skip
