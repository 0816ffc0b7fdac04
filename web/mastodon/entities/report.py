"""Report (Mastodon API: "Report")."""

from typing import Any

from storage.actors import Actor
from storage.reports import Report
from web.mastodon.entities.account import account
from web.mastodon.entities.times import moment, moment_or_none


def report(
    base: str, found: Report, target: Actor, *, forwarded: bool = False, rule_ids: list[str] | None = None
) -> dict[str, Any]:
    """A report, with the account that it is about."""
    return {
        "id": str(found.id), "action_taken": found.state == "closed",
        "action_taken_at": moment_or_none(found.closed_at),
        "category": found.category, "comment": found.comment, "forwarded": forwarded,
        "created_at": moment(found.created_at), "status_ids": [str(post_id) for post_id in found.post_ids],
        "rule_ids": rule_ids or None, "collection_ids": [], "target_account": account(base, target),
    }  # fmt: skip
