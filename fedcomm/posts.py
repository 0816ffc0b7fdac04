"""What members write, edit and delete. Nobody here has a short cut into a group: `groups.accept_post` as everybody."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from activitypub import render
from activitypub.objects import Note
from fedcomm import (
    addressing,
    admit,
    assent,
    clock,
    emojis,
    groups,
    mapping,
    media,
    memberships,
    newcomers,
    pleas,
    proving,
    recording,
    restraints,
    sharing,
    writing,
)  # fmt: skip
from fedcomm.app import App
from fedcomm.drafting import Draft, PollDraft, Prepared, Words, prepare, still_answers
from fedcomm.errors import NotFound
from fedcomm.mapping import activities
from fedcomm.mapping.posts import Shown, on_the_wire, to_note, to_poll
from fedcomm.outbox import publish
from fedcomm.reach import inbox_of
from fedcomm.recording import Arrival, Files
from storage import actors, blocks, boosts, idempotency, members, outbox
from storage import flairs as flair_rows
from storage import groups as stored
from storage import media as media_rows
from storage import pleas as plea_rows
from storage import posts as rows
from storage.actors import Actor
from storage.connect import Writes, apply, transaction, write
from storage.errors import IntegrityError
from storage.flairs import Flair
from storage.groups import Group
from storage.ids import next_id
from storage.outbox import Audience
from storage.posts import Poll, Post

__all__ = ["Draft", "PollDraft", "Words", "create", "delete", "edit"]  # the drafts are at home in drafting.py

Along = Callable[[Writes, int], None]


async def create(
    app: App, author: Actor, draft: Draft, account_id: int = 0, idempotency_key: str = "", along: Along | None = None
) -> int:
    """Publish a post; gives its id. The same key of the same account gives the same post again.

    The first answer to the welcome of a group goes into its thread of newcomers (`newcomers.py`). `along` adds what
    happens in the same transaction, and is told the id.

    Raises:
        Invalid: empty, too long, or not to be understood.
        NotFound: what it answers is not there for the author.
        NotAllowed: the author is suspended or has moved, or the group does not let the author post, perhaps before its
            rules are accepted.
    """
    admit.acting(author)
    if idempotency_key and (known := await idempotency.post_of(account_id, idempotency_key)) is not None:
        return known
    prepared = as_said = await prepare(app, author, draft)
    counted, welcome = False, await newcomers.answered(prepared)
    if welcome is not None:
        prepared = await prepare(app, author, await newcomers.placed(app, welcome, draft))
        await restraints.check_edit(app, prepared)  # consent is not asked for it, but the limits of newcomers hold
    else:
        counted = await restraints.check(app, prepared)
    post_id, now = next_id(), clock.now_ms()
    writes = Writes()
    if along is not None:
        along(writes, post_id)
    if idempotency_key:
        idempotency.remember(writes, account_id, idempotency_key, post_id, now)
    note = prepared.note(app, post_id, now)
    if prepared.pleads:
        await _plead(app, writes, prepared, note, post_id)
    else:
        post = recording.record(app, writes, await _arrival(app, prepared, note, post_id))
        if welcome is not None:
            await newcomers.record(writes, welcome, post)
        await _tell(app, writes, prepared, note, post)
    try:
        async with transaction():
            if counted:
                await restraints.check_alone(app, prepared)
            await write(writes)
    except IntegrityError:
        again = await idempotency.post_of(account_id, idempotency_key) if idempotency_key else None
        if again is not None:
            return again
        if welcome is None or await newcomers.answered(as_said) is not None:
            raise
        return await create(app, author, draft, account_id, idempotency_key, along)  # another answer was the first
    return post_id


async def _tell(app: App, writes: Writes, prepared: Prepared, note: Note, post: Post) -> None:
    """Whom a new post is for hear of it, and its group takes it in."""
    author = prepared.author
    await assent.hear(app, writes, author, post.visibility, prepared.mentioned, post.content)
    document = await discussed(prepared.face, post, _create(app, note, post))
    await _spread(app, writes, prepared, post, await proven(app, author, post.visibility, document))


async def _spread(app: App, writes: Writes, prepared: Prepared, post: Post, document: dict[str, Any]) -> None:
    author, group, face = prepared.author, prepared.group, prepared.face
    audience = await addressing.apart(app, group, face, post, audience_of(prepared))
    publish(app, writes, author, document, audience, thread_id=post.thread_id, post_id=post.id)
    if group is not None and group.local and face is not None:
        groups.accept_post(app, writes, group, face, post, document, audience)
        if not post.starter:
            await addressing.tell_boosted(app, writes, group, face, author, document, post, audience)
    await sharing.said(app, writes, prepared, post, document, audience)


async def edit(app: App, author: Actor, post_id: int, draft: Draft) -> None:
    """Change what a post says; everybody who has it is told. Whom it is for does not change.

    Raises:
        NotFound: there is no such post of the author.
        Invalid: empty, too long, or not to be understood.
    """
    known = await _own(author, post_id)
    await pleas.check_edit(known)
    draft = msgspec.structs.replace(draft, in_reply_to_id=known.parent_id)
    prepared = await prepare(app, author, draft, known)
    await restraints.check_edit(app, prepared, known.content)
    now = clock.now_ms()
    note = prepared.note(app, known.id, known.published)
    poll = await rows.poll_of(known.id)
    if draft.poll is None and poll is not None:
        note = msgspec.structs.replace(note, kind="Question", poll=to_poll(poll))
    writes = Writes()
    others = prepared.files != tuple(await media_rows.of_post(known.id)) or _asks_anew(draft.poll, poll)
    files = Files(prepared.files, others)
    if not recording.edit(app, writes, known, author, recording.at(note, now), prepared.mentioned, files):
        return
    document = await pleas.stamped(known, render.document(on_the_wire(recording.at(note, now))))
    update = activities.update(f"{known.uri}#updates/{now}", author.uri, document)
    group, face = prepared.group, prepared.face
    update = await discussed(face, known, update)
    update = await proven(app, author, known.visibility, update)
    passed_on = group if known.removed_at is None else None
    audience = await addressing.apart(app, passed_on, face, known, audience_of(prepared))
    before = tuple((await actors.by_ids(await rows.mentioned(known.id))).values())
    earlier = audience_of(msgspec.structs.replace(prepared, mentioned=before))
    new, audience = await addressing.of_edit(app, face, known, author, earlier, audience)
    if new:
        create = await discussed(face, known, activities.create(app.urls.create(known.id), document))
        create = await proven(app, author, known.visibility, create)
        publish(app, writes, author, create, new, thread_id=known.thread_id, post_id=known.id)
    publish(app, writes, author, update, audience, thread_id=known.thread_id, post_id=known.id)
    if group is not None and group.local and face is not None and known.removed_at is None:
        groups.pass_on(
            app, writes, group, face, update, about=known, post_id=known.id, **addressing.once(known, audience)
        )
        await addressing.tell_boosted(app, writes, group, face, author, update, known, audience)
    await sharing.changed(app, writes, known, author, update, audience)
    await apply(writes)


async def delete(app: App, author: Actor, post_id: int, *, redraft: bool = False) -> None:
    """Delete a post for good; everybody who may have it is told.

    Who is to write it anew (`redraft`) may use its pictures again for a day; nobody else sees them.

    Raises:
        NotFound: there is no such post of the author.
    """
    known = await _own(author, post_id)
    writes = Writes()
    group, face = await stored.with_face(known.group_id)
    everywhere = await addressing.apart(app, group, face, known, await all_who_had(known, author))
    deletion = activities.delete(
        f"{known.uri}#delete", author.uri, known.uri, to=[activities.PUBLIC], cc=[face.uri] if face else []
    )
    if known.visibility >= rows.MEMBERS and face is not None:
        deletion = activities.for_followers(deletion, face.followers)
    deletion = await proven(app, author, known.visibility, deletion)
    recording.erase(app, writes, known)
    files = () if redraft else tuple(await media_rows.of_post(known.id))
    publish(app, writes, author, deletion, everywhere, thread_id=known.thread_id, post_id=known.id)
    if group is not None and group.local and face is not None:
        groups.pass_on(app, writes, group, face, deletion, about=known, **addressing.once(known, everywhere))
        await addressing.tell_boosted(app, writes, group, face, author, deletion, known, everywhere)
        if (boost := await boosts.of(face.id, known.id)) is not None:
            groups.take_back(app, writes, group, face, known, boost.uri)
    await sharing.changed(app, writes, known, author, deletion, everywhere, gone=True)
    await apply(writes)
    await media.forget(app, files)


async def _plead(app: App, writes: Writes, prepared: Prepared, note: Note, post_id: int) -> None:
    """Whom it answers decides about it: until they do it is between the two, and nobody else is told of it."""
    parent, asked = prepared.parent, prepared.parent_author
    assert parent is not None and asked is not None
    between = msgspec.structs.replace(note, audience=msgspec.structs.replace(note.audience, to=(asked.uri,), cc=()))
    arrival = await _arrival(app, prepared, between, post_id)
    arrival = msgspec.structs.replace(arrival, visibility=rows.DIRECT, pending=True, group=None)
    recording.record(app, writes, arrival)
    document, level = render.document(on_the_wire(note)), prepared.visibility
    await pleas.ask(app, writes, "reply", prepared.author, parent, document, post_id, level, polite=prepared.polite)


async def publish_granted(app: App, post: int) -> None:
    """The job of a reply that whom it answers has agreed to: it is for whom it was meant, here and elsewhere.

    Where its group does not let its author answer any more, it stays with who wrote it.
    """
    known, plea = await rows.by_id(post), (await plea_rows.of_replies([post])).get(post)
    if known is None or known.deleted_at is not None or plea is None or plea.state != plea_rows.GRANTED:
        return
    author = await actors.by_id(known.author_id)
    if known.visibility != rows.DIRECT or author is None or author.gone:
        return
    parent = await rows.by_id(known.parent_id) if known.parent_id is not None else None
    group, face = await stored.with_face(parent.group_id if parent is not None else None)
    if not await still_answers(author, group, parent):
        return
    opened = msgspec.structs.replace(
        known, visibility=plea.visibility, group_id=group.id if group is not None else None
    )
    document = await proven(app, author, opened.visibility, await create_document_of(app, opened))
    named = tuple((await actors.by_ids(await rows.mentioned(known.id))).values())
    prepared = Prepared(
        draft=Draft(text=""), author=author, visibility=opened.visibility, parent=parent, group=group, face=face,
        parent_author=await actors.by_id(parent.author_id) if parent is not None else None, mentioned=named,
        written=writing.write(""), title="",
    )  # fmt: skip
    writes = Writes()
    recording.open_up(app, writes, opened, author, parent, named, frozenset(await blocks.of(author.id)))
    await _spread(app, writes, prepared, opened, document)
    await apply(writes)


def _asks_anew(wanted: PollDraft | None, known: Poll | None) -> bool:
    """Whether a poll offers other answers than before."""
    if wanted is None:
        return False
    answers = [] if known is None else msgspec.json.decode(known.options, type=list[str])
    return answers != list(wanted.options) or known is None or bool(known.multiple) != wanted.multiple


def audience_of(prepared: Prepared) -> Audience:
    """Whom a post is delivered to: followers, those it names, whom it answers, and a group elsewhere.

    What is not for everybody goes to each person's own inbox and no shared one (attack ORI-25).
    """
    if prepared.visibility >= rows.MEMBERS:
        return _of_members(prepared.group, prepared.face, prepared.mentioned)
    people = [*prepared.mentioned]
    if prepared.parent_author is not None and prepared.visibility <= rows.FOLLOWERS:
        people.append(prepared.parent_author)
    return _audience(prepared.author, prepared.visibility, people)


async def everybody(known: Post, author: Actor, more: Sequence[int] = ()) -> Audience:
    """All who may have got a post and may read it: followers, those it names, whoever boosted or answered it, `more`.

    Of what is for the members of a group those who are members still.
    """
    people = await actors.by_ids([*await rows.mentioned(known.id), *await rows.around(known.id), *more])
    if known.visibility < rows.MEMBERS:
        return _audience(author, known.visibility, people.values())
    group, face = await stored.with_face(known.group_id)
    joined = await members.joined(group.id, list(people)) if group is not None else set()
    return _of_members(group, face, [person for person in people.values() if person.id in joined])


async def all_who_had(known: Post, author: Actor) -> Audience:
    """Everybody, those whom it named before an edit, and who followed then: a deletion says no word of it (PRI-13)."""
    found, had = await everybody(known, author), await outbox.inboxes_told(author.id, known.id)
    inboxes = tuple(dict.fromkeys((*found.inboxes, *sorted(had))))
    return msgspec.structs.replace(found, inboxes=inboxes, since=known.published if found.followers else 0)


def _of_members(group: Group | None, face: Actor | None, people: Iterable[Actor]) -> Audience:
    """The group passes on what is for its members; those it names get it from its author as well.

    Microblogs know no groups, so that nobody there would see who answers them. What is for a group elsewhere goes to
    that alone, which knows its members, and what is for those who are signed in here to nobody.
    """
    if group is None or face is None or group.visibility == "local":
        return Audience()
    if not group.local:
        return Audience(inboxes=(face.inbox,))
    inboxes = [person.inbox for person in people if not person.local and not person.gone]
    return Audience(inboxes=tuple(dict.fromkeys(inboxes)))


async def document_of(app: App, post: Post, labels: Sequence[Flair] | None = None) -> dict[str, Any]:
    """One of our posts as the document that its id serves; with these flairs instead of those that it has."""
    author = await actors.by_id(post.author_id)
    if author is None or author.gone:
        raise NotFound("There is no such post.")
    named = await actors.by_ids(await rows.mentioned(post.id))
    _group, face = await stored.with_face(post.group_id)
    if labels is None:
        labels = (await flair_rows.of_posts([post.id])).get(post.id, ())
    parent_uri = post.parent_uri
    shown = Shown(
        author=author,
        parent_uri=parent_uri,
        group=face if post.visibility not in (rows.FOLLOWERS, rows.DIRECT) else None,
        mentioned=tuple(named.values()),
        tags=tuple(await rows.tags_of(post.id)),
        poll=await rows.poll_of(post.id),
        emojis=await emojis.told(app.urls, post.source, post.summary),
        flairs=tuple(map(mapping.actors.to_flair, labels)),
        files=tuple(await media_rows.of_post(post.id)),
    )
    document = await pleas.stamped(post, render.document(on_the_wire(to_note(app.urls, post, shown))))
    said = await discussed(face, post, {"actor": author.uri, "object": document})
    served: dict[str, Any] = said["object"]
    return served


async def create_document_of(app: App, post: Post) -> dict[str, Any]:
    """The activity that published one of our posts; its id resolves to it (snac 2.94 fetches it)."""
    return activities.create(app.urls.create(post.id), await document_of(app, post))


def _audience(author: Actor, visibility: int, people: Iterable[Actor]) -> Audience:
    shared = visibility <= rows.UNLISTED
    inboxes = [inbox_of(person, public=shared) for person in people if not person.local and not person.gone]
    followers = (author.id,) if visibility <= rows.FOLLOWERS else ()
    return Audience(followers=followers, inboxes=tuple(dict.fromkeys(inboxes)))


async def _arrival(app: App, prepared: Prepared, note: Note, post_id: int) -> Arrival:
    return Arrival(
        note=note,
        author=prepared.author,
        truth="home",
        entered_by=app.host,
        create_uri=app.urls.create(post_id),
        post_id=post_id,
        parent=prepared.parent,
        group=prepared.group,
        mentioned=prepared.mentioned,
        blockers=frozenset(await blocks.of(prepared.author.id)),
        app_id=prepared.draft.app_id,
        files=prepared.files,
        visibility=prepared.visibility,
    )


def _create(app: App, note: Note, post: Post) -> dict[str, Any]:
    return activities.create(app.urls.create(post.id), render.document(on_the_wire(note)))


async def discussed(face: Actor | None, post: Post, said: dict[str, Any]) -> dict[str, Any]:
    """As a group of Mobilizon understands what is said among its members; everything else as it is."""
    if face is None or post.visibility != rows.MEMBERS or not await memberships.apart(face):
        return said
    begun = post if post.starter else await rows.by_id(post.thread_id)
    return memberships.as_discussed(face, begun.uri, said) if begun is not None else said


async def proven(app: App, author: Actor, visibility: int, activity: dict[str, Any]) -> dict[str, Any]:
    """With a proof where others pass it on, who are believed no word of ours without one."""
    passed_on = visibility in (rows.PUBLIC, rows.UNLISTED, rows.MEMBERS)
    return await proving.proven(app, author, activity) if passed_on else activity


async def _own(author: Actor, post_id: int) -> Post:
    known = await rows.by_id(post_id)
    if known is None or known.author_id != author.id or known.deleted_at is not None:
        raise NotFound("There is no such post of yours.")
    return known
