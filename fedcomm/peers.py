"""Other servers: getting to know them, and deciding what they may do."""

from typing import Any

from activitypub import nodeinfo, quirks
from activitypub.errors import ProtocolError
from activitypub.origins import host_named
from fedcomm import audit, clock
from fedcomm.app import App
from fedcomm.errors import Invalid
from storage import bus, jobs, peers
from storage.connect import Writes, transaction
from storage.ids import next_id

POLICIES = ("", "allow", "limit", "suspend")
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


async def learn(app: App, host: str) -> None:
    """Ask a peer what it runs (NodeInfo), once a day; one that does not say gets every form of what we publish.

    Raises:
        Unreachable: it does not answer now.
    """
    known, now = await peers.get(host), clock.now_ms()
    if known is None or app.peers.blocked(host):
        return
    if known.software_checked_at is not None and now - known.software_checked_at < RELEARN:
        return  # somebody else of it turned up (`meet`)
    scheme = "http" if app.base_url.startswith("http://") else "https"
    found = await nodeinfo.read(app.client, host, scheme=scheme)
    name, version = (found.name, found.version) if found else (known.software, known.software_version)
    family = quirks.family(name) or ""
    await peers.set_software(host, name[:100], version[:100], family, now)
    app.peers.learn(host, family, name)
    await bus.publish("peers", host)


async def set_policy(app: App, host: str, policy: str, *, comment: str = "", note: str = "", by: str = "") -> None:
    """Decide what a server, with all its sub-domains, may do here: '', allow, limit or suspend.

    Raises:
        Invalid: no such policy, or no name of a server.
    """
    if policy not in POLICIES:
        raise Invalid("A policy is allow, limit, suspend, or nothing.", field="policy")
    try:
        name = host_named(host)
    except ProtocolError:
        raise Invalid("{host} is not the name of a server.", field="host", host=host) from None
    if any(f".{own}".endswith(f".{name}") for own in (app.host, app.host.rpartition(":")[0] or app.host)):
        raise Invalid("{host} is this server itself.", field="host", host=host)
    async with transaction():
        await peers.set_policy(name, policy, comment, note, clock.now_ms())
        await audit.note(by or "command line", "peer.policy", name, policy=policy)
        await bus.publish("peers", name)
    await app.peers.load()
