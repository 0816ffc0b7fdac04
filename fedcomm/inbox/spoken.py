"""Which ids an activity speaks of, to be looked up before it is handled, and which it may change."""

from collections.abc import Iterator

import msgspec

from activitypub.activities import Activity, Thing
from activitypub.objects import Note
from storage import posts

MAX_URIS = 120  # addresses and mentions of one activity that are looked up (attack NET-16)
_VOTES = frozenset(("Like", "Dislike", "EmojiReact"))
_STANDING = frozenset(("Follow", "Accept", "Reject", "Block", "Leave", "Move"))


class Names(msgspec.Struct):
    """The ids that an activity speaks of."""

    actors: list[str]
    posts: list[str]
    activities: list[str]


def names(activity: Activity) -> Names:
    """The ids to look up for an activity and what it carries."""
    found = Names([activity.actor], [], [])
    inner: Thing = activity
    while isinstance(inner, Activity):
        found.actors.append(inner.actor)
        found.actors.extend(_addresses(inner.audience.everyone))
        found.actors.extend(filter(None, (inner.target, inner.origin)))
        if inner.uri:
            found.activities.append(inner.uri)
        for uri in inner.object_ids[:MAX_URIS]:
            found.posts.append(uri)
            found.actors.append(uri)
        inner = inner.object
    if isinstance(inner, Note):
        found.actors.extend(_addresses(inner.audience.everyone))
        found.actors.extend(mention.href for mention in inner.mentions[:MAX_URIS])
        if inner.in_reply_to:
            found.posts.append(inner.in_reply_to)
    return found


def touched(activity: Activity) -> frozenset[str]:
    """What an activity may change, by name: two that share one are not handled in one batch.

    What changes the standing of somebody (who follows, blocks or is gone) touches the actor.
    """
    if activity.type in _VOTES:
        return frozenset((_vote(activity), activity.uri or ""))
    inner = activity.object
    standing = _STANDING.intersection((activity.type, inner.type if isinstance(inner, Activity) else ""))
    ids = [activity.uri or "", activity.actor if standing else ""]
    thing: Thing = activity
    while isinstance(thing, Activity):
        ids.extend(thing.object_ids)
        ids.append(thing.uri or "")
        if thing.type in _VOTES:  # it may have no id of its own
            ids.append(_vote(thing))
        thing = thing.object
    return frozenset(filter(None, ids))


def _vote(activity: Activity) -> str:
    return f"{activity.actor} {activity.object_id}"


def needed(activity: Activity, found: Names) -> frozenset[str]:
    """What an activity that speaks of these ids reads that another of its batch may change."""
    return frozenset((*found.posts, *found.activities, *speakers(activity)))


def speakers(activity: Activity) -> list[str]:
    """Those who say something in an activity, from outside in."""
    found = [activity.actor]
    inner: Thing = activity.object
    while isinstance(inner, Activity):
        found.append(inner.actor)
        inner = inner.object
    if isinstance(inner, Note) and inner.attributed_to:
        found.append(inner.attributed_to)
    return found


def back(activity: Activity, found: Names) -> Iterator[str]:
    """The names under which something in the activity may have been taken back before it came."""
    for by in speakers(activity):
        for uri in (*found.activities, *found.posts[:2]):
            yield posts.taken_back(uri, by)


def _addresses(uris: tuple[str, ...]) -> tuple[str, ...]:
    return uris[:MAX_URIS]
