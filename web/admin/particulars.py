"""Words for the particulars of an entry in the log of admins; what has none stands there as the code calls it."""

from typing import Any

import msgspec

from web.languages import later
from web.pages import words

_Detail = msgspec.json.Decoder(dict[str, Any])
_FOR_PROGRAMS = frozenset({"id", "digest"})  # of an act for a group (`storage/chained.py`)

NAMES = {
    "after": later("afterwards"),
    "before": later("before that"),
    "bytes": later("bytes"),
    "category": later("category"),
    "comment": later("note"),
    "copies": later("copies"),
    "days": later("days"),
    "error": later("error"),
    "files": later("files"),
    "group": later("group"),
    "hours": later("hours"),
    "in_picker": later("offered when one chooses"),
    "kind": later("kind"),
    "limit": later("limited"),
    "most": later("at most"),
    "number": later("how many"),
    "outcome": later("outcome"),
    "own_act": later("about what they did themselves"),
    "policy": later("decision"),
    "posts": later("posts"),
    "reason": later("reason"),
    "registration": later("Who can have an account"),
    "report": later("report"),
    "role": later("role"),
    "rules": later("Rules"),
    "scopes": later("rights"),
    "servers": later("servers"),
    "sessions": later("sessions"),
    "severity": later("how strict"),
    "since": later("since"),
    "steward": later("steward"),
    "suspend": later("suspended"),
    "taken_back": later("taken back"),
    "terms": later("Terms of service"),
    "title": later("title"),
    "tokens": later("access tokens"),
    "topics": later("topics"),
    "uses": later("how often it works"),
    "who": later("who"),
}
_VALUES = {
    "after": words.ROLES,
    "before": words.ROLES,
    "outcome": words.OUTCOMES,
    "policy": words.POLICIES,
    "role": words.ROLES,
}


class Particular(msgspec.Struct, frozen=True):
    """One of them; of a `known` value there are words to be translated, all others are what somebody wrote."""

    name: str
    value: str
    known: bool = False


def of(encoded: str) -> list[Particular]:
    """The particulars of an entry, as its JSON has them."""
    try:
        found = _Detail.decode(encoded)
    except msgspec.MsgspecError:
        return [Particular(NAMES["comment"], encoded)] if encoded else []
    return [_told(name, value) for name, value in found.items() if name not in _FOR_PROGRAMS]


def _told(name: str, value: Any) -> Particular:
    called = NAMES.get(name, name)
    if isinstance(value, bool):
        return Particular(called, later("yes") if value else later("no"), known=True)
    if isinstance(value, str) and value in _VALUES.get(name, {}):
        return Particular(called, _VALUES[name][value], known=True)
    return Particular(called, ", ".join(map(str, value)) if isinstance(value, list) else str(value))
