"""Somebody as who looks after the server sees them (Mastodon API: "Admin::Account")."""

from collections.abc import Sequence
from typing import Any

import msgspec

from storage.people import Person
from web.mastodon.entities import account
from web.mastodon.entities.times import moment


async def admin_accounts(base: str, found: Sequence[Person]) -> list[dict[str, Any]]:
    """Each of them. No address of a computer is told: none is kept."""
    shown = await account.accounts(base, [each.id for each in found])
    return [_entity(each, msgspec.Raw(shown[each.id])) for each in found if each.id in shown]


def _entity(person: Person, shown: msgspec.Raw) -> dict[str, Any]:
    actor, here = person.actor, person.account
    state = here.state if here is not None else ""
    return {
        "id": str(actor.id), "username": actor.username, "domain": actor.host or None,
        "created_at": moment(here.created_at if here is not None else actor.created_at),
        "email": here.email if here is not None else "", "ip": None, "ips": [],
        "locale": here.language if here is not None else "", "invite_request": (here.reason or None) if here else None,
        "role": account.role(here.role if here is not None else "member"),
        "confirmed": state not in ("", "unconfirmed"), "approved": state not in ("", "pending", "unconfirmed"),
        "disabled": state == "frozen", "sensitized": actor.sensitive_at is not None,
        "silenced": actor.limited_at is not None,
        "suspended": state == "suspended" if here is not None else actor.suspended_at is not None,
        "account": shown, "created_by_application_id": None, "invited_by_account_id": None,
    }  # fmt: skip
