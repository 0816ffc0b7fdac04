"""The board of other servers: how speaking with each goes, as the page, the command line and a CSV file tell it."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec

import storage.peers
from fedcomm import clock
from fedcomm.app import App
from fedcomm.exports import harmless
from fedcomm.outbox.lanes import set_aside
from storage import outbox, servers
from storage.peers import Decision, Peer

RED = 3  # failures in a row, from which on a server wants a look
_COLUMNS = (
    "server", "software", "version", "last_in", "last_out", "backlog", "failures", "failing_since", "next_try", "state",
    "last_error", "follows_of_members", "policy", "reject_media", "reject_reports", "hold_first_contact",
)  # fmt: skip


class Line(msgspec.Struct, frozen=True):
    """One server. `backlog` is how many entries of the log it has not got, at most; `followed` how many follows lead
    there from members here; `set_aside`: it did not answer for a month, and nothing is kept for it.
    """

    peer: Peer
    decision: Decision
    backlog: int
    followed: int
    set_aside: bool

    @property
    def held_until(self) -> int | None:
        """Until when (ms) an admin wants nothing sent there; None when that is not so."""
        until = self.peer.next_attempt_at or 0
        return until if not self.peer.failures and until > clock.now_ms() else None

    @property
    def next_try(self) -> int | None:
        """When (ms) something is sent there next, where not at once."""
        return self.peer.next_attempt_at if self.peer.failures else self.held_until

    @property
    def state(self) -> str:
        """well, held by an admin, failing, failing from `RED` on: down, set aside, or not met: nobody there was ever
        spoken with."""
        if self.set_aside:
            return "set aside"
        if self.held_until:
            return "held"
        if not (self.peer.failures or self.peer.software_checked_at or self.peer.last_in_at or self.peer.last_out_at):
            return "not met"
        if not self.peer.failures:
            return "well"
        return "down" if self.peer.failures >= RED else "failing"


async def of(app: App, found: Sequence[Peer]) -> list[Line]:
    """Of these servers, in their order."""
    hosts = [peer.host for peer in found]
    return _lines(app, found, await outbox.head(), await servers.followed(hosts))


async def everybody(app: App) -> list[Line]:
    """Of all servers, by name."""
    return _lines(app, await storage.peers.everybody(), await outbox.head(), await servers.followed())


async def one(app: App, host: str) -> Line | None:
    """Of one server, when it is known."""
    peer = await storage.peers.get(host)
    return (await of(app, [peer]))[0] if peer is not None else None


def to_csv(lines: Iterable[Line]) -> str:
    """A line each, times as ISO 8601."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for line in lines:
        peer, decision = line.peer, line.decision
        rejects = (decision.reject_media, decision.reject_reports, decision.hold_contact)
        texts = map(harmless, (peer.software, peer.software_version))
        row = [peer.host, *texts, _time(peer.last_in_at), _time(peer.last_out_at), line.backlog, peer.failures]
        row += [_time(peer.failing_since), _time(line.next_try), line.state, harmless(peer.last_error), line.followed]
        writer.writerow([*row, decision.policy, *(str(each).lower() for each in rejects)])
    return text.getvalue()


def _lines(app: App, found: Sequence[Peer], head: int, followed: dict[str, int]) -> list[Line]:
    return [
        Line(
            peer, app.peers.decision(peer.host), max(0, head - peer.cursor) if app.peers.reachable(peer.host) else 0,
            followed.get(peer.host, 0), set_aside(peer),
        )
        for peer in found
    ]  # fmt: skip


def _time(at_ms: int | None) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds") if at_ms else ""
