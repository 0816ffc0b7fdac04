"""Reading the log: once for all peers at its tail, and in blocks that laggards share behind it."""

from collections import OrderedDict

from activitypub import documents
from activitypub.signatures.digest import digest
from fedcomm.app import App
from fedcomm.mapping import plain
from fedcomm.outbox import renewing
from fedcomm.reach import Destinations
from storage import bus, outbox
from storage.outbox import Entry

CHUNK = 200  # entries read at once; a block is as many numbers
BLOCKS = 8  # of them kept, for peers that catch up at the same time
TEXTS = 20  # entries with polls that are kept as texts
_POLL = b'"Question"'
TAKERS = 1_000  # destinations of which it is kept who has a use for what goes there
REMEMBERED = 2_000  # entries whose destinations and digest are kept


class Log:
    """The entries, and what is worked out of each once however many peers get it."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._blocks: OrderedDict[int, list[Entry]] = OrderedDict()
        self._destinations: OrderedDict[int, Destinations] = OrderedDict()
        self._takers: dict[tuple[int, str, tuple[str, ...], bool], tuple[Destinations, int, Destinations]] = {}
        self._digests: OrderedDict[int, str] = OrderedDict()
        self._texts: OrderedDict[int, tuple[bytes, str]] = OrderedDict()

    async def after(self, seq: int) -> list[Entry]:
        """The next entries, when everything that was told before they were published has been heard here.

        Otherwise a server that just followed could miss what another process published right after.
        """
        entries = await outbox.after(seq, CHUNK)
        if entries and not await bus.heard_all():
            self._app.reach.clear()
        return entries

    async def behind(self, seq: int, tail: int) -> tuple[list[Entry], int]:
        """Entries after `seq`, none beyond `tail`, and the number up to which these are all."""
        number = seq // CHUNK
        end = (number + 1) * CHUNK
        block = self._blocks.get(number)
        if block is None:
            block = await outbox.between(number * CHUNK, end)
            if end <= tail:
                self._remember(number, block)
        entries = [entry for entry in block if seq < entry.seq <= tail]
        if entries:
            return entries, min(end, tail)
        following = await outbox.next_after(seq)  # numbers may have been left out: what was trimmed, or a restore
        return [], tail if following is None else min(following - 1, tail)

    async def destinations(self, entry: Entry) -> Destinations:
        """The inboxes that an entry goes to, by host."""
        known = self._destinations.get(entry.seq)
        if known is None:
            known = self._destinations[entry.seq] = await self._app.reach.destinations(entry)
            if len(self._destinations) > REMEMBERED:
                self._destinations.popitem(last=False)
        return known

    async def takers(self, entry: Entry) -> Destinations:
        """As `destinations`, those alone that may have a use for it (`peers.takes`).

        Votes from one server go to the same ones: that is worked out once, until somebody says what they run.
        """
        places, changes = await self.destinations(entry), self._app.peers.changes
        audience = outbox.audience_of(entry)
        key = id(places), entry.form, audience.both, audience.twin
        known = self._takers.get(key)
        if known is not None and known[0] is places and known[1] == changes:
            return known[2]
        takes = self._app.peers.may_take(entry)
        taken = ((host, takes(host, inboxes)) for host, inboxes in places.items())
        found = {host: inboxes for host, inboxes in taken if inboxes}
        if len(self._takers) >= TAKERS:
            self._takers.clear()
        self._takers[key] = places, changes, found
        return found

    async def wording(self, entry: Entry, host: str) -> tuple[bytes, str]:
        """What is sent to a host for it, and the digest of that; polls as texts where no program would read them.

        Who was away for a week gets addresses of pictures that have not ended meanwhile.
        """
        texts = not self._app.peers.reads_polls(host) and _POLL in entry.body
        if (anew := await renewing.body(self._app, entry)) is not entry.body:
            anew = documents.write(plain.without_polls(documents.read(anew))) if texts else anew
            return anew, digest(anew)
        if not texts:
            return entry.body, self.digest(entry)
        known = self._texts.get(entry.seq)
        if known is None:
            body = documents.write(plain.without_polls(documents.read(entry.body)))
            known = self._texts[entry.seq] = (body, digest(body))
            if len(self._texts) > TEXTS:
                self._texts.popitem(last=False)
        return known

    def digest(self, entry: Entry) -> str:
        """The digest of its body."""
        known = self._digests.get(entry.seq)
        if known is None:
            known = self._digests[entry.seq] = digest(entry.body)
            if len(self._digests) > REMEMBERED:
                self._digests.popitem(last=False)
        return known

    def _remember(self, number: int, block: list[Entry]) -> None:
        self._blocks[number] = block
        if len(self._blocks) > BLOCKS:
            self._blocks.popitem(last=False)
