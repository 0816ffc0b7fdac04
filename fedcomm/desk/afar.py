"""What members of ours who look after a group elsewhere change on its desk.

It goes to the group, which takes it as far as they may, tells everybody as if it had been done there, and them what it
did not take. Only between servers of fedcomm.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

import storage.media
from activitypub.origins import origin
from fedcomm import clock, media, rights, tokens
from fedcomm.app import App
from fedcomm.desk.reading import may
from fedcomm.desk.values import Decision, Flair, Settings, Welcome, Work, uri_of
from fedcomm.errors import Invalid
from fedcomm.holding import MAX_REASON
from fedcomm.invites import MEMBERS_DAYS, MEMBERS_USES
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from fedcomm.pictures import Picture
from storage import jobs
from storage.actors import Actor
from storage.connect import Writes, apply, transaction, write
from storage.groups import Group
from storage.ids import next_id
from storage.outbox import Audience

# What acts take; others that to hold back.
_RIGHTS = {
    "take_out": rights.APPROVE, "let_in": rights.APPROVE, "unban": rights.BAN, "restore": rights.RESTORE,
    "undo": rights.APPOINT, "accept": rights.RESTORE, "reject": rights.RESTORE, "agree": rights.REMOVE,
    "decline": rights.RESTORE,
}  # fmt: skip
LENT = 172_800_000  # ms that a picture lies here for a group elsewhere


async def change_settings(app: App, group: Group, face: Actor, by: Actor, before: Settings, wanted: Settings) -> None:
    """Change what is otherwise in `wanted` than `by` saw it before; nothing is sent when that is nothing.

    Raises:
        NotAllowed: `by` may not do that from here.
    """
    await may(group, by, rights.SETTINGS)
    present, said = msgspec.to_builtins(before), msgspec.to_builtins(wanted)
    changed = {name: value for name, value in said.items() if value != present.get(name)}
    if changed:
        await _change(app, face, by, settings=changed)


async def decide(app: App, group: Group, face: Actor, by: Actor, decision: Decision) -> None:
    """Decide about a post that waits for a group elsewhere, or about somebody in it (`changing.decide`).

    Raises:
        NotAllowed: `by` may not do that from here.
        Invalid: the reason is too long, or there is none where an appeal is turned down.
    """
    await may(group, by, _RIGHTS.get(decision.act, rights.HOLD))
    if len(decision.reason.strip()) > MAX_REASON:
        raise Invalid("A reason may have {limit} characters.", field="reason", limit=MAX_REASON)
    if decision.act == "reject" and not decision.reason.strip():
        raise Invalid("Please give a reason, in at most {limit} characters.", field="reason", limit=MAX_REASON)
    await _change(app, face, by, decision=msgspec.to_builtins(decision))


async def work(app: App, group: Group, face: Actor, by: Actor, said: Work) -> None:
    """Do something with a report in a group elsewhere (`changing.work`).

    Raises:
        NotAllowed: `by` may not do that from here.
    """
    await may(group, by, rights.OVERSEE)
    await _change(app, face, by, work=msgspec.to_builtins(said))


async def change_welcome(app: App, group: Group, face: Actor, by: Actor, wanted: Welcome) -> None:
    """Change how a group elsewhere welcomes newcomers.

    Raises:
        NotAllowed: `by` may not do that from here.
    """
    await may(group, by, rights.WELCOME)
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
    await may(group, by, rights.SETTINGS)
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
    await may(group, by, rights.FLAIR)
    await _change(app, face, by, flairs=[msgspec.to_builtins(each) for each in wanted])


async def invite(app: App, group: Group, face: Actor, by: Actor, uses: int, days: int) -> str:
    """A link with which somebody comes into a group elsewhere, once its server has heard of it; the secret stays here.

    Raises:
        NotAllowed: `by` may not do that from here.
        Invalid: too many uses or days.
    """
    await may(group, by, rights.INVITE)
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
    await may(group, by, rights.INVITE)
    await _change(app, face, by, revoked=str(invitation))


async def _change(app: App, face: Actor, by: Actor, writes: Writes | None = None, **parts: Any) -> None:
    """It is for the group alone: what is taken of it, the group tells everybody as far as it is their business."""
    on_desk = {"id": uri_of(face), "type": "Object"} | parts
    update = activities.activity(
        "Update", app.urls.activity(next_id()), by.uri, on_desk, to=[face.uri], target=face.uri,
        published=activities.timestamp(clock.now_ms()),
    )  # fmt: skip
    writes = Writes() if writes is None else writes
    publish(app, writes, by, update, Audience(inboxes=(face.inbox,)))
    async with transaction():  # which may be that of what is kept here of it
        await write(writes)
