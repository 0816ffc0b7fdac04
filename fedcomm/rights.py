"""What people may do in a group: each role is a set of named rights; whoever asks for one asks `admit.right`."""

from collections.abc import Iterable, Mapping

MEMBER, MODERATOR, STEWARD = "member", "moderator", "steward"  # each with the rights of the one before it

WRITE = "write"  # where only members write
SPEAK = "speak"  # in threads that are locked, and new threads where others start none
OVERSEE = "oversee"  # sees what was reported, who is banned and what was done
REMOVE = "remove"  # takes posts out
RESTORE = "restore"  # puts them back
LOCK = "lock"
PIN = "pin"
FLAIR = "flair"  # says which flairs there are, and which a thread has
TITLE = "title"  # gives a thread another title
BAN = "ban"
CLEAR = "clear"  # with a ban takes out all that somebody wrote
HOLD = "hold"  # decides about what waits to be shown
APPROVE = "approve"  # lets in who asks
INVITE = "invite"
WELCOME = "welcome"  # how newcomers are greeted
RESIGN = "resign"  # looks after the group no more
SETTINGS = "settings"  # what the group is called, its rules, who may join and write
APPOINT = "appoint"  # makes moderators, and dismisses them
STEWARDS = "stewards"  # makes stewards

_OF_MEMBERS = frozenset((WRITE,))
_OF_MODERATORS = _OF_MEMBERS | {
    SPEAK, OVERSEE, REMOVE, RESTORE, LOCK, PIN, FLAIR, TITLE, BAN, CLEAR, HOLD, APPROVE, INVITE, WELCOME, RESIGN,
}  # fmt: skip
_OF_STEWARDS = _OF_MODERATORS | {SETTINGS, APPOINT, STEWARDS}
ROLES: Mapping[str, frozenset[str]] = {MEMBER: _OF_MEMBERS, MODERATOR: _OF_MODERATORS, STEWARD: _OF_STEWARDS}

# What servers take from moderators who live elsewhere, by the program that they run (FEP-1b12 §Group moderation):
# read in Lemmy 1.0-beta, PieFed 1.6.18 and Mbin 1.10.1, seen with PieFed 1.6.6 (2026-11-21). To all of them whoever
# moderates a group may also say who else does; of flairs Lemmy and PieFed hear from the server of an author only.
_AFAR = frozenset((REMOVE, RESTORE, LOCK, PIN, FLAIR, BAN, CLEAR, RESIGN, APPOINT))
_PROGRAMS: Mapping[str, frozenset[str]] = {
    "lemmy": _AFAR | {SETTINGS},  # read in 0.19.20 and 1.0-beta: UpdateCommunity of a moderator
    "piefed": _AFAR | {TITLE},  # read in 1.6: Update of a moderator (activitypub/routes.py: process_new_content)
    "pyfedi": _AFAR | {TITLE},
    "mbin": _AFAR - {RESTORE, CLEAR, FLAIR},  # reads neither an Undo of a Delete nor `removeData`, and has no flairs
    "kbin": frozenset((REMOVE, PIN, RESIGN, APPOINT)),
    "sublinks": _AFAR,
    **dict.fromkeys(
        ("nodebb", "discourse", "friendica", "peertube", "wordpress", "mobilizon", "hubzilla"), frozenset()
    ),
}
_HERE = frozenset((WRITE, SPEAK, OVERSEE))  # what takes no act


def of(role: str) -> frozenset[str]:
    """The rights of a role; one that this version does not know has none."""
    return ROLES.get(role, frozenset())


def least(right: str) -> str:
    """The smallest role that has a right."""
    return next(role for role, rights in ROLES.items() if right in rights)


def afar(role: str, program: str) -> frozenset[str]:
    """What a role in a group elsewhere lets somebody do from here, as far as the `program` of its server takes it.

    Of a program that is not known (its NodeInfo name, in lower case) what FEP-1b12 names is expected.
    """
    if OVERSEE not in of(role):
        return of(role)
    if program == "fedcomm":
        return ((_AFAR | {TITLE, STEWARDS, APPROVE, SETTINGS, HOLD, INVITE, WELCOME}) & of(role)) | _HERE
    return _PROGRAMS.get(program, _AFAR) | _HERE


def in_force(holders: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Who looks after a group of ours: id -> role, of those who were given one and are there, longest-serving first.

    When no steward is among them, the one who has served longest is steward, until there is another: so a group that
    was made before there were stewards has one, and one whose last steward is gone goes on (attack GRP-22).
    """
    found = {who: role for who, role in holders if OVERSEE in of(role)}
    if found and STEWARD not in found.values():
        found[next(iter(found))] = STEWARD
    return found
