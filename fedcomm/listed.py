"""What collections of peers list: posts, or activities about them, whole or by their ids.

What is listed is a hint where to look. Only what the list's own origin says of its own posts is taken from there
(FEP-fe34); everything else is asked for at its home.
"""

from typing import Any

import msgspec

from activitypub import authenticity, parse, properties, quirks
from activitypub.errors import ProtocolError
from activitypub.objects import Note
from activitypub.origins import is_url, same_origin

_CARRIERS = frozenset(("Announce", "Create", "Update", "Add"))
_DEEPEST = 4  # Announce{Create{Note}}, and one in reserve


class Listed(msgspec.Struct, frozen=True):
    """A post that is named in a list: its id, the post where it came whole, and the id of the announcement of it."""

    uri: str
    raw: dict[str, Any] | None = None
    announce: str | None = None

    def by_origin(self, url: str) -> Note | None:
        """The post, where it came whole, and the origin of the list at that URL speaks for it and its author."""
        if self.raw is None or not same_origin(self.uri, url):
            return None
        try:
            note = parse.object(self.raw)
            if not isinstance(note, Note):
                return None
            authenticity.genuine(note)
        except ProtocolError:
            return None
        return note

    @property
    def author(self) -> str | None:
        """Who wrote it, as the list says; nobody whom the origin of the post cannot name."""
        named = properties.reference(self.raw.get("attributedTo")) if self.raw is not None else None
        return named if named is not None and same_origin(named, self.uri) else None

    @property
    def answers(self) -> bool:
        """Whether the list says that it answers another."""
        return self.raw is not None and self.raw.get("inReplyTo") is not None


def read(item: dict[str, Any] | str) -> Listed | None:
    """The post that an item of a list names; None when it names something else, or nothing."""
    announce: str | None = None
    for _ in range(_DEEPEST):
        if isinstance(item, str):
            return Listed(item, None, announce) if is_url(item) else None
        if not isinstance(item, dict):
            return None
        kind = item.get("type")
        if kind not in _CARRIERS:
            break
        if kind == "Announce":
            announce = properties.url(item.get("id"))
        inner: Any = item.get("object")
        item = inner
    if not isinstance(item, dict):
        return None
    uri = properties.url(item.get("id"))
    return Listed(uri, item, announce) if uri is not None and _is_post(item.get("type")) else None


def _is_post(kind: object) -> bool:
    kinds = kind if isinstance(kind, list) else [kind]
    return any(each in quirks.FAMILIES["post"] for each in kinds if isinstance(each, str))
