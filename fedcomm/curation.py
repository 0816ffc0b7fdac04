"""What moderators do with the posts of a group: take out, put back, lock and pin; every server is told.

A group of ours announces what its moderators do with its own threads. To a group elsewhere the act of a member here is
sent, and it announces it to all others (FEP-1b12 §Group moderation); here it has its effect at once
(docs/decisions/0032). Who acts is None for whoever runs the server of a group of ours.

What is done with a thread that a group shows beside its own (`within` it) is told only to servers that keep it to that
group: others would do it to the thread itself, so also in the group in which it began (docs/decisions/0033).
"""

import contextlib

import msgspec

from activitypub.contexts import PUBLIC
from fedcomm import admit, audit, clock, groups, members, moderation, powers, rights, seconding, showing
from fedcomm.app import App
from fedcomm.errors import AppError, Invalid, NotAllowed, NotFound
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage import actors, boosts, posts, registers, shares
from storage import groups as stored
from storage.accounts import Account
from storage.actors import Actor
from storage.connect import Writes, apply, transaction, write
from storage.groups import Group
from storage.ids import next_id
from storage.outbox import Audience
from storage.posts import Post
from storage.registers import Act

LEAST, MOST = 5, 7 * 1440  # minutes for which a thread is closed for a while


class _Place(msgspec.Struct, frozen=True):
    post: Post
    group: Group
    face: Actor
    by: Actor
    speaker: str  # in whose name it is told (`members.speaker`)


async def remove(
    app: App, moderator: Actor | None, post_id: int, reason: str = "", *, server: Account | None = None,
    seconded: bool = False, only: int = 0, review: str = "",
) -> bool:  # fmt: skip
    """Take a post out of its group; it stays its author's (FEP-1b12 §Group moderation). Once is enough.

    Gives whether it is hidden only, until somebody else agrees, since a moderator has taken out so many
    (`seconding.py`); what is `seconded` somebody has looked at already.
    With `only` a post of that group alone. With a `review`, in a group of ours, it is out until somebody has looked at
    it again (`reviews.py`), and that text is what other servers are told.

    Who looks after this `server` does so in any group of ours, in their own name, so that somebody else decides about
    an appeal, and it stands in the log of admins.

    Raises:
        NotFound: there is no such post in a group.
        NotAllowed: no moderator of the group, nor who looks after this server.
    """
    place = await _place(app, moderator, post_id, rights.REMOVE, server=server)
    _inside(place, only)
    if review and not place.group.local:
        raise NotAllowed("Groups are looked after on their own server.")
    if place.post.removed_at is not None:
        return False
    async with transaction():  # which may be that of an act that came in
        limited = moderator is not None and server is None and place.group.local and not seconded
        if limited and await seconding.waits(place.group, place.by):
            uri = app.urls.activity(next_id())
            await seconding.propose(
                app, writes := Writes(), place.group, place.face, place.post, place.by, uri, reason
            )  # fmt: skip
            await write(writes)
            return True
        await _take_out(app, place, reason, server, review=review)
    return False


async def remove_seconded(
    app: App, by: Actor, post_id: int, proposed: Act, *, server: Account | None = None
) -> None:  # fmt: skip
    """As `remove`, what another moderator had proposed and `by` agrees to.

    Raises:
        NotFound, NotAllowed: as `remove`.
    """
    place = await _place(app, None if server is not None else by, post_id, rights.REMOVE, server=server)
    await _take_out(app, place, proposed.summary, None, proposed.actor_uri)


async def _take_out(
    app: App, place: _Place, reason: str, server: Account | None, proposer: str = "", review: str = ""
) -> None:  # fmt: skip
    writes, uri = Writes(), app.urls.activity(next_id())
    # A `summary` tells the removal by a moderator from a deletion by the author (Lemmy 0.19).
    deletion = _act("Delete", uri, place, summary=review or reason or " ")
    moderation.record_removal(
        app, writes, place.group, place.face, place.post, place.by, uri, reason, proposer=proposer, review=bool(review)
    )  # fmt: skip
    await _tell(app, writes, place, deletion)
    if place.group.local and (boost := await boosts.of(place.face.id, place.post.id)) is not None:
        groups.take_back(app, writes, place.group, place.face, place.post, boost.uri)
    await _written(writes, server, "post.remove", place.post, reason)


async def restore(
    app: App, moderator: Actor | None, post_id: int, *, server: Account | None = None, only: int = 0
) -> None:  # fmt: skip
    """Put a post back into its group; what is in it stays. For `server` and `only` see `remove`.

    Raises:
        NotFound: there is no such post in a group.
        NotAllowed: no moderator of the group, nor who looks after this server.
    """
    async with transaction():
        post = await put_back(app, writes := Writes(), moderator, post_id, server=server, only=only)
        if writes:
            await _written(writes, server, "post.restore", post)


async def _written(writes: Writes, server: Account | None, act: str, post: Post, reason: str = "") -> None:
    async with transaction():  # which may be that of an act that came in
        await write(writes)
        if server is not None:
            await audit.record(server, act, post.uri, **({"reason": reason} if reason else {}))


async def put_back(
    app: App, writes: Writes, moderator: Actor | None, post_id: int, *, server: Account | None = None,
    only: int = 0,
) -> Post:  # fmt: skip
    """As `restore`, with these writes; gives the post."""
    place = await _place(app, moderator, post_id, rights.RESTORE, server=server)
    _inside(place, only)
    if place.post.removed_at is None:
        return place.post
    proposed = await seconding.standing(place.group, place.post.uri) if place.group.local else None
    if proposed is not None:
        act = seconding.over(app, writes, place.group, place.face, proposed, place.by.uri)
        seconding.show(app, writes, act, place.post)
        return place.post
    uri = app.urls.activity(next_id())
    undone = await _undone(place, "removed", uri)
    undo = _undo(uri, place, _act("Delete", undone, place, summary=" "))
    moderation.record_restoration(app, writes, place.group, place.face, place.post, place.by, uri, undone)
    if place.group.local:
        groups.show_limited(app, writes, place.group, place.face, place.post)
    await _tell(app, writes, place, undo)
    return place.post


async def lock(
    app: App, moderator: Actor | None, post_id: int, reason: str = "", within: str = "", *, minutes: int = 0
) -> None:  # fmt: skip
    """Close a thread to answers of all but moderators; `within` a group that shows it, to those in it through that.

    For so many `minutes`, after which it opens by itself; 0 for as long as nobody opens it.

    Raises:
        NotFound: there is no such post in a group, or not in that one.
        NotAllowed: no moderator of the group.
        Invalid: no such time, or where the thread is shown beside others.
    """
    place = await _place(app, moderator, post_id, rights.LOCK, within)
    own = place.post.group_id == place.group.id
    if minutes and not (own and place.post.starter and LEAST <= minutes <= MOST):
        raise Invalid(
            "The group in which a thread began closes it for {least} minutes to {most} days, or for good.",
            field="minutes", least=LEAST, most=MOST // 1440,
        )  # fmt: skip
    if await _is(place, "locked") and not (minutes or (own and place.post.locked_until)):
        return
    until = clock.now_ms() + minutes * 60_000 if minutes else None
    ends = activities.timestamp(until) if until else None
    writes, uri = Writes(), app.urls.activity(next_id())
    moderation.record_lock(app, writes, place.group, place.face, place.post, place.by, uri, reason, until)
    await _tell(app, writes, place, _act("Lock", uri, place, summary=reason or None, endTime=ends, expires=ends))
    await apply(writes)


async def unlock(app: App, moderator: Actor | None, post_id: int, within: str = "") -> None:
    """Open a thread to answers again.

    Raises:
        NotFound: there is no such post in a group, or not in that one.
        NotAllowed: no moderator of the group.
    """
    place = await _place(app, moderator, post_id, rights.LOCK, within)
    if not await _is(place, "locked"):
        return
    writes, uri = Writes(), app.urls.activity(next_id())
    undone = await _undone(place, "locked", uri)
    moderation.record_unlock(app, writes, place.group, place.face, place.post, place.by, uri, undone)
    await _tell(app, writes, place, _undo(uri, place, _act("Lock", undone, place)))
    await apply(writes)


async def open_again(app: App, post: int, act: int) -> None:
    """The job: open a thread that an act closed for a while, which is over; in the name of who closed it.

    A moderator elsewhere says nothing from here: theirs is opened in the name of whoever runs the server.
    """
    known = await posts.by_id(post)
    won = await registers.winner(known.group_id, "locked", known.uri) if known and known.group_id else None
    if won is None or won.id != act:
        return
    by = await actors.by_uri(won.actor_uri)
    with contextlib.suppress(AppError):  # the group or the thread is gone, or who closed it looks after it no more
        await unlock(app, by if by is not None and by.local else None, post)


async def pin(app: App, moderator: Actor | None, post_id: int, within: str = "") -> None:
    """Put a thread above the others of its group, or of one that shows it (`within`).

    Raises:
        NotFound: there is no such post in a group, or not in that one.
        NotAllowed: no moderator of the group.
        Invalid: an answer, or taken out of the group.
    """
    await _pin(app, moderator, post_id, within, pinned=True)


async def unpin(app: App, moderator: Actor | None, post_id: int, within: str = "") -> None:
    """Put a thread back among the others of its group.

    Raises:
        NotFound: there is no such post in a group, or not in that one.
        NotAllowed: no moderator of the group.
    """
    await _pin(app, moderator, post_id, within, pinned=False)


async def _pin(app: App, moderator: Actor | None, post_id: int, within: str, *, pinned: bool) -> None:
    place = await _place(app, moderator, post_id, rights.PIN, within)
    if pinned and (not place.post.starter or place.post.removed_at is not None):
        raise Invalid("Only what began a thread in the group can be pinned.")
    if await _is(place, "pinned") == pinned:
        return
    writes, uri = Writes(), app.urls.activity(next_id())
    act = _act("Add" if pinned else "Remove", uri, place, target=place.face.featured)
    moderation.record_pin(app, writes, place.group, place.face, place.post, place.by, uri, pinned=pinned)
    await _tell(app, writes, place, act)
    await apply(writes)


async def _place(
    app: App, moderator: Actor | None, post_id: int, right: str, within: str = "", server: Account | None = None
) -> _Place:  # fmt: skip
    post = await posts.by_id(post_id)
    group, face = await stored.with_face(post.group_id if post is not None else None)
    if within:
        group, face = await groups.called(within)
        if post is None or group.id not in (post.group_id, *[each.id for each in await shares.of_thread(post.id)]):
            raise NotFound("There is no such post in a group.")
    if post is None or group is None or face is None or face.gone or post.deleted_at is not None:
        raise NotFound("There is no such post in a group.")
    by = moderator
    if server is not None and group.local:
        powers.require(server, powers.REPORTS)
        by = await actors.by_id(server.actor_id)
    elif by is None and group.local:
        by = await actors.by_uri(await members.who_acts(group, face, None, right))
    if by is None:
        raise NotAllowed("Groups are looked after on their own server.")
    admit.actor(by)
    if moderator is not None:
        admit.right(await members.standing(group, by), right)
    if post.group_id != group.id and not group.local and not app.peers.keeps_apart(face.host):
        raise NotAllowed("The server of this group knows no locks and pins of threads that began elsewhere.")
    speaker = await members.speaker(app, group, face, by.uri) if group.local else by.uri
    return _Place(post, group, face, by, speaker)


def _inside(place: _Place, only: int) -> None:
    if only and place.group.id != only:
        raise NotFound("There is no such post in the group.")


async def _is(place: _Place, property_: str) -> bool:
    if property_ == "locked" and place.post.group_id == place.group.id:
        return bool(place.post.locked)
    return await registers.get(place.group.id, property_, place.post.uri) is not None


async def _tell(app: App, writes: Writes, place: _Place, act: activities.Json) -> None:
    if place.group.local and place.post.group_id != place.group.id:
        told = await showing.concerned(place.post)
        showing.decided(app, writes, place.group, place.face, place.post, act, told)
    elif place.group.local:
        groups.pass_on(app, writes, place.group, place.face, act, about=place.post)
    else:
        publish(app, writes, place.by, act, Audience(inboxes=(place.face.inbox,)), thread_id=place.post.thread_id)


async def _undone(place: _Place, property_: str, uri: str) -> str:
    """The id of the act that is undone; peers take it from its own server only, so another's gets an id of ours."""
    act = await registers.winner(place.group.id, property_, place.post.uri)
    return act.uri if act is not None and act.actor_uri == place.by.uri == place.speaker else f"{uri}#undone"


def _act(kind: str, uri: str, place: _Place, **more: str | None) -> activities.Json:
    return activities.activity(
        kind, uri, place.speaker, place.post.uri, to=[PUBLIC], cc=[place.face.uri], audience=place.face.uri, **more
    )


def _undo(uri: str, place: _Place, undone: activities.Json) -> activities.Json:
    return activities.activity(
        "Undo", uri, place.speaker, undone, to=[PUBLIC], cc=[place.face.uri], audience=place.face.uri
    )
