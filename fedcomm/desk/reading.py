"""What lies on the desk of a group elsewhere, for members of ours who look after that group.

It is asked for whenever somebody looks at it. What another server tells is shown as what strangers write. Only between
servers of fedcomm.
"""

import asyncio
from collections.abc import Sequence

import msgspec

from activitypub.client import Allowance
from activitypub.errors import ProtocolError, Unreachable
from fedcomm import admit, members, sanitise
from fedcomm.app import App
from fedcomm.desk.values import MOST_HELD, MOST_HTML, MOST_MARKED, Held, Invitation, Settings, Waiting, Welcome, uri_of
from fedcomm.errors import Conflict, NotAllowed
from storage import groups as stored
from storage.actors import Actor
from storage.groups import Group

_NEVER = 4_102_444_800_000  # ms since 1970: the year 2100
SECONDS = 8.0  # that somebody who looks at it waits for the other server
_ASKING = (3, 3, 2_000_000)  # requests, of them of one domain, and bytes


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What is on it, as far as this version knows it."""

    settings: Settings = Settings()
    waiting: Waiting = Waiting()
    invitations: tuple[Invitation, ...] = ()
    welcome: Welcome = Welcome()


async def read(app: App, group: Group, face: Actor, by: Actor, right: str) -> Desk:
    """What lies before those who look after a group elsewhere, for what takes that right.

    Raises:
        NotAllowed: `by` may not do that from here, or the server of the group shows it to nobody here.
        Conflict: that server does not answer now.
    """
    await may(group, by, right)
    try:
        async with asyncio.timeout(SECONDS):
            found = await app.client.get_document(uri_of(face), allowance=Allowance(*_ASKING))
        return msgspec.convert(found.raw, Desk)
    except (Unreachable, TimeoutError) as why:
        raise Conflict("{host} does not answer at the moment. Please try again later.", host=face.host) from why
    except (ProtocolError, msgspec.ValidationError) as why:
        raise NotAllowed("{host} does not let this be done from here.", host=face.host) from why


def clean(waiting: Waiting) -> Waiting:
    """What waits as it can be shown: what another server tells is no cleaner than what strangers write."""
    return msgspec.structs.replace(
        waiting,
        posts=tuple(_clean(each) for each in waiting.posts[:MOST_HELD] if _is_number(each.id)),
        trusted=waiting.trusted[:MOST_MARKED],
        promotional=waiting.promotional[:MOST_MARKED],
    )


def clean_invitations(found: Sequence[Invitation]) -> list[Invitation]:
    """Invitations as they can be shown."""
    shown = [each for each in found[:MOST_MARKED] if _is_number(each.id)]
    return [msgspec.structs.replace(each, expires_at=_time(each.expires_at)) for each in shown]


def _clean(post: Held) -> Held:
    return msgspec.structs.replace(
        post,
        html=sanitise.clean(post.html[:MOST_HTML]),
        url=post.url if post.url.startswith("https://") else "",
        held_at=_time(post.held_at),
        ends=_time(post.ends) if post.ends else None,
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


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
