"""Other servers: getting to know them, and deciding what they may do."""

import asyncio
from typing import Any

import msgspec

from activitypub import nodeinfo, quirks
from activitypub.errors import ProtocolError
from activitypub.origins import host_named
from fedcomm import audit, clock, severing
from fedcomm.app import App
from fedcomm.errors import Conflict, Invalid, NotFound
from fedcomm.peerbook import ALLOW, SUSPEND
from storage import bus, jobs, peers
from storage.connect import Writes, transaction, write
from storage.ids import next_id
from storage.peers import Decided, Decision

POLICIES = ("", ALLOW, "limit", SUSPEND)
MOST_COMMENT = 1_000  # characters
MOST_HOURS = 7 * 24  # for which deliveries can be held: what is for it is kept for 30 days
RELEARN = 24 * 3_600_000  # ms between looks at what a peer runs


def meet(app: App, writes: Writes, host: str) -> None:
    """A server turned up: it gets a row, and soon it is asked what it runs."""
    now = clock.now_ms()
    peers.meet(writes, host, now)
    jobs.add(writes, next_id(), "learn_peer", {"host": host}, now, key=f"learn_peer:{host}")
    app.jobs_added(writes)


def presume(app: App, writes: Writes, host: str, raw: dict[str, Any]) -> None:
    """What an actor's document shows its server to run counts until NodeInfo says something, should it ever.

    So nobody speaks to a group in a wrong form before its server was asked.
    """
    if name := quirks.runs(raw):
        family = quirks.family(name) or ""
        peers.presume(writes, host, name, family)
        if not app.peers.family(host):
            writes.after(lambda: app.peers.learn(host, family, name))
            bus.add(writes, "peers", host)


def passes_on(app: App, writes: Writes, host: str) -> None:
    """A group there has passed on what somebody did: whatever it runs understands that, if nothing else is known of it.

    That it has groups would say less: there are programs whose groups boost, and take nothing but boosts.
    """
    if not app.peers.family(host):
        peers.presume_family(writes, host, quirks.GROUPS)
        writes.after(lambda: app.peers.learn(host, quirks.GROUPS))
        bus.add(writes, "peers", host)


async def learn(app: App, host: str) -> None:
    """Ask a peer what it runs (NodeInfo), once a day; of one whose program is not known counts what it was seen to do.

    Raises:
        Unreachable: it does not answer now.
    """
    async with app.asking.setdefault(host, asyncio.Lock()):  # by a job, and before the first delivery
        known, now = await peers.get(host), clock.now_ms()
        if known is None or app.peers.blocked(host):
            return
        if known.software_checked_at is not None and now - known.software_checked_at < RELEARN:
            return  # somebody else of it turned up (`meet`)
        scheme = "http" if app.base_url.startswith("http://") else "https"
        found = await nodeinfo.read(app.client, host, scheme=scheme)
        name, version = (found.name, found.version) if found else (known.software, known.software_version)
        seen = known.family if quirks.family(known.software) is None else ""
        family = quirks.family(name) or seen
        await peers.set_software(host, name[:100], version[:100], family, now)
        app.peers.learn(host, family, name)
        await bus.publish("peers", host)


async def set_policy(app: App, host: str, policy: str, *, comment: str = "", by: str = "") -> Decided | None:
    """As `decide`, of the policy alone."""
    return await decide(app, host, Decision(policy, public_comment=comment), by=by)


async def decide(app: App, host: str, decision: Decision, *, by: str = "") -> Decided | None:
    """Decide what a server, with all its sub-domains, may do here; None when that is nothing but what all may.

    `by` is who does, as the log of admins calls them.

    Raises:
        Invalid: no such policy, or no name of a server.
    """
    if decision.policy not in POLICIES:
        raise Invalid("A policy is allow, limit, suspend, or nothing.", field="policy")
    name = named(app, host)
    public, private = (" ".join(said.split()) for said in (decision.public_comment, decision.private_comment))
    if max(len(public), len(private)) > MOST_COMMENT:
        raise Invalid("A comment can have at most {limit} characters.", field="comment", limit=MOST_COMMENT)
    decision = msgspec.structs.replace(decision, public_comment=public, private_comment=private)
    async with transaction():
        await put(name, decision)
        await audit.note(by or audit.OPERATOR, "peer.policy", name, **_told(decision))
        if not app.peers.blocked(name) and _cuts(app, decision):
            severing.begin(app, writes := Writes(), name)
            await write(writes)
        await bus.publish("peers", name)
        found = await peers.decision(name)
    await app.look_at_peers()
    return found


async def put(host: str, decision: Decision) -> None:
    """Keep what was decided; part of a transaction in which everybody is told so (`peers` on the bus)."""
    await peers.decide(host, decision, next_id() if decision.anything else None, clock.now_ms())


def obfuscated(host: str) -> str:
    """A name of which one recognises only what one knows: the middle is hidden, dots are left."""
    edge = len(host) // 4
    middle = "".join("." if letter == "." else "*" for letter in host[edge : len(host) - edge])
    return host[:edge] + middle + host[len(host) - edge :]


async def retry(app: App, host: str, *, by: str = "") -> None:
    """Try deliveries to a server now, whatever the schedule says; what was in the air already stays there.

    Raises:
        Invalid: no name of another server.
        NotFound: it is not known here.
    """
    name = named(app, host)
    if await peers.get(name) is None:
        raise NotFound("{host} is not known here.", host=name)
    async with transaction():
        await audit.note(by or audit.OPERATOR, "peer.retry", name)
        await peers.hold(name, None)
        await bus.publish("again", name)


async def hold(app: App, host: str, hours: int, *, by: str = "") -> None:
    """Send nothing to a server for so many hours; what is for it waits until then, or until `retry`.

    Raises:
        Invalid: no name of another server, or no such number of hours.
        NotFound: it is not known here.
        Conflict: deliveries to it fail, so that they wait anyhow.
    """
    name = named(app, host)
    if not 1 <= hours <= MOST_HOURS:
        raise Invalid("Deliveries can be held for 1 to {most} hours.", field="hours", most=MOST_HOURS)
    if await peers.get(name) is None:
        raise NotFound("{host} is not known here.", host=name)
    until = clock.now_ms() + hours * 3_600_000
    async with transaction():
        if not await peers.hold(name, until):
            raise Conflict(
                "Deliveries to {host} fail and wait already.", host=name, fix="see when: fedcomm queue stats"
            )
        await audit.note(by or audit.OPERATOR, "queue.hold", name, hours=hours)
        await bus.publish("held", f"{until} {name}")


async def decision(app: App, host: str) -> Decision:
    """What was decided about just this server.

    Raises:
        Invalid: no name of another server.
    """
    found = await peers.decision(named(app, host))
    return found.decision if found else Decision()


def named(app: App, host: str) -> str:
    """The name of another server as it is kept.

    Raises:
        Invalid: it is none, or this one's.
    """
    try:
        name = host_named(host)
    except ProtocolError:
        raise Invalid("{host} is not the name of a server.", field="host", host=host) from None
    if any(f".{own}".endswith(f".{name}") for own in (app.host, app.host.rpartition(":")[0] or app.host)):
        raise Invalid("{host} is this server itself.", field="host", host=host)
    return name


def _cuts(app: App, decision: Decision) -> bool:
    """Whether nothing comes from a server with it any more."""
    return decision.policy == SUSPEND or (app.peers.allow_list and decision.policy != ALLOW)


def _told(decision: Decision) -> dict[str, object]:
    """What the log says of a decision: what it is, without what it is not."""
    said = msgspec.structs.asdict(decision)
    return {"policy": decision.policy} | {name: value for name, value in said.items() if value}
