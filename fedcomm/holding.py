"""Posts from elsewhere that wait before they are in a group of ours: why their authors are told, and what lets them in.

What is let in is taken up as if it had just come (`storage/held.py`). docs/decisions/0025-holding.md says who is asked
for what, and why nothing of members here ever waits.
"""

from collections.abc import Sequence

import msgspec

from activitypub import documents, parse
from activitypub.objects import Note
from fedcomm import (
    acts,
    clock,
    groups,
    held_letters,
    intake,
    letters,
    mapping,
    members,
    reviews,
    rights,
    sanitise,
    speech,
)
from fedcomm.app import App
from fedcomm.errors import Conflict, Invalid, NotFound
from fedcomm.standing import Wait
from storage import actors, bus, held, registers
from storage import groups as stored
from storage.actors import Actor
from storage.circumstances import Circumstances
from storage.connect import Writes, transaction, write
from storage.counting import hold
from storage.groups import Group
from storage.held import Asked, Held
from storage.ids import next_id
from storage.reviews import Review

MAX_REASON = 500  # characters


class Waiting(msgspec.Struct, frozen=True):
    """A post that waits, as moderators see it before they decide; texts are clean."""

    held: Held
    author: Actor
    title: str
    warning: str
    html: str
    pictures: int
    url: str  # where its author's server shows it
    answer: bool


def keep(app: App, writes: Writes, kept: Held, why: Wait, known: Circumstances) -> None:
    """Let a post wait; its author is told why, once for each reason and each version of the rules."""
    held.put(writes, kept)
    kind = why.kind if why.kind in ("rules", "promotion", "flood", "slow", "cooldown") else "newcomer"
    asked = Asked(kept.group_id, kept.actor_id, kind, known.rules if kind == "rules" else "")
    held.tell_once(writes, asked, next_id(), clock.now_ms())
    app.jobs_added(writes)


async def tell(app: App, group: int, actor: int, kind: str, version: str) -> None:
    """Tell somebody why a post of theirs waits, or is not in the group.

    Whose server passes no messages on agrees to rules by joining.

    Raises:
        Unreachable: it is not known yet what their server runs (`letters.learn`).
    """
    stored_group, face = await stored.with_face(group)
    author = await actors.by_id(actor)
    if stored_group is None or face is None or face.gone or author is None or author.gone:
        return
    await letters.learn(app, author)
    if app.peers.deaf(author.host):
        if (await members.standing(stored_group, author)).member:
            held.take_up_later(writes := Writes(), group, actor, next_id(), clock.now_ms())
            app.jobs_added(writes)
            async with transaction():
                await write(writes)
        return
    saying = await held_letters.waits(app, stored_group, face, author, kind)
    async with transaction():
        post_id = next_id()
        if await held.take(Asked(group, actor, kind, version), post_id):
            await speech.privately(app, writes := Writes(), face, post_id, saying)
            await write(writes)


async def take_up(app: App, group: int, actor: int) -> None:
    """Somebody has agreed to the rules: what waited for that comes once more, in order, to be judged anew."""
    await take_up_of(app, group, actor, ("rules",))


async def take_up_cooled(app: App, group: int) -> None:
    """A thread of a group is open again: what waited for that comes once more."""
    await take_up_of(app, group, 0, (held.COOLDOWN,))


async def take_up_of(app: App, group: int, actor: int, kinds: Sequence[str]) -> None:
    """What waits of somebody (0: of everybody) for one of these reasons comes once more, in order."""
    for each in await held.of_author(group, actor, kinds):
        async with transaction():
            hold(writes := Writes(), "groups", group)
            await write(writes)
            kept = await held.by_id(each.id)
            if kept is not None and kept.state == held.WAITING:
                once_more(app, writes := Writes(), kept)
                held.drop(writes, kept.id)
                await write(writes)
    app.intake.more()


def once_more(app: App, writes: Writes, kept: Held) -> None:
    """A post that waits comes as if it had just come; nothing when it does not wait any more."""
    held.take_up(writes, kept, next_id(), intake.mark(kept.signer, f"{kept.post_uri} {kept.id}"))
    if not app.intake.alone:
        bus.add(writes, "inbox", "")


async def waiting(group: Group, limit: int) -> list[Waiting]:
    """What waits for a group, the longest first."""
    found = await held.of_group(group.id, limit)
    people = await actors.by_ids(list({each.actor_id for each in found}))
    return [_waiting(each, people[each.actor_id]) for each in found if each.actor_id in people and each.body]


def words(kept: Held, longest: int) -> dict[str, str]:
    """The title of a post that waits and its text, both plain; where it is folded away, what stands on the fold."""
    note = _note(kept)
    text = mapping.posts.summary(note) or sanitise.text_of(mapping.posts.shown(note))
    return {"title": mapping.posts.title(note), "text": text[:longest]}


async def release(app: App, group_name: str, held_id: int, by: Actor | None, *, trust: bool = False) -> None:
    """Let a post in that waits; once is enough. With `trust` nothing of its author's waits there any more, ever.

    Raises:
        NotFound: there is no such group, or nothing waits there under that number.
        NotAllowed: `by` may not decide that in the group.
        Conflict: somebody has turned it away.
    """
    if (out := await _out(group_name, held_id, by)) is not None:
        await reviews.let_in(app, out, by)
        if trust:
            await _trust_author(app, group_name, out.post.author_id, by)
        return
    group, face, kept, actor_uri = await _place(app, group_name, held_id, by)
    if kept.state == held.REFUSED:
        raise Conflict("This post was turned away already.")
    author = await actors.by_id(kept.actor_id) if trust else None
    await _let_in(app, group, face, actor_uri, [kept.id], author)


async def trust(app: App, group_name: str, actor_id: int, by: Actor | None) -> None:
    """Somebody writes in the group without limits from now on, whatever they did there; what waits of theirs is let in.

    Raises:
        NotFound: there is no such group or actor.
        NotAllowed: `by` may not decide that in the group.
    """
    await _trust_author(app, group_name, actor_id, by)


async def _trust_author(app: App, group_name: str, actor_id: int, by: Actor | None) -> None:
    group, face, actor_uri, author = await _about(group_name, actor_id, by)
    if author.gone:
        raise NotFound("There is no such account.")
    await _let_in(app, group, face, actor_uri, [], author)


async def _let_in(
    app: App, group: Group, face: Actor, actor_uri: str, numbers: list[int], trusted: Actor | None
) -> None:
    """Let in what waits under these numbers, or all of whom is trusted from now on."""
    async with transaction():
        hold(writes := Writes(), "groups", group.id)
        await write(writes)
        writes = Writes()
        for each in await _waiting_still(group, numbers, trusted):
            once_more(app, writes, each)
            held.decide(writes, each.id, held.RELEASED)
            _log(app, writes, group, face, each.post_uri, held.RELEASED, actor_uri)
        if trusted is not None and await registers.get(group.id, "trusted", trusted.uri) is None:
            await _trust(app, writes, group, face, trusted, actor_uri)
        if writes:
            await write(writes)
    app.intake.more()


async def refuse(
    app: App, group_name: str, held_id: int, by: Actor | None, reason: str = "", *, everything: bool = False
) -> None:
    """Turn a post away that waits, or all that waits of its author; they are told so, and why, if one is given.

    Raises:
        NotFound: there is no such group, or nothing waits there under that number.
        NotAllowed: `by` may not decide that in the group.
        Conflict: somebody has let it in.
        Invalid: the reason is too long.
    """
    if len(reason.strip()) > MAX_REASON:
        raise Invalid("A reason may have {limit} characters.", field="reason", limit=MAX_REASON)
    if (out := await _out(group_name, held_id, by)) is not None:
        await reviews.turn_away(app, *await groups.named(group_name), out, by, reason)
        rest = await held.of_author(out.group_id, out.post.author_id) if everything else []
        return await refuse(app, group_name, rest[0].id, by, reason, everything=True) if rest else None
    group, face, kept, actor_uri = await _place(app, group_name, held_id, by)
    if kept.state == held.RELEASED and not everything:
        raise Conflict("This post was let in already. You can take it out of the group.")
    author = await actors.by_id(kept.actor_id)
    reason = reason.strip()
    async with transaction():
        hold(writes := Writes(), "groups", group.id)
        await write(writes)
        waiting = await _waiting_still(group, [kept.id], author if everything else None)
        writes = Writes()
        for each in waiting:
            held.decide(writes, each.id, held.REFUSED)
            _log(app, writes, group, face, each.post_uri, held.REFUSED, actor_uri, reason)
        if waiting and author is not None and not author.gone and not app.peers.deaf(author.host):
            saying = await held_letters.refused(app, group, face, author, waiting[0].post_uri, reason)
            await speech.privately(app, writes, face, next_id(), saying)
        if writes:
            await write(writes)


async def distrust(app: App, group_name: str, actor_id: int, by: Actor | None) -> None:
    """What somebody writes may wait again as that of everybody.

    Raises:
        NotFound: there is no such group or actor.
        NotAllowed: `by` may not decide that in the group.
    """
    group, face, actor_uri, author = await _about(group_name, actor_id, by)
    if await registers.get(group.id, "trusted", author.uri) is not None:
        uri = app.urls.activity(next_id())
        async with transaction():
            acts.record(app, writes := Writes(), group, face, "trusted", author.uri, None, by=actor_uri, uri=uri)
            await write(writes)


async def _about(group_name: str, actor_id: int, by: Actor | None) -> tuple[Group, Actor, str, Actor]:
    """The group with its face, who decides there (their id), and about whom."""
    group, face = await groups.named(group_name)
    actor_uri = await members.who_acts(group, face, by, rights.HOLD)
    author = await actors.by_id(actor_id)
    if author is None:
        raise NotFound("There is no such account.")
    return group, face, actor_uri, author


async def _waiting_still(group: Group, numbers: list[int], whose: Actor | None) -> list[Held]:
    """What waits under these numbers, or all that waits of somebody."""
    if whose is not None:
        return await held.of_author(group.id, whose.id)
    found = [await held.by_id(number) for number in numbers]
    return [each for each in found if each is not None and each.state == held.WAITING]


def _waiting(kept: Held, author: Actor) -> Waiting:
    note = _note(kept)
    return Waiting(
        held=kept,
        author=author,
        title=mapping.posts.title(note),
        warning=mapping.posts.summary(note),
        html=mapping.posts.shown(note),
        pictures=len(mapping.posts.attachments(note)),
        url=note.url or note.uri,
        answer=note.in_reply_to is not None,
    )


def _note(kept: Held) -> Note:
    note = parse.activity(documents.read(kept.body or b"{}")).object
    assert isinstance(note, Note)  # nothing else waits
    return note


async def _place(app: App, name: str, held_id: int, by: Actor | None) -> tuple[Group, Actor, Held, str]:
    group, face = await groups.named(name)
    actor_uri = await members.who_acts(group, face, by, rights.HOLD)
    kept = await held.by_id(held_id)
    if kept is None or kept.group_id != group.id:
        raise NotFound("Nothing waits here under that number.")
    return group, face, kept, actor_uri


async def _out(name: str, number: int, by: Actor | None) -> Review | None:
    """What was in the group, and is out of it until somebody has looked at it again."""
    group, face = await groups.named(name)
    await members.who_acts(group, face, by, rights.HOLD)
    return await reviews.standing(group, number)


def _log(
    app: App, writes: Writes, group: Group, face: Actor, post_uri: str, state: str, by: str, reason: str = ""
) -> None:
    uri = app.urls.activity(next_id())
    acts.record(app, writes, group, face, "held", post_uri, {"state": state}, by=by, uri=uri, summary=reason)


async def _trust(app: App, writes: Writes, group: Group, face: Actor, author: Actor, by: str) -> None:
    uri = app.urls.activity(next_id())
    acts.record(app, writes, group, face, "trusted", author.uri, {"trusted": True}, by=by, uri=uri)
    if await registers.get(group.id, "promotional", author.uri) is not None:
        acts.record(app, writes, group, face, "promotional", author.uri, None, by=by, uri=f"{uri}#promotional")
