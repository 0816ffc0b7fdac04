"""Sharing a thread into another group: it stays one thread, where it began, and both groups' members talk in it.

The second group boosts the same post, passes on what is said in its thread to its own followers as far as its bans
allow, and can end that for itself. To a group of another server whoever writes names it; one that makes copies of what
it is told gets a thread of its own that leads back (features S1.5).
"""

from collections.abc import Sequence
from typing import Any

from activitypub.contexts import PUBLIC
from fedcomm import acts, addressing, admit, clock, groups, letters, members, restraints, rights, showing, ways
from fedcomm.app import App
from fedcomm.drafting import Prepared
from fedcomm.errors import AppError, Invalid, NotAllowed, NotFound, TooMany
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from fedcomm.standing import Standing
from storage import actors, posts, registers, shares, talks, visible
from storage import groups as stored
from storage.actors import Actor
from storage.connect import Writes, apply, write
from storage.groups import Group
from storage.ids import next_id
from storage.outbox import Audience
from storage.posts import Post
from storage.shares import Showing

MOST = 10  # groups that show a thread beside its own


async def share(app: App, actor: Actor, post_id: int, group_name: str) -> None:
    """A member shows a thread in one of our groups beside its own; once is enough.

    Raises:
        NotFound: there is no such thread for the member, or no such group.
        NotAllowed: no member of the group, or one who may not start threads in it, perhaps before its rules are
            accepted; or the thread's author is banned from it.
        Invalid: the thread is in the group already, in too many, or not for everybody; or it is what newcomers may not
            write, or an announcement before others were answered.
        TooMany: they share too much at a time.
    """
    admit.acting(actor)
    post = await posts.by_id(post_id)
    if post is None or not post.starter or not await visible.sees(actor.id, post.id):
        raise NotFound("There is no such thread.")
    group, face = await groups.named(group_name)
    if post.group_id == group.id:
        raise Invalid("The thread is in this group already.", field="group")
    home = await stored.by_id(post.group_id) if post.group_id is not None and post.author_id != actor.id else None
    if home is not None and home.local:
        ways.carrying(home, await members.standing(home, actor))
    writes = Writes()
    await brought(app, writes, actor, post, group, face)
    await apply(writes)


async def brought(app: App, writes: Writes, actor: Actor, post: Post, group: Group, face: Actor) -> None:
    """Somebody, here or elsewhere, brings a thread into one of our groups; once is enough.

    Raises:
        NotAllowed, Invalid, TooMany: as for `share`.
    """
    await _may_begin(actor, post, group)
    if await shares.by(group.id, post.id) is None:
        await _check(app, actor, group, face, post)
        await _take_in(app, writes, group, face, post, actor)


async def may_bring(app: App, actor: Actor, post: Post, group: Group, face: Actor) -> None:
    """Whether a group takes in a thread that somebody brings, as far as that is known here of one elsewhere.

    Raises:
        NotAllowed, Invalid, TooMany: as for `share`.
    """
    await _may_begin(actor, post, group)
    if group.local:
        await _check(app, actor, group, face, post)


async def _may_begin(actor: Actor, post: Post, group: Group) -> None:
    standing = await members.standing(group, actor)
    admit.posting(group, standing, None)
    _belonging(yes=standing.may(rights.WRITE))
    _for_everybody(post, group)


async def _check(app: App, actor: Actor, group: Group, face: Actor, post: Post) -> None:
    """Whether a group takes in a thread that somebody shares, as if they had begun it there (attack GRP-13)."""
    ended = await registers.get(group.id, "share", post.uri)
    ways.sharing_again(await members.standing(group, actor), ended, actor.uri, clock.now_ms())
    if len(await shares.of_thread(post.id)) >= MOST:
        raise Invalid("A thread can be shown in at most {most} other groups.", field="group", most=MOST)
    author = await actors.by_id(post.author_id)
    if author is None or admit.banned(await registers.get(group.id, "ban", author.uri)):
        raise NotAllowed("The author of this thread is banned from that group.")
    await restraints.check_shared(app, group, face, actor, post)
    if not app.post_limit.allows(group.id, actor.uri, "", ""):
        raise TooMany("You share too much into this group at a time. Please wait a while.", retry_after=600)


async def _take_in(app: App, writes: Writes, group: Group, face: Actor, post: Post, by: Actor) -> None:
    """The group shows the thread from now on; that it was ended once is forgotten."""
    if await registers.get(group.id, "share", post.uri) is not None:
        uri = app.urls.activity(next_id())
        acts.record(app, writes, group, face, "share", post.uri, None, by=by.uri, uri=uri)
    showing.record(app, writes, group, face, post, by.id, await showing.concerned(post))


async def end(app: App, actor: Actor, post_id: int, group_name: str) -> None:
    """A thread is shown in another group no more: who shared it says so, who wrote it, or a moderator of that group.

    Whoever ended it is remembered (`ways.sharing_again`), so that it does not come and go. A group elsewhere is
    asked for that by the thread's author or a moderator, where its server takes it so (`Remove`).

    Raises:
        NotFound: there is no such group, or it does not show the thread.
        NotAllowed: none of these.
    """
    post = await posts.by_id(post_id)
    group, face = await groups.called(group_name)
    if post is None or (not group.local and not app.peers.keeps_apart(face.host)):
        raise NotFound("There is no such thread in this group.")
    writes, uri = Writes(), app.urls.activity(next_id())
    await _end(app, writes, group, face, post, actor, uri)
    if not group.local:
        said = activities.activity(
            "Remove", uri, actor.uri, post.uri, to=[PUBLIC], cc=[face.uri], target=face.uri, audience=face.uri
        )
        publish(app, writes, actor, said, Audience(inboxes=(face.inbox,)), thread_id=post.thread_id)
    await apply(writes)


async def ended(app: App, group: Group, face: Actor, post: Post, by: Actor, uri: str) -> None:
    """Somebody elsewhere ends that a group of ours shows a thread, by an act of that id; part of a transaction.

    Raises:
        NotFound: the group does not show it.
        NotAllowed: they neither began nor shared it, nor moderate the group.
    """
    await _end(app, writes := Writes(), group, face, post, by, uri)
    await write(writes)


async def _end(app: App, writes: Writes, group: Group, face: Actor, post: Post, by: Actor, uri: str) -> None:
    shared_by = await shares.by(group.id, post.id)
    if shared_by is None:
        raise NotFound("There is no such thread in this group.")
    standing = await members.standing(group, by)
    if by.id not in (shared_by, post.author_id):
        admit.right(standing, rights.REMOVE)
    if not group.local:
        return await showing.hide(app, writes, group, face, post)
    role = "moderator" if standing.may(rights.REMOVE) else "author" if by.id == post.author_id else "sharer"
    register = {"by": by.uri, "role": role, "at": clock.now_ms()}
    acts.record(app, writes, group, face, "share", post.uri, register, by=by.uri, uri=uri)
    await showing.withdraw(app, writes, group, face, [post])


def sharable(post: Post, group: Group) -> bool:
    """Whether a thread may be shown in another group: it and the group are for everybody, and it is where it began."""
    public = post.visibility <= posts.UNLISTED and group.visibility == "public"
    return public and post.starter and post.deleted_at is None and post.removed_at is None


def asked(group: Group, standing: Standing, root: Post, author_id: int, home: Standing | None) -> bool:
    """Whether somebody who names a group in a thread may show it there: its author, or a member of both groups.

    `home` is what they are in the group in which the thread began; what is in no group gets into none by an answer.
    """
    if root.group_id in (None, group.id):
        return False
    try:
        _check_asked(group, standing, root, author_id, home)
    except AppError:
        return False
    return True


def _check_asked(group: Group, standing: Standing, root: Post, author_id: int, home: Standing | None) -> None:
    _for_everybody(root, group)
    admit.posting(group, standing, None)
    own = root.author_id == author_id
    _belonging(yes=standing.member or (own and not group.asks))
    if not own and home is not None and not home.member:
        raise NotAllowed(
            "Only who began a thread, or belongs to the group in which it began, brings it into another group by naming"
            " that."
        )


def _belonging(*, yes: bool) -> None:
    if not yes:
        raise NotAllowed("Only members share threads into a group. Please join it first.")


def _for_everybody(post: Post, group: Group) -> None:
    if not sharable(post, group):
        raise Invalid("Only what is for everybody can be shared into another group.", field="group")


def may_relay(group: Group, standing: Standing, *, locked: bool = False) -> bool:
    """Whether a group passes on what somebody says in a thread that it shows: its own bans and lock count for that."""
    return group.local == 1 and group.closed_at is None and ways.relays(standing, locked)


async def said(
    app: App, writes: Writes, prepared: Prepared, post: Post, document: dict[str, Any], told: Audience
) -> None:
    """What follows when one of ours has said something: groups that show its thread pass it on, but to the servers that
    are `told` anyway, and others whom it names show it from now on, or say why they do not."""
    if post.visibility > posts.UNLISTED:
        return
    root = await posts.by_id(post.thread_id) if prepared.parent is not None else post
    others = await shares.showing(root.id) if prepared.parent is not None and root is not None else []
    if root is None:
        return
    if others and root.group_id is None:  # else whoever takes it into the group counts it
        talks.again(writes, post, news=not prepared.author.bot)
    relaying = await _relaying(others, prepared.author)
    passing = [(group, face) for group, face, standing, locked in relaying if may_relay(group, standing, locked=locked)]
    there = {root.group_id, *(each.group.id for each in others)}
    for face in prepared.mentioned if root.group_id is not None else ():
        named = await stored.by_actor(face.id) if face.kind == "Group" and face.local else None
        if named is not None and named.id not in there:
            if await _show_or_say(app, writes, prepared, named, face, root) and post.id != root.id:
                passing.append((named, face))
    known_to, heard = _known_to(prepared.group, prepared.face), await _heard(app, passing, told)
    for group, face in passing:
        groups.pass_on(
            app, writes, group, face, document, about=post, post_id=post.id, form="relay", known_to=known_to,
            without=heard,
        )  # fmt: skip
        known_to = (*known_to, face.id)


async def _show_or_say(app: App, writes: Writes, prepared: Prepared, group: Group, face: Actor, root: Post) -> bool:
    """A group shows the thread in which somebody names it, or tells them once why not: their post is published.

    Gives whether it shows it now.
    """
    author, home = prepared.author, await stored.by_id(root.group_id) if root.group_id is not None else None
    standing = await members.standing(group, author)
    at_home = await members.standing(home, author) if home is not None else None
    try:
        _check_asked(group, standing, root, author.id, at_home)
        await _check(app, author, group, face, root)
    except AppError as why:
        answered = prepared.parent_author is not None and prepared.parent_author.id == face.id  # and not named
        if not answered and not await posts.has_named(author.id, root.thread_id, face.id):
            await letters.not_shown(app, writes, face, author, root.url, why, next_id())
        return False
    await _take_in(app, writes, group, face, root, author)
    return True


async def changed(
    app: App, writes: Writes, post: Post, author: Actor, activity: dict[str, Any], told: Audience, *, gone: bool = False
) -> None:
    """What one of ours did to a post: groups that show its thread pass it on; what began it and is `gone` they take
    back. Microblogs that follow these hear of that from its author, but for the audience `told`, who have."""
    others = await shares.showing(post.thread_id) if post.visibility <= posts.UNLISTED else []
    home, home_face = await stored.with_face(post.group_id) if others else (None, None)
    known_to, passed_by = _known_to(home, home_face), await _heard(app, others, told)
    for group, face, standing, _locked in await _relaying(others, author):
        if not group.local or not (gone or may_relay(group, standing)):
            continue
        about = None if gone else post.id
        groups.pass_on(
            app, writes, group, face, activity, about=post, post_id=about, form="relay", known_to=known_to,
            without=passed_by,
        )  # fmt: skip
        heard = Audience(followers=(*told.followers, *known_to), inboxes=told.inboxes)
        await addressing.tell_boosted(app, writes, group, face, author, activity, post, heard)
        known_to = (*known_to, face.id)
        if gone and post.starter:
            await showing.withdraw(app, writes, group, face, [post])


async def _relaying(others: Sequence[Showing], author: Actor) -> list[tuple[Group, Actor, Standing, bool]]:
    """The groups with their faces, what somebody is in each, and whether the thread is locked there."""
    faces = await actors.by_ids([each.group.actor_id for each in others]) if others else {}
    return [
        (each.group, faces[each.group.actor_id], await members.standing(each.group, author), each.locked)
        for each in others
        if each.group.actor_id in faces
    ]


async def _heard(app: App, others: Sequence[object], told: Audience) -> tuple[str, ...]:
    """The servers that hear what one of ours did from its author: no group that shows the thread needs to tell them."""
    return tuple(sorted(await app.reach.places(told))) if others else ()


def _known_to(home: Group | None, face: Actor | None) -> tuple[int, ...]:
    """Whose followers hear from the group in which a thread began: of one elsewhere nobody here knows them."""
    return (face.id,) if home is not None and face is not None and home.local else ()
