"""Pictures of other servers: shown by this one, so that theirs do not learn who looks (attack PRI-21).

Their address here is signed, so only what posts and people are known to have is fetched (attack NET-39).
"""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from weakref import WeakKeyDictionary

import msgspec

import storage.actors
import storage.emojis
import storage.posts
from activitypub.errors import ProtocolError, Unreachable
from activitypub.keys import PrivateKey, private_der
from fedcomm import clock, copying, passes, pictures, stills
from fedcomm.app import App
from fedcomm.errors import NotFound
from fedcomm.peerbook import PeerBook
from storage import connect, copies, groups, jobs
from storage import media as rows
from storage.connect import Database, Writes
from storage.copies import Copy
from storage.ids import next_id
from storage.media import Media
from storage.posts import MEMBERS, PUBLIC, Attachment, Post

MOST_BYTES = 16_777_216  # of one
AGAIN = 600_000  # ms before what could not be had is asked for again
AT_ONCE = 200
KIND, COPY = "erase_copies", "copy_pictures"  # of the jobs
_FOLDER = "/media/elsewhere/"
_MISSING = "There is no such picture, or not any more."
_KINDS = {"m": "file", "i": "avatar", "h": "header", "e": "emoji"}
_NAME = re.compile(r"(s?)([mihe])([0-9]{1,18})-([0-9a-f]{32})")  # with `s` without movement

# Whether who asks gets what is in the post with this id, which is not for everybody.
Admitted = Callable[[int], Awaitable[bool]]

_books: WeakKeyDictionary[Database, PeerBook] = WeakKeyDictionary()
_secrets: WeakKeyDictionary[Database, bytes] = WeakKeyDictionary()
_fetching: WeakKeyDictionary[App, dict[str, "asyncio.Task[Copy]"]] = WeakKeyDictionary()


def begin(key: PrivateKey, peers: PeerBook) -> None:
    """Addresses are signed from now on, with what only this server knows; `peers` says whose pictures are not shown."""
    _books[connect.current()] = peers
    _secrets[connect.current()] = hashlib.sha256(b"pictures of other servers" + private_der(key)).digest()


def shows(host: str) -> bool:
    """Whether pictures of that server are shown here, as the admins decided."""
    book = _books.get(connect.current())
    return book is None or not host or not (book.without_media(host) or book.blocked(host))


def address(base: str, kind: str, subject: int, url: str, host: str, visibility: int = PUBLIC) -> str:
    """Where this server shows the picture: of a file (`m`), the icon (`i`) or header (`h`) of an
    actor, or an emoji (`e`); '' when none of `host`, where its owner lives, are shown.

    Of a file in a post that is not for everybody the address ends. Where nothing can be signed yet, it is the one at
    its own server.
    """
    if not shows(host):
        return ""
    secret = _secrets.get(connect.current())
    if secret is None or not url.startswith(("https://", "http://")):
        return url
    return passes.near(f"{base}{_FOLDER}{kind}{subject}-{_sign(secret, kind, subject, url)}", visibility)


def still(address: str) -> str:
    """Where this server shows the picture without movement; of one that it does not copy, the address itself."""
    base, folder, name = address.partition(_FOLDER)
    return f"{base}{folder}s{name}" if name else address


async def copy(app: App, name: str, admitted: Admitted) -> tuple[Copy, bool]:
    """The copy of the picture with this signed name, fetched when it is not here; whether it is for everybody.

    `admitted` says of the post of one that is not whether who asks gets it.

    Raises:
        NotFound: nobody signed it, it is of something that is gone or shown to nobody here, it is not for who asks, or
            it cannot be had.
    """
    match = _NAME.fullmatch(name)
    secret = _secrets.get(connect.current())
    if match is None or secret is None:
        raise NotFound(_MISSING)
    kind, subject = match[2], int(match[3])
    url, post, host = await _source(app, kind, subject)
    if not url or not hmac.compare_digest(_sign(secret, kind, subject, url), match[4]):
        raise NotFound(_MISSING)
    if post and not await admitted(post):
        raise NotFound(_MISSING)
    now, known = clock.now_ms(), await copies.of(url)
    if known is None or (known.key is None and known.tried_at < now - AGAIN):
        known = await _fetched(app, url, _KINDS[kind], host)
        if (await _source(app, kind, subject))[0] != url:  # it was taken out meanwhile
            await erase(app, [url])
            raise NotFound(_MISSING)
    if known.key is None:
        raise NotFound(_MISSING)
    await copying.looked_at(known, _KINDS[kind], host)
    return (await _still(app, known) if match[1] else known), not post


def passed_on(base: str, file: Media, host: str, visibility: int) -> Media:
    """A file of somebody at `host` as this server tells others of it: where its address ends there, by one of ours."""
    secret = _secrets.get(connect.current())
    if file.key or secret is None or not passes.ends(file.remote_url) or not shows(host):
        return file
    path = f"{base}{_FOLDER}m{file.id}-{_sign(secret, 'm', file.id, file.remote_url)}"
    return msgspec.structs.replace(file, remote_url=passes.far(path, visibility))


def copy_soon(app: App, writes: Writes, post: Post, files: Iterable[Attachment]) -> None:
    """Once `writes` are made, pictures of a private group whose addresses end are copied, not when somebody looks: who
    wrote it may live where nobody knows that members of the group live here."""
    if post.visibility == MEMBERS and any(passes.ends(file.url) for file in files):
        jobs.add(writes, next_id(), COPY, {"post": post.id}, clock.now_ms())
        app.jobs_added(writes)


async def copy_all(app: App, post: int) -> None:
    """The job: copy the pictures of a post, each that can be had.

    Raises:
        Unreachable: one cannot be had now.
    """
    missed: list[str] = []
    for file in await rows.of_post(post):
        url, _post, host = await _source(app, "m", file.id)
        if url and (await copies.of(url) or await _fetched(app, url, "file", host)).key is None:
            missed.append(url)
    if missed:
        await copies.forget_missed(missed)  # they are asked for again by this job, and by who looks
        raise Unreachable("A picture cannot be had now.")


async def erase(app: App, urls: Sequence[str]) -> None:
    """Erase the copies from these addresses. Whatever is shown still is fetched again when somebody looks at it."""
    if urls:
        names = [name for url in urls for name in (url, stills.of_copy(url))]
        await copying.forget(app, await copies.among(names))


async def erase_unseen(app: App, group: int, author: int = 0) -> None:
    """The job: erase copies of what was taken out of a group, by one author or by all, or is for nobody here."""
    after = 0
    while found := await rows.unseen(group, author, after, AT_ONCE):
        await erase(app, [url for _post, url in found])
        after = found[-1][0]


def erase_later(app: App, writes: Writes, group: int, author: int = 0) -> None:
    """Once `writes` are made, copies of what they hide are erased soon; nobody gets them from then on anyway."""
    jobs.add(writes, next_id(), KIND, {"group": group, "author": author}, clock.now_ms())
    app.jobs_added(writes)


async def lost(app: App, found: Copy) -> None:
    """The file of a copy is not there: it is fetched again when somebody asks the next time."""
    await copies.forget([found.url])


async def _still(app: App, known: Copy) -> Copy:
    try:
        return await stills.of(app, known)
    except FileNotFoundError:
        await lost(app, known)
        raise NotFound(_MISSING) from None


def _sign(secret: bytes, kind: str, subject: int, url: str) -> str:
    return hmac.new(secret, f"{kind}{subject} {url}".encode(), hashlib.sha256).hexdigest()[:32]


async def _source(app: App, kind: str, subject: int) -> tuple[str, int, str]:
    """Where the picture is, the post that it is in, 0 when it is for everybody, and the server whose it is.

    '' when none of its server are shown, its owner is gone, or what has it is shown to nobody here.
    """
    post, file = 0, None
    if kind == "e":
        emoji = await storage.emojis.elsewhere(subject)
        shown = emoji is not None and shows(emoji.host) and not passes.ends(emoji.url)
        return (emoji.url, 0, emoji.host) if emoji and shown else ("", 0, "")
    if kind == "m":
        file, shared = await rows.elsewhere(subject) or (None, True)
        post = 0 if shared or file is None else file.post_id or 0
        owner = await storage.actors.by_id(file.owner_id) if file else None
        url = file.remote_url if file else ""
    else:
        owner = await storage.actors.by_id(subject)
        url = (owner.icon if kind == "i" else owner.image) if owner else ""
    if owner is None or owner.gone or owner.local or not shows(owner.host):
        return "", post, ""
    if passes.ends(url) and (file is None or await _borrowed(file, owner.host)):
        return "", post, ""
    return url, post, owner.host


async def _borrowed(file: Media, host: str) -> bool:
    """Whether somebody of `host` shows a picture of others by an address that ends: what this server may ask for, or
    has copied, would be shown to whom they like. A private group may in its own lists (`passed_on`)."""
    if file.state == rows.VOUCHED:
        known = await storage.posts.by_id(file.post_id or 0)
        _group, face = await groups.with_face(known.group_id if known is not None else None)
        host = face.host if face is not None else host
    return not file.remote_url.startswith((f"https://{host}/", f"http://{host}/"))


async def _fetched(app: App, url: str, kind: str, host: str) -> Copy:
    """Whoever asks while it is being fetched waits for that."""
    fetching = _fetching.setdefault(app, {})
    task = fetching.get(url)
    if task is None:
        task = fetching[url] = asyncio.create_task(_fetch(app, url, kind, host))
        task.add_done_callback(lambda _task: fetching.pop(url, None))
    return await asyncio.shield(task)


async def _fetch(app: App, url: str, kind: str, host: str) -> Copy:
    """Of an address that ends its server is told who asks, and gives it also later to one with somebody who may see."""
    now = clock.now_ms()
    found = Copy(url, None, "", 0, now, now, kind, host)
    try:
        async with app.fetch_turn:
            content = await app.client.get_file(url, MOST_BYTES, signed=passes.ends(url))
    except (ProtocolError, Unreachable):
        content = b""
    if mime := pictures.kind(content):
        return await copying.keep(app, msgspec.structs.replace(found, mime=mime), content)
    await copying.note(app, found)
    return found
