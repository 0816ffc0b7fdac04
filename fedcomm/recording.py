"""What a new post means here: its row, who sees it, who is told, and what it moves. Nothing waits in here."""

from collections.abc import Sequence
from functools import partial

import msgspec

import storage.controls
import storage.media
from activitypub.objects import Note
from activitypub.origins import host_of
from fedcomm import clock, controls, elsewhere, emojis, indexing, mapping, sanitise, titles
from fedcomm import telling as telling_later
from fedcomm.app import App
from fedcomm.mapping.posts import Place, to_row
from storage import (
    actors,
    conversations,
    events,
    flairs,
    groups,
    jobs,
    join_requests,
    orphans,
    pleas,
    posts,
    tags,
    talks,
    telling,
    welcomes,
)
from storage.actors import Actor
from storage.connect import Writes
from storage.groups import Group
from storage.ids import next_id
from storage.media import Media
from storage.posts import Post

MAX_ANSWER = 2_000  # characters of an answer to the question of a group
MAX_TOLD = 100  # members here that one post tells of itself (attack NET-16)


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """A post on its way in, and what is known around it.

    `group` is the one that has taken the post in. `blockers` are actors here that block the author. `awaited` says that
    answers to it came before it.
    """

    note: Note
    author: Actor
    truth: str
    entered_by: str
    create_uri: str = ""
    post_id: int = 0
    parent: Post | None = None
    group: Group | None = None
    mentioned: tuple[Actor, ...] = ()
    blockers: frozenset[int] = frozenset()
    awaited: bool = False
    left_out: tuple[int, ...] = ()
    app_id: int | None = None
    files: tuple[Media, ...] = ()  # that are kept here
    visibility: int | None = None  # in a group that is not for everybody; None: as the note is addressed
    pending: bool = False  # whom it answers decides about it first: nobody is told


class Files(msgspec.Struct, frozen=True):
    """The pictures of a post of ours after an edit, and whether they are others than before or described anew."""

    kept: tuple[Media, ...]
    changed: bool


def record(app: App, writes: Writes, arrival: Arrival) -> Post:
    """Add everything that the post changes here to `writes`; gives its row."""
    now = clock.now_ms()
    note, author = arrival.note, arrival.author
    post_id = arrival.post_id or next_id(min(note.published or now, now), coarse=note.coarse)
    group_id = arrival.group.id if arrival.group else None
    place = Place(
        id=post_id, parent=arrival.parent, group_id=group_id, truth=arrival.truth, entered_by=arrival.entered_by,
        create_uri=arrival.create_uri, app_id=arrival.app_id, visibility=arrival.visibility,
    )  # fmt: skip
    post = to_row(note, author, place, now)
    posts.insert(writes, post)
    events.tell(writes, "post", post.id)
    attach(writes, post, note, arrival.mentioned, now, arrival.files)
    if not post.local:
        elsewhere.copy_soon(app, writes, post, mapping.posts.attachments(note))
    if not author.local:
        emojis.learn(writes, author.host, note.emojis)
    if post.starter:
        flairs.choose(writes, post.id, [flair.uri for flair in note.flairs])
    if limits := controls.stored(note.controls):
        storage.controls.put(writes, post.id, limits)
    if post.starter and arrival.group is not None and not author.local:
        label(writes, post.id, arrival.group, note)
    indexing.index(writes, post.id, post.title, post.summary, post.content, indexing.more_of(note, post.id))
    if arrival.awaited:
        adopt(app, writes, post, arrival.group, arrival.left_out)
    if arrival.parent is not None:
        posts.count_reply(writes, post)
        writes.after(partial(app.forget_post, arrival.parent.id))
    talks.record(writes, post, person=author.kind == "Person" and not author.bot)
    if arrival.group is not None:
        groups.count_post(writes, arrival.group.id, post.published, starter=post.starter)
    if post.visibility < posts.DIRECT:  # nor is it told when somebody last wrote to a few (Mastodon does the same)
        actors.count_post(writes, author.id, post.published)
    _show(writes, post, arrival)
    if not arrival.pending:
        _tell(app, writes, post, arrival, now)
    if post.visibility == posts.DIRECT:
        _converse(writes, post, arrival)
    above = arrival.parent
    if above is not None and above.local and above.visibility == posts.DIRECT:  # whomever it is for: as with "agree"
        join_requests.answer(writes, above.id, author.id, _answer(post.content), post.id)
        _tell_answer(app, writes, post)
    return post


def open_up(
    app: App, writes: Writes, post: Post, author: Actor, parent: Post | None, named: tuple[Actor, ...],
    blockers: frozenset[int],
) -> None:  # fmt: skip
    """A reply that was between two people is for whom it was meant, as the row says now."""
    pleas.open_up(writes, post)
    note = Note(uri=post.uri, kind="Note")
    arrival = Arrival(
        note=note, author=author, truth=post.truth, entered_by=post.entered_by, parent=parent, mentioned=named,
        blockers=blockers,
    )  # fmt: skip
    actors.count_post(writes, author.id, post.published)
    posts.count_reply(writes, post)
    talks.record(writes, post, person=author.kind == "Person" and not author.bot)
    if post.group_id is not None:
        groups.count_post(writes, post.group_id, post.published, starter=False)
    if parent is not None:
        writes.after(partial(app.forget_post, parent.id))
    events.tell(writes, "post", post.id)
    _show(writes, post, arrival)
    _tell(app, writes, post, arrival, clock.now_ms())
    writes.after(partial(app.forget_post, post.id))


def label(writes: Writes, post_id: int, group: Group, note: Note) -> None:
    """A thread in a group of ours gets the flairs whose names its hashtags are: from a microblog one says no other."""
    if group.local and (keys := [flairs.key(name) for name in mapping.posts.tags(note)]):
        flairs.tag(writes, post_id, group.id, keys)


def adopt(app: App, writes: Writes, post: Post, group: Group | None, left_out: Sequence[int]) -> None:
    """Tie answers that came before a post to it; a group of ours that takes them in announces them next.

    `left_out` are ids of those whose answers it does not take in.
    """
    orphans.adopt(writes, post.id, post.uri, post.thread_id, group.id if group else None, left_out)
    talks.whole(writes, post.thread_id)
    if group is not None and group.local:
        jobs.add(writes, next_id(), "announce_early", {"thread": post.thread_id}, clock.now_ms())
        app.jobs_added(writes)


def attach(
    writes: Writes, post: Post, note: Note, mentioned: tuple[Actor, ...], now_ms: int, files: Sequence[Media] = ()
) -> None:
    """Mentions, tags, files and poll of a post, when new and after each edit; `files` are those of one of ours."""
    addressed = {*note.audience.to, *note.audience.cc}
    for actor in mentioned:
        posts.mention(writes, post.id, actor.id, actor.uri in addressed)
    for name in mapping.posts.tags(note):
        posts.tag(writes, next_id(), name, post.id)
    if post.local:
        for position, kept in enumerate(files):
            storage.media.hang(writes, kept, post.id, position)
    for position, file in enumerate(() if post.local else mapping.posts.attachments(note)):
        posts.attach(writes, next_id(), post.author_id, post.id, position, file, now_ms)
    if (poll := mapping.posts.poll(post.id, note, now_ms)) is not None:
        posts.put_poll(writes, poll)
        if post.local:
            telling_later.of_end(writes, poll)


def edit(
    app: App,
    writes: Writes,
    known: Post,
    author: Actor,
    written: Note,
    mentioned: tuple[Actor, ...],
    files: Files | None = None,
) -> bool:
    """Write what the author says now; False when it is deleted or a later version is known.

    Versions are ordered by the author's own clock (cohosting.md §9.4); that of the first one is not asked, since
    many write whole seconds, and some no time at all: Mastodon sends the votes of a poll as an Update without one.
    """
    now = clock.now_ms()
    said = min(written.updated, now) if written.updated is not None else known.author_updated
    if known.deleted_at is not None or (said or 0) < (known.author_updated or 0):
        return False
    titled = _titled(known, mapping.posts.title(written))
    content = written.content if known.local else mapping.posts.shown(written)
    shown = {
        **titled,
        "content": content,
        "summary": mapping.posts.summary(written),
        "sensitive": int(written.sensitive),
        "attachments_count": len(mapping.posts.attachments(written)),
    }
    same = not (files and files.changed) and all(getattr(known, name) == now_said for name, now_said in shown.items())
    if not same:
        posts.keep_revision(writes, known)
        telling_later.of_edit(app, writes, known)
        for named in [actor.id for actor in mentioned if actor.local and actor.kind == "Person"][:MAX_TOLD]:
            if named != known.author_id:
                telling.tell_if_new(writes, next_id(), named, known.author_id, known.id, now)
    posts.change(
        writes,
        known.id,
        **shown,
        source=written.source.content if written.source else "",
        language=written.language or known.language,
        visibility=known.visibility if known.local else _narrowed(app, writes, known, written, author),
        author_updated=said,
        edited_at=known.edited_at if same else now,
    )
    _let_go(app, writes, known, written, now)
    if _may_answer_a_question(known):
        join_requests.reword(writes, known.id, _answer(content))
        _tell_answer(app, writes, known)
    if known.starter and known.group_id is not None:
        flairs.choose(writes, known.id, [flair.uri for flair in written.flairs], anew=True)
    if files is not None:
        storage.media.drop(writes, known.id, now, [file.id for file in files.kept])
    attach(writes, known, written, mentioned, now, files.kept if files else ())
    if not known.local:
        _learn(app, writes, known, written)
    warning, more = mapping.posts.summary(written), indexing.more_of(written, known.id)
    indexing.index(writes, known.id, titled["title"] or "", warning, content, more)
    events.tell(writes, "edit", known.id)
    writes.after(partial(app.forget_post, known.id))
    return True


def _titled(known: Post, said: str) -> dict[str, str | None]:
    """What a post is called after an edit, and by its author where that is not the same: what moderators called it
    stays until its author says something new of that (docs/decisions/0057)."""
    if known.own_title is None or said not in (known.own_title, known.title):
        return {"title": said, "own_title": None}
    return {"title": known.title, "own_title": known.own_title}


def _tell_answer(app: App, writes: Writes, said: Post) -> None:
    """If it answers what a group asked somebody who waits, moderators elsewhere learn of it soon."""
    if said.parent_id is not None:
        join_requests.tell_answer(writes, said.parent_id, said.author_id, next_id(), clock.now_ms())
        app.jobs_added(writes)


def _learn(app: App, writes: Writes, known: Post, written: Note) -> None:
    elsewhere.copy_soon(app, writes, known, mapping.posts.attachments(written))
    emojis.learn(writes, host_of(known.uri), written.emojis)
    storage.controls.put(writes, known.id, controls.stored(written.controls))


def _narrowed(app: App, writes: Writes, known: Post, written: Note, author: Actor) -> int:
    """Whom a post of another server is for after an edit; an answer that is for a few then is counted no more."""
    now = mapping.posts.visibility(known, written, author)
    if known.parent_id is not None and now in posts.FOR_FEW and known.visibility not in posts.FOR_FEW:
        posts.uncount_reply(writes, known)
        writes.after(partial(app.forget_post, known.parent_id))
    return now


def revive(app: App, writes: Writes, gone: Post, author: Actor, note: Note, mentioned: tuple[Actor, ...]) -> None:
    """A post that its author had deleted is there again, as it reads now; votes and boosts are not."""
    back = msgspec.structs.replace(
        gone, deleted_at=None, author_updated=None, title=mapping.posts.title(note), content=mapping.posts.shown(note)
    )
    posts.revive(writes, back, author.uri)
    if back.parent_id is not None:
        posts.count_reply(writes, back)
    talks.again(writes, back)
    if back.group_id is not None:
        groups.count_post(writes, back.group_id, back.published, starter=back.starter)
    if back.visibility < posts.DIRECT:
        actors.count_post(writes, author.id, back.published)
    edit(app, writes, back, author, note, mentioned)


def at(note: Note, updated_ms: int) -> Note:
    """The note as a version of that time."""
    return msgspec.structs.replace(note, updated=updated_ms)


def erase(app: App, writes: Writes, known: Post, *, told: bool = True) -> None:
    """Everything that the deletion of a post changes here; without `told` it was told that its author is gone."""
    now = clock.now_ms()
    posts.bury(writes, known.uri, host_of(known.uri), "post", now)
    posts.erase(writes, known, now, told=told)
    talks.again(writes, known)
    if _may_answer_a_question(known):
        join_requests.take_back(writes, known.id)
        _tell_answer(app, writes, known)
    if not known.local and known.parent_id is not None:
        welcomes.take_back(writes, known.id, next_id(), now)
        app.jobs_added(writes)
    _clear_media(app, writes, known, now)
    writes.after(partial(app.forget_post, known.id))
    if known.parent_id is not None:
        writes.after(partial(app.forget_post, known.parent_id))


def _let_go(app: App, writes: Writes, known: Post, written: Note, now_ms: int) -> None:
    """What an edit writes anew; pictures that it has no more are not there any more, nor copies of them."""
    storage.media.drop_elsewhere(writes, known.id, [file.url for file in mapping.posts.attachments(written)])
    posts.forget_links(writes, known.id)
    _clear_media(app, writes, known, now_ms)


def _clear_media(app: App, writes: Writes, known: Post, now_ms: int) -> None:
    """Copies of pictures that it had are erased soon."""
    if not known.local and known.attachments_count:
        jobs.add(writes, next_id(), "clear_media", {}, now_ms, key="clear_media")
        app.jobs_added(writes)


def _may_answer_a_question(known: Post) -> bool:
    return known.parent_id is not None and known.group_id is None


def _answer(content: str) -> str:
    """What somebody says to the question of a group that they want to join."""
    return titles.unaddressed(sanitise.text_of(content))[:MAX_ANSWER]


def _show(writes: Writes, post: Post, arrival: Arrival) -> None:
    """Put it where followers see it: answers only where both are followed, group talk stays in its thread."""
    if post.visibility == posts.DIRECT or (post.group_id is not None and not post.starter):
        return
    if arrival.author.local:
        posts.home_for(writes, arrival.author.id, post.id, post.id)
    if post.visibility >= posts.MEMBERS:  # who reads it has it from the group
        return
    if post.visibility == posts.PUBLIC:
        tags.to_homes(writes, post.id)
    if post.starter or (arrival.parent is not None and arrival.parent.author_id == post.author_id):
        posts.home_for_followers(writes, post.id, post.id, None, arrival.author.id)
    elif arrival.parent is not None:
        posts.home_for_followers_of_both(writes, post.id, arrival.author.id, arrival.parent.author_id)


def _converse(writes: Writes, post: Post, arrival: Arrival) -> None:
    """A direct message is the last word of the conversation for each of those here that it is from or for."""
    addressed = {*arrival.note.audience.to, *arrival.note.audience.cc}
    if arrival.author.local:
        conversations.add(writes, arrival.author.id, post.thread_id, post.id, unread=False)
    for actor in arrival.mentioned:
        wanted = actor.local and actor.kind == "Person" and actor.uri in addressed
        if wanted and actor.id != arrival.author.id and actor.id not in arrival.blockers:
            conversations.add(writes, actor.id, post.thread_id, post.id, unread=True)


def _tell(app: App, writes: Writes, post: Post, arrival: Arrival, now_ms: int) -> None:
    if post.truth == "fetched" and post.published < now_ms - events.NEWS:
        return
    if post.starter and arrival.group is not None and arrival.group.local:
        telling_later.of_first_thread(app, writes, post)
    alone = post.starter or (arrival.parent is not None and arrival.parent.author_id == post.author_id)
    if alone and post.visibility != posts.DIRECT and (post.group_id is None or post.starter):
        telling_later.of_post(app, writes, post)
    owners = [actor.id for actor in arrival.mentioned if actor.local and actor.kind == "Person"]
    if arrival.parent is not None and arrival.parent.local and post.visibility != posts.DIRECT:
        owners.append(arrival.parent.author_id)
    for owner in list(dict.fromkeys(owners))[:MAX_TOLD]:
        if owner != post.author_id and owner not in arrival.blockers:
            telling.tell(writes, next_id(), owner, "mention", post.author_id, post.id, now_ms)
