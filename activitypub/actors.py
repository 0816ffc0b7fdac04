"""Clean values for who acts: people, groups, applications."""

from typing import Any

import msgspec

from activitypub.objects import Emoji, Flair, Hashtag

OPENNESS = frozenset({"open", "moderated", "invite_only"})  # how one becomes a member of a group (Mobilizon 5)


class Field(msgspec.Struct, frozen=True):
    """A line of a profile; `value` is HTML as it came."""

    name: str
    value: str


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody or something that acts. Every collection here lies on the actor's own origin (FEP-fe34 §Origin)."""

    uri: str
    kind: str  # "Person", "Group", "Application", "Service", "Organization", "Feed"
    inbox: str
    shared_inbox: str | None = None
    username: str = ""  # as claimed: a handle only after WebFinger has agreed
    name: str = ""  # plain text
    summary: str = ""  # HTML as it came
    url: str | None = None
    outbox: str | None = None
    followers: str | None = None
    following: str | None = None
    featured: str | None = None
    moderators: str | None = None  # collection (FEP-1b12 §Group moderation)
    keys: tuple[dict[str, Any] | str, ...] = ()  # raw entries of publicKey and assertionMethod
    icon: str | None = None
    image: str | None = None
    icon_description: str = ""  # of ours, for who cannot see it
    image_description: str = ""
    attribution_domains: tuple[str, ...] = ()  # sites that may name a member of ours as author
    fields: tuple[Field, ...] = ()
    emojis: tuple[Emoji, ...] = ()
    flairs: tuple[Flair, ...] = ()  # that threads of a group can have
    hashtags: tuple[Hashtag, ...] = ()  # what a group is about
    also_known_as: tuple[str, ...] = ()
    moved_to: str | None = None
    locked: bool = False  # approves followers by hand
    openness: str = ""  # of a group: one of `OPENNESS`, '' where it says nothing about it
    discoverable: bool = False
    indexable: bool = False
    posting_restricted: bool = False  # only moderators start threads
    sensitive: bool = False
    suspended: bool = False  # by who looks after its own server (Mastodon: "toot:suspended")
    languages: tuple[str, ...] = ()  # BCP 47
    published: int | None = None  # ms since 1970; None when absent or absurd
    updated: int | None = None
    raw: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def delivery(self) -> str:
        """Where what concerns several actors of its server is delivered (AP §7.1.3)."""
        return self.shared_inbox or self.inbox
