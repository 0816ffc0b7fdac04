"""The desk of a group of ours: what lies before those who look after it, told to the servers on which they live.

They ask for it when somebody looks at it, so that nothing of it is kept elsewhere: what people wrote who are not let in
yet, the settings, how newcomers are welcomed, the invitations (docs/decisions/0037-the-desk.md).
"""

from typing import Any

import msgspec

from activitypub.contexts import ACTIVITYSTREAMS
from activitypub.origins import host_of
from fedcomm import group_profile, letters, members, sanitise, topics
from fedcomm.app import App
from fedcomm.errors import NotAllowed
from fedcomm.group_profile import Change
from storage import actors, directory, registers
from storage import groups as stored
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.groups import Group
from storage.ids import next_id

_PROPERTIES = {"title": "profile:title", "summary": "profile:summary"}  # the others are called as the registers are


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


def uri_of(face: Actor) -> str:
    """The id of the desk of a group, here or elsewhere."""
    return f"{face.uri}/desk"


async def serves(group: Group, asker: Actor) -> bool:
    """Whether the server of who asks is told: somebody who looks after the group lives there."""
    return bool(asker.host) and asker.host in {host_of(uri) for uri in await members.leading(group)}


async def document(app: App, group: Group, face: Actor) -> dict[str, Any]:
    """The whole of it."""
    return {
        "@context": ACTIVITYSTREAMS,
        "id": uri_of(face),
        "type": "Object",
        "attributedTo": face.uri,
        "settings": msgspec.to_builtins(await settings(app, group, face)),
    }


async def settings(app: App, group: Group, face: Actor) -> Settings:
    """The settings as they are."""
    names, codes = (await directory.about([group.id]))[group.id]
    return Settings(
        title=face.name,
        summary=sanitise.text_of(face.summary),
        rules=tuple(await group_profile.rules(group.id)),
        join_mode=group.join_mode,
        question=group.question,
        posting=group.posting,
        votes=group.votes,
        closed=group.closed_at is not None,
        topics=tuple(names),
        languages=tuple(codes),
        listed=await topics.shown(group),
        visibility=group.visibility,
        ladder=bool(group.ladder),
        promotion=group.promotion,
    )


async def change_settings(app: App, group: Group, face: Actor, by: Actor, said: Settings, at: int | None) -> list[str]:
    """A steward elsewhere changes settings, as it was said at that time (ms since 1970; None: now).

    What somebody else has changed since then stays as it is; gives the names of that.

    Raises:
        NotAllowed: `by` is no steward, or would close the group to their own server.
        Invalid: no such settings; then none is changed.
    """
    if said.visibility == "local" and group.visibility != "local":
        raise NotAllowed("A group is made one of its own server alone by who lives there.")
    named = {name: value for name in Settings.__struct_fields__ if (value := getattr(said, name)) is not None}
    if "topics" in named:
        named["topics"] = topics.named(" ".join(named["topics"]))
    overtaken = await _overtaken(group, list(named), by, at)
    change = Change(**{name: value for name, value in named.items() if name not in overtaken})
    await group_profile.change(app, face.username, change, by)
    return overtaken


async def tell(app: App, group: int, actor: int, why: str) -> None:
    """The job: tell who looks after a group from elsewhere what of their doing was not taken."""
    _group, face = await stored.with_face(group)
    who = await actors.by_id(actor)
    if face is not None and not face.gone and who is not None:
        async with transaction():
            await letters.not_taken(app, writes := Writes(), face, who, why, next_id())
            await write(writes)


async def _overtaken(group: Group, names: list[str], by: Actor, at: int | None) -> list[str]:
    """Those of the settings that another has written after the time at which `by` did.

    What somebody claims about time gives no advantage: a time to come is as good as none.
    """
    if at is None:
        return []
    latest = await registers.latest(group.id, [_PROPERTIES.get(name, name) for name in names])
    return [
        name
        for name in names
        if (act := latest.get(_PROPERTIES.get(name, name))) is not None
        and act.effective and act.recorded_at > at and act.actor_uri != by.uri
    ]  # fmt: skip
