"""What can be looked on at: the streams of Mastodon by their names (Mastodon API: "Streaming")."""

import msgspec

from web.errors import Refusal
from web.languages import later

PUBLIC = ("public", "public:media", "public:local", "public:local:media", "public:remote", "public:remote:media")
TAGS = ("hashtag", "hashtag:local")
USER, NOTIFICATIONS, LIST, DIRECT = "user", "user:notification", "list", "direct"
_NAMES = frozenset((USER, NOTIFICATIONS, LIST, DIRECT, *PUBLIC, *TAGS))
_MOST_CHARACTERS = 200  # of a tag or the id of a list

UNKNOWN = later("Unknown stream type.")  # the words that programs look for
NO_TAG = later("Say which tag: the parameter is called tag.")
NO_LIST = later("Say which list: the parameter is called list.")


class Channel(msgspec.Struct, frozen=True):
    """One stream: its name, and the tag or the id of the list that it is about."""

    name: str
    about: str = ""

    @property
    def scope(self) -> str:
        """What a program needs to look on; "" = a token of any scope, as for what everybody may see on Mastodon."""
        if self.name in PUBLIC or self.name in TAGS:
            return ""
        return "read:notifications" if self.name == NOTIFICATIONS else "read:statuses"


class Wish(msgspec.Struct, frozen=True):
    """What a client asks for; unknown parameters mean nothing."""

    stream: str = ""
    tag: str = ""
    list: str = ""
    only_media: bool = False


def channel(wish: Wish) -> tuple[Channel, tuple[str, ...]]:
    """The channel, and what frames call it: as the client wrote it.

    Raises:
        Refusal: 400: there is no such stream, or it does not say what it is about.
    """
    name = wish.stream
    if name not in _NAMES:
        raise Refusal(400, UNKNOWN)
    if wish.only_media and f"{name}:media" in PUBLIC:
        name = f"{name}:media"
    if name in TAGS:
        tag = wish.tag.strip().lstrip("#").lower()
        if not tag or len(tag) > _MOST_CHARACTERS:
            raise Refusal(400, NO_TAG)
        return Channel(name, tag), (name, wish.tag)
    if name == LIST:
        if not wish.list.isascii() or not wish.list.isdigit() or len(wish.list) > 18:
            raise Refusal(400, NO_LIST)
        return Channel(name, str(int(wish.list))), (name, wish.list)
    return Channel(name), (name,)
