"""Admins subscribe to lists of servers to block that others keep, and say how they are taken (`block_agreement`)."""

from collections.abc import Sequence

import msgspec

import storage.settings
from activitypub.errors import ProtocolError
from activitypub.origins import check_id, host_of
from fedcomm import audit, block_rounds, clock, peers
from fedcomm.app import App
from fedcomm.block_agreement import Rules
from fedcomm.errors import Conflict, Invalid, NotFound
from storage import block_subscriptions as stored
from storage.block_subscriptions import Subscription
from storage.connect import Writes, transaction, write
from storage.ids import next_id

MOST = 20  # lists
HIGHEST = 255
NEVER = 1_000  # servers


async def subscribe(
    app: App, url: str, by: str, *, priority: int = 0, most: str = "suspend", automatic: bool = False,
    adopt: bool = False,
) -> Subscription:  # fmt: skip
    """Read a list soon, and each day from then on; of one that is subscribed already how it is taken changes.

    Raises:
        Invalid: no address of a list elsewhere, or it cannot be taken so.
        Conflict: there are too many.
    """
    where = _address(app, url)
    if not 0 <= priority <= HIGHEST:
        raise Invalid("A priority is a number from 0 to {most}.", field="priority", most=HIGHEST)
    if most not in ("suspend", "limit"):
        raise Invalid("At most suspend or limit is taken from a list.", field="most")
    async with transaction():
        there = await stored.everything()
        before = next((each for each in there if each.url == where), None)
        if before is None and len(there) >= MOST:
            raise Conflict("There may be {most} lists.", fix="unsubscribe from one of them first", most=MOST)
        base = before or Subscription(next_id(), where, priority, most, automatic, adopt, by)
        made = msgspec.structs.replace(
            base, priority=priority, most=most, automatic=int(automatic), adopt=int(adopt), next_at=clock.now_ms()
        )
        stored.put(writes := Writes(), made)
        block_rounds.order(app, writes)
        await write(writes)
        await audit.note(
            by, "blocklist.subscribe", where, priority=priority, most=most, automatic=automatic, adopt=adopt
        )
    return made


async def unsubscribe(app: App, number: int, by: str, *, take_back: bool = False) -> Subscription:
    """Read a list no more. What was decided for it stays, as if by hand; or is taken back where no other list says it.

    Raises:
        NotFound: there is no such subscription.
    """
    async with transaction():
        found = await _found(number)
        writes = Writes()
        stored.remove(writes, number)
        await write(writes)
        if not take_back:
            await block_rounds.keep_made()
        block_rounds.order(app, writes := Writes())
        await write(writes)
        await audit.note(by, "blocklist.unsubscribe", found.url, taken_back=take_back)
    return found


async def accept(app: App, number: int, by: str) -> Subscription:
    """Take a list as it is, though it names less than half of what it did.

    Raises:
        NotFound: there is no such subscription.
        Conflict: it has not shrunk.
    """
    async with transaction():
        found = await _found(number)
        if found.shrunk is None:
            raise Conflict("Nothing waits for a yes in this list.", fix="load the page again")
        changed = msgspec.structs.replace(found, accepted=found.shrunk, shrunk=None, next_at=clock.now_ms(), error="")
        await _order(app, changed)
        await audit.note(by, "blocklist.accept", found.url, servers=found.shrunk)
    return found


async def fetch(app: App, number: int, by: str) -> Subscription:
    """Read a list soon, whenever it was due.

    Raises:
        NotFound: there is no such subscription.
    """
    async with transaction():
        found = await _found(number)
        await _order(app, msgspec.structs.replace(found, next_at=clock.now_ms()))
        await audit.note(by, "blocklist.fetch", found.url)
    return found


async def rules() -> Rules:
    """How they are taken."""
    return await block_rounds.rules()


async def set_rules(app: App, wanted: Rules, by: str) -> None:
    """From now on they are taken so.

    Raises:
        Invalid: that cannot be, or what is never blocked is no name of a server.
    """
    if not 1 <= wanted.at_least <= MOST:
        raise Invalid("Say how many lists have to agree, from 1 to {most}.", field="at_least", most=MOST)
    if not 0 <= wanted.most_cuts <= 1_000_000:
        raise Invalid("Say how many follows may be cut without a yes.", field="most_cuts")
    names = tuple(dict.fromkeys(_whole(app, host) for host in wanted.never if host.strip()))
    if len(names) > NEVER:
        raise Invalid("At most {most} servers can be left alone.", field="never", most=NEVER)
    async with transaction():
        await storage.settings.store(block_rounds.RULES, msgspec.structs.replace(wanted, never=names), clock.now_ms())
        block_rounds.order(app, writes := Writes())
        await write(writes)
        await audit.note(
            by, "blocklist.rules", "", at_least=wanted.at_least, most_cuts=wanted.most_cuts, never=", ".join(names)
        )


async def spare(app: App, hosts: Sequence[str], by: str, *, no_more: bool = False) -> Rules:
    """Never block these servers by lists; or do so again.

    Raises:
        Invalid: no name of a server.
    """
    before, names = await rules(), [peers.named(app, host) for host in hosts]
    never = [each for each in before.never if each not in names] if no_more else [*before.never, *names]
    await set_rules(app, msgspec.structs.replace(before, never=tuple(never)), by)
    return await rules()


def _whole(app: App, host: str) -> str:
    """The name of a server, in full: a word alone would match none, and nobody would notice."""
    name = peers.named(app, host)
    if "." not in name:
        raise Invalid("{host} is not the name of a server.", field="never", host=host)
    return name


async def named(which: str) -> Subscription:
    """The one with this number or address.

    Raises:
        NotFound: there is none.
    """
    there = await stored.everything()
    found = next((each for each in there if which in (str(each.id), each.url)), None)
    if found is None:
        raise NotFound("There is no such subscription.", fix="see which there are: fedcomm peer subscriptions")
    return found


async def _found(number: int) -> Subscription:
    found = await stored.by_id(number)
    if found is None:
        raise NotFound("There is no such subscription.")
    return found


async def _order(app: App, changed: Subscription) -> None:
    stored.put(writes := Writes(), changed)
    block_rounds.order(app, writes)
    await write(writes)


def _address(app: App, url: str) -> str:
    try:
        where = check_id(url.strip())
        peers.named(app, host_of(where))
    except ProtocolError:
        raise Invalid("“{url}” is no address of a list.", field="url", url=url.strip()[:200]) from None
    if where.startswith("http://") and not app.base_url.startswith("http://"):
        raise Invalid("A list is read over https.", field="url")
    return where
