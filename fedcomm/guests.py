"""Who looks after a group of ours from a server whose program knows no moderators, as Mastodon, does it on pages here.

They say who they are; the group sends them a link by direct message, if they do look after it. Whoever asked learns
nothing. With the link they come to the pages of that group alone, with the rights that they have in it and no others,
until half a day is over or their role is. docs/decisions/0055-guests.md.
"""

import secrets
from weakref import WeakKeyDictionary

import msgspec

import storage.actors
import storage.groups
from fedcomm import admit, clock, groups, letters, members, rights, tokens
from fedcomm.app import App
from fedcomm.attempts import MINUTE, Attempts, network
from fedcomm.errors import AppError, Invalid, NotFound
from storage import guests, jobs, registers
from storage.actors import Actor
from storage.connect import Writes, apply, transaction, write
from storage.groups import Group
from storage.guests import BROWSER, LINK, Guest
from storage.ids import next_id

LINK_LASTS = 15 * MINUTE
BROWSER_LASTS = 720 * MINUTE
HOUR = 60 * MINUTE
MOST_LINKS = 3  # to one actor in an hour
MOST_HANDLE = 300  # characters
_GONE = "This link does not work (any more). Links work once, and for 15 minutes."


class Visit(msgspec.Struct, frozen=True):
    """Who is here as a guest, and to look after which group."""

    guest: Guest
    actor: Actor
    group: Group
    face: Actor


_asked: WeakKeyDictionary[App, Attempts] = WeakKeyDictionary()


async def ask(app: App, group_name: str, handle: str, address: str) -> None:
    """Somebody says that they look after a group from elsewhere; whether it is so is looked up later, by a job.

    So the answer, and the time that it takes, are the same for everybody.

    Raises:
        NotFound: there is no such group here.
        Invalid: no handle.
        TooMany: too often from this network.
    """
    group, _face = await groups.named(group_name)
    wanted = handle.strip()
    if not 2 < len(wanted) <= MOST_HANDLE or not wanted.isprintable():
        raise Invalid("Please give the name of your account, such as @name@server.example.", field="handle")
    if app.config.rate_limits:
        _asked.setdefault(app, Attempts(5, 30 * MINUTE)).take(network(address))
    writes = Writes()
    jobs.add(writes, next_id(), "send_guest_link", {"group": group.id, "handle": wanted}, clock.now_ms())
    app.jobs_added(writes)
    await apply(writes)


async def send(app: App, group: int, handle: str) -> None:
    """The job: send the link, if there is somebody elsewhere of that name who looks after the group.

    Raises:
        Unreachable: it is not known yet what their server runs (`letters.learn`).
    """
    found, face = await storage.groups.with_face(group)
    if found is None or face is None or face.gone:
        return
    name = handle.lower().removeprefix("@")
    leading = await storage.actors.by_uris(await members.leading(found))
    who = next((each for each in leading.values() if each.host and name in (each.acct.lower(), each.uri)), None)
    if who is None or who.gone:
        return
    await letters.learn(app, who)
    async with transaction():
        registers.hold(writes := Writes(), found.id, "role", who.uri)  # of two jobs the second counts the first
        await write(writes)
        sent = await guests.count(who.id, LINK, clock.now_ms() - HOUR)
        if sent >= MOST_LINKS or not await letters.hears(who):
            return
        secret = tokens.new()
        writes = Writes()
        guests.insert(writes, _made(LINK, found, who, secret, LINK_LASTS))
        await letters.guest_link(app, writes, face, who, f"{app.base_url}/guest/{secret}", next_id())
        await write(writes)


async def called(app: App, secret: str) -> Visit:
    """Whom a link is for; it is not used by that, since programs that show previews open links as well.

    Raises:
        NotFound: there is no such link (any more), or who had it does not look after the group any more.
    """
    return await _visit(app, secret, LINK)


async def enter(app: App, secret: str) -> tuple[str, Visit]:
    """Use a link: the secret for the cookie of a browser, and where it comes to. It works once.

    Raises:
        NotFound: as `called`.
    """
    visit = await called(app, secret)
    token = tokens.new()
    async with transaction():
        registers.hold(writes := Writes(), visit.group.id, "role", visit.actor.uri)  # which nobody takes meanwhile
        await write(writes)
        if not await guests.use(visit.guest.id, clock.now_ms()):
            raise NotFound(_GONE)
        guests.insert(writes := Writes(), _made(BROWSER, visit.group, visit.actor, token, BROWSER_LASTS))
        await write(writes)
    return token, visit


async def find(app: App, token: str) -> Visit | None:
    """Whose browser this is, while they look after the group; with their role it ends, for good."""
    try:
        return await _visit(app, token, BROWSER)
    except AppError:
        return None


async def leave(visit: Visit) -> None:
    """This browser is nobody's any more."""
    await guests.end(visit.guest.id)


async def forget() -> int:
    """Forget links and browsers that are over for longer than links are counted."""
    return await guests.forget(clock.now_ms() - HOUR)


async def _visit(app: App, token: str, kind: str) -> Visit:
    found = await guests.by_token(tokens.hash_of(token), kind, clock.now_ms()) if 0 < len(token) <= 100 else None
    group, face = await storage.groups.with_face(found.group_id if found is not None else None)
    actor = await storage.actors.by_id(found.actor_id) if found is not None else None
    if found is None or group is None or face is None or face.gone or actor is None:
        raise NotFound(_GONE)
    admit.actor(actor, app.peers)
    admit.server(app.peers, actor.host)
    if not (await members.standing(group, actor)).may(rights.OVERSEE):
        raise NotFound(_GONE)
    return Visit(found, actor, group, face)


def _made(kind: str, group: Group, who: Actor, token: str, lasts: int) -> Guest:
    now = clock.now_ms()
    return Guest(next_id(), tokens.hash_of(token), kind, group.id, who.id, secrets.token_urlsafe(32), now, now + lasts)
