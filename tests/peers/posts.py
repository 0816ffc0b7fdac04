"""Posts and communities as programs with communities have them, and what scripted programs write in common."""

from datetime import UTC, datetime

import msgspec

from tests.peers.server import Json

PLACES = ("/u/{}", "/c/{}")


class Post(msgspec.Struct):
    """A post or comment as the server has it."""

    uri: str
    author: str
    community: str
    title: str = ""
    text: str = ""
    parent: str = ""
    edits: int = 0
    votes: dict[str, int] = msgspec.field(default_factory=dict)  # who → 1 or -1
    deleted: bool = False
    removed: str = ""  # the reason a moderator gave
    locked: bool = False
    published: str = ""
    updated: str = ""


class Community(msgspec.Struct):
    """A community of this server."""

    uri: str
    title: str
    moderators: list[str]
    followers: dict[str, str] = msgspec.field(default_factory=dict)  # who → inbox
    banned: set[str] = msgspec.field(default_factory=set)
    asks: bool = False  # somebody has to let in who wants to join
    waiting: dict[str, Json] = msgspec.field(default_factory=dict)  # who → what they sent


def bare(activity: Json) -> Json:
    """An activity without its context, as it stands in another."""
    return {name: value for name, value in activity.items() if name != "@context"}


def now() -> str:
    """The time as these programs write it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
