"""Members of groups of ours: who is banned, who runs a group."""

from activitypub.errors import ProtocolError, Unreachable
from fedcomm import acts, admit, clock, fetching, follows, groups, moderation
from fedcomm.admit import Standing
from fedcomm.app import App
from fedcomm.errors import Invalid, NotAllowed, NotFound
from fedcomm.mapping import activities
from storage import actors, members, registers
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.groups import Group
from storage.ids import next_id


async def standing(group: Group, actor: Actor) -> Standing:
    """What an actor is in a group."""
    member = await members.of(group.id, actor.id)
    return Standing(
        ban=await registers.get(group.id, "ban", actor.uri),
        member=member is not None and member.state == "joined",
        moderator="moderator" in (await registers.get(group.id, "role", actor.uri) or ""),
    )


async def moderators(group_id: int) -> list[str]:
    """Ids of those who moderate a group, in the order in which they were appointed."""
    return [r.subject for r in await registers.all_of(group_id, "role") if r.value and "moderator" in r.value]


async def ban(
    app: App, group_name: str, who: str, by: Actor | None = None, until: int | None = None, reason: str = ""
) -> Actor:
    """Ban somebody, by handle or id, from one of our groups; followers' servers are told (`endTime` and `expires`).

    Raises:
        NotFound: there is no such group, or nobody of that name.
        NotAllowed: `by` is no moderator of the group.
        Invalid: the server of a handle that is not known does not answer.
    """
    group, face = await groups.named(group_name)
    if by is not None:
        admit.moderating(await standing(group, by))
    subject = await _somebody(app, who)
    if subject.uri in await moderators(group.id) and by is not None and subject.id == by.id:
        raise NotAllowed("Nobody bans themselves.")
    actor_uri = by.uri if by is not None else face.uri
    uri = app.urls.activity(next_id())
    async with transaction():
        writes = Writes()
        moderation.record_ban(app, writes, group, face, subject, actor_uri, uri, until=until, reason=reason)
        groups.pass_on(app, writes, face, _block(uri, actor_uri, subject, face, until, reason))
        await write(writes)
        if (known := await members.of(group.id, subject.id)) is not None and known.state != "left":
            await _expel(app, face, subject)
    return subject


async def appoint(app: App, group_name: str, who: Actor, by: Actor | None = None) -> None:
    """Make somebody a moderator of one of our groups.

    Raises:
        NotFound: there is no such group.
        NotAllowed: `by` is no moderator of the group.
    """
    group, face = await groups.named(group_name)
    if by is not None:
        admit.moderating(await standing(group, by))
    uri = app.urls.activity(next_id())
    actor_uri = by.uri if by is not None else face.uri
    async with transaction():
        writes = Writes()
        acts.record(app, writes, group, face, "role", who.uri, {"role": "moderator"}, by=actor_uri, uri=uri)
        add = activities.activity(
            "Add", uri, actor_uri, who.uri, to=[activities.PUBLIC], cc=[face.uri], target=face.moderators
        )
        groups.pass_on(app, writes, face, add)
        await write(writes)


async def _expel(app: App, face: Actor, subject: Actor) -> None:
    if subject.local:
        await follows.record_end(app, subject.id, face.id)
    # The follow of somebody elsewhere stays: without it their server would not learn of an unban (cohosting.md §12.3).
    else:
        group = await groups.named(face.username)
        writes = Writes()
        members.leave(writes, group[0].id, subject.id, clock.now_ms())
        await write(writes)


def _block(uri: str, actor_uri: str, subject: Actor, face: Actor, until: int | None, reason: str) -> activities.Json:
    ends = activities.timestamp(until) if until is not None else None
    return activities.activity(
        "Block", uri, actor_uri, subject.uri, to=[activities.PUBLIC], cc=[face.uri], target=face.uri, audience=face.uri,
        endTime=ends, expires=ends, summary=reason or None, removeData=False,
    )  # fmt: skip


async def _somebody(app: App, who: str) -> Actor:
    try:
        found = await actors.by_uri(who) if "://" in who else await fetching.handle(app, who)
        return found or await fetching.actor(app, who)
    except Unreachable as fault:
        raise Invalid("The server of {who} cannot be reached: {fault}", who=who, fault=fault) from fault
    except ProtocolError as fault:
        raise NotFound("{who} was not found: {fault}", who=who, fault=fault) from fault
