"""What people may do in a group: each role is a set of named rights; whoever asks for one asks `admit.right`."""

from collections.abc import Iterable, Mapping

MEMBER, MODERATOR, STEWARD = "member", "moderator", "steward"  # each with the rights of the one before it

WRITE = "write"  # where only members write
SPEAK = "speak"  # in threads that are locked, and new threads where others start none
OVERSEE = "oversee"  # sees what was reported, who is banned and what was done
REMOVE = "remove"  # takes posts out, and puts them back
LOCK = "lock"
PIN = "pin"
FLAIR = "flair"  # says which flairs there are, and which a thread has
BAN = "ban"
HOLD = "hold"  # decides about what waits to be shown
APPROVE = "approve"  # lets in who asks
INVITE = "invite"
WELCOME = "welcome"  # how newcomers are greeted
SETTINGS = "settings"  # what the group is called, its rules, who may join and write
APPOINT = "appoint"  # makes moderators and stewards, and dismisses them

_OF_MEMBERS = frozenset((WRITE,))
_OF_MODERATORS = _OF_MEMBERS | {SPEAK, OVERSEE, REMOVE, LOCK, PIN, FLAIR, BAN, HOLD, APPROVE, INVITE, WELCOME}
_OF_STEWARDS = _OF_MODERATORS | {SETTINGS, APPOINT}
ROLES: Mapping[str, frozenset[str]] = {MEMBER: _OF_MEMBERS, MODERATOR: _OF_MODERATORS, STEWARD: _OF_STEWARDS}


def of(role: str) -> frozenset[str]:
    """The rights of a role; one that this version does not know has none."""
    return ROLES.get(role, frozenset())


def least(right: str) -> str:
    """The smallest role that has a right."""
    return next(role for role, rights in ROLES.items() if right in rights)


def in_force(holders: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Who looks after a group of ours: id -> role, of those who were given one and are there, longest-serving first.

    When no steward is among them, the one who has served longest is steward, until there is another: so a group that
    was made before there were stewards has one, and one whose last steward is gone goes on (attack GRP-22).
    """
    found = {who: role for who, role in holders if OVERSEE in of(role)}
    if found and STEWARD not in found.values():
        found[next(iter(found))] = STEWARD
    return found
