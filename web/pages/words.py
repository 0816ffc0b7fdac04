"""Words for what the code calls by a name: roles, states, acts in the log; to be translated where they are shown."""

from typing import Any

import msgspec

from fedcomm import audit
from web.languages import later

_Detail = msgspec.json.Decoder(dict[str, Any])

ROLES = {
    "member": later("member"),
    "moderator": later("moderator of the server"),
    "admin": later("admin"),
}
STATES = {
    "active": later("can sign in"),
    "pending": later("waits for approval"),
    "suspended": later("shut out"),
}
ACTS = {
    "account.approve": later("approved a sign-up"),
    "account.create": later("created an account"),
    "account.delete": later("deleted an account"),
    "account.first_admin": later("became the first admin"),
    "account.password": later("gave an account a new password"),
    "account.reject": later("turned a sign-up away"),
    "account.restore": later("let somebody in again"),
    "account.role": later("gave somebody another role"),
    "account.suspend": later("shut somebody out"),
    "invite.create": later("made an invitation"),
    "invite.revoke": later("took an invitation back"),
    "peer.policy": later("changed the policy for a server"),
    "settings.change": later("changed settings"),
    "token.issue": later("made an access token"),
}
ACTORS = {
    audit.OPERATOR: later("(command line)"),
    audit.SERVER: later("(server)"),
}
JOIN_MODES = {
    "open": later("everybody"),
    "approval": later("whom the moderators let in"),
}
POSTING = {
    "anyone": later("everybody, members or not"),
    "members": later("members"),
    "moderators": later("moderators start threads, everybody answers"),
}


def act(name: str) -> str:
    """What somebody did; an act without words of its own is called by its name."""
    return ACTS.get(name, name)


def detail(encoded: str) -> list[tuple[str, str]]:
    """The particulars of an entry of the log, each as a name and a value."""
    try:
        found = _Detail.decode(encoded)
    except msgspec.MsgspecError:
        return [("", encoded)] if encoded else []
    return [(name, value if isinstance(value, str) else _plain(value)) for name, value in found.items()]


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
