"""Actors: what a peer says of one becomes a row; a row of ours becomes a value to render."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from activitypub import keys, render
from activitypub.actors import Actor as RemoteActor
from activitypub.actors import Field
from activitypub.objects import Emoji, Hashtag
from activitypub.objects import Flair as RemoteFlair
from activitypub.origins import host_of
from fedcomm import sanitise
from storage import registers
from storage.actors import Actor, Key
from storage.flairs import Flair
from storage.flairs import key as flairs_key
from storage.groups import Group

MAX_NAME, MAX_SUMMARY, MAX_FIELDS = 500, 20_000, 16  # characters, characters, lines
MAX_TOPICS, MAX_TOPIC = 20, 100  # of a group elsewhere; characters
_BOTS = ("Application", "Service")
_OPENNESS = {"open": "open", "approval": "moderated", "invite": "invite_only"}  # of a `Group.join_mode`
_JOIN_MODES = {openness: mode for mode, openness in _OPENNESS.items()}


def to_row(found: RemoteActor, old: Actor | None, new_id: int, now_ms: int) -> Actor:
    """The row of an actor elsewhere, from a document that was found at its id.

    Its handle is `username@host of its id`, whatever else it claims (attack ORI-26). Where the row was there already,
    counters, policy and a kind that may not change stay (attack ORI-34).
    """
    host = host_of(found.uri)
    username = found.username or found.uri.rstrip("/").rsplit("/", 1)[-1] or host
    told: dict[str, Any] = {
        "username": username[:100],
        "username_key": username[:100].lower(),
        "name": sanitise.plain(found.name)[:MAX_NAME],
        "summary": sanitise.clean(found.summary[:MAX_SUMMARY]),
        "url": found.url or found.uri,
        "inbox": found.inbox,
        "shared_inbox": found.shared_inbox or "",
        "outbox": found.outbox or "",
        "followers": found.followers or "",
        "following": found.following or "",
        "featured": found.featured or "",
        "moderators": found.moderators or "",
        "icon": found.icon or "",
        "image": found.image or "",
        "fields": _fields(found),
        "also_known_as": msgspec.json.encode(found.also_known_as[:20]).decode(),
        "locked": int(found.locked or found.openness not in ("", "open")),  # so clients say: ask
        "bot": int(found.kind in _BOTS),
        "discoverable": int(found.discoverable),
        "indexable": int(found.indexable),
        "published": _past(found.published, now_ms),
        "updated_at": now_ms,
        "fetched_at": now_ms,
    }
    if old is not None:
        return msgspec.structs.replace(old, **told)
    return Actor(
        id=new_id, uri=found.uri, kind=found.kind, host=host, handle_verified=0, summary_source="",
        icon_media_id=None, image_media_id=None, moved_to_id=None, moved_at=None, followers_count=0, following_count=0,
        posts_count=0, last_post_at=None, created_at=now_ms, limited_at=None, suspended_at=None, deleted_at=None,
        **told,
    )  # fmt: skip


def to_group(found: RemoteActor, face: Actor, new_id: int, now_ms: int) -> Group:
    """The row of the group elsewhere with this actor, which `found` describes.

    How one comes in says its `openness`. One that approves followers may be private, and Lemmy 1.0 says so by nothing
    else; it is open to nobody, whatever else it says.
    """
    asks = found.locked
    join_mode = _JOIN_MODES.get(found.openness, "open")
    if asks and join_mode == "open":
        join_mode = "approval"
    return Group(
        id=new_id, actor_id=face.id, local=0, genesis=None, join_mode=join_mode, posting="anyone",
        fold_version=registers.FOLD_VERSION, members_count=0, threads_count=0, last_active_at=None, created_by=None,
        created_at=now_ms, closed_at=None, visibility="members" if asks else "public",
    )  # fmt: skip


def topics(found: RemoteActor) -> tuple[str, ...]:
    """What a group says to be about, as tags are kept here: without `#`, in small letters."""
    names = (tag.name.lstrip("#").lower() for tag in found.hashtags)
    return tuple(dict.fromkeys(name[:MAX_TOPIC] for name in names if name))[:MAX_TOPICS]


def unlisted(found: RemoteActor) -> bool:
    """Whether a group says outright that directories are not to show it; most say nothing about it."""
    return found.raw.get("discoverable") is False


def _fields(found: RemoteActor) -> str:
    lines = [{"name": sanitise.plain(f.name), "value": sanitise.clean(f.value)} for f in found.fields[:MAX_FIELDS]]
    return msgspec.json.encode(lines).decode()


def _past(ms: int | None, now_ms: int) -> int | None:
    return ms if ms is not None and ms <= now_ms else None


def to_actor(
    actor: Actor,
    own_keys: list[Key],
    group: Group | None = None,
    moved_to: str | None = None,
    emojis: tuple[Emoji, ...] = (),
    flairs: Sequence[Flair] = (),
    hashtags: tuple[Hashtag, ...] = (),
    languages: tuple[str, ...] = (),
) -> RemoteActor:
    """One of our actors as a value to render.

    A group's moderators collection is its `attributedTo` (FEP-1b12 §Group moderation). The RSA key is `publicKey`, the
    Ed25519 key `assertionMethod` (FEP-521a §Multikey). `moved_to` is the id of whom they have become.
    """
    lines = msgspec.json.decode(actor.fields)
    private = group is not None and group.visibility != "public"
    return RemoteActor(
        uri=actor.uri,
        kind="Service" if actor.kind == "Person" and actor.bot else actor.kind,
        inbox=actor.inbox,
        shared_inbox=actor.shared_inbox,
        username=actor.username,
        name=actor.name or actor.username,
        summary=actor.summary,
        url=actor.url,
        outbox=actor.outbox,
        followers=actor.followers,
        following=actor.following or None,
        featured=actor.featured or None,
        moderators=actor.moderators or None,
        keys=tuple(_key(actor, key) for key in own_keys),
        icon=actor.icon or None,
        image=actor.image or None,
        icon_description=actor.icon_description if actor.icon else "",
        image_description=actor.image_description if actor.image else "",
        attribution_domains=tuple(msgspec.json.decode(actor.attribution_domains)),
        fields=tuple(Field(line["name"], line["value"]) for line in lines),
        emojis=emojis,
        flairs=tuple(to_flair(flair) for flair in flairs),
        hashtags=hashtags,
        languages=languages,
        also_known_as=tuple(msgspec.json.decode(actor.also_known_as)),
        moved_to=moved_to,
        # Of a group Lemmy reads it as "what is in it is for its members" (`community_visibility`, 1.0), and then drops
        # what is for everybody; that who asks is let in later is nothing that it needs to know.
        locked=bool(actor.locked) if group is None else private,
        openness=_OPENNESS[group.join_mode] if group is not None else "",
        discoverable=bool(actor.discoverable) and not private,
        indexable=bool(actor.indexable) and not private,
        posting_restricted=group is not None and (group.posting == "moderators" or group.closed_at is not None),
        suspended=actor.suspended_at is not None,
        published=actor.created_at,
        updated=actor.updated_at,
    )


def to_flair(found: Flair) -> RemoteFlair:
    """A flair of ours, or one that we know, as a value to render."""
    return RemoteFlair(
        uri=found.uri, name=found.name, text_color=found.text_color, background_color=found.background_color
    )


def flair_rows(found: RemoteActor, group_id: int, new_id: Callable[[], int]) -> list[Flair]:
    """The flairs of a group elsewhere as rows."""
    return [
        Flair(
            new_id(), group_id, flair.uri, sanitise.plain(flair.name), flairs_key(flair.name), flair.text_color,
            flair.background_color, at,
        )
        for at, flair in enumerate(found.flairs)
    ]  # fmt: skip


def key_ids(raw: dict[str, Any]) -> list[str]:
    """The ids of the keys that an actor's document lists."""
    entries: list[Any] = []
    for name in ("publicKey", "assertionMethod"):
        value = raw.get(name)
        entries += value if isinstance(value, list) else [value]
    return [entry["id"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


def _key(actor: Actor, key: Key) -> dict[str, Any]:
    public = keys.load_public_der(key.public_der)
    if key.algorithm == "rsa":
        return render.public_key(actor.uri, key.key_id, keys.public_pem(public))
    return render.multikey(actor.uri, key.key_id, keys.multikey(public))
