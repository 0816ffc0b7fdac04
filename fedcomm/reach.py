"""Who gets an entry of the log: its audience as inboxes by host."""

import logging

import msgspec

from activitypub.errors import ProtocolError
from activitypub.origins import host_of
from storage import follows, outbox
from storage.actors import Actor
from storage.outbox import Audience, Entry

LOG = logging.getLogger("fedcomm.delivery")
Destinations = dict[str, tuple[str, ...]]

SHARED = 1_000  # audiences whose inboxes are remembered


class Reach:
    """Answers `destinations`, remembering followers' inboxes until `forget` says that they changed."""

    def __init__(self) -> None:
        self._followers: dict[int, list[follows.Inbox]] = {}
        self._shared: dict[Audience, Destinations] = {}  # of audiences of followers alone
        self._generation = 0  # how often something was forgotten

    def forget(self, actor_id: int) -> None:
        """The followers of this actor have changed."""
        self._generation += 1
        self._followers.pop(actor_id, None)
        self._shared.clear()

    def clear(self) -> None:
        """Anything may have changed."""
        self._generation += 1
        self._followers.clear()
        self._shared.clear()

    async def destinations(self, entry: Entry) -> Destinations:
        """The inboxes an entry goes to, by host; one shared inbox serves all followers on a host.

        Inboxes of one host that differ are all used: nobody may take what is meant for another (attack ORI-25).
        """
        return await self.places(outbox.audience_of(entry))

    async def places(self, audience: Audience) -> Destinations:
        """As `destinations`, of an audience."""
        if audience.known_to:
            told = await self._of_followers(Audience(followers=audience.known_to))
            left = msgspec.structs.replace(audience, known_to=(), without=(*audience.without, *told))
            return await self.places(left)
        if not (audience.everybody or audience.inboxes or audience.once or audience.since):
            return await self._of_followers(audience)
        found: dict[str, list[str]] = {}
        for target in audience.followers:
            for place in await self._of(target):
                _add(found, place.host, place.inbox)
            for place in await follows.inboxes_parted(target, audience.since) if audience.since else ():
                _add(found, place.host, place.inbox)
        for face in audience.once:
            for place in await follows.inboxes_once(face):
                _add(found, place.host, place.inbox)
        if audience.everybody:
            for place in await follows.known_inboxes():
                _add(found, place.host, place.inbox)
        for inbox in audience.inboxes:
            try:
                _add(found, host_of(inbox), inbox)
            except ProtocolError:  # one address that is none keeps nobody else from theirs
                LOG.warning("no inbox: %s", inbox)
        return {host: tuple(inboxes) for host, inboxes in found.items() if host not in audience.without}

    async def _of_followers(self, audience: Audience) -> Destinations:
        """Worked out once for the votes of a busy hour that come from one server, and not for each of them."""
        known = self._shared.get(audience)
        if known is None:
            asked_in = self._generation
            found: dict[str, list[str]] = {}
            for actor_id in audience.followers:
                for place in await self._of(actor_id):
                    _add(found, place.host, place.inbox)
            without = frozenset(audience.without)
            known = {host: tuple(inboxes) for host, inboxes in found.items() if host not in without}
            if asked_in == self._generation:
                if len(self._shared) >= SHARED:
                    self._shared.clear()
                self._shared[audience] = known
        return known

    async def _of(self, actor_id: int) -> list[follows.Inbox]:
        known = self._followers.get(actor_id)
        if known is None:
            asked_in = self._generation
            known = await follows.inboxes(actor_id)
            if asked_in == self._generation:  # else it may be older than what was forgotten meanwhile
                self._followers[actor_id] = known
        return known


def inbox_of(actor: Actor, *, public: bool) -> str:
    """Where an actor is told of something: each server has one place for what is for everybody, groups as people.

    What is not goes to each one's own inbox (attack ORI-25).
    """
    return (actor.shared_inbox or actor.inbox) if public else actor.inbox


def _add(found: dict[str, list[str]], host: str, inbox: str) -> None:
    places = found.setdefault(host, [])
    if inbox not in places:
        places.append(inbox)
