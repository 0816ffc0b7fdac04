"""Who may like, answer and boost a post, as its author says it (GoToSocial §Interaction Policy)."""

from typing import Any

from activitypub.contexts import PUBLIC, PUBLIC_SPELLINGS
from activitypub.objects import OPEN, Controls, Permission
from activitypub.properties import listed, references

MAX_NAMED = 200  # actors and collections of one permission


def controls(policy: Any) -> Controls:
    """What an `interactionPolicy` says; what it leaves out, and what is open to everybody, is not limited."""
    if type(policy) is not dict:
        return OPEN
    return Controls(
        _permission(policy.get("canLike")), _permission(policy.get("canReply")), _permission(policy.get("canAnnounce"))
    )


def _permission(said: Any) -> Permission | None:
    if type(said) is not dict or not said:
        return None
    asked = "automaticApproval" in said or "manualApproval" in said
    names = ("automaticApproval", "manualApproval") if asked else ("always", "approvalRequired")
    automatic, manual = (_named(said.get(name)) for name in names)
    if not manual and PUBLIC in automatic:
        return None
    return Permission(automatic, manual, asked)


def _named(value: Any) -> tuple[str, ...]:
    entries = listed(value, MAX_NAMED)
    spelled = [PUBLIC if type(each) is str and each in PUBLIC_SPELLINGS else each for each in entries]
    return references(spelled, MAX_NAMED)
