"""Deciding about what a moderator would take out and may not alone (`seconding.py`): somebody else agrees, or not."""

import msgspec

import storage.groups
from fedcomm import admit, audit, curation, members, powers, rights, seconding
from fedcomm.app import App
from fedcomm.errors import Conflict, NotAllowed, NotFound
from storage import actors, posts, registers
from storage.accounts import Account
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.groups import Group
from storage.registers import Act


class _Ban(msgspec.Struct, frozen=True):
    until: int | None = None  # ms since 1970


async def agree(app: App, group_id: int, subject: str, by: Actor, *, server: Account | None = None) -> None:
    """What was proposed about a post or a person (by their ids) is done, and told to every server.

    Who proposed it does not agree with themselves, but where nobody else is left.

    Raises:
        NotFound: nothing is proposed about them (any more).
        NotAllowed: `by` does not decide that.
        Conflict: who should be banned is not any more.
    """
    async with transaction():
        group, face, proposed = await _place(group_id, subject, by, rights.REMOVE, server)
        if proposed.actor_uri == by.uri and await seconding.others(group, by.uri):
            raise NotAllowed("Somebody else has to agree.")
        post = await posts.by_uri(subject)
        act = seconding.over(app, writes := Writes(), group, face, proposed, by.uri)
        if post is not None:
            seconding.show(app, writes, act, post)
            await write(writes)
            await curation.remove_seconded(app, by, post.id, proposed, server=server)
        else:
            await _ban(app, writes, group, face, by, proposed, act, server)
        await _noted(server, "post.remove", subject)


async def decline(app: App, group_id: int, subject: str, by: Actor, *, server: Account | None = None) -> None:
    """What was proposed about a post or a person is not done: what was hidden is in the group as before.

    Raises:
        NotFound: nothing is proposed about them (any more).
        NotAllowed: `by` does not decide that.
    """
    async with transaction():
        group, face, proposed = await _place(group_id, subject, by, rights.RESTORE, server)
        act = seconding.over(app, writes := Writes(), group, face, proposed, by.uri)
        post, who = await posts.by_uri(subject), await actors.by_uri(subject)
        if post is not None:
            seconding.show(app, writes, act, post)
        elif who is not None:
            seconding.show_all(app, writes, group, act, who)
        await write(writes)
        await _noted(server, "post.restore", subject)


async def subject_of(group: Group, number: int) -> str:
    """About what or whom it is that is proposed under a number.

    Raises:
        NotFound: nothing is, in this group (any more).
    """
    act = (await registers.acts([number])).get(number)
    if act is None or act.group_id != group.id or act.property != seconding.PROPERTY or act.value is None:
        raise NotFound("There is no such post in the group.")
    proposed = await registers.winner(group.id, seconding.PROPERTY, act.subject)
    if proposed is None or proposed.id != number:
        raise NotFound("Nothing waits here any more: it was decided meanwhile.")
    return act.subject


async def _ban(
    app: App, writes: Writes, group: Group, face: Actor, by: Actor, proposed: Act, act: Act, server: Account | None
) -> None:  # fmt: skip
    """They are banned once more, now with all that they wrote."""
    who = await actors.by_uri(proposed.subject)
    if who is None:
        raise NotFound("There is no such account.")
    if not admit.banned(await registers.get(group.id, "ban", who.uri)):
        raise Conflict("{handle} is not banned from this group any more.", handle=f"@{who.acct}")
    seconding.show_all(app, writes, group, act, who)
    await write(writes)
    until = msgspec.json.decode(proposed.value or "{}", type=_Ban).until
    mine = None if server is not None else by
    await members.ban(app, face.username, who.uri, mine, until, proposed.summary, remove=True, seconded=True)


async def _place(
    group_id: int, subject: str, by: Actor, right: str, server: Account | None
) -> tuple[Group, Actor, Act]:  # fmt: skip
    group, face = await storage.groups.with_face(group_id)
    if group is None or face is None or not group.local:
        raise NotFound("There is no such group.")
    admit.actor(by)
    if server is not None:
        powers.require(server, powers.REPORTS)
    else:
        admit.right(await members.standing(group, by), right)
    proposed = await seconding.standing(group, subject)
    if proposed is None:
        raise NotFound("Nothing waits here any more: it was decided meanwhile.")
    return group, face, proposed


async def _noted(server: Account | None, act: str, subject: str) -> None:
    if server is not None:
        await audit.record(server, act, subject)
