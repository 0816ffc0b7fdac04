"""What is known of who wants to do something in a group, and of what they write: `admit.py` decides by it."""

import msgspec

from fedcomm import rights


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of somebody in a group; `ban` is the value of the ban register (JSON) or None.

    `role` is that of who looks after the group (`rights.py`), '' for all others. `program` is what the server of a
    group elsewhere runs; None for groups of ours.
    """

    ban: str | None = None
    member: bool = False
    role: str = ""
    program: str | None = None

    @property
    def rights(self) -> frozenset[str]:
        """All rights that they have in the group."""
        given = rights.of(self.role) if self.program is None else rights.afar(self.role, self.program)
        return given | rights.of(rights.MEMBER) if self.member else given

    def may(self, right: str) -> bool:
        """Whether they have a right in the group."""
        return right in self.rights


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What there is in a post that a group may limit (`measuring.py`); `domains` are those that it links to."""

    starter: bool
    links: int = 0
    pictures: int = 0
    mentions: int = 0
    domains: frozenset[str] = frozenset()


class Author(msgspec.Struct, frozen=True):
    """Who writes: whether a program does, whether they live here, and whether their server keeps messages of groups."""

    bot: bool = False
    deaf: bool = False
    here: bool = False


class Wait(msgspec.Struct, frozen=True):
    """Why a post is not in a group yet.

    `kind` is rules, links, pictures, mentions, threads, replies, slow, promotion, flood or cooldown. `limit` is what is
    allowed, of promotion how many people are to be answered yet; `ends` when the limit does (ms since 1970), 0 for no
    time.
    """

    kind: str
    limit: int = 0
    ends: int = 0
