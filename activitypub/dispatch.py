"""Finds the rule for an activity by its shape: the types from outside in, and what the innermost object is."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from activitypub.activities import Activity, Collection, Thing
from activitypub.actors import Actor
from activitypub.objects import Note, Other, Tombstone

Shape = tuple[str, ...]

# What the innermost object can be. Posts of all kinds are one: a handler that cares reads `kind`.
LINK = "<id>"
POST = "<post>"
ACTOR = "<actor>"
TOMBSTONE = "<tombstone>"
COLLECTION = "<collection>"
OTHER = "<other>"

_INNERMOST: dict[type, str] = {
    str: LINK,
    Note: POST,
    Actor: ACTOR,
    Tombstone: TOMBSTONE,
    Collection: COLLECTION,
    Other: OTHER,
}
_SPLIT = frozenset({"Announce", "Create"})


class Rule(msgspec.Struct, frozen=True):
    """What is done about activities of a shape, who may send them, and what must be known first.

    `fetch` names the values to be fetched before, as paths: "object", "object.actor".
    """

    shape: Shape
    handler: Callable[..., Any]
    authority: Callable[..., Any]
    fetch: tuple[str, ...] = ()


def shape_of(activity: Activity) -> Shape:
    """The shape of an activity: `("Announce", "Create", POST)`, `("Undo", "Follow", LINK)`, `("Arrive",)`.

    An object that is none, or none that can be named, adds nothing. Of several objects the first counts.
    """
    shape = [activity.type]
    thing: Thing = activity.object
    while type(thing) is Activity:
        shape.append(thing.type)
        thing = thing.object
    if thing is not None:
        shape.append(_INNERMOST[type(thing)])
    return tuple(shape)


def each(activity: Activity) -> tuple[Activity, ...]:
    """The activity, or one for each of its objects where a list means several of them.

    PieFed announces votes in batches; a ballot may come as a list (FEP-9967 §Voting). A `Flag` names all that it
    reports and stays one.
    """
    if len(activity.objects) < 2 or activity.type not in _SPLIT:
        return (activity,)
    return tuple(msgspec.structs.replace(activity, object=thing, objects=(thing,)) for thing in activity.objects)


def index(rules: Iterable[Rule]) -> dict[Shape, Rule]:
    """The rules by shape.

    Raises:
        ValueError: two rules for one shape.
    """
    by_shape: dict[Shape, Rule] = {}
    for rule in rules:
        if rule.shape in by_shape:
            raise ValueError(f"two rules for {rule.shape}")
        by_shape[rule.shape] = rule
    return by_shape


def find(rules: Mapping[Shape, Rule], activity: Activity) -> Rule | None:
    """The rule for the activity, or None when it is understood as nothing; `rules` comes from `index`."""
    return rules.get(shape_of(activity))
