"""Status: rendered once for everybody, completed for each viewer (Mastodon API: "Status")."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import msgspec

from activitypub.origins import host_of
from fedcomm import admit, attesting
from storage import fragments, shown
from storage.fragments import Fragment
from storage.posts import Post
from storage.shown import BOOKMARKED, FAVOURITED, MUTED, OWN, PINNED, REBLOGGED, BoostRow, Bundle, Mention
from storage.timelines import Entry
from web.languages import AVAILABLE, words
from web.mastodon.entities import emoji, filtered
from web.mastodon.entities.account import NOBODY_MAY, accounts
from web.mastodon.entities.media import attachment
from web.mastodon.entities.poll import poll
from web.mastodon.entities.times import moment, moment_or_none

# By `post.visibility`: what is for the members of a group, or for who is signed in here, is "private" to programs.
VISIBILITIES = ("public", "unlisted", "private", "direct", "private", "private")
_END = b',"reblog":null}'
_UNFILTERED = b'"filtered":[]'
_POLL = b"?"  # begins the fragment of a post with a poll, which shows each viewer their own votes

Flags = Mapping[int, int]  # by post

_encode = msgspec.json.Encoder().encode


class _Pictured(msgspec.Struct):
    emojis: list[dict[str, Any]]


_pictured = msgspec.json.Decoder(_Pictured)


def _overlay(flags: int) -> bytes:
    value: dict[str, Any] = {
        "favourited": bool(flags & FAVOURITED), "reblogged": bool(flags & REBLOGGED), "muted": bool(flags & MUTED),
        "bookmarked": bool(flags & BOOKMARKED),
    }  # fmt: skip
    if flags & OWN:
        value["pinned"] = bool(flags & PINNED)
    return _encode(value | {"filtered": []})[1:-1] + b","


_OVERLAYS = tuple(_overlay(flags) for flags in range(2 * MUTED))


async def emojis_of(base: str, post: Post, answers: str) -> list[dict[str, Any]]:
    """The custom emojis that the answers of a post's poll name, as its author's server has them."""
    return (await emoji.named_in(base, {post.id: (home_of(post), answers)})).get(post.id, [])


async def page(base: str, viewer: int, entries: Sequence[Entry], flags: Flags | None = None) -> bytes:
    """A JSON list of the entries; the caller has made sure that the viewer may see them."""
    return b"[" + b",".join(await each(base, viewer, entries, flags)) + b"]"


async def each(base: str, viewer: int, entries: Sequence[Entry], flags: Flags | None = None) -> list[bytes]:
    """The JSON of each entry in order; those that were deleted meanwhile are left out. `viewer` 0: nobody.

    `flags` are those of the viewer for the posts (`shown.flags`), where they are known already.
    """
    parts = await _parts(base, viewer, [entry.post_id for entry in entries], flags)
    wrappers = await _wrappers(base, [entry.id for entry in entries if entry.boosted_by])
    found: list[bytes] = []
    for entry in entries:
        if entry.post_id not in parts:
            continue
        overlay, body = parts[entry.post_id]
        if not entry.boosted_by:
            found.append(b"".join((b"{", overlay, body, _END)))  # once: each `+` copies all that is before it
        elif wrapper := wrappers.get(entry.id):
            found.append(b"".join((b"{", overlay, wrapper, b',"reblog":{', overlay, body, _END, b"}")))
    return found


async def by_id(base: str, viewer: int, post_ids: Sequence[int]) -> dict[int, bytes]:
    """The JSON of each post by its id; those that were deleted meanwhile are left out."""
    parts = await _parts(base, viewer, post_ids)
    return {post_id: b"".join((b"{", overlay, body, _END)) for post_id, (overlay, body) in parts.items()}


def content_of(title: str, content: str) -> str:
    """What a post says, its title first (never as a warning, which would hide it)."""
    return f"<p><strong>{escape(title)}</strong></p>{content}" if title else content


def doubt(post: Post, face: Mention | None) -> str:
    """What stands before a post that nobody but its group vouches for, in its own language; of all others nothing.

    Programs show who wrote a post and what it says, so that it is said there (docs/decisions/0034).
    """
    if post.truth != attesting.TRUTH:
        return ""
    gettext = words(post.language if post.language in AVAILABLE else "en").gettext
    said = gettext("Passed on by the group {group}; its author's server has not confirmed it.")
    group = f"@{face.username}@{face.host}" if face is not None else ""
    return f"<p><em>{escape(said.replace('{group}', group))}</em></p>"


async def _parts(
    base: str, viewer: int, post_ids: Sequence[int], flags: Flags | None = None
) -> dict[int, tuple[bytes, bytes]]:
    """(what is the viewer's, what is everybody's) of each post, without braces."""
    bodies = await _bodies(base, post_ids)
    if flags is None:
        flags = await shown.flags(viewer, post_ids) if viewer and post_ids else {}
    with_poll = [post_id for post_id, body in bodies.items() if body[:1] == _POLL]
    for post_id, poll_json in (await _polls(viewer, {post_id: bodies[post_id] for post_id in with_poll})).items():
        bodies[post_id] = bodies[post_id][1:] + b',"poll":' + poll_json
    if not viewer:
        return {post_id: (b"", body) for post_id, body in bodies.items()}
    overlays = {post_id: _OVERLAYS[flags.get(post_id, 0)] for post_id in bodies}
    for post_id, found in (await filtered.results(viewer, bodies)).items():
        overlays[post_id] = overlays[post_id].replace(_UNFILTERED, b'"filtered":' + found)
    return {post_id: (overlays[post_id], body) for post_id, body in bodies.items()}


async def _bodies(base: str, post_ids: Sequence[int]) -> dict[int, bytes]:
    cache = fragments.here()
    found = cache.several("post", post_ids)
    missing = [post_id for post_id in dict.fromkeys(post_ids) if post_id not in found]
    if missing:
        stamp = cache.stamp()
        bundle = await shown.bundle(missing)
        authors = await accounts(base, [post.author_id for post in bundle.posts.values()])
        pictures = await _emojis(base, bundle)
        for post in bundle.posts.values():
            if post.author_id in authors:
                body = _fragment(base, post, bundle, authors[post.author_id], pictures.get(post.id, []))
                found[post.id] = body
                cache.put("post", post.id, Fragment(body, _actors(post, bundle)), stamp)
    return found


async def _wrappers(base: str, boost_ids: Sequence[int]) -> dict[int, bytes]:
    cache = fragments.here()
    found = cache.several("boost", boost_ids)
    missing = [boost_id for boost_id in boost_ids if boost_id not in found]
    if missing:
        stamp = cache.stamp()
        boosts = await shown.boosts(missing)
        boosters = await accounts(base, [boost.actor_id for boost in boosts.values()])
        for boost in boosts.values():
            if boost.actor_id in boosters:
                found[boost.id] = body = _wrapper(boost, boosters[boost.actor_id])
                cache.put("boost", boost.id, Fragment(body, (boost.actor_id,)), stamp)
    return found


async def _polls(viewer: int, bodies: dict[int, bytes]) -> dict[int, bytes]:
    if not bodies:
        return {}
    found, chosen = await shown.polls(list(bodies), viewer)
    return {
        post_id: _encode(poll(row, chosen.get(post_id, []) if viewer else None, _named(bodies[post_id])))
        for post_id, row in found.items()
    }


def _named(body: bytes) -> list[dict[str, Any]]:
    """The emojis of a post with a poll, as they were rendered for everybody."""
    return _pictured.decode(b"{" + body[1:] + b"}").emojis


def _actors(post: Post, bundle: Bundle) -> tuple[int, ...]:
    face = bundle.faces.get(post.id)
    named = [mention.id for mention in bundle.mentions.get(post.id, ())]
    return tuple({post.author_id, *named, *([face.id] if face else [])})


async def _emojis(base: str, bundle: Bundle) -> dict[int, list[dict[str, Any]]]:
    """The custom emojis that each post names, as its author's server has them."""
    texts = {}
    for post in bundle.posts.values():
        answers = bundle.polls[post.id].options if post.id in bundle.polls else ""
        texts[post.id] = (home_of(post), f"{post.title}\n{post.summary}\n{post.content}\n{answers}")
    return await emoji.named_in(base, texts)


def home_of(post: Post) -> str:
    """The server of a post's author, '' for this one."""
    return "" if post.local else host_of(post.uri)


def _fragment(base: str, post: Post, bundle: Bundle, author: bytes, emojis: list[dict[str, Any]]) -> bytes:
    """What is the same for everybody, without the braces."""
    likes = post.likes_count if "like" in admit.votes(bundle.votes.get(post.id, "both")) else 0
    entity = _counted(post, likes) | {
        "in_reply_to_id": str(post.parent_id) if post.parent_id else None,
        "in_reply_to_account_id": str(bundle.authors_above[post.id]) if post.id in bundle.authors_above else None,
        "sensitive": bool(post.sensitive), "spoiler_text": post.summary, "language": post.language or None,
        "edited_at": moment_or_none(_edited(post)),
        "content": doubt(post, bundle.faces.get(post.id)) + content_of(post.title, post.content),
        "media_attachments": [
            attachment(base, file, home_of(post), post.visibility) for file in bundle.media.get(post.id, ())
        ],
        "mentions": _mentions(post, bundle),
        "tags": [{"name": name, "url": f"{base}/tags/{name}"} for name in bundle.tags.get(post.id, ())],
        "account": msgspec.Raw(author), "emojis": emojis,
    }  # fmt: skip
    program = bundle.programs.get(post.id)
    if program:
        entity["application"] = {"name": program[0], "website": program[1]}
    if post.id in bundle.polls:
        return _POLL + _encode(entity)[1:-1]
    return _encode(entity | {"poll": None})[1:-1]


def _wrapper(boost: BoostRow, booster: bytes) -> bytes:
    """A boost, around which the post is put; without the braces."""
    entity = {
        "id": str(boost.id), "created_at": moment(boost.published), "visibility": VISIBILITIES[boost.visibility],
        "uri": boost.uri, "url": boost.uri, "replies_count": 0, "reblogs_count": 0, "favourites_count": 0,
        "in_reply_to_id": None, "in_reply_to_account_id": None, "sensitive": False, "spoiler_text": "",
        "language": None, "edited_at": None, "content": "", "media_attachments": [], "mentions": [], "tags": [],
        "account": msgspec.Raw(booster), "poll": None,
    }  # fmt: skip
    return _encode(entity | _unused())[1:-1]


def _counted(post: Post, likes: int) -> dict[str, Any]:
    return {
        "id": str(post.id), "created_at": moment(post.published), "visibility": VISIBILITIES[post.visibility],
        "uri": post.uri, "url": post.url or post.uri, "replies_count": max(0, post.replies_count),
        "reblogs_count": max(0, post.boosts_count), "favourites_count": max(0, likes),
    } | _unused()  # fmt: skip


def _unused() -> dict[str, Any]:
    return {
        "emojis": [], "card": None, "quote": None, "quotes_count": 0, "quote_approval": NOBODY_MAY,
        "tagged_collections": [],
    }  # fmt: skip


def _mentions(post: Post, bundle: Bundle) -> list[dict[str, str]]:
    """Whom the post names, and its group: so clients address the group when they answer."""
    named = {mention.id: mention for mention in bundle.mentions.get(post.id, ())}
    face = bundle.faces.get(post.id)
    if face and face.id != post.author_id:
        named.setdefault(face.id, face)
    return [_mention(mention) for mention in named.values()]


def _mention(found: Mention) -> dict[str, str]:
    acct = f"{found.username}@{found.host}" if found.host else found.username
    return {"id": str(found.id), "username": found.username, "acct": acct, "url": found.url or found.uri}


def _edited(post: Post) -> int | None:
    """The author's own word counts where it says more than when it was written."""
    if post.edited_at is not None:
        return post.edited_at
    return post.author_updated if post.author_updated and post.author_updated > post.published else None
