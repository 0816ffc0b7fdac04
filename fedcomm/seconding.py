"""A second pair of eyes: who took many posts out of a group within an hour takes out no more by themselves.

What they take out beyond that is proposed: hidden here at once, so that nobody here reads a wave of spam, and told to
no other server until somebody else who looks after the group, or after this server, agrees (`proposals.py`). A ban that
takes out all of somebody counts as one; it is undone by one act. docs/decisions/0053-a-second-pair-of-eyes.md.
"""

import storage.accounts
from fedcomm import acts, admit, clock, letters, rights, settling, staff_mail
from fedcomm.app import App
from storage import actors, docket, events, fragments, registers, removals, talks
from storage.actors import Actor
from storage.connect import Writes, write
from storage.groups import Group
from storage.ids import next_id
from storage.posts import Post
from storage.registers import Act

HOUR = 3_600_000  # ms
PROPERTY = "proposed"  # of the register, about a post or a person


async def waits(group: Group, by: Actor) -> bool:
    """Whether what somebody takes out of a group of ours now waits for somebody else, in the present transaction.

    Until that ends nothing else is counted for them in this group, whichever process or server it comes by.
    """
    registers.hold(writes := Writes(), group.id, "role", by.uri)
    await write(writes)
    done = await registers.taken_out(group.id, by.uri, clock.now_ms() - HOUR)
    return not admit.removing(done, others=True) and not admit.removing(done, others=bool(await others(group, by.uri)))


async def others(group: Group, uri: str) -> list[Actor]:
    """Who could agree instead of somebody: who else looks after the group; without such, who looks after the server."""
    holders = (await registers.holders([group.id])).get(group.id, [])
    leading = [who for who in rights.in_force(holders) if who != uri]
    found = [who for who in (await actors.by_uris(leading)).values() if who.kind == "Person" and not who.gone]
    staff = (await actors.by_ids(await storage.accounts.staff())).values()
    return found or [who for who in staff if who.uri != uri and not who.gone]


async def propose(
    app: App, writes: Writes, group: Group, face: Actor, post: Post, by: Actor, uri: str, reason: str
) -> None:
    """A moderator would take a post out: it is hidden until somebody else has looked at it."""
    await _ask(app, writes, group, face, by)
    act = _record(app, writes, group, face, post.uri, {"proposed": True}, by.uri, uri, reason)
    registers.take_effect(writes, act, "post", post.id, removed_at=clock.now_ms())
    _changed(app, writes, post)
    events.tell(writes, "removed", post.id)


async def propose_all(
    app: App, writes: Writes, group: Group, face: Actor, subject: Actor, by: Actor, reason: str, until: int | None
) -> None:
    """A moderator has banned somebody and would take all that they wrote out: it is hidden as well."""
    await _ask(app, writes, group, face, by)
    value = {"ban": True} | ({"until": until} if until is not None else {})
    act = _record(app, writes, group, face, subject.uri, value, by.uri, app.urls.activity(next_id()), reason)
    removals.take_out(writes, act, subject.id, None, clock.now_ms())
    _changed_all(app, writes, group, subject)


async def standing(group: Group, subject: str) -> Act | None:
    """What is proposed about a post or a person; None when nothing is. Nobody else decides it meanwhile."""
    registers.hold(writes := Writes(), group.id, PROPERTY, subject)
    await write(writes)
    found = await registers.winner(group.id, PROPERTY, subject)
    return found if found is not None and found.value is not None else None


def over(app: App, writes: Writes, group: Group, face: Actor, proposed: Act, by: str) -> Act:
    """Nothing is proposed any more: somebody (their id) has decided, and what they decided is written with it."""
    uri = app.urls.activity(next_id())
    return _record(app, writes, group, face, proposed.subject, None, by, uri, "", undoes=proposed.uri)


def show(app: App, writes: Writes, act: Act, post: Post) -> None:
    """With `over`: a post that was hidden is in the group as before."""
    registers.take_effect(writes, act, "post", post.id, removed_at=None)
    _changed(app, writes, post)


def show_all(app: App, writes: Writes, group: Group, act: Act, subject: Actor) -> None:
    """With `over`: as `show`, all of somebody."""
    removals.put_back(writes, act, subject.id)
    _changed_all(app, writes, group, subject)


async def settle(app: App, group: Group, face: Actor, subject: Actor, by: str) -> None:
    """Before somebody (their id) takes out all of a person: what is proposed of that is over, and in the group.

    So what is taken out is all of it: it stands in the log, other servers are told, and it comes back with the rest.
    """
    found, holding, writes = await registers.proposed_about(group.id, subject.uri, subject.id), Writes(), Writes()
    if not found:
        return
    for each in found:
        registers.hold(holding, group.id, PROPERTY, each.subject)
    await write(holding)
    found = await registers.proposed_about(group.id, subject.uri, subject.id)  # that nobody has decided meanwhile
    posts = await docket.posts_at([each.subject for each in found])
    for each in found:
        act = over(app, writes, group, face, each, by)
        if (post := posts.get(each.subject)) is not None:
            show(app, writes, act, post)
        else:
            show_all(app, writes, group, act, subject)
    await write(writes)


def _record(
    app: App, writes: Writes, group: Group, face: Actor, subject: str, value: acts.Value, by: str, uri: str,
    reason: str, undoes: str | None = None,
) -> Act:  # fmt: skip
    return acts.record(
        app, writes, group, face, PROPERTY, subject, value, by=by, uri=uri, summary=reason, undoes=undoes
    )


async def _ask(app: App, writes: Writes, group: Group, face: Actor, by: Actor) -> None:
    """Tell those who can agree, once an hour for each moderator."""
    if await registers.proposed(group.id, by.uri, clock.now_ms() - HOUR):
        return
    await staff_mail.of_groups(app, writes, asked := await others(group, by.uri))
    for who in asked:
        link = f"{app.base_url}/moderation" if who.local else await letters.where_decided(face, who)
        await letters.proposed(app, writes, face, who, by, link, next_id())


def _changed(app: App, writes: Writes, post: Post) -> None:
    talks.again(writes, post)
    if post.starter:
        settling.later(app, writes, post.author_id)
    writes.after(lambda: app.forget_post(post.id))


def _changed_all(app: App, writes: Writes, group: Group, subject: Actor) -> None:
    settling.later(app, writes, subject.id)
    talks.of_person(writes, subject.id, group.id)
    fragments.forget_actor_later(writes, subject.id)
