"""Carries one entry to one peer: each of its inboxes is asked in turn, and what it answers is judged."""

import msgspec

from activitypub import documents
from activitypub.contexts import PUBLIC
from activitypub.errors import Malformed, ProtocolError, Unreachable
from activitypub.origins import origin
from activitypub.transport import Reply, post
from fedcomm import clock, peers
from fedcomm.app import App
from fedcomm.outbox.answers import Verdict, judge, retry_after
from fedcomm.outbox.lanes import Delivery, Lane
from fedcomm.outbox.ledger import Ledger
from fedcomm.outbox.log import Log
from fedcomm.outbox.signing import Signer, SigningRequest
from storage.outbox import Entry, for_everybody

REFUSALS = 3  # more answers 401 or 403 than this end a delivery
ASKED = 2  # failures in a row after which it is not waited any longer for what a peer says that it runs
_HEADERS = [(b"content-type", b"application/activity+json"), (b"accept", b"application/activity+json")]


class Held(msgspec.Struct, frozen=True):
    """The peer did not take the entry now: why, and in how many seconds it asks to be tried again."""

    why: str
    wait: float | None = None


class _Said(msgspec.Struct, frozen=True):
    verdict: Verdict
    status: int = 0
    words: str = ""
    wait: float | None = None


class Courier:
    """Signs, sends and judges."""

    def __init__(self, app: App, log: Log, ledger: Ledger) -> None:
        self._app = app
        self._log = log
        self._ledger = ledger
        self._signer = Signer()

    def close(self) -> None:
        """Stop the threads that sign."""
        self._signer.close()

    async def carry(self, lane: Lane, delivery: Delivery) -> Held | None:
        """None when the peer needs nothing more of this entry; what was not taken for good is noted."""
        told = self._app.peers
        if unsure := told.unsure(lane.host) and told.chooses(delivery.entry):
            try:
                await peers.learn(self._app, lane.host)
            except Unreachable as fault:
                if lane.failures < ASKED:
                    return Held(str(fault), fault.retry_after)
        inboxes = told.takes(delivery.entry)(lane.host, delivery.inboxes)
        if not inboxes:
            return None
        held = await self._ask_all(lane, delivery.entry, inboxes)
        if held is None and unsure:
            told.asked(lane.host)  # it is there, and says nothing of itself
        return held

    async def _ask_all(self, lane: Lane, entry: Entry, inboxes: tuple[str, ...]) -> Held | None:
        seq = entry.seq
        reached = lane.reached.get(seq, set())
        for inbox in inboxes:
            if inbox in reached or self._ledger.retired(lane, inbox) or not self._app.peers.reachable(lane.host):
                continue
            said = await self._ask(lane, entry, inbox)
            if said.verdict is Verdict.LATER:
                if said.status < 500 or said.wait is not None or not lane.stuck(seq):
                    return Held(_why(said), said.wait)
            self._note(lane, entry, inbox, said)
            if len(inboxes) > 1:
                lane.reached.setdefault(seq, set()).add(inbox)
            if said.verdict is Verdict.TAKEN and self._app.peers.one_inbox(lane.host) and _public(entry):
                break
        return None

    def _note(self, lane: Lane, entry: Entry, inbox: str, said: _Said) -> None:
        """What was taken need not be noted, but for who is gone: when each server was told so can be asked for."""
        if said.verdict is Verdict.TAKEN:
            lane.refusing = False
            lane.took()
            self._ledger.taken(lane, inbox)
            if for_everybody(entry):
                self._ledger.told(lane, entry.seq, inbox, said.status)
            return
        self._ledger.refused(lane, entry.seq, inbox, said.status, said.words)
        if said.verdict is Verdict.GONE:
            self._ledger.inbox_gone(lane, inbox)

    async def _ask(self, lane: Lane, entry: Entry, inbox: str) -> _Said:
        try:
            origin(inbox)
        except Malformed as fault:
            return _Said(Verdict.REFUSED, 0, str(fault))
        try:
            answer = await self._send(lane, entry, inbox, lane.scheme)
            if answer.status in (401, 403):
                return await self._refused(lane, entry, inbox, answer)
        except Unreachable as fault:
            return _Said(Verdict.LATER, 0, str(fault), fault.retry_after)
        except ProtocolError as fault:  # no HTTP, or an address that is not allowed: it may be put right
            return _Said(Verdict.LATER, 0, str(fault))
        return _Said(judge(answer.status), answer.status, _words(answer), retry_after(answer))

    async def _refused(self, lane: Lane, entry: Entry, inbox: str, first: Reply) -> _Said:
        """401 or 403: once with the other signature scheme, then some times more; then it is meant.

        A peer that has meant it is not asked so often about what follows, until it takes something.
        """
        tries = lane.refusals.get(entry.seq, 0)
        if not tries and not lane.refusing:
            other = "cavage" if lane.scheme != "cavage" else "rfc9421"
            answer = await self._send(lane, entry, inbox, other)
            if answer.status not in (401, 403):
                if 200 <= answer.status < 300:
                    lane.scheme = other
                    self._ledger.scheme(lane)
                return _Said(judge(answer.status), answer.status, _words(answer), retry_after(answer))
        if tries >= REFUSALS or lane.refusing:
            lane.refusing = True
            return _Said(Verdict.REFUSED, first.status, _words(first))
        lane.refusals[entry.seq] = tries + 1
        return _Said(Verdict.LATER, first.status, _words(first))

    async def _send(self, lane: Lane, entry: Entry, inbox: str, scheme: str) -> Reply:
        key, key_id = await self._app.keyring.private(entry.actor_id, scheme, entry.created_at)
        body, digest = await self._log.wording(entry, lane.host)
        signed = await self._signer.sign(
            SigningRequest(
                "rfc9421" if scheme != "cavage" else "cavage",
                key,
                key_id,
                inbox,
                body,
                digest,
                clock.now(),
            )
        )
        headers = [*_HEADERS, (b"user-agent", self._app.user_agent.encode())]
        headers += [(name.encode(), value.encode()) for name, value in signed.items()]
        return await post(self._app.transport, self._app.url(inbox), headers, body)


def _words(answer: Reply) -> str:
    """How the peer put it, in one line: a stranger's words are printed to terminals and into logs."""
    said = answer.body[:200].decode("utf-8", "replace")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in said).split())


def _public(entry: Entry) -> bool:
    """Whether an entry is for everybody, so that nobody takes what is meant for another (attack ORI-25)."""
    found = documents.read(entry.body)
    to, cc = found.get("to", ()), found.get("cc", ())
    return PUBLIC in (to, cc) or PUBLIC in to or PUBLIC in cc


def _why(said: _Said) -> str:
    """What those who run the server read of a delivery that is held back."""
    if not said.status:
        return said.words
    return f"it answered {said.status}" + (f": {said.words}" if said.words else "")
