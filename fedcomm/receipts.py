"""The delivery receipt of a post: which servers have got it, which are tried again and when, which said no and how.

It is worked out from the log, the servers' cursors into it and what was noted of refusals. It names servers, never
people: what a server answers may name who was written to, so addresses in it are cut off.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

import storage.groups
from activitypub.origins import host_of
from fedcomm import admit, clock, members
from fedcomm.app import App
from fedcomm.errors import NotAllowed, NotFound
from fedcomm.outbox.lanes import set_aside
from fedcomm.standing import Standing
from storage import actors, outbox, receipts, visible
from storage.actors import Actor
from storage.outbox import Entry
from storage.peers import Peer
from storage.posts import Post
from storage.receipts import Note

DELIVERED, RETRYING, WAITING, REFUSED, NOT_SENT = "delivered", "retrying", "waiting", "refused", "not_sent"
STATES = (DELIVERED, RETRYING, WAITING, REFUSED, NOT_SENT)  # the earlier counts, where a server gets it in two ways
_ENTRIES = 40  # of the log that are looked at for one post
_LATEST = 200  # characters of an answer
_PATH = re.compile(r"(https?://[^\s/\"'<>,;)]+)/[^\s\"'<>,;)]+")
_HANDLE = re.compile(r"[\w.+-]+@(?=[\w-]+\.[\w.-]+)")


class Server(msgspec.Struct, frozen=True):
    """What became of it at one server; times in ms, `status` is of HTTP and 0 where there was no answer."""

    host: str
    state: str
    at: int | None = None  # when it was refused, or since when deliveries there fail
    next_try: int | None = None
    status: int = 0
    answer: str = ""


class Act(msgspec.Struct, frozen=True):
    """By which act a post went out: its author's Create, or the announcement of a group."""

    actor: Actor
    announced: bool
    at: int
    servers: list[Server]

    @property
    def counts(self) -> Counter[str]:
        """How many servers there are of each state."""
        return Counter(server.state for server in self.servers)


class Receipt(msgspec.Struct, frozen=True):
    """All of it; without acts nothing was sent, or so long ago that the log does not go back to it."""

    acts: list[Act]

    @property
    def servers(self) -> list[Server]:
        """Every server once, as it stands with the act that got furthest there; what needs a look comes first."""
        best: dict[str, Server] = {}
        for server in (server for act in self.acts for server in act.servers):
            known = best.get(server.host)
            if known is None or STATES.index(server.state) < STATES.index(known.state):
                best[server.host] = server
        return _sorted(best.values())

    @property
    def counts(self) -> Counter[str]:
        """How many servers there are of each state."""
        return Counter(server.state for server in self.servers)


class _Said(msgspec.Struct, frozen=True):
    type: str
    object: Any = None


_SAID = msgspec.json.Decoder(_Said)


async def of(app: App, asker: Actor, post: Post, *, admin: bool) -> Receipt:
    """The receipt of a post that the asker may see; who is not in its private group any more learns nothing of it.

    Where members of that live is told to members (attack PRI-26).

    Raises:
        NotFound: it is not theirs to see, as if there was none (attack PRI-02).
    """
    group = await storage.groups.by_id(post.group_id) if post.group_id else None
    standing = await members.standing(group, asker) if group is not None and group.local else Standing()
    try:
        admit.receipt(post, asker, standing, admin=admin)
    except NotAllowed as no:
        raise NotFound("There is no receipt of this post, or it is not for you.") from no
    entries = await receipts.entries(post.id, _ENTRIES)
    if group is not None and not await visible.inside(asker.id, group.actor_id):
        entries = [entry for entry in entries if entry.actor_id == asker.id]
    return await _made(app, entries)


async def of_entry(app: App, entry: Entry) -> list[Server]:
    """What became of one entry of the log at every server that it goes to; what needs a look comes first."""
    takes = app.peers.takes(entry)
    reached = await app.reach.destinations(entry)
    places = {host: inboxes for host, each in reached.items() if (inboxes := takes(host, each))}
    noted: dict[str, list[Note]] = {}
    for note in await receipts.notes([entry.seq]):
        noted.setdefault(note.host, []).append(note)
    peers = await receipts.peers(sorted(places))
    return _sorted(
        _server(app, entry, host, inboxes, peers.get(host), noted.get(host, [])) for host, inboxes in places.items()
    )


async def _made(app: App, entries: list[Entry]) -> Receipt:
    telling = {(entry.actor_id, announced, entry.form): entry
               for entry in entries if (announced := _announces(entry)) is not None}  # fmt: skip
    followed = {target for entry in telling.values() for target in outbox.audience_of(entry).followers}
    since = await receipts.followed_since(sorted(followed))
    noted: dict[tuple[str, int], list[Note]] = {}
    for note in await receipts.notes([entry.seq for entry in telling.values()]):
        noted.setdefault((note.host, note.seq), []).append(note)
    places = {entry.seq: await _places(app, entry, since) for entry in telling.values()}
    peers = await receipts.peers(sorted({host for hosts in places.values() for host in hosts}))
    people = await actors.by_ids(sorted({entry.actor_id for entry in telling.values()}))
    found: dict[tuple[int, bool], list[tuple[Entry, list[Server]]]] = {}
    for (actor_id, announced, _form), entry in telling.items():
        servers = [
            _server(app, entry, host, inboxes, peers.get(host), noted.get((host, entry.seq), []))
            for host, inboxes in places[entry.seq].items()
        ]
        found.setdefault((actor_id, announced), []).append((entry, servers))
    return Receipt([_act(people[who], announced, each) for (who, announced), each in found.items() if who in people])


def _act(actor: Actor, announced: bool, forms: list[tuple[Entry, list[Server]]]) -> Act:
    """One act, which may have gone out in two forms to servers of two kinds."""
    parts = [Act(actor, announced, entry.created_at, servers) for entry, servers in forms]
    return Act(actor, announced, parts[0].at, Receipt(parts).servers)


def _announces(entry: Entry) -> bool | None:
    """Whether an entry that publishes a post is an announcement; None when it tells of something else about it."""
    try:
        said = _SAID.decode(entry.body)
    except msgspec.DecodeError:
        return None
    if said.type == "Announce":
        inner = said.object.get("type") if isinstance(said.object, dict) else "Create"
        return True if inner == "Create" else None
    return False if said.type == "Create" else None


async def _places(app: App, entry: Entry, since: dict[tuple[int, str], int]) -> dict[str, tuple[str, ...]]:
    """The inboxes by host to which an entry goes; without servers from where nobody followed yet."""
    audience, takes = outbox.audience_of(entry), app.peers.takes(entry)
    named = {host_of(inbox) for inbox in audience.inboxes}
    return {
        host: inboxes
        for host, reached in (await app.reach.destinations(entry)).items()
        if (inboxes := takes(host, reached))
        and (host in named or any(since.get((who, host), entry.created_at + 1) <= entry.created_at
                                  for who in audience.followers))
    }  # fmt: skip


def _server(
    app: App, entry: Entry, host: str, inboxes: tuple[str, ...], peer: Peer | None, noted: list[Note]
) -> Server:
    """What became of an entry at one server."""
    taken = [note for note in noted if 200 <= note.status < 300]
    if taken:
        return Server(host, DELIVERED, taken[0].noted_at, None, taken[0].status)
    last = max(noted, key=lambda note: note.noted_at, default=None)
    if last is not None:
        refused = {note.inbox for note in noted}
        state = REFUSED if "" in refused or refused.issuperset(inboxes) else DELIVERED  # by some of its inboxes
        return Server(host, state, last.noted_at, None, last.status, told(last.answer))
    if not app.peers.reachable(host):
        return Server(host, NOT_SENT)
    if peer is None:
        return Server(host, WAITING)
    failing = peer.failing_since is not None and peer.failures > 0
    if peer.cursor >= entry.seq:  # passed: also when there was nobody to deliver to for months, or it was blocked
        return Server(host, DELIVERED if (peer.last_out_at or 0) >= entry.created_at else NOT_SENT)
    if set_aside(peer):
        return Server(host, NOT_SENT, peer.failing_since, None, 0, told(peer.last_error))
    if failing:
        return Server(host, RETRYING, peer.failing_since, peer.next_attempt_at, 0, told(peer.last_error))
    held = (peer.next_attempt_at or 0) > clock.now_ms()  # by an admin
    return Server(host, WAITING, None, peer.next_attempt_at if held else None)


def told(answer: str) -> str:
    """The first line of what a server said, without addresses of people."""
    line = (answer.strip().splitlines() or [""])[0][:_LATEST]
    return _HANDLE.sub("…@", _PATH.sub(r"\1/…", line))


def _sorted(servers: Iterable[Server]) -> list[Server]:
    first = {RETRYING: 0, REFUSED: 1, WAITING: 2, NOT_SENT: 3, DELIVERED: 4}
    return sorted(servers, key=lambda server: (first[server.state], server.host))
