"""Getting to know what others publish: the only place where inbound work waits for peers. Database first."""

import contextlib
from functools import partial

import msgspec

from activitypub import authenticity, keys, parse, quirks, verify, webfinger
from activitypub.activities import Collection
from activitypub.actors import Actor as RemoteActor
from activitypub.client import Allowance, Document
from activitypub.errors import BadSignature, Forbidden, Gone, Malformed, NotFound, ProtocolError, Unreachable
from activitypub.objects import Note
from activitypub.origins import host_of, same_origin
from activitypub.verify import KnownKey
from fedcomm import admit, attesting, clock, emojis, estrangement, home_verdicts, mapping, peers, recording, strangers
from fedcomm.app import App
from fedcomm.mapping.actors import to_group, to_row
from fedcomm.recording import Arrival, record
from storage import actors, blocks, bus, directory, flairs, groups, orphans, posts, registers
from storage.actors import Actor, Key
from storage.connect import Writes, apply
from storage.errors import IntegrityError
from storage.ids import next_id
from storage.posts import MEMBERS, Post

MAX_DEPTH = 8  # ancestors fetched for one post; the rest comes when somebody opens the thread
MAX_KEYS = 8
MAX_MENTIONS = 100


async def key(app: App, key_id: str, fresh: bool) -> KnownKey:
    """The key of that id and its owner, from memory, the database or its home (`verify.KeyFinder`).

    Raises:
        ProtocolError: there is none, or it is nobody's.
        Unreachable: its home does not answer now.
    """
    if app.urls.own(key_id):
        raise BadSignature("Nobody else signs with a key of ours.")  # attack ORI-10
    if not fresh and (known := await app.keyring.stored(key_id)) is not None:
        return known
    return await app.keyring.together(key_id, partial(_key_from_home, app, key_id))


async def _key_from_home(app: App, key_id: str) -> KnownKey:
    if not app.keyring.may_fetch(key_id, host_of(key_id)):
        raise BadSignature("The key does not fit, and was asked for a moment ago.")
    documents: list[Document] = []

    async def fetch(url: str) -> Document:
        documents.append(await app.client.get_document(url))
        return documents[-1]

    try:
        found = await verify.find_key(key_id, fetch)
    except Unreachable:
        app.keyring.fetch_failed(key_id)
        raise
    await _store(app, documents[-1], found)
    return found


async def actor(app: App, uri: str, *, fresh: bool = False, allowance: Allowance | None = None) -> Actor:
    """The actor with this id, fetched when it is not known or `fresh` is asked for.

    Raises:
        ProtocolError: there is no such actor.
        Unreachable: its home does not answer now.
    """
    known = await actors.by_uri(uri)
    if app.urls.own(uri):
        if known is None:
            raise NotFound("There is no such actor here.")
        return known
    if known is not None and not fresh and not known.forgotten:
        return known
    return await _store(app, await app.client.get_document(uri, allowance=allowance))


async def post(app: App, uri: str, *, allowance: Allowance | None = None, via: str = "") -> Post:
    """The post with this id, fetched when it is not known; ancestors that are not known come with it, up to a depth.

    `via` is the host of the group that named it.

    Raises:
        ProtocolError: there is no such post, or nobody vouches for it.
        Unreachable: its home does not answer now.
    """
    known = await posts.by_uri(uri)
    if known is not None and known.truth == attesting.TRUTH:
        with contextlib.suppress(ProtocolError, Unreachable):
            await refresh(app, uri, allowance=allowance)
        known = await posts.by_uri(uri)
    if known is not None:
        return known
    if app.urls.own(uri):
        raise NotFound("There is no such post here.")
    allowance = allowance or Allowance()
    chain: list[Note] = []
    next_uri: str | None = uri
    while next_uri and len(chain) < MAX_DEPTH and not app.urls.own(next_uri) and await posts.by_uri(next_uri) is None:
        try:
            note = await note_at(app, next_uri, allowance)
        except (ProtocolError, Unreachable):
            if not chain:
                raise
            break  # the answer can be shown without what it answers
        if any(note.uri == earlier.uri for earlier in chain):
            break
        chain.append(note)
        next_uri = note.in_reply_to
    for note in reversed(chain):
        await keep(app, note, allowance, via)
    found = await posts.by_uri(chain[0].uri if chain else uri)  # nothing was asked for when it came in this moment
    if found is None:
        raise NotFound("The post is not to be shown here.")
    return found


async def refresh(app: App, uri: str, *, allowance: Allowance | None = None) -> None:
    """Ask the origin of a post how it reads now: edited, the same, or gone, which erases it here.

    Raises:
        ProtocolError: the origin says something that does not fit.
        Unreachable: it does not answer now.
    """
    known = await posts.by_uri(uri)
    if known is None or known.local or known.deleted_at is not None:
        return
    writes = Writes()
    try:
        note = await note_at(app, uri, allowance or Allowance())
    except (Gone, NotFound) as fault:
        if known.visibility == posts.MEMBERS and not isinstance(fault, Gone):
            return  # its home may not know that there is a member here
        recording.erase(app, writes, known)
    else:
        author = await actors.by_id(known.author_id)
        if known.truth == attesting.TRUTH:
            await _set_right(app, known, note, author, allowance or Allowance())
            return
        if author is None or note.attributed_to != author.uri:
            raise Forbidden("The post is by somebody else now.")
        named = await _named(note)
        if quirks.tells_last(note.raw):
            note = msgspec.structs.replace(note, content=known.content)
        recording.edit(app, writes, known, author, note, named)
    await apply(writes)


async def _set_right(app: App, known: Post, note: Note, author: Actor | None, allowance: Allowance) -> None:
    """What a group told of somebody is what their server tells too, or it goes and that comes in its place."""
    writes = Writes()
    group, face = await groups.with_face(known.group_id)
    parent = await posts.by_uri(note.in_reply_to) if note.in_reply_to else None
    by_author = author is not None and note.attributed_to == author.uri
    if by_author and author and group and face and attesting.fits(note, known, author, group, face, parent):
        attesting.confirm(app, writes, known, author, note, await _named(note), "fetched")
        await apply(writes)
        return
    attesting.displace(app, writes, known)
    await apply(writes)
    await keep(app, note, allowance)


async def revive(app: App, uri: str, *, allowance: Allowance | None = None) -> None:
    """Bring a deleted post back when its origin serves it again, by the same author.

    Raises:
        ProtocolError: it does not.
        Unreachable: it does not answer now.
    """
    known = await posts.by_uri(uri)
    author = await actors.by_id(known.author_id) if known is not None else None
    if known is None or author is None or known.local or known.deleted_at is None or author.gone:
        return
    found = await app.client.get_document(uri, allowance=allowance)
    note = parse.object(found.raw)
    if not isinstance(note, Note) or note.attributed_to != author.uri:
        raise Forbidden("The post is not there again.")
    authenticity.genuine(note)
    named = await _named(note)
    writes = Writes()
    recording.revive(app, writes, known, author, note, named)
    await apply(writes)


async def handle(app: App, text: str, *, allowance: Allowance | None = None) -> Actor:
    """The actor `user@host`, by WebFinger when it is not known.

    Raises:
        NotFound: there is nobody of that name.
        ProtocolError, Unreachable: its server says no, or nothing.
    """
    name, _, host = text.strip().lstrip("@!").partition("@")
    if not host or host == app.host:
        known = await actors.local(name)
        if known is None or known.gone:
            raise NotFound(f"There is nobody called {name} here.")
        return known
    known = await actors.by_handle(name, host)
    if known is not None and not known.gone:
        return known
    scheme = "http" if app.base_url.startswith("http://") else "https"
    found = await webfinger.lookup(app.client, f"{name}@{host}", scheme=scheme, allowance=allowance)
    return await actor(app, found.uri, allowance=allowance)


async def note_at(app: App, uri: str, allowance: Allowance) -> Note:
    """The post as its origin tells it now; nothing of it is kept.

    Raises:
        ProtocolError: there is none, or nobody vouches for it.
        Unreachable: its home does not answer now.
    """
    if await posts.dead(uri):
        raise Gone("The post was deleted.")
    found = await app.client.get_document(uri, allowance=allowance)
    note = parse.object(found.raw)
    if not isinstance(note, Note):
        raise Gone("The post was deleted.")
    authenticity.genuine(note)
    return note


async def _is_held(app: App, note: Note, author: Actor, parent: Post | None, arrival: Arrival) -> bool:
    """Whether it would wait if it had been sent: whoever gives only the id of a post is told of no sooner."""
    first = strangers.first(app, author, note, arrival.mentioned, parent.author_id if parent is not None else 0)
    found = (await strangers.judge(app, [first])).get(note.uri) if first is not None else None
    return found is not None and found.held


async def keep(app: App, note: Note, allowance: Allowance, via: str = "") -> None:
    """Keep a post that its origin told; its author is fetched when they are not known.

    Raises:
        ProtocolError: it has no author who is heard here.
        Unreachable: their home does not answer now.
    """
    if note.attributed_to is None:
        raise Malformed("The post has no author.")
    author = await actor(app, note.attributed_to, allowance=allowance)
    if author.gone or app.peers.blocked(author.host):
        raise Forbidden("The author is not heard here.")
    parent = await posts.by_uri(note.in_reply_to) if note.in_reply_to else None
    writes = Writes()
    arrival = await arrival_of(app, note, author, parent, via or author.host)
    if await _is_held(app, note, author, parent, arrival):
        arrival = msgspec.structs.replace(arrival, pending=True)  # nobody is told of it
    record(app, writes, arrival)
    with contextlib.suppress(IntegrityError):  # it came another way meanwhile
        await apply(writes)


async def arrival_of(app: App, note: Note, author: Actor, parent: Post | None, via: str) -> Arrival:
    """A fetched post with what is known around it; it is in the group elsewhere in whose thread it answers.

    Not so when that has told that it banned the author.
    """
    group = await groups.by_id(parent.group_id) if parent and parent.group_id else None
    if group is not None and admit.banned(await registers.get(group.id, "ban", author.uri)):
        group = None
    named = await _named(note)
    return Arrival(
        note=note,
        author=author,
        truth="fetched",
        entered_by=via,
        parent=parent,
        group=group if group is not None and not group.local else None,
        mentioned=named,
        blockers=frozenset(await blocks.of(author.id)),
        visibility=mapping.posts.level_among(note, author, named) or _of_its_members(note, author),
        awaited=await orphans.awaited(note.uri),
    )


def _of_its_members(note: Note, author: Actor) -> int | None:
    """A group of Mobilizon 5 is the author of its discussions, which it names no group for."""
    inside = author.kind == "Group" and not note.audience.public
    return MEMBERS if inside and mapping.posts.members_of(author) in note.audience.everyone else None


async def _named(note: Note) -> tuple[Actor, ...]:
    """Those a post names or is addressed to, as far as they are known."""
    named = dict.fromkeys((*(mention.href for mention in note.mentions), *note.audience.everyone))
    return tuple((await actors.by_uris(list(named)[:MAX_MENTIONS])).values())


async def kept(app: App, found: Document) -> tuple[str, int] | None:
    """What a document that was fetched is, kept: ('actor' or 'post', id); None when it is neither.

    Raises:
        ProtocolError, Unreachable: nobody vouches for it, or what it needs cannot be had.
    """
    value = parse.document(found.raw)
    if isinstance(value, RemoteActor):
        return "actor", (await _store(app, found)).id
    if isinstance(value, Note):
        return "post", (await post(app, value.uri)).id
    if isinstance(value, Collection):  # a topic of NodeBB (4.15): what is at its address lists its posts
        first = next((item for item in value.items if isinstance(item, str) and same_origin(item, found.url)), None)
        return ("post", (await post(app, first)).id) if first is not None else None
    return None


async def _store(app: App, found: Document, key: KnownKey | None = None) -> Actor:
    """Keep an actor and its keys as its home describes them now, and `key` of them in memory."""
    described = parse.actor(found.raw)
    authenticity.genuine(described)
    if app.urls.own(described.uri):
        raise Forbidden("Nobody else describes our actors.")
    old = await actors.by_uri(described.uri)
    if old is not None and old.deleted_at is not None and not old.forgotten:
        raise Gone("The actor was deleted.")
    now = clock.now_ms()
    row = to_row(described, old, next_id(), now)
    row = msgspec.structs.replace(row, moved_to_id=await _moved_to(described, row))
    row = await home_verdicts.learn(app, writes := Writes(), described, old, row, now)
    if old is None:
        actors.insert(writes, row)
        peers.meet(app, writes, row.host)
        if row.kind == "Group":
            groups.insert(writes, group := to_group(described, row, next_id(), now), row.uri, "remote")
            flairs.put(writes, group.id, mapping.actors.flair_rows(described, group.id, next_id))
    else:
        actors.replace(writes, row)
        if old.forgotten:
            actors.change_later(writes, row.id, deleted_at=None)
        if row.kind == "Group" and (known := await groups.by_actor(row.id)) is not None:
            groups.learn(writes, to_group(described, row, 0, now))
            flairs.put(writes, known.id, mapping.actors.flair_rows(described, known.id, next_id))
    if row.kind == "Group":
        peers.presume(app, writes, row.host, described.raw)
        directory.learn(
            writes, row.id, mapping.actors.topics(described), described.languages, mapping.actors.unlisted(described)
        )
    before = {key.public_der for key in await actors.keys_of(old.id)} if old is not None else set()
    after = _keep_keys(writes, found, row, now)
    if old is not None:
        await estrangement.check(app, writes, old, replaced=bool(before) and before.isdisjoint(after))
    bus.add(writes, "keys", row.uri)
    if key is not None:  # in this moment and no later: what another process tells next of the keys is newer
        writes.after(partial(app.keyring.put, key))
    emojis.learn(writes, row.host, described.emojis)
    with contextlib.suppress(IntegrityError):  # another request stored the same actor meanwhile
        await apply(writes)
    return (await actors.by_uri(row.uri)) or row


async def _moved_to(described: RemoteActor, row: Actor) -> int | None:
    """Whom an actor says to have become, when that one is known and says so too; None also takes a move back."""
    there = await actors.by_uri(described.moved_to) if described.moved_to else None
    if there is None or (there.kind == "Group") != (row.kind == "Group"):
        return None
    return there.id if row.uri in msgspec.json.decode(there.also_known_as) and there.id != row.id else None


def _keep_keys(writes: Writes, found: Document, owner: Actor, now_ms: int) -> set[bytes]:
    """Keep the keys that the actor lists, and no others; gives them."""
    kept: dict[str, bytes] = {}
    for key_id in mapping.actors.key_ids(found.raw)[:MAX_KEYS]:
        try:
            known = verify.key_from(found.raw, key_id, found.url)
        except ProtocolError:
            continue  # one bad key does not make the profile unreadable
        expires = int(known.expires * 1000) if known.expires else None
        public = keys.public_der(known.key)
        actors.put_key(writes, Key(key_id, owner.id, owner.uri, known.key.algorithm, public, None, now_ms, expires))
        kept[key_id] = public
    actors.drop_keys_except(writes, owner.id, list(kept))
    return set(kept.values())
