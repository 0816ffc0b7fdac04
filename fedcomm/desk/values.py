"""What is said about the desk of a group between its server and those of who looks after it: the forms on the wire."""

from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

from fedcomm import rights
from storage.actors import Actor

MOST_HELD, MOST_HTML = 20, 20_000  # posts that are told at once; characters of one
MOST_MARKED = 100  # people
MOST_PROPOSED, MOST_SHOWN = 100, 500  # things that are proposed; characters of what they are about
AT_ONCE = 40  # entries of a page of a list
MOST_VALUE = 1_000  # characters of what an act of the log says
LONGEST_NAME = 100  # characters that somebody looks for in a list

# The lists that lie beside the desk (`/desk/members` …), in pages; and the right that each takes.
LISTS: Mapping[str, str] = {
    "members": rights.APPROVE,
    "denied": rights.APPROVE,
    "bans": rights.OVERSEE,
    "log": rights.OVERSEE,
    "undoing": rights.APPOINT,
    "report": rights.OVERSEE,
}


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A post that waits: under which number, whose it is, how it reads (clean HTML), and where its server shows it.

    `ends` is when it comes in by itself (ms since 1970; 0 for in a moment), None for never. It `stays` until somebody
    decides, when its author neither belongs to the group nor has written in it.
    """

    id: str
    author: str
    handle: str = ""
    kind: str = ""
    title: str = ""
    warning: str = ""
    html: str = ""
    url: str = ""
    pictures: int = 0
    answer: bool = False
    held_at: int = 0
    ends: int | None = None
    stays: bool = False


class Marked(msgspec.Struct, frozen=True):
    """Somebody of whom moderators have decided how what they write is treated."""

    id: str
    handle: str = ""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """What waits to be in the group: the first, and how many in all; whom moderators trust or marked as promotional."""

    posts: tuple[Held, ...] = ()
    count: int = 0
    trusted: tuple[Marked, ...] = ()
    promotional: tuple[Marked, ...] = ()


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in the group: since when (ms since 1970), as what, whether they are new, what was decided."""

    id: str
    handle: str = ""
    since: int = 0
    role: str = ""
    new: bool = False
    trusted: bool = False
    promotional: bool = False


class Members(msgspec.Struct, frozen=True, kw_only=True):
    """A page of who is in the group; `older` is where the next begins, 0 for nowhere.

    `ladder`: newcomers are limited there; `promotion`: announcements are.
    """

    entries: tuple[Member, ...] = ()
    older: int = 0
    ladder: bool = False
    promotion: bool = False


class Ban(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is banned: since when, by whom, why, and until when (ms since 1970; None for good)."""

    id: str
    handle: str = ""
    since: int = 0
    by: str = ""  # a handle
    reason: str = ""
    until: int | None = None


class Bans(msgspec.Struct, frozen=True, kw_only=True):
    """A page of who is banned; `older` as of `Members`."""

    entries: tuple[Ban, ...] = ()
    older: int = 0


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who was turned down and has not asked again: what they answered, when, by whom and why."""

    id: str
    handle: str = ""
    answer: str = ""
    at: int = 0
    by: str = ""  # a handle; '' for who runs the server
    reason: str = ""


class Denied(msgspec.Struct, frozen=True, kw_only=True):
    """A page of who was turned down; `older` as of `Members`."""

    entries: tuple[Refused, ...] = ()
    older: int = 0


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the log of the group: when, by whom, what about whom or what, and why.

    `value` is what its register holds since then, as JSON, '{}' for what is long; None when that says nothing any more.
    What it took out is `out` still.
    """

    by: str
    by_handle: str = ""
    at: int = 0
    property: str = ""
    subject: str = ""
    subject_handle: str = ""
    value: str | None = None
    why: str = ""
    out: bool = False


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the log; `older` as of `Members`."""

    entries: tuple[Deed, ...] = ()
    older: int = 0


class Undoing(msgspec.Struct, frozen=True, kw_only=True):
    """What would be undone of what somebody did in the last hours: the first acts of it, and whether there are more."""

    id: str = ""
    handle: str = ""
    entries: tuple[Deed, ...] = ()
    more: bool = False


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who works on a report tells the others."""

    by: str
    by_handle: str = ""
    text: str = ""
    at: int = 0


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """How far work on a report is: who works on it and has ended it, and what they tell each other."""

    state: str = "open"
    outcome: str = ""
    assigned: str = ""
    assigned_handle: str = ""
    closed_by_handle: str = ""
    notes: tuple[Remark, ...] = ()


class Work(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a moderator does (`act`) with the report under the number `id`: take it, write a note, end it."""

    act: str
    id: str
    note: str = ""
    outcome: str = ""
    answer: str = ""


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a moderator decides: `act` about the post that waits under the number `id`, or about the actor `id`.

    What somebody did in so many `hours` is undone; a post at its `id` is put back.
    """

    act: str
    id: str
    reason: str = ""
    hours: int = 0


class Appeal(msgspec.Struct, frozen=True, kw_only=True):
    """An appeal that waits: whose, against what (`shown`, as plain text), who took that out and why, what they say.

    `deciders` are the ids of those on the server that asks who decide about it.
    """

    id: str
    author: str
    handle: str = ""
    shown: str = ""
    url: str = ""
    text: str = ""
    why: str = ""
    by_handle: str = ""
    at: int = 0
    deciders: tuple[str, ...] = ()


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What a moderator would take out, and why: a post (`shown` as plain text), or the `whole` of somebody’s."""

    id: str
    author: str
    handle: str = ""
    whole: bool = False
    shown: str = ""
    url: str = ""
    why: str = ""
    by: str = ""
    by_handle: str = ""
    at: int = 0


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation that can be used: how often it was, how often and until when (ms since 1970) it can be, whose."""

    id: str
    uses: int = 0
    max_uses: int = 0
    expires_at: int = 0
    maker: str = ""  # a handle; '' for who runs the server


class Welcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How newcomers are welcomed, or what is to be otherwise: texts by language, who greets (a name there), where."""

    texts: dict[str, str] | None = None
    greeter: str | None = None
    thread: str | None = None


class Flair(msgspec.Struct, frozen=True, kw_only=True):
    """A flair that the group shall have: the id of one that it has, '' for a new one."""

    id: str = ""
    name: str
    color: str


class Pictures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The pictures that the group shall have: where they lie, '' for none, and what they show; None leaves one."""

    icon: str | None = None
    image: str | None = None
    icon_description: str | None = None
    image_description: str | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The settings of a group, or those that are to be otherwise; None where nothing is said of one."""

    title: str | None = None
    summary: str | None = None  # plain text
    rules: tuple[str, ...] | None = None
    join_mode: str | None = None
    question: str | None = None
    posting: str | None = None
    votes: str | None = None
    closed: bool | None = None
    topics: tuple[str, ...] | None = None
    languages: tuple[str, ...] | None = None
    listed: bool | None = None
    visibility: str | None = None
    ladder: bool | None = None
    promotion: int | None = None
    slow: int | None = None


def uri_of(face: Actor) -> str:
    """The id of the desk of a group, here or elsewhere."""
    return f"{face.uri}/desk"


def uri_of_list(face: Actor, name: str, query: Mapping[str, str | int]) -> str:
    """The id of a page of one of the `LISTS`; what is empty of the query is left out."""
    asked = urlencode(sorted((key, value) for key, value in query.items() if value))
    return f"{uri_of(face)}/{name}" + (f"?{asked}" if asked else "")
