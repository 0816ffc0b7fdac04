"""The desk of a group elsewhere (`desk.py`), for members of ours who look after that group: looked at, and changed.

It is asked for whenever somebody looks at it. What they change goes to the group, which takes it as far as they may,
tells everybody as if it had been done there, and them what it did not take. Only between servers of fedcomm.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

import storage.media
from activitypub.client import Allowance
from activitypub.errors import ProtocolError, Unreachable
from activitypub.origins import origin
from fedcomm import admit, clock, desk, media, members, rights, sanitise, tokens
from fedcomm.app import App
from fedcomm.desk import Decision, Flair, Held, Invitation, Settings, Waiting, Welcome
from fedcomm.errors import Conflict, Invalid, NotAllowed
from fedcomm.holding import MAX_REASON
from fedcomm.invites import MEMBERS_DAYS, MEMBERS_USES
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from fedcomm.pictures import Picture
from storage import groups as stored
from storage import jobs
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.groups import Group
from storage.ids import next_id
from storage.outbox import Audience

_NEVER = 4_102_444_800_000  # ms since 1970: the year 2100
LENT = 172_800_000  # ms that a picture lies here for a group elsewhere
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
    await _may(group, by, right)
    try:
        async with asyncio.timeout(SECONDS):
            found = await app.client.get_document(desk.uri_of(face), allowance=Allowance(*_ASKING))
        return msgspec.convert(found.raw, Desk)
    except (Unreachable, TimeoutError) as why:
        raise Conflict("{host} does not answer at the moment. Please try again later.", host=face.host) from why
    except (ProtocolError, msgspec.ValidationError) as why:
        raise NotAllowed("{host} does not let this be done from here.", host=face.host) from why


async def change_settings(app: App, group: Group, face: Actor, by: Actor, before: Settings, wanted: Settings) -> None:
    """Change what is otherwise in `wanted` than `by` saw it before; nothing is sent when that is nothing.

    Raises:
        NotAllowed: `by` may not do that from here.
    """
    await _may(group, by, rights.SETTINGS)
    present, said = msgspec.to_builtins(before), msgspec.to_builtins(wanted)
    changed = {name: value for name, value in said.items() if value != present.get(name)}
    if changed:
        await _change(app, face, by, settings=changed)


def clean(waiting: Waiting) -> Waiting:
    """What waits as it can be shown: what another server tells is no cleaner than what strangers write."""
    return msgspec.structs.replace(
        waiting,
        posts=tuple(_clean(each) for each in waiting.posts[: desk.MOST_HELD] if _is_number(each.id)),
        trusted=waiting.trusted[: desk.MOST_MARKED],
        promotional=waiting.promotional[: desk.MOST_MARKED],
    )


def clean_invitations(found: Sequence[Invitation]) -> list[Invitation]:
    """Invitations as they can be shown."""
    shown = [each for each in found[: desk.MOST_MARKED] if _is_number(each.id)]
    return [msgspec.structs.replace(each, expires_at=_time(each.expires_at)) for each in shown]


def _clean(post: Held) -> Held:
    return msgspec.structs.replace(
        post,
        html=sanitise.clean(post.html[: desk.MOST_HTML]),
        url=post.url if post.url.startswith("https://") else "",
        held_at=_time(post.held_at),
        ends=_time(post.ends) if post.ends else None,
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _time(ms: int) -> int:
    return ms if 0 <= ms < _NEVER else 0


async def decide(app: App, group: Group, face: Actor, by: Actor, decision: Decision) -> None:
    """Decide about a post that waits for a group elsewhere, or about somebody in it (`desk.decide`).

    Raises:
        NotAllowed: `by` may not do that from here.
        Invalid: the reason is too long.
    """
    await _may(group, by, rights.HOLD)
    if len(decision.reason.strip()) > MAX_REASON:
        raise Invalid("A reason may have {limit} characters.", field="reason", limit=MAX_REASON)
    await _change(app, face, by, decision=msgspec.to_builtins(decision))


async def change_welcome(app: App, group: Group, face: Actor, by: Actor, wanted: Welcome) -> None:
    """Change how a group elsewhere welcomes newcomers.

    Raises:
        NotAllowed: `by` may not do that from here.
    """
    await _may(group, by, rights.WELCOME)
    await _change(app, face, by, welcome=msgspec.to_builtins(wanted))


async def change_pictures(
    app: App, group: Group, face: Actor, by: Actor, pictures: Mapping[str, Picture | None], words: Mapping[str, str]
) -> None:  # fmt: skip
    """Give a group elsewhere other pictures, None for none, and words for them; places are `icon` and `image`.

    They lie here for two days, for its server to fetch.

    Raises:
        NotAllowed: `by` may not do that from here.
        Invalid: words that are too long, or no room for more pictures of `by`.
    """
    await _may(group, by, rights.SETTINGS)
    if any(len(text.strip()) > media.MAX_DESCRIPTION for text in words.values()):
        raise Invalid("A description may have {limit} characters.", field="descriptions", limit=media.MAX_DESCRIPTION)
    said = {f"{place}_description": text.strip() for place, text in words.items()}
    writes = Writes()
    for place, picture in pictures.items():
        said[place] = ""
        if picture is not None:
            media_id, said[place] = await media.keep(app, writes, by, picture)
            jobs.add(writes, next_id(), "let_go_picture", {"media": media_id}, clock.now_ms() + LENT)
    if said:
        await _change(app, face, by, writes, pictures=said)


async def let_go(app: App, media: int) -> None:
    """The job: a picture that was lent to a group elsewhere was fetched by now."""
    storage.media.drop_one(writes := Writes(), media, clock.now_ms())
    await apply(writes)


async def change_flairs(app: App, group: Group, face: Actor, by: Actor, wanted: Sequence[Flair]) -> None:
    """Say which flairs a group elsewhere has.

    Raises:
        NotAllowed: `by` may not do that from here.
    """
    await _may(group, by, rights.FLAIR)
    await _change(app, face, by, flairs=[msgspec.to_builtins(each) for each in wanted])


async def invite(app: App, group: Group, face: Actor, by: Actor, uses: int, days: int) -> str:
    """A link with which somebody comes into a group elsewhere, once its server has heard of it; the secret stays here.

    Raises:
        NotAllowed: `by` may not do that from here.
        Invalid: too many uses or days.
    """
    await _may(group, by, rights.INVITE)
    if not 1 <= uses <= MEMBERS_USES or not 1 <= days <= MEMBERS_DAYS:
        raise Invalid("Your invitation works 1 to {uses} times and for 1 to {days} days.", field="uses",
                      uses=MEMBERS_USES, days=MEMBERS_DAYS)  # fmt: skip
    token = tokens.new()
    await _change(app, face, by, invitation={"hash": tokens.hash_of(token).hex(), "uses": uses, "days": days})
    return f"{origin(face.uri)}/invite/{token}"


async def revoke(app: App, group: Group, face: Actor, by: Actor, invitation: int) -> None:
    """Take an invitation into a group elsewhere back.

    Raises:
        NotAllowed: `by` may not do that from here.
    """
    await _may(group, by, rights.INVITE)
    await _change(app, face, by, revoked=str(invitation))


async def _change(app: App, face: Actor, by: Actor, writes: Writes | None = None, **parts: Any) -> None:
    """It is for the group alone: what is taken of it, the group tells everybody as far as it is their business."""
    on_desk = {"id": desk.uri_of(face), "type": "Object"} | parts
    update = activities.activity(
        "Update", app.urls.activity(next_id()), by.uri, on_desk, to=[face.uri], target=face.uri,
        published=activities.timestamp(clock.now_ms()),
    )  # fmt: skip
    writes = Writes() if writes is None else writes
    publish(app, writes, by, update, Audience(inboxes=(face.inbox,)))
    await apply(writes)


async def _may(group: Group, by: Actor, right: str) -> None:
    admit.actor(by)
    admit.right(await members.standing(group, by), right)
    if await stored.program(group.id) != "fedcomm":
        raise NotAllowed("The server of this group takes that from nobody here.")
