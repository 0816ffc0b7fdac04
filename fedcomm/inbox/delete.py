"""Delete: an author, an actor or a moderator takes something away."""

from collections.abc import Awaitable

from activitypub.activities import Activity, id_of
from activitypub.errors import Forbidden
from activitypub.origins import same_origin
from fedcomm import admit, farewells, groups, moderation, recording, rights, seconding
from fedcomm.inbox import announce, create, shared, undo
from fedcomm.inbox.hand import Hand, Ignored, Wants
from storage import caught, held
from storage.actors import Actor
from storage.connect import Writes, write
from storage.groups import Group
from storage.posts import Post


def by_link(hand: Hand, activity: Activity) -> Awaitable[None] | None:
    """An actor says goodbye, or something is taken away."""
    if id_of(activity.object) == activity.actor:
        actor(hand, activity)
        return None
    return thing(hand, activity)


def thing(hand: Hand, activity: Activity) -> Awaitable[None] | None:
    """A post is gone for good when its author says so; a moderator only takes it out of the group.

    An id that is not known, of the signer's origin, is remembered as dead: a late Create has no effect (attack ORI-23).
    """
    uri = id_of(activity.object)
    if uri is None or uri == activity.actor:
        raise Ignored("it names nothing that is known here")
    known = hand.facts.posts.get(uri)
    if known is None:
        if same_origin(uri, activity.actor):
            hand.take_back(uri, "unseen")
            held.drop_of(hand.writes, uri, activity.actor)
            caught.drop_of(hand.writes, uri, activity.actor)
        return None
    if known.author_id == hand.withdrawing(activity.actor).id and not known.local:
        by_author(hand, activity, known)
        return None
    actor = hand.actor(activity.actor)
    group = hand.facts.group_of(known)
    if group is not None and not group.local and known.deleted_at is None:
        _elsewhere(hand, activity, group, known)
        return None
    if group is None or known.deleted_at is not None:
        raise Forbidden("Only its author can delete this.")
    admit.right(hand.facts.standing(group, actor.uri), rights.REMOVE)
    return _taken_out(hand, activity, group, known, actor)


async def _taken_out(hand: Hand, activity: Activity, group: Group, known: Post, moderator: Actor) -> None:
    """A moderator elsewhere takes a post out of a group of ours; what they take out is counted one by one."""
    face, writes, uri = hand.facts.face_of(group), Writes(), activity.uri or ""
    if known.removed_at is None and await seconding.waits(group, moderator):
        await seconding.propose(hand.app, writes, group, face, known, moderator, uri, activity.summary)
        await write(writes)
        return
    moderation.record_removal(hand.app, writes, group, face, known, moderator, uri, activity.summary)
    groups.pass_on(hand.app, writes, group, face, hand.raw_of(activity), about=known, post_id=known.id)
    if (boost := hand.facts.boost_of(face.id, known.id)) is not None:
        groups.take_back(hand.app, writes, group, face, known, boost.uri)
    await write(writes)


def _elsewhere(hand: Hand, activity: Activity, group: Group, known: Post) -> None:
    """Somebody of a group's own server takes a post out of it; whether what the group itself said is gone, that server
    is asked."""
    author = hand.facts.author_of(known)
    if author is None or not create.speaks_for(author, activity.actor):
        return announce.deleted(hand, announce.at_home(hand, activity, group))
    if known.uri not in hand.refreshed:
        raise Wants(fresh_posts=(known.uri,))


def undone(hand: Hand, activity: Activity) -> Awaitable[None] | None:
    """A moderator puts a post back into its group, or an author takes a deletion back (Lemmy, PieFed)."""
    inner = activity.object
    known = hand.facts.posts.get(id_of(inner.object) or "") if isinstance(inner, Activity) else None
    group = hand.facts.group_of(known) if known is not None else None
    if group is not None and not group.local and same_origin(activity.actor, hand.facts.face_of(group).uri):
        announce.restored(hand, announce.at_home(hand, activity, group))
        return None
    return undo.delete(hand, activity)


def by_author(hand: Hand, activity: Activity, known: Post) -> None:
    """Erase a post, and let followers of its group know."""
    if known.deleted_at is not None:
        raise Ignored("it was deleted before")
    recording.erase(hand.app, hand.writes, known)
    group = hand.facts.group_of(known)
    if group is not None and group.local:
        face = hand.facts.face_of(group)
        groups.pass_on(hand.app, hand.writes, group, face, hand.raw_of(activity), about=known)
        if (boost := hand.facts.boost_of(face.id, known.id)) is not None:
            groups.take_back(hand.app, hand.writes, group, face, known, boost.uri)
    shared.changed(hand, activity, known, gone=True)


def actor(hand: Hand, activity: Activity) -> None:
    """An actor is gone, with everything of it (attack SIG-20: one that was never known leaves no row)."""
    known = hand.facts.actors.get(activity.actor)
    if known is None or known.local or known.deleted_at is not None:
        raise Ignored("nobody here knows who is gone")
    farewells.record(hand.app, hand.writes, known)
