"""What lies on the desk of a group elsewhere, for members of ours who look after that group.

It is asked for whenever somebody looks at it. What another server tells is shown as what strangers write. Only between
servers of fedcomm.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from activitypub.client import Allowance
from activitypub.errors import ProtocolError, Unreachable
from fedcomm import admit, members, rights, sanitise
from fedcomm.app import App
from fedcomm.appeals import MAX_TEXT
from fedcomm.desk.values import (
    LISTS,
    LONGEST_NAME,
    MOST_HELD,
    MOST_HTML,
    MOST_MARKED,
    MOST_PROPOSED,
    MOST_SHOWN,
    Appeal,
    Bans,
    Case,
    Deed,
    Denied,
    Held,
    Invitation,
    Log,
    Members,
    Proposal,
    Settings,
    Undoing,
    Waiting,
    Welcome,
    uri_of,
    uri_of_list,
)
from fedcomm.errors import Conflict, NotAllowed
from storage import groups as stored
from storage import registers
from storage.actors import Actor
from storage.groups import Group
from storage.paging import Page

_NEVER = 4_102_444_800_000  # ms since 1970: the year 2100
MOST_REMARKS = 200
SECONDS = 8.0  # that somebody who looks at it waits for the other server
_ASKING = (3, 3, 3_000_000)  # requests, of them of one domain, and bytes


T = TypeVar("T")


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What is on it, as far as this version knows it and the server of the group shows it here."""

    settings: Settings = Settings()
    waiting: Waiting = Waiting()
    appeals: tuple[Appeal, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    invitations: tuple[Invitation, ...] = ()
    welcome: Welcome = Welcome()


# Without the part nothing can be shown: an empty form would be taken for what is.
_PARTS = {rights.SETTINGS: "settings", rights.HOLD: "waiting", rights.INVITE: "invitations", rights.WELCOME: "welcome"}


async def read(app: App, group: Group, face: Actor, by: Actor, right: str) -> Desk:
    """What lies before those who look after a group elsewhere, for what takes that right.

    Raises:
        NotAllowed: `by` may not do that from here, or the server of the group shows it to nobody here.
        Conflict: that server does not answer now.
    """
    await may(group, by, right)
    return _as(face, await _asked(app, face, uri_of(face), _PARTS[right]), Desk)


async def members_of(app: App, group: Group, face: Actor, by: Actor, page: Page, name: str = "") -> Members:
    """A page of who is in a group elsewhere; with a `name` those in whose name or handle that is.

    Raises:
        NotAllowed, Conflict: as `read`.
    """
    found = await _page(app, group, face, by, "members", Members, max_id=page.before, q=name[:LONGEST_NAME])
    entries = [replace(each, since=_time(each.since)) for each in found.entries[:MOST_MARKED]]
    return replace(found, entries=tuple(entries), older=_place(found.older))


async def bans_of(app: App, group: Group, face: Actor, by: Actor, page: Page, name: str = "") -> Bans:
    """A page of who is banned from a group elsewhere; with a `name` as `members_of`.

    Raises:
        NotAllowed, Conflict: as `read`.
    """
    found = await _page(app, group, face, by, "bans", Bans, max_id=page.before, q=name[:LONGEST_NAME])
    entries = [
        replace(each, since=_time(each.since), until=_time(each.until) if each.until is not None else None)
        for each in found.entries[:MOST_MARKED]
    ]
    return Bans(entries=tuple(entries), older=_place(found.older))


async def denied_of(app: App, group: Group, face: Actor, by: Actor, page: Page) -> Denied:
    """A page of whom moderators of a group elsewhere turned down.

    Raises:
        NotAllowed, Conflict: as `read`.
    """
    found = await _page(app, group, face, by, "denied", Denied, max_id=page.before)
    entries = [replace(each, at=_time(each.at)) for each in found.entries[:MOST_MARKED]]
    return Denied(entries=tuple(entries), older=_place(found.older))


async def log_of(app: App, group: Group, face: Actor, by: Actor, page: Page) -> Log:
    """A page of what was done for a group elsewhere, the last first.

    Raises:
        NotAllowed, Conflict: as `read`.
    """
    found = await _page(app, group, face, by, "log", Log, max_id=page.before)
    return Log(entries=_deeds(found.entries), older=_place(found.older))


async def undoing_of(app: App, group: Group, face: Actor, by: Actor, who: str, hours: int) -> Undoing:
    """What would be undone of what somebody did for a group elsewhere, by their id.

    Raises:
        NotAllowed, Conflict: as `read`.
    """
    found = await _page(app, group, face, by, "undoing", Undoing, who=who, hours=hours)
    return replace(found, id=who, entries=_deeds(found.entries))


async def report_of(app: App, group: Group, face: Actor, by: Actor, number: int) -> Case:
    """How far work on a report in a group elsewhere is, under the number that it has there.

    Raises:
        NotAllowed, Conflict: as `read`.
    """
    found = await _page(app, group, face, by, "report", Case, max_id=number)
    notes = tuple(replace(each, at=_time(each.at)) for each in found.notes[:MOST_REMARKS])
    return replace(found, notes=notes)


async def _page(app: App, group: Group, face: Actor, by: Actor, name: str, kind: type[T], **query: str | int) -> T:
    await may(group, by, LISTS[name])
    raw = await _asked(app, face, uri_of_list(face, name, query), name)
    return _as(face, raw[name], kind)


async def _asked(app: App, face: Actor, uri: str, part: str) -> dict[str, Any]:
    """What the server of the group says now, with that part in it."""
    try:
        async with asyncio.timeout(SECONDS):
            raw = (await app.client.get_document(uri, allowance=Allowance(*_ASKING))).raw
    except (Unreachable, TimeoutError) as why:
        raise Conflict("{host} does not answer at the moment. Please try again later.", host=face.host) from why
    except ProtocolError as why:
        raise _not_from_here(face) from why
    if part not in raw:
        raise _not_from_here(face)
    return raw


def _not_from_here(face: Actor) -> NotAllowed:
    return NotAllowed("{host} does not let this be done from here.", host=face.host)


def _as(face: Actor, raw: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as why:
        raise _not_from_here(face) from why


def clean(waiting: Waiting) -> Waiting:
    """What waits as it can be shown: what another server tells is no cleaner than what strangers write."""
    return replace(
        waiting,
        posts=tuple(_clean(each) for each in waiting.posts[:MOST_HELD] if _is_number(each.id)),
        trusted=waiting.trusted[:MOST_MARKED],
        promotional=waiting.promotional[:MOST_MARKED],
    )


def clean_appeals(found: Sequence[Appeal], by: Actor) -> list[Appeal]:
    """The appeals about which somebody here decides, as they can be shown."""
    shown = [each for each in found[:MOST_HELD] if _is_number(each.id) and by.uri in each.deciders]
    return [
        replace(
            each, at=_time(each.at), url=_secure(each.url), shown=each.shown[:MOST_SHOWN], text=each.text[:MAX_TEXT],
            why=each.why[:MAX_TEXT],
        )
        for each in shown
    ]  # fmt: skip


def clean_proposals(found: Sequence[Proposal], by: Actor) -> list[Proposal]:
    """What others than `by` have proposed, as it can be shown."""
    shown = [each for each in found[:MOST_PROPOSED] if _is_number(each.id) and each.by != by.uri]
    return [
        replace(
            each, at=_time(each.at), url=_secure(each.url), shown=each.shown[:MOST_SHOWN], why=each.why[:MAX_TEXT]
        )
        for each in shown
    ]  # fmt: skip


def clean_invitations(found: Sequence[Invitation]) -> list[Invitation]:
    """Invitations as they can be shown."""
    shown = [each for each in found[:MOST_MARKED] if _is_number(each.id)]
    return [replace(each, expires_at=_time(each.expires_at)) for each in shown]


def _deeds(told: Sequence[Deed]) -> tuple[Deed, ...]:
    """Acts of the log as they can be shown."""
    return tuple(
        replace(each, at=_time(each.at), property=each.property[:MOST_MARKED], value=_value(each.property, each.value))
        for each in told[:MOST_MARKED]
    )


def _value(property_: str, text: str | None) -> str | None:
    """What an act says; nothing when no role can be read from what is to be one."""
    if text is None:
        return None
    try:
        registers.role(text if property_ == "role" else None)
    except msgspec.MsgspecError:
        return "{}"
    return text


def _clean(post: Held) -> Held:
    return replace(
        post,
        html=sanitise.clean(post.html[:MOST_HTML]),
        url=_secure(post.url),
        held_at=_time(post.held_at),
        ends=_time(post.ends) if post.ends else None,
    )


def _secure(url: str) -> str:
    return url if url.startswith("https://") else ""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _place(number: int) -> int:
    return number if 0 < number < 1 << 63 else 0


def _time(ms: int) -> int:
    return ms if 0 <= ms < _NEVER else 0


async def may(group: Group, by: Actor, right: str) -> None:
    """Whether somebody here may do on that desk what takes the right.

    Raises:
        NotAllowed: they may not, or the server of the group runs another program.
    """
    admit.actor(by)
    admit.right(await members.standing(group, by), right)
    if await stored.program(group.id) != "fedcomm":
        raise NotAllowed("The server of this group takes that from nobody here.")
