"""Account, CredentialAccount, Relationship (Mastodon API: "Account")."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

import storage.actors
import storage.follows
import storage.groups
import storage.rankings
from fedcomm import bios, elsewhere, preferences
from storage import fragments, visible
from storage.accounts import Account
from storage.actors import Actor
from storage.fragments import Fragment
from storage.relationships import Relationship
from web import languages
from web.mastodon.entities import emoji
from web.mastodon.entities.times import day, moment_or_none

NOBODY_MAY: dict[str, Any] = {"automatic": [], "manual": [], "current_user": "denied"}
# Who has a token can use it: those who wait or are suspended have none that opens anything.
WORKING = {"functional": True, "confirmed": True, "approved": True, "error_code": None, "error": None}
_ROLES = {"moderator": ("2", "Moderator", "65536"), "admin": ("3", "Admin", "1")}  # name → id, name, permissions

_encode = msgspec.json.Encoder().encode


class Field(msgspec.Struct, frozen=True):
    """A line of a profile; `value` is sanitised HTML, `source` what was typed."""

    name: str = ""
    value: str = ""
    source: str = ""


_fields = msgspec.json.Decoder(list[Field])


async def accounts(base: str, actor_ids: Sequence[int]) -> dict[int, bytes]:
    """The JSON of each account that exists, rendered once for everybody."""
    cache = fragments.here()
    found = cache.several("actor", set(actor_ids))
    missing = [actor_id for actor_id in set(actor_ids) if actor_id not in found]
    if missing:
        stamp = cache.stamp()
        known = await storage.follows.as_everybody_may_know(await storage.actors.by_ids(missing))
        actors = await _with_talk(known)
        moved = await storage.actors.by_ids([a.moved_to_id for a in actors.values() if a.moved_to_id])
        pictures = await emojis_of(base, actors.values())
        for actor in actors.values():
            target = moved.get(actor.moved_to_id or 0)
            body = _encode(account(base, actor, target, pictures.get(actor.id, [])))
            found[actor.id] = body
            shown = (actor.id, target.id) if target else (actor.id,)
            cache.put("actor", actor.id, Fragment(body, shown), stamp)
    return found


async def _with_talk(actors: dict[int, Actor]) -> dict[int, Actor]:
    """The actors; groups with the threads in them as their posts, since these are what they boost.

    Those of ours also say how one writes in them, and their rules: clients show them as they show people.
    """
    faces = [actor for actor in actors.values() if actor.kind == "Group"]
    if not faces:
        return actors
    talk = await storage.groups.talk([face.id for face in faces])
    counted = await storage.rankings.counts(visible.ANYBODY, [said.id for said in talk.values() if said.open])
    said_of = await bios.of([face for face in faces if face.local], "", languages.words)
    return actors | {
        face: msgspec.structs.replace(
            actors[face],
            summary=said_of.get(face, actors[face].summary),
            posts_count=counted.get(said.id, 0),
            last_post_at=said.last,
            followers_count=actors[face].followers_count if said.open else 0,
        )
        for face, said in talk.items()
    }


async def list_of(base: str, actor_ids: Sequence[int]) -> bytes:
    """A JSON list of accounts in this order; those that do not exist are left out."""
    found = await accounts(base, actor_ids)
    return b"[" + b",".join(found[actor_id] for actor_id in actor_ids if actor_id in found) + b"]"


async def muted_accounts(base: str, muted: Sequence[tuple[int, int | None]]) -> bytes:
    """As `list_of`, each with the time (ms) at which it is not muted any more."""
    found = await accounts(base, [actor_id for actor_id, _ in muted])
    return (
        b"["
        + b",".join(
            found[actor_id][:-1] + b',"mute_expires_at":' + _encode(moment_or_none(until)) + b"}"
            for actor_id, until in muted
            if actor_id in found
        )
        + b"]"
    )


async def emojis_of(base: str, actors: Iterable[Actor]) -> dict[int, list[dict[str, Any]]]:
    """The custom emojis that each of the actors has in name, text and lines."""
    texts = {actor.id: (actor.host, f"{actor.name}\n{actor.summary}\n{actor.fields}") for actor in actors}
    return await emoji.named_in(base, texts)


def account(
    base: str, actor: Actor, moved_to: Actor | None = None, emojis: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """One account; `moved_to` is where they went."""
    plain = "group" if actor.kind == "Group" else "person"
    picture = _picture(base, actor, "i", actor.icon) or f"{base}/static/{plain}.png"
    banner = _picture(base, actor, "h", actor.image) or f"{base}/static/header.png"
    entity: dict[str, Any] = {
        "id": str(actor.id), "username": actor.username, "acct": actor.acct, "display_name": actor.name,
        "locked": bool(actor.locked), "bot": bool(actor.bot), "group": actor.kind == "Group",
        "discoverable": bool(actor.discoverable), "indexable": bool(actor.indexable),
        "created_at": f"{day(actor.published or actor.created_at)}T00:00:00.000Z",
        "note": "" if actor.gone else actor.summary, "url": _url(actor.url) or actor.uri, "uri": actor.uri,
        "avatar": picture, "avatar_static": elsewhere.still(picture), "avatar_description": actor.icon_description,
        "header": banner, "header_static": elsewhere.still(banner), "header_description": actor.image_description,
        "followers_count": max(0, actor.followers_count), "following_count": max(0, actor.following_count),
        "statuses_count": max(0, actor.posts_count), "last_status_at": day(actor.last_post_at),
        "hide_collections": bool(actor.hide_collections), "show_media": bool(actor.show_media),
        "show_media_replies": bool(actor.show_media_replies), "show_featured": bool(actor.show_featured),
        "feature_approval": NOBODY_MAY, "emojis": emojis, "fields": [] if actor.gone else fields(actor.fields),
    }  # fmt: skip
    if actor.local:
        entity |= {"noindex": not actor.indexable, "roles": []}
    if actor.suspended_at is not None:
        entity["suspended"] = True
    if actor.limited_at is not None:
        entity["limited"] = True
    if moved_to is not None:
        entity["moved"] = account(base, moved_to)
    return entity


def fields(stored: str) -> list[dict[str, Any]]:
    """The lines of a profile."""
    return [{"name": field.name, "value": field.value, "verified_at": None} for field in _read(stored)]


def credentials(
    base: str,
    actor: Actor,
    account_row: Account,
    requests: int,
    moved_to: Actor | None = None,
    emojis: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """The account of who asks, with what only they may know."""
    usual = preferences.of(account_row)
    source = {
        "privacy": usual.visibility, "sensitive": usual.sensitive, "language": usual.language or None,
        "note": actor.summary_source, "fields": _typed(actor.fields), "follow_requests_count": requests,
        "hide_collections": bool(actor.hide_collections), "discoverable": bool(actor.discoverable),
        "indexable": bool(actor.indexable),
        "attribution_domains": msgspec.json.decode(actor.attribution_domains), "quote_policy": "nobody",
    }  # fmt: skip
    shown = account(base, actor, moved_to, emojis)
    return shown | {"source": source, "role": role(account_row.role), "state": WORKING}


def role(name: str) -> dict[str, Any]:
    """What somebody is for this server (Mastodon API: "Role")."""
    role_id, shown, permissions = _ROLES.get(name, ("-99", "", "0"))
    return {"id": role_id, "name": shown, "permissions": permissions, "color": "", "highlighted": bool(shown)}


def profile(actor: Actor, featured_tags: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What somebody says of themselves, as they typed it and as it is shown (Mastodon API: "Profile")."""
    icon, image = _url(actor.icon) or None, _url(actor.image) or None
    return {
        "id": str(actor.id), "display_name": actor.name, "note": actor.summary_source, "formatted_note": actor.summary,
        "fields": _typed(actor.fields), "formatted_fields": fields(actor.fields),
        "avatar": icon, "avatar_static": icon, "avatar_description": actor.icon_description,
        "header": image, "header_static": image, "header_description": actor.image_description,
        "locked": bool(actor.locked), "bot": bool(actor.bot), "hide_collections": bool(actor.hide_collections),
        "discoverable": bool(actor.discoverable), "indexable": bool(actor.indexable),
        "show_media": bool(actor.show_media), "show_media_replies": bool(actor.show_media_replies),
        "show_featured": bool(actor.show_featured),
        "attribution_domains": msgspec.json.decode(actor.attribution_domains), "featured_tags": featured_tags,
    }  # fmt: skip


def relationship(found: Relationship) -> dict[str, Any]:
    """How the viewer stands to somebody."""
    return {
        "id": str(found.id), "following": found.following, "showing_reblogs": found.showing_reblogs,
        "notifying": found.notifying, "languages": found.languages.split() or None, "followed_by": found.followed_by,
        "blocking": found.blocking, "blocked_by": found.blocked_by, "muting": found.muting,
        "muting_notifications": found.muting_notifications,
        "muting_expires_at": moment_or_none(found.muting_expires_at), "requested": found.requested,
        "requested_by": found.requested_by, "domain_blocking": found.domain_blocking, "endorsed": found.endorsed,
        "note": found.note,
    }  # fmt: skip


def _typed(stored: str) -> list[dict[str, Any]]:
    return [{"name": f.name, "value": f.source or f.value, "verified_at": None} for f in _read(stored)]


def _read(stored: str) -> list[Field]:
    try:
        return _fields.decode(stored)
    except msgspec.MsgspecError:
        return []


def _picture(base: str, actor: Actor, kind: str, url: str) -> str:
    """Of somebody elsewhere as this server shows it."""
    return _url(url) if actor.local else elsewhere.address(base, kind, actor.id, _url(url), actor.host)


def _url(text: str) -> str:
    return text if text.startswith(("https://", "http://")) else ""
