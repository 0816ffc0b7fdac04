"""From clean values to JSON with the smallest `@context`: the inverse of `parse`."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from activitypub.activities import Activity, Collection, Thing
from activitypub.actors import Actor
from activitypub.contexts import context_for
from activitypub.objects import Attachment, Audience, Emoji, Flair, Hashtag, Mention, Note, Other, Poll, Tombstone

Value = Activity | Note | Actor | Tombstone | Collection
_PICTURES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}  # by the ending of an address
_PAGES = frozenset({"Page", "Article"})  # what starts threads; the flags of a thread go with it


def document(value: Value) -> dict[str, Any]:
    """The value as a document of its own; empty and unknown properties are left out."""
    body = _body(value)
    return {"@context": context_for(set(_names(body))), **body}


def wrapped(announce: Activity, raw: dict[str, Any]) -> dict[str, Any]:
    """An activity about another one, which goes in exactly as it came (FEP-1b12 §The Announce activity)."""
    body = {**_body(announce), "object": raw}
    return {"@context": context_for(set(_names(_body(announce)))), **body}


def public_key(owner: str, key_id: str, pem: str) -> dict[str, Any]:
    """An entry for `Actor.keys`: the key for HTTP signatures."""
    return {"id": key_id, "owner": owner, "publicKeyPem": pem}


def multikey(owner: str, key_id: str, multibase: str) -> dict[str, Any]:
    """An entry for `Actor.keys`: a key for integrity proofs (FEP-521a)."""
    return {"id": key_id, "type": "Multikey", "controller": owner, "publicKeyMultibase": multibase}


def time(milliseconds: int | None) -> str | None:
    """ISO 8601 in UTC, always with milliseconds: without them others would take it for a time in whole seconds."""
    if milliseconds is None:
        return None
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _body(value: Value) -> dict[str, Any]:
    if isinstance(value, Activity):
        return _activity(value)
    if isinstance(value, Note):
        return _note(value)
    if isinstance(value, Actor):
        return _actor(value)
    if isinstance(value, Tombstone):
        return _given(id=value.uri, type="Tombstone", formerType=value.former_type or None, deleted=time(value.deleted))
    return _collection(value)


def _given(**properties: Any) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if value is not None}


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _names(item)
    elif isinstance(value, dict) and "@context" not in value:
        for name, inner in value.items():
            yield name
            if name == "type" and isinstance(inner, str):
                yield inner
            yield from _names(inner)


def _activity(activity: Activity) -> dict[str, Any]:
    objects = [_thing(thing) for thing in activity.objects] or [_thing(activity.object)]
    ends = time(activity.ends)
    return _given(
        id=activity.uri,
        type=activity.type,
        actor=activity.actor,
        object=objects[0] if len(objects) == 1 else objects,
        target=activity.target,
        origin=activity.origin,
        **_audience(activity.audience),
        context=activity.context,
        published=time(activity.published),
        endTime=ends,
        expires=ends,  # Mbin reads only this one, Lemmy only the other (1.10.1, 1.0-beta)
        removeData=activity.remove_data or None,
        summary=activity.summary or None,
        content=activity.content or None,
        tag=[_emoji(emoji) for emoji in activity.emojis] or None,
    )


def _thing(thing: Thing) -> Any:
    if thing is None or isinstance(thing, str):
        return thing
    return thing.raw if isinstance(thing, Other) else _body(thing)


def _audience(audience: Audience) -> dict[str, Any]:
    # `to` and `cc` always as lists; the group as a string: PieFed and Lemmy read no list there.
    group = audience.audience[0] if len(audience.audience) == 1 else list(audience.audience)
    lists = {name: list(uris) for name, uris in (("to", audience.to), ("cc", audience.cc)) if uris}
    return {**lists, "audience": group} if group else lists


def _note(note: Note) -> dict[str, Any]:
    starts_thread = note.kind in _PAGES and note.in_reply_to is None
    return _given(
        id=note.uri,
        type=note.kind,
        attributedTo=note.attributed_to,
        **_audience(note.audience),
        name=note.name or None,
        content=note.content or None,
        contentMap={note.language: note.content} if note.language and note.content else None,
        mediaType=note.media_type if note.content and note.media_type != "text/html" else None,
        source={"content": note.source.content, "mediaType": note.source.media_type} if note.source else None,
        # NodeBB 4.15 writes both: Mastodon shows the summary of an article with its title and a link.
        summary=note.summary or note.preview or None,
        preview={"type": "Note", "attributedTo": note.attributed_to, "content": note.preview} if note.preview else None,
        sensitive=note.sensitive,
        inReplyTo=note.in_reply_to,
        context=note.context,
        replies=note.replies,
        url=note.url,
        published=time(note.published),
        updated=time(note.updated),
        image=_image(note.image),
        quoteUrl=note.quote,
        attachment=[_attachment(item) for item in note.attachments] or None,
        tag=[
            *map(_mention, note.mentions),
            *map(_hashtag, note.hashtags),
            *map(_emoji, note.emojis),
            *map(_flair, note.flairs),
            *map(_old_flair, note.flairs),
        ]
        or None,
        stickied=note.stickied if starts_thread else None,
        commentsEnabled=note.comments_enabled if starts_thread else None,
        **(_poll(note.poll) if note.poll else {}),
    )


def _poll(poll: Poll) -> dict[str, Any]:
    options = [
        {"type": "Note", "name": option.name, "replies": {"type": "Collection"} | counted}
        for option in poll.options
        for counted in ({} if poll.hidden else {"totalItems": option.votes},)
    ]
    return _given(
        **{"anyOf" if poll.multiple else "oneOf": options},
        endTime=time(poll.ends),
        closed=time(poll.ends) or True if poll.closed else None,
        votersCount=poll.voters,
    )


def _attachment(item: Attachment) -> dict[str, Any]:
    return _given(
        type=item.kind,
        **{"href" if item.kind == "Link" else "url": item.url},
        mediaType=item.media_type or None,
        name=item.description or None,
        width=item.width,
        height=item.height,
        blurhash=item.blurhash or None,
        focalPoint=list(item.focus) if item.focus else None,
        duration=item.duration or None,
    )


def _mention(mention: Mention) -> dict[str, Any]:
    return _given(type="Mention", href=mention.href, name=mention.name or None)


def _hashtag(hashtag: Hashtag) -> dict[str, Any]:
    return _given(type="Hashtag", href=hashtag.href or None, name=f"#{hashtag.name}")


def _emoji(emoji: Emoji) -> dict[str, Any]:
    icon = _given(type="Image", mediaType=emoji.media_type or None, url=emoji.url)
    return _given(id=emoji.uri or None, type="Emoji", name=f":{emoji.shortcode}:", icon=icon)


def _flair(flair: Flair) -> dict[str, Any]:
    """A label as Lemmy 1.0 writes it, with the colours of PieFed."""
    return _given(
        type="CommunityPostTag",
        id=flair.uri,
        preferredUsername=flair.name,
        textColor=flair.text_color or None,
        backgroundColor=flair.background_color or None,
    )


def _old_flair(flair: Flair) -> dict[str, Any]:
    """The same as PieFed 1.6 reads it in posts; Lemmy passes over it."""
    return _given(
        type="lemmy:CommunityTag",
        id=flair.uri,
        display_name=flair.name,
        text_color=flair.text_color or None,
        background_color=flair.background_color or None,
    )


def _image(url: str | None, description: str = "") -> dict[str, Any] | None:
    """A picture; Pixelfed takes no avatar whose type is not said (0.12)."""
    if url is None:
        return None
    return _given(type="Image", mediaType=_PICTURES.get(url.rpartition(".")[2]), url=url, name=description or None)


def _actor(actor: Actor) -> dict[str, Any]:
    keys = [key for key in actor.keys if isinstance(key, dict)]
    public = next((key for key in keys if "publicKeyPem" in key), None)
    return _given(
        id=actor.uri,
        type=actor.kind,
        preferredUsername=actor.username or None,
        name=actor.name or actor.username or None,  # PieFed takes no group without one (1.6.6)
        summary=actor.summary or None,
        url=actor.url,
        inbox=actor.inbox,
        outbox=actor.outbox,
        followers=actor.followers,
        following=actor.following,
        featured=actor.featured,
        endpoints={"sharedInbox": actor.shared_inbox} if actor.shared_inbox else None,
        attributedTo=actor.moderators,
        moderators=actor.moderators,
        postingRestrictedToMods=actor.posting_restricted if actor.moderators else None,
        manuallyApprovesFollowers=actor.locked,
        openness=actor.openness or None,
        discoverable=actor.discoverable,
        indexable=actor.indexable,
        sensitive=actor.sensitive or None,
        suspended=actor.suspended or None,
        language=[{"identifier": code, "name": code} for code in actor.languages] or None,
        icon=_image(actor.icon, actor.icon_description),
        image=_image(actor.image, actor.image_description),
        attributionDomains=list(actor.attribution_domains) or None,
        attachment=[{"type": "PropertyValue", "name": f.name, "value": f.value} for f in actor.fields] or None,
        # Lemmy 1.0 drops all flairs of a group when anything else stands among them (`Group.tag`, skip_error).
        tag=[
            *map(_hashtag, () if actor.flairs else actor.hashtags),
            *map(_emoji, actor.emojis),
            *map(_flair, actor.flairs),
        ]
        or None,
        **{"lemmy:tagsForPosts": [*map(_old_flair, actor.flairs)] or None},
        alsoKnownAs=list(actor.also_known_as) or None,
        movedTo=actor.moved_to,
        published=time(actor.published),
        updated=time(actor.updated),
        publicKey=public,
        assertionMethod=[key for key in keys if key.get("type") == "Multikey"] or None,
    )


def _collection(collection: Collection) -> dict[str, Any]:
    ordered = collection.kind.startswith("Ordered")
    elsewhere = collection.first is not None or collection.first_page is not None or bool(collection.total)
    shown = None if elsewhere and not collection.items else [_item(item) for item in collection.items]
    return _given(
        id=collection.uri,
        type=collection.kind,
        totalItems=collection.total,
        attributedTo=collection.attributed_to,
        partOf=collection.part_of,
        first=_body(collection.first_page) if collection.first_page else collection.first,
        prev=collection.prev,
        next=collection.next,
        **{"orderedItems" if ordered else "items": shown},
    )


def _item(item: Any) -> Any:
    return _body(item) if isinstance(item, Activity | Note | Actor | Tombstone | Collection) else item
