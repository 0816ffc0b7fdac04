"""Names of people and groups here: which ones may be chosen."""

import re

from fedcomm.errors import Invalid

LONGEST = 30  # characters
_NAME = re.compile(rf"[a-z0-9_]{{1,{LONGEST}}}\Z")

# Whoever has one of these seems to speak for the server, or looks like one of its own addresses.
SCOUT = "group_scout"  # who follows groups for everybody (scout.py)
_RESERVED = frozenset(
    """
    abuse account accounts actor admin administrator administration admins all anonymous api auth authorize c channel
    everybody everyone fedcomm first_admin group groups group_scout here host hostmaster inbox instance internal invite
    login logout localhost mailer_daemon manager mastodon me media member members mod moderation moderator moderators
    mods nobody nodeinfo noreply no_reply null oauth official operator outbox owner owners postmaster posts proxy root
    security server service setup settings shared_inbox sign_in sign_out sign_up signin signup ssl_admin staff static
    superuser support sysadmin system team undefined user users webfinger webmaster well_known www
    """.split()
)
# Letters and digits that are easily taken for one another.
_LOOKS_LIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "3": "e", "4": "a", "5": "s", "7": "t", "_": None})


def check(name: str, host: str) -> str:
    """The name as it is kept: lower case, without a leading @.

    Raises:
        Invalid: no name, or one that nobody may have (`host` is our own).
    """
    wanted = name.strip().removeprefix("@").lower()
    if not _NAME.match(wanted):
        raise Invalid("A name has 1 to 30 characters: a to z, 0 to 9 and _.", field="name", fix="choose another name")
    if _skeleton(wanted) in _reserved_skeletons(host):
        raise Invalid("This name is reserved. Please choose another one.", field="name", fix="choose another name")
    return wanted


def _reserved_skeletons(host: str) -> frozenset[str]:
    domain = host.partition(":")[0].lower()
    ours = {domain.replace(".", "_"), domain.replace("-", "_").replace(".", "_")}
    return _SKELETONS | {_skeleton(name) for name in ours}


def _skeleton(name: str) -> str:
    return name.translate(_LOOKS_LIKE) or name


_SKELETONS = frozenset(_skeleton(name) for name in _RESERVED)
