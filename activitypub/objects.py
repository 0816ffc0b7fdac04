"""Clean values for what people write: posts of every kind, and what hangs on them."""

from typing import Any

import msgspec

from activitypub.contexts import PUBLIC


class Audience(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an object is for. `bto` and `bcc` never get here (AP §6)."""

    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()  # the group (FEP-1b12 §Audience property)
    beyond: int = 0  # addresses that were cut off

    @property
    def public(self) -> bool:
        """Whether anybody may see it, listed or not."""
        return PUBLIC in self.to or PUBLIC in self.cc

    @property
    def everyone(self) -> tuple[str, ...]:
        """All addresses, each once, in order of mention."""
        return tuple(dict.fromkeys((*self.to, *self.cc, *self.audience)))


NOBODY = Audience()


def in_whole_seconds(written: Any) -> bool:
    """Whether a time is written without a fraction, as Mastodon does it; a fraction of zero is one."""
    return type(written) is str and "." not in written and "," not in written


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A picture, a sound, a film, a file or a link (`kind` is then "Link")."""

    kind: str
    url: str
    media_type: str = ""
    description: str = ""
    width: int | None = None  # pixels
    height: int | None = None
    blurhash: str = ""
    focus: tuple[float, float] | None = None  # -1.0 … 1.0 each
    duration: str = ""  # ISO 8601


class Mention(msgspec.Struct, frozen=True):
    """Somebody who is spoken to; `name` is what the author's server wrote, and proves nothing."""

    href: str
    name: str = ""


class Hashtag(msgspec.Struct, frozen=True):
    """A tag, without its `#`."""

    name: str
    href: str = ""


class Flair(msgspec.Struct, frozen=True, kw_only=True):
    """A label that a group has for its threads; colours are `#rrggbb`, '' where they are not told."""

    uri: str
    name: str
    text_color: str = ""
    background_color: str = ""


class Emoji(msgspec.Struct, frozen=True):
    """A picture that stands for `:shortcode:`."""

    shortcode: str  # without colons
    url: str
    uri: str = ""
    media_type: str = ""


class Option(msgspec.Struct, frozen=True):
    """An answer of a poll and how many chose it."""

    name: str
    votes: int = 0


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """A question with answers (FEP-9967 §Question object)."""

    options: tuple[Option, ...]
    multiple: bool = False
    ends: int | None = None  # ms since 1970
    closed: bool = False  # said outright; a poll whose `ends` is past is closed too
    voters: int | None = None
    hidden: bool = False  # how many chose which answer is not told


class Happening(msgspec.Struct, frozen=True):
    """When and where an event takes place, as its author wrote it; "" where that is not said."""

    starts: str = ""  # ISO 8601
    ends: str = ""
    place: str = ""


class Source(msgspec.Struct, frozen=True):
    """What the author typed (AP §3.3)."""

    content: str
    media_type: str = "text/plain"


class Permission(msgspec.Struct, frozen=True):
    """Who may do one kind of thing with a post: at once, or when its author agrees; ids of actors and collections.

    `asked` says that it is written as by servers which take requests (GoToSocial 0.20); older ones are sent the thing
    itself, and let it wait.
    """

    automatic: tuple[str, ...] = ()
    manual: tuple[str, ...] = ()
    asked: bool = True


class Controls(msgspec.Struct, frozen=True):
    """Who may like, answer and boost a post, as its author says; None: whoever can see it."""

    like: Permission | None = None
    reply: Permission | None = None
    boost: Permission | None = None


OPEN = Controls()


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Something somebody wrote or made: a note, page, article, question, film, event, or a kind nobody here knows.

    Texts are as they came: nothing in them is safe to show before it was sanitised.
    """

    uri: str
    kind: str  # the type it was sent with: "Note", "Page", "Question", …
    attributed_to: str | None = None
    name: str = ""  # plain text
    content: str = ""
    media_type: str = "text/html"  # of `content`
    summary: str = ""
    preview: str = ""  # of an article of ours, as HTML (FEP-b2b8)
    source: Source | None = None
    language: str | None = None  # BCP 47
    in_reply_to: str | None = None
    audience: Audience = NOBODY
    context: str | None = None
    replies: str | None = None
    url: str | None = None  # a page for people; never an identity
    published: int | None = None  # ms since 1970; None when absent or absurd
    updated: int | None = None
    sensitive: bool = False
    stickied: bool = False
    comments_enabled: bool = True
    controls: Controls = OPEN
    image: str | None = None
    quote: str | None = None
    attachments: tuple[Attachment, ...] = ()
    mentions: tuple[Mention, ...] = ()
    hashtags: tuple[Hashtag, ...] = ()
    emojis: tuple[Emoji, ...] = ()
    flairs: tuple[Flair, ...] = ()
    poll: Poll | None = None
    happening: Happening | None = None
    raw: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def readable(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.content or self.name or self.summary or self.attachments or self.poll)

    @property
    def coarse(self) -> bool:
        """Whether `published` came in whole seconds, so that it was sometime within that second."""
        return in_whole_seconds(self.raw.get("published"))

    @property
    def vote(self) -> bool:
        """Whether it looks like a vote: a name for an answer, and no text (FEP-9967 §Voting)."""
        return self.kind == "Note" and bool(self.name) and not self.content and self.in_reply_to is not None


class Tombstone(msgspec.Struct, frozen=True, kw_only=True):
    """What stands where something was deleted."""

    uri: str
    former_type: str = ""
    deleted: int | None = None  # ms since 1970
    raw: dict[str, Any] = msgspec.field(default_factory=dict)


class Other(msgspec.Struct, frozen=True, kw_only=True):
    """An object that is neither post, actor, activity nor collection: a stamp, a place, a key."""

    kind: str
    uri: str | None = None
    raw: dict[str, Any] = msgspec.field(default_factory=dict)
