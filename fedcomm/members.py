"""Members of groups of ours: who is banned, who runs a group."""

from activitypub.contexts import PUBLIC
from fedcomm import admit, clock, finding, follows, groups, letters, moderation, rights, seconding, showing, verdicts
from fedcomm.app import App
from fedcomm.errors import Conflict, Invalid, NotAllowed, NotFound
from fedcomm.mapping import activities
from fedcomm.reach import inbox_of
from fedcomm.standing import Standing
from storage import actors, boosts, collections, members, posts, registers, removals, shares
from storage import follows as stored_follows
from storage import groups as stored_groups
from storage.actors import Actor
from storage.connect import Writes, apply, transaction, write
from storage.counting import hold_written
from storage.groups import Group
from storage.ids import next_id
from storage.members import Member


async def standing(group: Group, actor: Actor) -> Standing:
    """What an actor is in a group."""
    member = await members.of(group.id, actor.id)
    given = await registers.get(group.id, "role", actor.uri)
    role = (await roles(group)).get(actor.uri, "") if given is not None else ""
    return Standing(
        ban=await registers.get(group.id, "ban", actor.uri),
        member=member is not None and member.state == "joined",
        role=role,
        program=await stored_groups.program(group.id) if role and not group.local else None,
    )


async def roles(group: Group) -> dict[str, str]:
    """Who looks after a group: id -> role, the first appointed first. A group elsewhere says no more than who does."""
    holders = (await registers.holders([group.id])).get(group.id, [])
    return rights.in_force(holders) if group.local else dict(holders)


async def leading(group: Group) -> list[str]:
    """Ids of those who look after a group, stewards and moderators, the first appointed first."""
    return list(await roles(group))


async def leaders(face: Actor) -> list[Actor]:
    """Who looks after the group with this face, as far as they are known here and are people."""
    group = await stored_groups.by_actor(face.id)
    found = await actors.by_uris(await leading(group)) if group is not None else {}
    return [who for who in found.values() if who.kind == "Person" and not who.gone]


async def ban(
    app: App,
    group_name: str,
    who: str,
    by: Actor | None = None,
    until: int | None = None,
    reason: str = "",
    remove: bool = False,
    *,
    seconded: bool = False,
) -> Actor:
    """Ban somebody, by handle or id, from one of our groups; followers' servers are told (`endTime` and `expires`).

    `by` is a moderator, None whoever runs the server. With `remove` all they wrote in the group is taken out of it;
    who took out very much lately only hides it until somebody else agrees (`seconding.py`), unless it is `seconded`.

    Raises:
        NotFound: there is no such group, or nobody of that name.
        NotAllowed: `by` is no moderator of the group, or the one who would be banned, or that is the group; who looks
            after the group is banned by stewards only.
        Invalid: an end that is past, or the server of a handle that is not known does not answer.
    """
    group, face = await groups.named(group_name)
    actor_uri = await who_acts(group, face, by, rights.BAN)
    if until is not None and until <= clock.now_ms():
        raise Invalid("A ban ends in the future.", field="until")
    subject = await somebody(app, who)
    if subject.id in (face.id, by.id if by is not None else 0):
        raise NotAllowed("Nobody bans themselves.")
    if by is not None and subject.uri in await leading(group):
        admit.right(await standing(group, by), rights.APPOINT)
    uri = app.urls.activity(next_id())
    async with transaction():
        waits = remove and by is not None and not seconded and await seconding.waits(group, by)
        remove, writes = remove and not waits, Writes()
        if remove:
            await seconding.settle(app, group, face, subject, actor_uri)
            await withdraw_threads(app, writes, group, face, subject)
        moderation.record_ban(
            app, writes, group, face, subject, actor_uri, uri, until=until, reason=reason, remove=remove
        )
        if waits and by is not None:
            await seconding.propose_all(app, writes, group, face, subject, by, reason, until)
        await verdicts.banned(app, writes, group, face, subject, until=until, reason=reason)
        await end_role(app, writes, group, face, subject, actor_uri, await speaker(app, group, face, actor_uri))
        said_by = await speaker(app, group, face, actor_uri)
        block = activities.block(uri, said_by, subject.uri, face.uri, until, reason, remove=remove)
        groups.pass_on(app, writes, group, face, block, also=await verdicts.server_of(group, subject))
        await write(writes)
        if (known := await members.of(group.id, subject.id)) is not None and known.state != "left":
            await expel(app, group, face, subject, reason)
    return subject


async def unban(app: App, group_name: str, who: str, by: Actor | None = None) -> Actor:
    """Lift a ban; who still follows the group from elsewhere is a member again.

    Raises:
        NotFound: there is no such group, or nobody of that name is banned from it.
        NotAllowed: `by` is no moderator of the group.
        Invalid: the server of a handle that is not known does not answer.
    """
    group, face = await groups.named(group_name)
    actor_uri = await who_acts(group, face, by, rights.BAN)
    subject = await somebody(app, who)
    banned = await registers.winner(group.id, "ban", subject.uri)
    if banned is None or banned.value is None:
        raise NotFound("{handle} is not banned from this group.", handle=f"@{subject.acct}")
    uri = app.urls.activity(next_id())
    said_by = await speaker(app, group, face, actor_uri)
    undone = banned.uri if banned.actor_uri == said_by else f"{uri}#undone"
    block = activities.block(undone, said_by, subject.uri, face.uri, reason=banned.summary)
    async with transaction():
        writes = Writes()
        await show_threads_again(app, writes, group, face, subject)
        moderation.record_unban(app, writes, group, face, subject, actor_uri, uri, undone)
        await verdicts.lifted(app, writes, group, face, subject)
        await take_in_again(writes, group, face, subject)
        undo = activities.activity("Undo", uri, said_by, block, to=[PUBLIC], cc=[face.uri], audience=face.uri)
        groups.pass_on(app, writes, group, face, undo, also=await verdicts.server_of(group, subject))
        await write(writes)
    return subject


async def appoint(app: App, group_name: str, who: Actor, by: Actor | None = None, role: str = rights.MODERATOR) -> None:
    """Make somebody a moderator or steward of one of our groups; once is enough. `by` is a steward.

    Raises:
        NotFound: there is no such group.
        NotAllowed: `by` is no steward of the group.
        Conflict: who is appointed is banned from the group, or lives elsewhere when it is for this server alone, or is
            its only steward, who would be no steward any more.
        Invalid: no person, or there is no such role.
    """
    group, face = await groups.named(group_name)
    actor_uri = await who_acts(group, face, by, rights.APPOINT)
    if role not in (rights.MODERATOR, rights.STEWARD):
        raise Invalid("Who looks after a group is its moderator or its steward.", field="role")
    if who.kind != "Person":
        raise Invalid("Only people look after a group.", field="who")
    if group.visibility == "local" and not who.local:
        raise Conflict("{handle} lives on another server, where nothing of this group is shown.", handle=f"@{who.acct}")
    if admit.banned(await registers.get(group.id, "ban", who.uri)):
        raise Conflict("{handle} is banned from this group.", handle=f"@{who.acct}")
    given = dict((await registers.holders([group.id])).get(group.id, []))
    if given.get(who.uri) == role:
        return
    if by is not None and given.get(who.uri) == rights.STEWARD:
        await another_steward(group, who.uri)
    if role == rights.STEWARD:
        writes = Writes()
        await keep_stewards(app, writes, group, face, who.uri, actor_uri)
        await apply(writes)
    await _give_role(app, group, face, who, actor_uri, given.get(who.uri, ""), role)


async def dismiss(app: App, group_name: str, who: Actor, by: Actor | None = None) -> None:
    """Somebody is no moderator or steward of one of our groups any more; `who` and `by` are one for who steps down.

    Raises:
        NotFound: there is no such group, or `who` does not look after it.
        NotAllowed: `by` is no steward of the group, and not `who`.
        Conflict: no steward would be left (attack GRP-22); whoever runs the server may do it.
    """
    group, face = await groups.named(group_name)
    stepping_down = by is not None and by.id == who.id
    actor_uri = await who_acts(group, face, by, rights.OVERSEE if stepping_down else rights.APPOINT)
    before = registers.role(await registers.get(group.id, "role", who.uri))
    if before == "":
        raise NotFound("{handle} does not moderate this group.", handle=f"@{who.acct}")
    if by is not None:
        await another_steward(group, who.uri)
    await _give_role(app, group, face, who, actor_uri, before, "")


async def is_last_steward(group: Group, uri: str) -> bool:
    """Whether a group would have no steward without somebody (attack GRP-22)."""
    return [who for who, role in (await roles(group)).items() if role == rights.STEWARD] == [uri]


async def withdraw_threads(app: App, writes: Writes, group: Group, face: Actor, subject: Actor) -> None:
    """Take back what the group announced of somebody whose posts go out of it."""
    beside = await posts.by_ids(await shares.by_author(group.id, subject.id))
    hold_written(writes, subject.id, group.id, list(beside))
    for post in (await posts.by_ids(await removals.standing(group.id, subject.id))).values():
        if (boost := await boosts.of(face.id, post.id)) is not None:
            groups.take_back(app, writes, group, face, post, boost.uri)
    answers = await posts.by_ids(await removals.retold(face.uri, group.id, subject.id, again=False))
    for answer in answers.values():
        groups.unretell(app, writes, answer)
    await showing.withdraw(app, writes, group, face, [beside[post_id] for post_id in sorted(beside)])


async def show_threads_again(app: App, writes: Writes, group: Group, face: Actor, subject: Actor) -> None:
    """Announce anew what a ban took out of the group."""
    hold_written(writes, subject.id, group.id)
    for post in (await posts.by_ids(await removals.out_by_ban(group.id, subject.id))).values():
        groups.show_limited(app, writes, group, face, post)
    answers = await posts.by_ids(await removals.retold(face.uri, group.id, subject.id, again=True))
    for answer in answers.values():
        groups.retell_answer(app, writes, answer)


async def take_in_again(writes: Writes, group: Group, face: Actor, subject: Actor) -> None:
    """Who was banned and never stopped following is a member again."""
    follow = await stored_follows.of(subject.id, face.id)
    if follow is not None and follow.state == "accepted":
        members.put(writes, Member(group.id, subject.id, "joined", subject.host, clock.now_ms(), None))


async def who_acts(group: Group, face: Actor, by: Actor | None, right: str) -> str:
    """The id of the one in whose name it is done: `by`, who must have the right, or None for who runs the server.

    That is an admin of ours, since Lemmy and PieFed hear about a group only from people (`ObjectId<ApubPerson>` in
    Lemmy 1.0-beta); without one the group itself.

    Raises:
        NotAllowed: `by` does not have that right in the group.
    """
    if by is None:
        admins = [admin for admin in await collections.admins() if not admin.gone]
        return admins[0].uri if admins else face.uri
    admit.actor(by)
    admit.right(await standing(group, by), right)
    return by.uri


async def speaker(app: App, group: Group, face: Actor, by: str) -> str:
    """In whose name a group of ours tells other servers what `by` (an id) did here: theirs, if they live here.

    Who looks after it from elsewhere has said nothing that others could ask their server for, and an act under an id
    of ours counts for nobody else: as for who runs the server (`who_acts`). The log has their name.
    """
    return by if app.urls.own(by) else await who_acts(group, face, None, rights.OVERSEE)


async def somebody(app: App, who: str) -> Actor:
    """Whom a handle or an id names, here or elsewhere; by the id also who is gone, since a ban of theirs may stand.

    Raises:
        NotFound: there is nobody of that name.
        Invalid: its server does not answer.
    """
    return await actors.by_uri(who) or await finding.somebody(app, who)


async def another_steward(group: Group, uri: str) -> None:
    """Whether a group has a steward beside somebody.

    Raises:
        Conflict: it has none.
    """
    if await is_last_steward(group, uri):
        raise Conflict("A group needs a steward. Please make somebody else its steward first.")


async def keep_stewards(app: App, writes: Writes, group: Group, face: Actor, new: str, actor_uri: str) -> None:
    """Somebody becomes steward: who has stood in for one stays one beside them (decision 26)."""
    given = dict((await registers.holders([group.id])).get(group.id, []))
    for uri, now in rights.in_force(given.items()).items():
        if now != given[uri] and uri != new:
            name = app.urls.activity(next_id())
            moderation.record_role(app, writes, group, face, uri, actor_uri, name, given=True, role=rights.STEWARD)


async def end_role(
    app: App, writes: Writes, group: Group, face: Actor, subject: Actor, by: str, speaker: str
) -> None:  # fmt: skip
    """Who is banned by `by` looks after the group no more, if they did; part of what is written with the ban.

    Said aloud, too, by `speaker`: a ban alone leaves them on the lists that other servers keep of who looks after it.
    """
    before = registers.role(await registers.get(group.id, "role", subject.uri))
    if not before:
        return
    ((dismissal, _none),) = changes_of_lists(app, face, subject.uri, speaker, before, "")
    moderation.record_role(app, writes, group, face, subject.uri, by, dismissal["id"], given=False)
    groups.pass_on(app, writes, group, face, dismissal, also=told(subject))


async def expel(app: App, group: Group, face: Actor, subject: Actor, reason: str = "") -> None:
    """Somebody was banned, for that reason, and is no member any more; joins the transaction of the ban."""
    if subject.local:
        await follows.record_end(app, subject.id, face.id)
        return
    known = await stored_follows.of(subject.id, face.id)
    if known is not None and (group.visibility != "public" or known.state == "pending"):
        # Their server gets nothing for them (any more), and is told so (attack GRP-20).
        return await follows.refuse(app, face, subject, known.uri, reason)
    # The follow of somebody elsewhere stays: without it their server would not learn of an unban (cohosting.md §12.3).
    writes = Writes()
    members.leave(writes, group.id, subject.id, clock.now_ms())
    await write(writes)


async def _give_role(app: App, group: Group, face: Actor, who: Actor, by: str, before: str, role: str) -> None:
    """Write it, '' for no role, and tell followers' servers."""
    changes = changes_of_lists(app, face, who.uri, await speaker(app, group, face, by), before, role)
    async with transaction():
        writes = Writes()
        moderation.record_role(
            app, writes, group, face, who.uri, by, changes[-1][0]["id"], given=bool(role), role=role or rights.MODERATOR
        )
        for change, _role in changes:
            groups.pass_on(app, writes, group, face, change, also=told(who))
        if not (before or who.local):
            await letters.appointed(app, writes, face, who, next_id())
        await write(writes)


def told(subject: Actor) -> tuple[str, ...]:
    """Where somebody elsewhere learns that their role in a group has changed: nobody else there need follow it."""
    return () if subject.local or subject.gone else (inbox_of(subject, public=True),)


def changes_of_lists(
    app: App, face: Actor, uri: str, by: str, before: str, role: str
) -> list[tuple[activities.Json, str]]:
    """The activities by which somebody gets another role in a group, '' for none, each with the role until then.

    Stewards are on the list of moderators like all who look after a group, which is what other programs know; fedcomm
    has a list of its own for them besides.
    """
    changes: list[tuple[str, str, str]] = []
    if not role:
        changes.append(("Remove", face.moderators, ""))
    elif not before:
        changes.append(("Add", face.moderators, rights.MODERATOR))
    if role == rights.STEWARD:
        changes.append(("Add", moderation.stewards_of(face), role))
    elif role and before == rights.STEWARD:
        changes.append(("Remove", moderation.stewards_of(face), role))
    return [
        (
            activities.activity(
                kind,
                app.urls.activity(next_id()),
                by,
                uri,
                to=[PUBLIC],
                cc=[face.uri],
                target=target,
                audience=face.uri,
            ),
            now,
        )
        for kind, target, now in changes
    ]
