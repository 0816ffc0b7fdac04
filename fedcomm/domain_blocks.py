"""Servers that single members want nothing to do with; what admins decide for everybody is in `peers`."""

import storage.domain_blocks
from activitypub.errors import ProtocolError
from activitypub.origins import host_named
from fedcomm import follows
from fedcomm.app import App
from fedcomm.errors import Invalid
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.ids import next_id

MAX_HOSTS = 1000  # of one member
_AT_ONCE = 100


async def block(app: App, actor: Actor, domain: str) -> None:
    """Nothing of that server comes to the member any more, and following ends both ways.

    Raises:
        Invalid: no name of another server, or there are too many.
    """
    host = _host(app, domain)
    if await storage.domain_blocks.count(actor.id) >= MAX_HOSTS:
        raise Invalid("You cannot block more than {limit} servers.", field="domain", limit=MAX_HOSTS)
    writes = Writes()
    storage.domain_blocks.put(writes, actor.id, host, next_id())
    await apply(writes)
    while ties := await storage.domain_blocks.ties(actor.id, host, _AT_ONCE):
        for tie in ties:
            if tie.outward:
                await follows.unfollow(app, actor, tie.actor_id)
            else:
                await follows.reject(app, actor, tie.actor_id)


async def lost(app: App, actor: Actor, domain: str) -> tuple[int, int]:
    """What a block of that server would end: how many there the member follows, and how many follow the member.

    Raises:
        Invalid: no name of another server.
    """
    return await storage.domain_blocks.between(actor.id, _host(app, domain))


async def unblock(app: App, actor: Actor, domain: str) -> None:
    """That server is like any other again; follows do not come back by themselves.

    Raises:
        Invalid: no name of another server.
    """
    writes = Writes()
    storage.domain_blocks.remove(writes, actor.id, _host(app, domain))
    await apply(writes)


def _host(app: App, domain: str) -> str:
    try:
        host = host_named(domain)
    except ProtocolError:
        raise Invalid("{host} is not the name of a server.", field="domain", host=domain[:100]) from None
    if host == app.host:
        raise Invalid("{host} is this server itself.", field="domain", host=host)
    return host
