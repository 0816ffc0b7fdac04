"""What is peculiar to programs: which families they belong to, and how their documents deviate."""

from typing import Any

# Types by what they are read as. A document that names several counts as the first family that fits.
FAMILIES: dict[str, frozenset[str]] = {
    "tombstone": frozenset({"Tombstone"}),
    # "Feed" is the actor of Lemmy's and PieFed's multi-communities (Lemmy 1.0-beta, PieFed 1.6).
    "actor": frozenset({"Person", "Group", "Application", "Service", "Organization", "Feed"}),
    "activity": frozenset(
        """Accept Add Announce Arrive Block Create Delete Dislike Flag Follow Ignore Invite Join Leave Like Listen
        Lock Move Offer Read Reject Remove TentativeAccept TentativeReject Travel Undo Update View Activity
        IntransitiveActivity EmojiReact ChatMessageReact PollVote ChooseAnswer Resolve Warn QuoteRequest LikeRequest
        ReplyRequest AnnounceRequest FeatureRequest""".split()
    ),
    "collection": frozenset({"Collection", "OrderedCollection", "CollectionPage", "OrderedCollectionPage"}),
    # Question is an intransitive activity in the vocabulary, and a post on every server (FEP-9967 §Question object).
    "post": frozenset("Note Article Page Question Video Audio Image Document Event ChatMessage".split()),
    "other": frozenset(
        """Place Profile Relationship Link Mention Hashtag Emoji PropertyValue Multikey CryptographicKey Key
        QuoteAuthorization LikeAuthorization ReplyAuthorization AnnounceAuthorization FeatureAuthorization
        LikeApproval ReplyApproval AnnounceApproval""".split()
    ),
    "": frozenset(),
}
FAMILY_ORDER = tuple(FAMILIES)

# Likes that carry an emoji: EmojiReact (Pleroma, Akkoma, Misskey reads it), Like with `content` (Misskey; FEP-c0e0).
REACTIONS = frozenset({"Like", "EmojiReact"})

# The quoted post: FEP-044f (Mastodon 4.4), Fedibird, Misskey and Pleroma; Misskey sends three at once.
QUOTES = ("quote", "quoteUrl", "quoteUri", "_misskey_quote")

# The moderators' collection: `attributedTo` by FEP-1b12 §Group moderation; PieFed 1.6 and Lemmy before 0.18 write
# `moderators` too, and PieFed leaves `attributedTo` out of groups made through its API (2026-11-21).
MODERATORS = ("attributedTo", "moderators")
MODERATED = frozenset({"Group", "Feed"})

# Mobilizon 5 gives these no id (Actions.Leave, Actions.Remove): they are transient (AP §3.1).
_TRANSIENT = ("Leave", "Remove")


def transient(raw: dict[str, Any]) -> bool:
    """Whether an activity has no id that is its own, so that nothing but its signature tells it from another one.

    The `Update` of a `Member` of Mobilizon 5 has the same id each time, on the server of whoever asked to be a member
    or invited them (Utils.make_update_data).
    """
    named, object_ = raw.get("id"), raw.get("object")
    if raw.get("type") == "Update" and isinstance(object_, dict) and object_.get("type") == "Member":
        return isinstance(object_.get("id"), str) and named == f"{object_['id']}/activity"
    return named is None and raw.get("type") in _TRANSIENT


# The collections of a group of Mobilizon 5 that no other program has (Converter.Actor).
_OF_MOBILIZON = ("members", "discussions", "todos", "resources")


def runs(raw: dict[str, Any]) -> str:
    """What the server of an actor runs, by its NodeInfo name, where the actor's document shows it; else ''."""
    mobilizon = raw.get("type") == "Group" and all(isinstance(raw.get(name), str) for name in _OF_MOBILIZON)
    return "mobilizon" if mobilizon else ""


def tells_last(raw: dict[str, Any]) -> bool:
    """Whether a post is a discussion of Mobilizon 5, whose document has what was said last in place of what began it
    (Converter.Discussion): of its own it tells the title alone."""
    owner, by = raw.get("attributedTo"), raw.get("actor")
    own = isinstance(raw.get("name"), str) and raw.get("context") == raw.get("id") and not raw.get("inReplyTo")
    return raw.get("type") == "Note" and own and isinstance(owner, str) and isinstance(by, str) and owner != by


PROFILE_FIELDS = frozenset({"PropertyValue", "schema:PropertyValue", "http://schema.org#PropertyValue"})
NO_ATTACHMENTS = frozenset({"PropertyValue", "IdentityProof", "Note", "Person", "Group"})


GROUPS = "groups"
MICROBLOG = "microblog"
THREADS = "threads"

# By `software.name` of NodeInfo, in lower case. FEP-0151 §Capability detection asks not to negotiate by it: it only
# decides between two forms of the same news, and who is not listed gets what loses least (docs/decisions/0042).
_GROUP_AWARE = {
    "fedcomm": "",
    "lemmy": "1.0-beta: Announce of an embedded or named post is an error, only activities are taken (2026).",
    "piefed": "1.6.6: an announced Page or Note is taken for Mastodon's copy and passed over (2026-11-21).",
    "pyfedi": "the former name of PieFed.",
    "mbin": "1.10.1: unwraps the Announce and processes the inner activity as if it had been delivered.",
    "kbin": "the ancestor of Mbin.",
    "nodebb": "4.15.1: fetches each object from its origin; never answers a POST whose handler throws (2026-11-21).",
    "friendica": "2024.09: unwraps what groups announce; fetches the object of a Create.",
    "lotide": "",
    "hubzilla": "forum channels.",
    "tootik": "",
    "sublinks": "reads as Lemmy does.",
    "brutalinks": "",
}
# They show all that a group boosts, answers in their threads; what is done to it counts from who did it.
_THREADS = {
    "discourse": "2026-06: whose activity it is must be the signer, so of what groups announce only posts have effect.",
}
_MICROBLOGS = {
    "mastodon": "4.x: Announce of an activity is passed over; one boost per account and post.",
    "peertube": "7: an Announce of an id only; what is said in a group is no affair of its channels.",
    "wordpress": "3: shows nothing of others but comments on its posts.",
    "mobilizon": "5: an Announce is read as the post whose id it names.",
    "hometown": "a fork of Mastodon.",
    "fedibird": "a fork of Mastodon.",
    "kmyblue": "a fork of Mastodon.",
    "gotosocial": "0.20: an Announce counts only from the one who made it.",
    "misskey": "announces of posts only; a Group is an actor like any other.",
    "sharkey": "of Misskey's family.",
    "firefish": "of Misskey's family.",
    "calckey": "of Misskey's family.",
    "foundkey": "of Misskey's family.",
    "cherrypick": "of Misskey's family.",
    "iceshrimp": "of Misskey's family.",
    "iceshrimp.net": "",
    "catodon": "of Misskey's family.",
    "pleroma": "",
    "akkoma": "",
    "snac": "2.94: of an announced Create it fetches the activity's id, so that id must resolve (2026-11-21).",
    "takahe": "2024: boosts only.",
    "pixelfed": "",
    "mitra": "",
    "smithereen": "",
    "ktistec": "",
    "hollo": "",
    "honk": "",
    "writefreely": "",
    "bookwyrm": "",
    "microdotblog": "",
    "threads": "",
    "wafrn": "",
    "epicyon": "",
    "vernissage": "",
    "gancio": "",
    "owncast": "",
    "funkwhale": "",
    "castopod": "",
}


# Programs that refuse a post of type Question (Lemmy 1.0-beta: its posts are Page, Article, Note, Video and Event).
_WITHOUT_POLLS = frozenset({"lemmy", "sublinks", "brutalinks", "lotide"})

# Programs that take a thread to be of the community that it names, whoever announces it: Lemmy 1.0-beta drops the boost
# of another one (`CannotReceivePage`), and what that passes on where nobody follows the first.
_ONE_COMMUNITY = frozenset({"lemmy", "sublinks"})


# Programs that send what somebody says among the members of a group elsewhere to that group alone, whomever it names:
# they cannot know who belongs to it. Lemmy 1.0-beta sends it to these people too.
_GROUP_ALONE = frozenset({"fedcomm"})


def tells_group_alone(software: str) -> bool:
    """Whether the program, by its NodeInfo name, leaves it to a private group to tell those whom its posts name."""
    return software.lower() in _GROUP_ALONE


def shows_beside(software: str) -> bool:
    """Whether the program, by its NodeInfo name, can show a thread in another group than that in which it began."""
    return software.lower() not in _ONE_COMMUNITY


# Programs that keep what a group decides about a thread of another one, that it is locked or pinned, to that group. Who
# is not known to do so is not told: Lemmy 1.0-beta and PieFed 1.6 lock and pin the thread where it began.
_APART = frozenset({"fedcomm"})


def keeps_apart(software: str) -> bool:
    """Whether the program, by its NodeInfo name, knows locks and pins of a thread for each group that shows it."""
    return software.lower() in _APART


# Programs that take it when a group tells that a moderator moved a thread of it into another one: PieFed 1.6 (`Move` of
# a post with `origin` and `target`). NodeBB 4.15 moves whole contexts of its own alone.
_MOVES = frozenset({"fedcomm", "piefed", "pyfedi"})


def moves_threads(software: str) -> bool:
    """Whether the program, by its NodeInfo name, knows that a thread goes from one group into another."""
    return software.lower() in _MOVES


# Programs without a shared inbox of which each inbox serves all who live there: GoToSocial gives what it took for one
# follower to all of them (internal/federation/federatingdb: announces are new or not, posts need a receiver who follows
# their author or is named).
_ONE_INBOX = frozenset({"gotosocial"})


def distributes(software: str) -> bool:
    """Whether the program, by its NodeInfo name, gives what came to one of its inboxes to all whom it concerns."""
    return software.lower() in _ONE_INBOX


def reads_polls(software: str) -> bool:
    """Whether the program, by its NodeInfo name, takes polls, as all do that are not known to refuse them."""
    return software.lower() not in _WITHOUT_POLLS


def family(software: str | None) -> str | None:
    """`GROUPS` for programs that take a group's `Announce` of an activity, `MICROBLOG` for those that show its
    `Announce` of a post, `THREADS` for those that put announced answers into their threads; None when the program, by
    its NodeInfo name, is not known: it gets boosts of what begins threads, and activities.
    """
    name = (software or "").lower()
    if name in _GROUP_AWARE:
        return GROUPS
    if name in _THREADS:
        return THREADS
    return MICROBLOG if name in _MICROBLOGS else None


def about(software: str) -> str:
    """What has been seen of the program, with version or date; "" when there is nothing to say."""
    name = software.lower()
    return next((told for known in (_GROUP_AWARE, _THREADS, _MICROBLOGS) if (told := known.get(name))), "")


# Labels of groups for their threads. Lemmy 1.0 writes `CommunityPostTag` with `preferredUsername` and perhaps a longer
# `name`; PieFed 1.6 the same with colours in the `tag` of a group, and `lemmy:CommunityTag` with other names in its
# `lemmy:tagsForPosts` and in posts (2026-11-27).
FLAIRS = frozenset({"CommunityPostTag", "lemmy:CommunityPostTag", "CommunityTag", "lemmy:CommunityTag"})
FLAIR_NAMES = ("name", "display_name", "preferredUsername")
FLAIR_COLORS = (("textColor", "text_color"), ("backgroundColor", "background_color"))
GROUP_FLAIRS = ("tag", "lemmy:tagsForPosts")
