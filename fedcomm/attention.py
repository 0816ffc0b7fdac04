"""What waits for whoever runs the server, in numbers: what to look at first."""

import msgspec

import storage.accounts
import storage.backlog
import storage.caught
import storage.groups
import storage.peers
import storage.reports
from fedcomm import audit, room
from fedcomm.app import App
from storage.actors import Actor
from storage.audit import first_broken
from storage.reports import OPEN, Wanted


class Attention(msgspec.Struct, frozen=True):
    """How many of each wait; `disk` and `log` say that something is wrong with these."""

    sign_ups: int
    reports: int
    held: int
    groups: int  # that nobody looks after
    failing: int  # servers to which deliveries fail
    given_up: int
    disk: bool
    log: bool

    @property
    def anything(self) -> bool:
        """Whether anything waits."""
        return any(msgspec.structs.astuple(self))


async def wanted(app: App, reader: Actor) -> Attention:
    """All of it now, as somebody who may see it all sees it."""
    return Attention(
        await storage.accounts.count("pending"),
        await storage.reports.count(Wanted(reader.id, state=OPEN)),
        await storage.caught.count(),
        len(await storage.groups.unattended()),
        await storage.peers.count_failing(),
        await storage.backlog.count_given_up(),
        (await room.disk(app)).tight,
        await first_broken(audit.RECENT) is not None,
    )
