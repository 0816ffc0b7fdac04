"""E-mail addresses: one strict reader for all uses, so that nobody means another address than we do."""

import re

from fedcomm.errors import Invalid

LONGEST = 254  # characters (RFC 5321 §4.5.3.1.3)
# The dot-atom form only: no quoted names, comments, spaces or address literals (RFC 5322 §3.2.3).
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\Z")


def check(address: str) -> str:
    """The address without spaces around it; '' stays ''.

    Raises:
        Invalid: no address, or one in a form that programs read differently.
    """
    wanted = address.strip(" \t\r\n")
    if wanted and not readable(wanted):
        raise Invalid("This is not an e-mail address that can be used here.", field="email")
    return wanted


def key(address: str) -> str | None:
    """What two spellings of one address have in common; None for no address."""
    return address.lower() or None


def readable(address: str) -> bool:
    """Whether this is an address that every program reads in one way."""
    local, at, domain = address.partition("@")
    labels = domain.split(".")
    return bool(
        at
        and len(address) <= LONGEST
        and len(local) <= 64
        and _LOCAL.match(local)
        and len(labels) >= 2
        and all(_LABEL.match(label) for label in labels)
    )
