"""What the roles of this server may do, as named rights; `rights.py` has those of groups.

CHOKE POINT beside `admit`: who of the server may do something about somebody is asked nowhere else.
"""

from fedcomm.errors import NotAllowed
from storage.accounts import Account

PEOPLE = "people"  # see who is here, let in who signs up, look after whom one knows
SANCTION = "sanction"  # warn, freeze, limit, suspend, and take that back
REPORTS = "reports"  # see what was reported, and deal with it
SPAM = "spam"  # look through what was held back
DELETE = "delete"  # delete somebody's account for good
SERVER = "server"  # decide what holds for the whole server
ROLES = "roles"  # give somebody a role, a password, an invitation with a role

_RANKS = ("member", "moderator", "admin")
_RIGHTS: dict[str, frozenset[str]] = {
    "moderator": frozenset((PEOPLE, SANCTION, REPORTS, SPAM)),
    "admin": frozenset((PEOPLE, SANCTION, REPORTS, SPAM, DELETE, SERVER, ROLES)),
}


def of(account: Account) -> frozenset[str]:
    """All rights that somebody has for this server."""
    return _RIGHTS.get(account.role, frozenset()) if account.state == "active" else frozenset()


def of_role(role: str) -> frozenset[str]:
    """All rights that a role has."""
    return _RIGHTS.get(role, frozenset())


def require(by: Account | None, right: str) -> None:
    """Whether somebody has a right; None is whoever runs the server, who has all.

    Raises:
        NotAllowed: they have not.
    """
    if by is not None and right not in of(by):
        if right not in _RIGHTS["moderator"]:
            raise NotAllowed("Only admins can do this.")
        raise NotAllowed("Only who looks after this server can do this.")


def over(by: Account | None, whom: Account | None) -> None:
    """Whether somebody may do something about an account: not about their own, nor a moderator about who has a role.

    `whom` is None for who has no account here.

    Raises:
        NotAllowed: they may not.
    """
    if by is None or whom is None:
        return
    if by.id == whom.id:
        raise NotAllowed("Nobody does this about themselves.")
    if by.role != "admin" and _RANKS.index(whom.role) >= _RANKS.index(by.role):
        raise NotAllowed("Only admins can do this about who looks after this server.")


def reaches(by: Account, whom: Account | None) -> bool:
    """Whether `over` lets them, for what a page offers."""
    try:
        over(by, whom)
    except NotAllowed:
        return False
    return True
