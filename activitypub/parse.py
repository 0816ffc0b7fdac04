"""From what peers send to clean values: the one place that bends (with `properties` for single properties)."""

import re
from functools import lru_cache
from typing import Any

from activitypub import contexts, quirks
from activitypub.activities import Activity, Collection, Thing
from activitypub.actors import OPENNESS, Actor
from activitypub.attached import attachments, fields, flairs, happening, poll, quote, tags
from activitypub.controls import controls
from activitypub.errors import Malformed
from activitypub.objects import OPEN, Note, Other, Tombstone
from activitypub.origins import same_origin
from activitypub.properties import (
    MAX_CONTENT,
    MAX_NAME,
    MAX_SUMMARY,
    audience,
    count,
    first,
    identity,
    language,
    link,
    listed,
    media,
    media_type,
    reference,
    references,
    source,
    text,
    time,
    translated,
    url,
    writer,
)

MAX_KEYS = 10  # of an actor
MAX_LANGUAGES = 200  # of an actor
MAX_ALIASES = 20  # of an actor
MAX_OBJECTS = 500  # of one activity; PieFed sends votes in batches
MAX_ITEMS = 1_000  # of one page of a collection
MAX_NESTING = 4  # activities in each other; what is deeper is only its id

_USERNAME = re.compile(r"[^\s@/\\:?#%<>\"'&\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f]{1,128}")
_BARE = frozenset({"id", "@id", "type", "@type", "@context"})  # an object with no more than these is a link
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9:_.-]{0,63}")


def activity(raw: dict[str, Any]) -> Activity:
    """The activity in a document; who said it is for `verify` and `authenticity` to find out.

    Raises:
        Malformed: no activity, several actors, or a document that can be read in two ways.
    """
    value = document(raw)
    if type(value) is not Activity:
        raise Malformed("Expected an activity.")
    return value


def object(raw: dict[str, Any]) -> Note | Tombstone:
    """The post in a document, or the tombstone in its place.

    Raises:
        Malformed: something else, or no id.
    """
    value = document(raw)
    if type(value) is not Note and type(value) is not Tombstone:
        raise Malformed("Expected a post.")
    return value


def actor(raw: dict[str, Any]) -> Actor:
    """The actor in a document.

    Raises:
        Malformed: something else, no id, no inbox, or an inbox on another origin (FEP-fe34 §Origin).
    """
    value = document(raw)
    if type(value) is not Actor:
        raise Malformed("Expected an actor.")
    return value


def collection(raw: dict[str, Any]) -> Collection:
    """The collection, or page of one, in a document.

    Raises:
        Malformed: something else.
    """
    value = document(raw)
    if type(value) is not Collection:
        raise Malformed("Expected a collection.")
    return value


def document(raw: dict[str, Any]) -> Activity | Note | Actor | Tombstone | Collection | Other:
    """Whatever the document is, as a clean value.

    Raises:
        Malformed: it cannot be read, or can be read in two ways.
    """
    if type(raw) is not dict:
        raise Malformed("Expected a JSON object.")
    return _read(raw, 0)


def _read(raw: dict[str, Any], depth: int) -> Activity | Note | Actor | Tombstone | Collection | Other:
    contexts.check(raw)
    family, kind = _kind(raw)
    if family == "activity":
        return _activity(raw, kind, depth)
    if family == "other":
        return Other(kind=kind, uri=identity(raw), raw=raw)
    if family == "collection":
        return _collection(raw, kind)
    uri = identity(raw)
    if uri is None:
        raise Malformed("The object has no id.")
    if family == "actor":
        return _actor(raw, uri, kind)
    if family == "tombstone":
        former = raw.get("formerType")
        return Tombstone(uri=uri, former_type=text(former, 64), deleted=time(raw.get("deleted")), raw=raw)
    return _note(raw, uri, kind)


def _kind(raw: dict[str, Any]) -> tuple[str, str]:
    named = raw.get("type")
    if "@type" in raw:
        if named is not None and named != raw["@type"]:
            raise Malformed("`type` and `@type` disagree.")
        named = raw["@type"]
    if type(named) is str:
        family, kind = _family(named[:200])
    else:
        known = [_family(name[:200]) for name in listed(named, 10) if type(name) is str]
        family, kind = min(known, key=_rank) if known else ("", "Object")
    return (family or _guess(raw)), kind


@lru_cache(maxsize=512)
def _family(named: str) -> tuple[str, str]:
    name = contexts.short_name(named)
    family = next((family for family, names in quirks.FAMILIES.items() if name in names), "")
    return family, name if _KIND.fullmatch(name) else "Object"


def _rank(known: tuple[str, str]) -> int:
    return quirks.FAMILY_ORDER.index(known[0])


def _guess(raw: dict[str, Any]) -> str:
    # A type nobody here knows: what has an actor and an object is done, what has an author and a text is written.
    if "actor" in raw and "attributedTo" not in raw:
        return "activity"
    if "attributedTo" in raw and ("content" in raw or "name" in raw or "contentMap" in raw):
        return "post"
    return "actor" if "inbox" in raw and "outbox" in raw else "other"


def _activity(raw: dict[str, Any], kind: str, depth: int) -> Activity:
    named = raw.get("object")
    objects: tuple[Thing, ...]
    if type(named) is str:
        objects = (url(named),)
    elif type(named) is dict:
        objects = _embedded(named, kind, depth)
    else:
        objects = tuple(_item(item, depth) for item in listed(named, MAX_OBJECTS))
    if None in objects:
        objects = tuple(thing for thing in objects if thing is not None)
    return Activity(
        type=kind,
        actor=_actor_of(raw.get("actor")),
        uri=None if quirks.transient(raw) else identity(raw),
        object=objects[0] if objects else None,
        objects=objects,
        target=reference(raw["target"]) if "target" in raw else None,
        origin=reference(raw["origin"]) if "origin" in raw else None,
        audience=audience(raw),
        context=reference(raw["context"]) if "context" in raw else None,
        published=time(raw["published"]) if "published" in raw else None,
        ends=time(raw.get("endTime")) or time(raw.get("expires")) if kind in ("Block", "Lock") else None,
        remove_data=raw.get("removeData") is True,
        summary=text(raw["summary"], MAX_SUMMARY) if "summary" in raw else "",
        content=text(raw["content"], MAX_NAME) if "content" in raw else "",
        emojis=tags(raw["tag"])[2] if "tag" in raw and kind in quirks.REACTIONS else (),
        raw=raw,
    )


def _actor_of(value: Any) -> str:
    if type(value) is list and len(value) == 1:
        value = value[0]
    if type(value) is dict:
        value = identity(value)
    uri = url(value)
    if uri is None:
        raise Malformed("An activity must have exactly one actor.")
    return uri


def _embedded(raw: dict[str, Any], outer: str, depth: int) -> tuple[Thing, ...]:
    if outer == "Announce" and _kind(raw)[0] == "collection":
        # PieFed 1.6 sends several votes as one Announce of an OrderedCollection of activities (2026-11-21).
        items = raw.get("orderedItems", raw.get("items"))
        return tuple(_item(item, depth) for item in listed(items, MAX_OBJECTS))
    return (_item(raw, depth),)


def _item(raw: Any, depth: int) -> Thing:
    if type(raw) is not dict:
        return url(raw)
    if depth >= MAX_NESTING or not _says_something(raw):
        return _only_id(raw)
    try:
        return _read(raw, depth + 1)
    except Malformed:
        # What cannot be read can be asked for by its id; without one it says nothing (NodeBB 4.15.1 rejects a Flag and
        # leaves out the actor and the id of the flag, 2026-11-21).
        return _only_id(raw)


def _only_id(raw: dict[str, Any]) -> str | None:
    return identity(raw) or url(raw.get("href"))


def _says_something(raw: dict[str, Any]) -> bool:
    return not raw.keys() <= _BARE or _kind(raw)[0] == "tombstone"


def _note(raw: dict[str, Any], uri: str, kind: str) -> Note:
    # Called for every post that comes in: what is mostly absent is looked for with `in` (0.03 µs), not read (0.2 µs).
    content, content_language = translated(raw, "content", MAX_CONTENT)
    name, name_language = translated(raw, "name", MAX_NAME) if "name" in raw or "nameMap" in raw else ("", None)
    mentions, hashtags, emojis, tagged_quote = tags(raw["tag"]) if raw.get("tag") else ((), (), (), None)
    author, addressed = _author(raw.get("attributedTo"), uri), audience(raw)
    if "actor" in raw:
        author, addressed = writer(raw, uri, author, addressed)
    return Note(
        uri=uri,
        kind=kind,
        attributed_to=author,
        name=name,
        content=content,
        media_type=(media_type(raw["mediaType"]) or "text/html") if "mediaType" in raw else "text/html",
        summary=translated(raw, "summary", MAX_SUMMARY)[0] if "summary" in raw or "summaryMap" in raw else "",
        source=source(raw["source"]) if "source" in raw else None,
        language=(language(raw["language"]) if "language" in raw else None) or content_language or name_language,
        in_reply_to=reference(raw["inReplyTo"]) if "inReplyTo" in raw else None,
        audience=addressed,
        context=reference(raw["context"]) if "context" in raw else None,
        replies=reference(raw["replies"]) if "replies" in raw else None,
        url=link(raw["url"]) if "url" in raw else None,
        published=time(raw["published"]) if "published" in raw else None,
        updated=time(raw["updated"]) if "updated" in raw else None,
        sensitive=raw.get("sensitive") is True,
        stickied=raw.get("stickied") is True,
        comments_enabled=raw.get("commentsEnabled") is not False,
        controls=controls(raw["interactionPolicy"]) if "interactionPolicy" in raw else OPEN,
        image=first((raw.get("image"), raw.get("icon")), media) if "image" in raw or "icon" in raw else None,
        quote=quote(raw) or tagged_quote,
        attachments=attachments(raw["attachment"]) if raw.get("attachment") else (),
        mentions=mentions,
        hashtags=hashtags,
        flairs=flairs(raw["tag"]) if raw.get("tag") else (),
        emojis=emojis,
        poll=poll(raw) if kind == "Question" else None,
        happening=happening(raw) if kind == "Event" else None,
        raw=raw,
    )


def _author(value: Any, uri: str) -> str | None:
    if type(value) is not list:
        return reference(value)
    # Several authors (PeerTube: a person and a channel; or a stranger beside the sender): one that shares the origin of
    # the object, people before groups. Another origin could not have vouched for it (FEP-fe34 §Ownership).
    people = [item for item in value[:MAX_ALIASES] if type(item) is not dict or item.get("type") != "Group"]
    groups = [item for item in value[:MAX_ALIASES] if type(item) is dict and item.get("type") == "Group"]
    named = [found for item in people + groups if type(item) is not list and (found := reference(item))]
    return next((found for found in named if same_origin(found, uri)), named[0] if named else None)


def _actor(raw: dict[str, Any], uri: str, kind: str) -> Actor:
    username = text(raw.get("preferredUsername"), 200)
    if username and not _USERNAME.fullmatch(username):
        raise Malformed("The name of the actor has characters that no handle can have.")
    inbox = reference(raw.get("inbox"))
    if inbox is None or not same_origin(inbox, uri):
        raise Malformed("An actor must have an inbox on its own origin.")
    endpoints = raw.get("endpoints")
    _, hashtags, emojis, _ = tags(raw["tag"]) if raw.get("tag") else ((), (), (), None)
    shared = endpoints.get("sharedInbox") if type(endpoints) is dict else None
    moderators = first((raw.get(key) for key in quirks.MODERATORS), lambda value: _moderators(value, uri))
    return Actor(
        uri=uri,
        kind=kind,
        inbox=inbox,
        shared_inbox=_near(shared if shared is not None else raw.get("sharedInbox"), uri),
        username=username,
        name=translated(raw, "name", MAX_NAME)[0],
        summary=translated(raw, "summary", MAX_SUMMARY)[0],
        url=link(raw.get("url")),
        outbox=_near(raw.get("outbox"), uri),
        followers=_near(raw.get("followers"), uri),
        following=_near(raw.get("following"), uri),
        featured=_near(raw.get("featured"), uri),
        moderators=moderators if kind in quirks.MODERATED else None,
        keys=_keys(raw),
        icon=media(raw.get("icon")),
        image=media(raw.get("image")),
        fields=fields(raw["attachment"]) if raw.get("attachment") else (),
        emojis=emojis,
        hashtags=hashtags,
        flairs=next((found for key in quirks.GROUP_FLAIRS if (found := flairs(raw.get(key)))), ()),
        also_known_as=references(raw.get("alsoKnownAs"), MAX_ALIASES),
        moved_to=reference(raw.get("movedTo")),
        locked=raw.get("manuallyApprovesFollowers") is True,
        openness=_openness(raw.get("openness")) if kind == "Group" else "",  # of people Mobilizon says it too
        discoverable=raw.get("discoverable") is True,
        suspended=raw.get("suspended") is True,
        indexable=raw.get("indexable") is True,
        posting_restricted=raw.get("postingRestrictedToMods") is True,
        sensitive=raw.get("sensitive") is True,
        languages=_languages(raw.get("language")),
        published=time(raw.get("published")),
        updated=time(raw.get("updated")),
        raw=raw,
    )


def _languages(value: Any) -> tuple[str, ...]:
    """Lemmy and PieFed list all that are spoken in a group."""
    said = value[:MAX_LANGUAGES] if type(value) is list else [value]
    return tuple(dict.fromkeys(code for each in said if (code := language(each)) is not None))


def _openness(value: Any) -> str:
    return value if type(value) is str and value in OPENNESS else ""


def _near(value: Any, uri: str) -> str | None:
    found = reference(value)
    return found if found is not None and same_origin(found, uri) else None


def _moderators(value: Any, uri: str) -> str | None:
    # PeerTube 7 names the person whose channel it is there: no collection.
    named = [item for item in listed(value, MAX_ALIASES) if type(item) is dict]
    return None if any(item.get("type") == "Person" for item in named) else _near(value, uri)


def _keys(raw: dict[str, Any]) -> tuple[dict[str, Any] | str, ...]:
    entries = [*listed(raw.get("publicKey"), MAX_KEYS), *listed(raw.get("assertionMethod"), MAX_KEYS)]
    return tuple(entry for entry in entries if type(entry) is dict or type(entry) is str)[:MAX_KEYS]


def _collection(raw: dict[str, Any], kind: str) -> Collection:
    items = raw.get("orderedItems", raw.get("items"))
    page = raw.get("first")
    return Collection(
        kind=kind,
        uri=identity(raw),
        items=tuple(listed(items, MAX_ITEMS)),
        total=count(raw.get("totalItems")),
        first=reference(page),
        next=reference(raw.get("next")),
        prev=reference(raw.get("prev")),
        part_of=reference(raw.get("partOf")),
        attributed_to=reference(raw.get("attributedTo")),
        first_page=_first_page(page) if type(page) is dict else None,
        raw=raw,
    )


def _first_page(page: dict[str, Any]) -> Collection | None:
    if "items" not in page and "orderedItems" not in page:
        return None
    return _collection({**page, "first": None}, "CollectionPage")
