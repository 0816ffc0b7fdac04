"""All that is somebody's, as one ZIP file: piece by piece, so that no more of it than a piece is in memory.

The names and forms are those of Mastodon's archive (`actor.json`, `outbox.json`, `likes.json`, `bookmarks.json`), which
other programs read, with the CSV files of `exports`. What others wrote is named by its id alone, and only where the
member may see it (attack PRI-18).
"""

import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec

import storage.accounts
import storage.exports
import storage.filters
import storage.media
import storage.scheduled
from activitypub.contexts import ACTIVITYSTREAMS
from fedcomm import actors, clock, exports, publishing, scheduled
from fedcomm.app import App
from fedcomm.mapping import activities
from storage import archives, posts, registers, visible
from storage.actors import Actor
from storage.connect import Row

Told = Callable[[int], Awaitable[None]]  # of how many posts, boosts and files are in it
_FILES = 20  # between words of how far it is


class _Pieces:
    """What ZIP writes to, and what of that is not taken yet; it cannot be gone back in."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def write(self, some: bytes, /) -> int:
        self._waiting.append(bytes(some))
        return len(some)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def take(self) -> bytes:
        some = b"".join(self._waiting)
        self._waiting.clear()
        return some


async def pieces(app: App, actor: Actor, told: Told) -> AsyncIterator[bytes]:
    """The file, piece by piece; `told` hears how far it is."""
    out, done = _Pieces(), 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, parts in _texts(app, actor):
            with file.open(_entry(name), "w", force_zip64=True) as member:
                async for number, part in parts:
                    member.write(part.encode())
                    yield out.take()
                    done += number
                    if number:
                        await told(done)
        for key, mime in await archives.files(actor.id):
            done += 1
            chunks = app.blobs.read(key)
            try:
                first = await anext(chunks, b"")
            except FileNotFoundError:  # deleted in this moment
                continue
            entry = _entry(app.urls.file(key, mime).removeprefix(f"{app.urls.base}/"))
            entry.compress_type = zipfile.ZIP_STORED  # pictures do not become smaller
            with file.open(entry, "w", force_zip64=True) as member:
                member.write(first)
                async for chunk in chunks:
                    yield out.take()
                    member.write(chunk)
            yield out.take()
            if not done % _FILES:
                await told(done)
    yield out.take()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, datetime.fromtimestamp(clock.now(), UTC).timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


def _texts(app: App, actor: Actor) -> Sequence[tuple[str, AsyncIterator[tuple[int, str]]]]:
    """(name, its text in parts, each with how many posts and boosts are in it)."""
    return (
        ("actor.json", _one(partial(_actor, app, actor))),
        ("account.json", _one(partial(_account, actor))),
        ("outbox.json", _collection("outbox.json", _outbox(app, actor))),
        ("likes.json", _collection("likes.json", _ids(archives.voted(actor.id, "like")))),
        ("dislikes.json", _collection("dislikes.json", _ids(archives.voted(actor.id, "dislike")))),
        ("bookmarks.json", _collection("bookmarks.json", _bookmarks(actor))),
        *((f"{name}.csv", _one(partial(exports.file, app, actor, name))) for name in exports.HEADINGS),
        ("groups.csv", _one(partial(_groups, app, actor))),
        ("filters.json", _one(partial(_filters, actor))),
        ("scheduled.json", _one(partial(_scheduled, app, actor))),
        ("poll_votes.csv", _one(partial(_polls, actor))),
    )


async def _one(text: Callable[[], Awaitable[str]]) -> AsyncIterator[tuple[int, str]]:
    yield 0, await text()


async def _collection(name: str, some: AsyncIterator[tuple[int, list[Any]]]) -> AsyncIterator[tuple[int, str]]:
    """An `OrderedCollection` of all of these."""
    head = {"@context": ACTIVITYSTREAMS, "id": name, "type": "OrderedCollection"}
    yield 0, f'{msgspec.json.encode(head).decode()[:-1]},"orderedItems":['
    count = 0
    async for number, items in some:
        lines = [msgspec.json.encode(item).decode() for item in items]
        yield number, ("," if count and lines else "") + ",\n".join(lines)
        count += len(lines)
    yield 0, f'],"totalItems":{count}}}\n'


async def _outbox(app: App, actor: Actor) -> AsyncIterator[tuple[int, list[Any]]]:
    """What somebody wrote and boosted, the latest first; of what they boosted the id."""
    async for some in archives.said(actor.id):
        yield len(some), await _activities(app, actor, some)


async def _activities(app: App, actor: Actor, some: Sequence[Row]) -> list[Any]:
    found = await posts.by_ids([each[2] for each in some])
    own = [found[each[2]] for each in some if each[1] == archives.POST and each[2] in found]
    notes = await publishing.notes_of(app, own)
    seen = await visible.seen(actor.id, [each[2] for each in some if each[1] == archives.BOOST])
    items: list[Any] = []
    for _id, sort, post_id, uri, published in some:
        if sort == archives.POST and post_id in notes:
            items.append(activities.create(app.urls.create(post_id), notes[post_id]))
        elif sort == archives.BOOST and post_id in seen:
            items.append(activities.announce(uri, actor.uri, actor.followers, found[post_id].uri, published))
    return items


async def _ids(some: AsyncIterator[list[str]]) -> AsyncIterator[tuple[int, list[Any]]]:
    async for uris in some:
        yield 0, list(uris)


async def _bookmarks(actor: Actor) -> AsyncIterator[tuple[int, list[Any]]]:
    yield 0, [uri for (uri,) in await storage.exports.bookmarks(actor.id)]


async def _actor(app: App, actor: Actor) -> str:
    found = await actors.document(app, actor) | {name: f"{name}.json" for name in ("outbox", "likes", "bookmarks")}
    return _readable(found)


async def _account(actor: Actor) -> str:
    account = await storage.accounts.of_actor(actor.id)
    return _readable(
        {
            "name": actor.username, "email": account.email, "role": account.role, "language": account.language,
            "time_zone": account.time_zone, "preferences": msgspec.json.decode(account.preferences),
            "said_at_sign_up": account.reason, "created": _time(account.created_at),
        } if account is not None else {}
    )  # fmt: skip


async def _groups(app: App, actor: Actor) -> str:
    lines = [
        (f"{name}@{host or app.host}", _time(since) if since is not None else "", registers.role(value))
        for name, host, since, value in await archives.memberships(actor.id, actor.uri)
    ]
    return exports.written(lines, ("Group", "Member since", "Role"))


async def _polls(actor: Actor) -> str:
    lines = []
    for uri, options, choice in await archives.polls(actor.id):
        answers = msgspec.json.decode(options)
        lines.append((uri, str(answers[choice]) if choice < len(answers) else ""))
    return exports.written(lines, ("Post", "Answer"))


async def _filters(actor: Actor) -> str:
    """As the client API tells them, with the posts that they name by their ids."""
    found = await storage.filters.of(actor.id)
    uris = await _seen(actor, [named.post_id for each in found for named in each.posts])
    return _readable(
        [
            {
                "title": each.title, "context": each.contexts, "filter_action": each.action,
                "expires_at": _time(each.expires_at) if each.expires_at is not None else None,
                "keywords": [{"keyword": word.keyword, "whole_word": bool(word.whole_word)} for word in each.keywords],
                "posts": [uris[named.post_id] for named in each.posts if named.post_id in uris],
            }
            for each in found
        ]
    )  # fmt: skip


async def _scheduled(app: App, actor: Actor) -> str:
    """What will be published later, with what it answers by its id, and its pictures by their names in the file."""
    found = await storage.scheduled.all_of(actor.id)
    drafts = [scheduled.draft_of(each) for each in found]
    uris = await _seen(actor, [draft.in_reply_to_id for draft in drafts if draft.in_reply_to_id is not None])
    pictures = await storage.media.several(actor.id, [at for draft in drafts for at in draft.media_ids or ()])
    files = {
        at: app.urls.file(each.key, each.mime).removeprefix(f"{app.urls.base}/")
        for at, each in pictures.items() if each.key
    }  # fmt: skip
    return _readable(
        [
            {
                "scheduled_at": _time(each.publish_at), "text": draft.text, "spoiler_text": draft.summary,
                "visibility": draft.visibility, "sensitive": draft.sensitive, "language": draft.language or None,
                "in_reply_to": uris.get(draft.in_reply_to_id or 0), "flair": draft.flair,
                "poll": msgspec.to_builtins(draft.poll),
                "media": [files[at] for at in draft.media_ids or () if at in files],
            }
            for each, draft in zip(found, drafts, strict=True)
        ]
    )  # fmt: skip


async def _seen(actor: Actor, post_ids: Sequence[int]) -> dict[int, str]:
    """The ids of those of the posts that the member may see."""
    allowed = await visible.seen(actor.id, post_ids)
    return {number: post.uri for number, post in (await posts.by_ids(list(allowed))).items()}


def _readable(found: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(found)).decode() + "\n"


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds")
