"""Clean values for what is done, and for lists of things."""

from typing import Any

import msgspec

from activitypub.actors import Actor
from activitypub.objects import NOBODY, Audience, Emoji, Note, Other, Tombstone, in_whole_seconds


class Collection(msgspec.Struct, frozen=True, kw_only=True):
    """A collection or a page of one; items are as they came: ids or whole documents."""

    kind: str
    uri: str | None = None
    items: tuple[Any, ...] = ()
    total: int | None = None
    first: str | None = None
    next: str | None = None
    prev: str | None = None
    part_of: str | None = None
    attributed_to: str | None = None
    first_page: "Collection | None" = None  # when it came embedded
    raw: dict[str, Any] = msgspec.field(default_factory=dict)


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """Something an actor says it did.

    `object` is an id (str), a value that came embedded, or None where nothing usable was named. When several objects
    came, `object` is the first of `objects`.
    """

    type: str
    actor: str
    uri: str | None = None  # anonymous only inside another activity, or when sent without an id
    object: "Thing" = None
    objects: "tuple[Thing, ...]" = ()
    target: str | None = None
    origin: str | None = None
    audience: Audience = NOBODY
    context: str | None = None
    published: int | None = None  # ms since 1970; None when absent or absurd
    ends: int | None = None  # of a Block or Lock: `endTime`, or `expires`
    remove_data: bool = False  # of a Block
    summary: str = ""  # a reason, plain text
    content: str = ""  # of a reaction: the emoji
    emojis: tuple[Emoji, ...] = ()
    raw: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def coarse(self) -> bool:
        """Whether `published` came in whole seconds, so that it was sometime within that second."""
        return in_whole_seconds(self.raw.get("published"))

    @property
    def object_id(self) -> str | None:
        """The id of the object, however it came."""
        return id_of(self.object)

    @property
    def object_ids(self) -> tuple[str, ...]:
        """The ids of all objects that have one."""
        return tuple(uri for uri in map(id_of, self.objects) if uri is not None)


Thing = Activity | Note | Actor | Tombstone | Collection | Other | str | None


def id_of(thing: Thing) -> str | None:
    """The id of a value, or the id itself."""
    return thing if thing is None or isinstance(thing, str) else thing.uri
