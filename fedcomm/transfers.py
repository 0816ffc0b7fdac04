"""Moderators move a thread out of a group of ours into another one, of ours or elsewhere: with its answers.

Other servers hear that the first group has it no more: by `Move` where that is known (fedcomm; PieFed 1.6:
move_object), else as of a removal; and the other group announces it as its own. To move it back is to undo it: who
heard of a removal hears that this is taken back. A group elsewhere has the thread from now on as far as its server
lets whoever moved it begin threads there: it hears the same `Move` (docs/decisions/0058).
"""

from typing import Any

import msgspec

from activitypub.contexts import PUBLIC
from fedcomm import acts, admit, groups, letters, members, orphans, posts, relocating, rights, seconding, sharing
from fedcomm.app import App
from fedcomm.errors import Invalid, NotAllowed, NotFound, TooMany
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage import actors, boosts, registers
from storage import groups as stored
from storage import posts as rows
from storage.actors import Actor
from storage.connect import Writes, apply, transaction, write
from storage.groups import Group
from storage.ids import next_id
from storage.outbox import Audience
from storage.posts import Post

MAX_REASON = 500  # characters


class Move(msgspec.Struct, frozen=True):
    """Which thread goes from which group into which, by whom and why; `uri` is the id of that act."""

    post: Post
    old: Group
    old_face: Actor
    new: Group
    new_face: Actor
    by: Actor
    uri: str
    reason: str = ""


async def move(app: App, moderator: Actor | None, post_id: int, target: str, reason: str = "") -> None:
    """Move a thread into the group called `target`; `moderator` is None for who runs the server.

    Raises:
        NotFound: there is no such thread in a group, or no such group is known.
        NotAllowed: no moderator of the group in which it is, or one who may not begin threads in the other; or its
            author is banned from that; or nothing of it or of its server counts here.
        Invalid: it is in that group, or not for everybody; or that group's server knows of no such moves.
        TooMany: they took so much out of the group lately that somebody else has to look (`seconding.py`).
    """
    post = await rows.by_id(post_id)
    old, old_face = await stored.with_face(post.group_id if post is not None else None)
    if post is None or old is None or old_face is None or old_face.gone or not post.starter:
        raise NotFound("There is no such thread in a group.")
    if not old.local:
        return await _ask(app, moderator, post, old, old_face, target, reason)
    new, new_face = await groups.called(target.strip().lstrip("!@").removesuffix(f"@{app.host}"))
    by = await actors.by_uri(await members.who_acts(old, old_face, moderator, rights.REMOVE))
    if by is None:
        raise NotAllowed("Only moderators of the group can do this.")
    wanted = Move(post, old, old_face, new, new_face, by, app.urls.activity(next_id()), reason.strip()[:MAX_REASON])
    async with transaction():
        await record(app, wanted, said(wanted), free=moderator is None)


async def _ask(
    app: App, moderator: Actor | None, post: Post, old: Group, old_face: Actor, target: str, reason: str
) -> None:  # fmt: skip
    """To a group elsewhere the act of a member here is sent, and has its effect here at once."""
    if moderator is None or old_face.host not in app.peers.movers():
        raise NotAllowed("The server of this group takes that from nobody here.")
    admit.actor(moderator)
    admit.right(await members.standing(old, moderator), rights.REMOVE)
    name = target.strip().lstrip("!@")
    new, new_face = await groups.called(name if "@" in name else f"{name}@{old_face.host}")
    if new_face.host != old_face.host or new.id == old.id or not relocating.movable(post, old, new):
        raise Invalid("A thread that is for everybody can go into another group of the same server.", field="group")
    uri, writes = app.urls.activity(next_id()), Writes()
    wanted = Move(post, old, old_face, new, new_face, moderator, uri, reason.strip()[:MAX_REASON])
    await relocating.record(app, writes, post, old, new)
    publish(app, writes, moderator, said(wanted), Audience(inboxes=(old_face.inbox,)), thread_id=post.thread_id)
    await apply(writes)


async def record(app: App, wanted: Move, document: dict[str, Any], *, free: bool = False) -> None:
    """As `move`, by who has the right in the first group; `document` is their `Move`. `free`: the other group is not
    asked whether it takes in what they bring."""
    post, old, new = wanted.post, wanted.old, wanted.new
    if old.id == new.id:
        raise Invalid("The thread is in this group already.", field="group")
    if not relocating.movable(post, old, new) or post.removed_at is not None:
        raise Invalid("Only what is for everybody, and in its group, can be moved into another one.", field="group")
    admit.actor(wanted.new_face)
    admit.server(app.peers, wanted.new_face.host)
    if not new.local and wanted.new_face.host not in app.peers.movers():
        raise Invalid("The server of that group knows of no threads that are moved.", field="group")
    back = await _left(new, post) if new.local else None
    if not free:
        admit.actor(wanted.by)
        if back is None and await seconding.waits(old, wanted.by):
            raise TooMany(
                "You have taken very much out of this group lately. Please wait, or let somebody else move it.",
                retry_after=3_600,
            )
        await sharing.may_bring(app, wanted.by, post, new, wanted.new_face)
    writes, removal = Writes(), f"{wanted.uri}#removal"
    await relocating.record(app, writes, post, old, new)
    _log(app, writes, wanted)
    await _place_anew(app, writes, wanted)
    _leave(app, writes, wanted, document, removal)
    await _arrive(app, writes, wanted, back)
    await _tell_author(app, writes, wanted)
    await write(writes)


def said(wanted: Move) -> activities.Json:
    """The act as it is told."""
    return activities.activity(
        "Move", wanted.uri, wanted.by.uri, wanted.post.uri, to=[PUBLIC], cc=[wanted.old_face.uri],
        audience=wanted.old_face.uri, origin=wanted.old_face.uri, target=wanted.new_face.uri,
        summary=wanted.reason or None,
    )  # fmt: skip


async def _left(group: Group, post: Post) -> registers.Act | None:
    """By which act the thread left the group to which it goes now, if it was there before."""
    act = await registers.winner(group.id, "moved", post.uri)
    return act if act is not None and "to" in msgspec.json.decode(act.value or "{}") else None


def _log(app: App, writes: Writes, wanted: Move) -> None:
    """In both groups, of ours; what a thread brings along, that it is pinned and which flair it has, stays behind."""
    by, uri, post = wanted.by.uri, wanted.uri, wanted.post.uri
    old, new, old_face, new_face = wanted.old, wanted.new, wanted.old_face, wanted.new_face
    to, from_ = {"to": new_face.uri}, {"from": old_face.uri}
    acts.record(app, writes, old, old_face, "moved", post, to, by=by, uri=uri, summary=wanted.reason)
    if new.local:
        acts.record(app, writes, new, new_face, "moved", post, from_, by=by, uri=f"{uri}#in", summary=wanted.reason)


async def _place_anew(app: App, writes: Writes, wanted: Move) -> None:
    """A post of ours says itself in which group it is, and is told so anew by that one before it leaves the other.

    Lemmy goes by that alone, and takes no `Create` twice: the thread is where its author's `Update` says, and the
    removal that comes then is of a group in which it is no more (0.19.20: protocol/activities/deletion/delete.rs). Of
    an author elsewhere nobody here can say it.
    """
    post, author = wanted.post, await actors.by_id(wanted.post.author_id)
    if not wanted.new.local or not post.local or author is None or author.gone:
        return
    document = await posts.document_of(app, msgspec.structs.replace(post, group_id=wanted.new.id))
    update = activities.update(f"{post.uri}#updates/{next_id()}", author.uri, document)
    groups.pass_on(
        app, writes, wanted.new, wanted.new_face, update, about=post, without=tuple(sorted(app.peers.movers()))
    )


def _leave(app: App, writes: Writes, wanted: Move, document: dict[str, Any], removal: str) -> None:
    post, old, face = wanted.post, wanted.old, wanted.old_face
    elsewhere = () if wanted.new.local else (wanted.new_face.inbox,)
    groups.pass_on(app, writes, old, face, document, about=post, also=elsewhere)
    # Where no moves are known it was taken out, and this is all that its readers see of why.
    where = f"→ !{wanted.new_face.username}@{wanted.new_face.host or app.host}"
    deletion = _removal(wanted.by.uri, face, post, removal, f"{wanted.reason} {where}".strip())
    groups.pass_on(app, writes, old, face, deletion, about=post, without=tuple(sorted(app.peers.movers())))


async def _arrive(app: App, writes: Writes, wanted: Move, back: registers.Act | None) -> None:
    new, face = wanted.new, wanted.new_face
    post = msgspec.structs.replace(wanted.post, group_id=new.id)
    if (boost := await boosts.of(wanted.old_face.id, post.id)) is not None:
        boosts.remove(writes, boost)
        groups.take_back(app, writes, wanted.old, wanted.old_face, post, boost.uri)
    if not new.local:
        return
    if back is not None:
        # Peers take it from its own server only, so that of another gets an id of ours.
        undone = f"{back.uri}#removal" if back.actor_uri == wanted.by.uri else f"{wanted.uri}#undone"
        undo = activities.activity(
            "Undo", app.urls.activity(next_id()), wanted.by.uri, _removal(wanted.by.uri, face, post, undone, ""),
            to=[PUBLIC], cc=[face.uri], audience=face.uri,
        )  # fmt: skip
        groups.pass_on(app, writes, new, face, undo, about=post, without=tuple(sorted(app.peers.movers())))
    author = await actors.by_id(post.author_id)
    create: dict[str, Any] | str = post.create_uri or post.uri
    if post.local:
        create = await posts.create_document_of(app, post)
    elif author is not None:
        create = await orphans.create_of(app, post, author)
    groups.accept_post(app, writes, new, face, post, create)


async def _tell_author(app: App, writes: Writes, wanted: Move) -> None:
    author, post = await actors.by_id(wanted.post.author_id), wanted.post
    if author is not None and author.uri != wanted.by.uri:
        link = post.url or post.uri
        await letters.moved(app, writes, wanted.old_face, author, wanted.new_face, link, wanted.reason, next_id())


def _removal(by: str, face: Actor, post: Post, uri: str, reason: str) -> activities.Json:
    return activities.activity(
        "Delete", uri, by, post.uri, to=[PUBLIC], cc=[face.uri], audience=face.uri, summary=reason or " "
    )
