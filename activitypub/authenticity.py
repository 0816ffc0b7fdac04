"""Reduces what nothing vouches for to its id: handlers see only what somebody said (FEP-fe34 §Authentication)."""

from collections.abc import Container

import msgspec

from activitypub.activities import Activity, Collection, Thing, id_of
from activitypub.actors import Actor
from activitypub.errors import Forbidden
from activitypub.objects import Note, Tombstone
from activitypub.origins import same_origin

# Only under these does it matter what came embedded; under all others (Like, Delete, Follow, Block, Flag, Add, …) the
# id is all that is said: NodeBB 4.15.1 embeds the post in a Like, Mastodon a tombstone in a Delete.
_ANSWERS = frozenset({"Accept", "Reject", "TentativeAccept", "TentativeReject"})
_CARRIERS = frozenset({"Create", "Update", "Announce", "Undo"}) | _ANSWERS
# Under these a `Member` of Mobilizon 5 (who is what in which group) is what the signer says: its id is that of a `Join`
# or `Invite`, on the server of whoever sent that, and says nothing of who knows it now.
_STATING = frozenset({"Create", "Update", "Add"})
_NOBODY: frozenset[str] = frozenset()


def reduce(activity: Activity, signer: str, proven: Container[str] = _NOBODY) -> Activity:
    """The activity with everything embedded that `signer` cannot vouch for replaced by its id.

    Kept are posts of the signer's own, on the signer's origin, and the signer's own profile. Inside an `Announce` the
    *statement* of the announced activity is kept: who did what to which id, vouched for at most by the announcer; a
    post in it is not, unless its author announced it. Inside an answer a request is kept that was made of the signer.
    What somebody is in a group (`Member`) is kept as the statement of the signer, who may have no say in it.
    `proven` holds the ids of embedded objects and activities whose owner's integrity proof was verified (FEP-8b32);
    these are kept too. Everything else is to be asked for at its own origin.

    Raises:
        Forbidden: the actor is not the signer, or the id lies on another origin than the actor.
    """
    if activity.actor != signer:
        raise Forbidden("The activity was signed by somebody else than its actor.")
    if activity.uri is not None and not same_origin(activity.uri, signer):
        raise Forbidden("The id of an activity must have the origin of its actor.")
    if activity.object is None or (type(activity.object) is str and len(activity.objects) == 1):
        return activity
    return _with(activity, tuple(_kept(thing, activity, signer, proven) for thing in activity.objects))


def genuine(value: Note | Actor | Tombstone | Collection | Activity) -> None:
    """Check that a document fetched from its id may name the owner that it names (FEP-fe34 §Ownership).

    Raises:
        Forbidden: owner and id lie on different origins, or a post or activity has no owner or id.
    """
    if isinstance(value, Actor | Tombstone):
        return
    owner = value.actor if isinstance(value, Activity) else value.attributed_to
    if owner is None and isinstance(value, Collection):
        return
    if owner is None or value.uri is None or not same_origin(owner, value.uri):
        raise Forbidden("The owner of an object must have the origin of its id.")


def _kept(thing: Thing, outer: Activity, signer: str, proven: Container[str]) -> Thing:
    uri = id_of(thing)
    if isinstance(thing, Activity) and thing.type == "Member" and outer.type in _STATING:
        return _reduced(thing, signer, proven)
    if outer.type not in _CARRIERS:
        return uri
    if isinstance(thing, Activity):
        return _kept_activity(thing, outer, signer, proven)
    if isinstance(thing, Note):
        owner = thing.attributed_to
        vouched = owner is not None and (owner == signer or uri in proven) and same_origin(thing.uri, owner)
        return thing if vouched else uri
    if isinstance(thing, Actor):
        return thing if uri == signer or uri in proven else uri
    # What has no id is part of what the signer says (FEP-fe34 §Embedding).
    return thing if uri is None else uri


def _kept_activity(inner: Activity, outer: Activity, signer: str, proven: Container[str]) -> Thing:
    if inner.uri is not None and not same_origin(inner.uri, inner.actor):
        return inner.uri
    if outer.type == "Announce":
        speaker = inner.actor if inner.uri in proven else signer
        return _reduced(inner, speaker, proven)
    # An answer names a request, which the receiver must find among its own (ORI-16); Undo and the rest are about
    # something the same actor did before.
    mine = inner.object_id == signer if outer.type in _ANSWERS else inner.actor == outer.actor
    return _reduced(inner, signer, proven) if mine else inner.uri


def _reduced(inner: Activity, speaker: str, proven: Container[str]) -> Activity:
    return _with(inner, tuple(_kept(thing, inner, speaker, proven) for thing in inner.objects))


def _with(activity: Activity, things: tuple[Thing, ...]) -> Activity:
    if all(kept is thing for kept, thing in zip(things, activity.objects, strict=True)):
        return activity
    named = tuple(thing for thing in things if thing is not None)
    return msgspec.structs.replace(activity, object=named[0] if named else None, objects=named)
