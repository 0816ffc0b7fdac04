"""Whom moderators mark as promotional in a group: each thread of theirs is an announcement there (features.md S0.2).

Where the group limits announcements, they answer other people before the next one, as programs do. Who is trusted has
no limits, so the one mark ends the other.
"""

from fedcomm import acts, groups, holding, members, rights
from fedcomm.app import App
from fedcomm.errors import NotAllowed, NotFound
from storage import actors, held, posts, registers
from storage import members as stored_members
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.counting import hold
from storage.groups import Group
from storage.ids import next_id


async def mark(app: App, group_name: str, actor_id: int, by: Actor | None) -> Actor:
    """Mark somebody as promotional in a group of ours; once is enough.

    Raises:
        NotFound: there is no such group or account, or they never came to it.
        NotAllowed: `by` may not decide that in the group, or it is a group or looks after this one.
    """
    return await _set(app, group_name, actor_id, by, marked=True)


async def unmark(app: App, group_name: str, actor_id: int, by: Actor | None) -> Actor:
    """Take the mark away; what waits of theirs since it announced is judged anew.

    Raises:
        NotFound: there is no such group or account.
        NotAllowed: `by` may not decide that in the group.
    """
    who = await _set(app, group_name, actor_id, by, marked=False)
    group, _face = await groups.named(group_name)
    await holding.take_up_of(app, group.id, who.id, ("promotion",))
    return who


async def _check(group: Group, who: Actor) -> None:
    """Only who writes in the group, or could, and is bound by its limits: for others a mark says nothing."""
    if who.kind == "Group":
        raise NotAllowed("Groups are not marked as promotional, only people and programs.")
    if who.uri in await members.leading(group):
        raise NotAllowed(
            "{handle} looks after this group, and is not marked as promotional in it.", handle=f"@{who.acct}"
        )
    came = await stored_members.of(group.id, who.id) is not None or await posts.wrote_in(who.id, group.id)
    if not came and not await held.of_author(group.id, who.id):
        raise NotFound("{handle} was never in this group.", handle=f"@{who.acct}")


async def _set(app: App, group_name: str, actor_id: int, by: Actor | None, *, marked: bool) -> Actor:
    group, face = await groups.named(group_name)
    actor_uri = await members.who_acts(group, face, by, rights.HOLD)
    who = await actors.by_id(actor_id)
    if who is None or (marked and who.gone):
        raise NotFound("There is no such account.")
    if marked:
        await _check(group, who)
    async with transaction():
        hold(writes := Writes(), "groups", group.id)
        await write(writes)
        writes, uri = Writes(), app.urls.activity(next_id())
        if marked != (await registers.get(group.id, "promotional", who.uri) is not None):
            value = {"promotional": True} if marked else None
            acts.record(app, writes, group, face, "promotional", who.uri, value, by=actor_uri, uri=uri)
        if marked and await registers.get(group.id, "trusted", who.uri) is not None:
            acts.record(app, writes, group, face, "trusted", who.uri, None, by=actor_uri, uri=f"{uri}#trusted")
        if writes:
            await write(writes)
    return who
