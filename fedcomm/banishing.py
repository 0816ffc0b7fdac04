"""That somebody is suspended here, told to servers that know bans from a site (`Block` with this one as its target).

Whose own server says so is banned altogether there, anybody else from the groups of this server. All that they wrote
goes with it where it comes back when that is taken back: Lemmy and fedcomm restore it, PieFed and Mbin never do. Why it
is done is for who is suspended and who looks after this server, and goes nowhere.
"""

from activitypub.contexts import PUBLIC
from fedcomm import flags
from fedcomm.app import App
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage import actors, follows, peers
from storage.accounts import Account
from storage.actors import Actor
from storage.connect import Writes
from storage.ids import next_id
from storage.outbox import Audience

_RESTORING = frozenset({"fedcomm", "lemmy"})
_OTHERS = frozenset({"piefed", "pyfedi", "mbin"})  # of these people elsewhere PieFed only notes it, Mbin as well


async def tell(app: App, writes: Writes, who: Actor, by: Account | None, *, on: bool) -> None:
    """Somebody is suspended here (`on`), or no more. In the name of an admin: those hear nobody else."""
    speaker = await _speaker(app, by)
    if speaker.kind != "Person" or speaker.id == who.id:
        return
    takers = [each for each in await peers.everybody() if _takes(each, who) and not app.peers.blocked(each.host)]
    inboxes = {place.host: place.inbox for place in await follows.known_inboxes()} if takers else {}
    for data in (True, False):  # whether what they wrote goes and comes with it
        hosts = [peer.host for peer in takers if (peer.software in _RESTORING) is data]
        told = Audience(inboxes=tuple(inboxes[host] for host in hosts if host in inboxes))
        publish(app, writes, speaker, _said(app, speaker, who, data=data, on=on), told)


def _takes(peer: peers.Peer, who: Actor) -> bool:
    """Lemmy 0.19 answers 400 to a ban by another server than one's own."""
    if who.local:
        return peer.software in _RESTORING | _OTHERS
    return peer.software in _RESTORING and not flags.is_old_lemmy(peer)


def _said(app: App, speaker: Actor, who: Actor, *, data: bool, on: bool) -> activities.Json:
    site = app.urls.service
    block = activities.activity(
        "Block", app.urls.activity(next_id()), speaker.uri, who.uri, to=[PUBLIC], cc=[site], target=site,
        removeData=data,
    )  # fmt: skip
    if on:
        return block
    return activities.activity(
        "Undo", app.urls.activity(next_id()), speaker.uri, block, to=[PUBLIC], cc=[site], restoreData=data
    )


async def _speaker(app: App, by: Account | None) -> Actor:
    acting = await actors.by_id(by.actor_id) if by is not None and by.role == "admin" else None
    return acting if acting is not None and not acting.gone else await flags.somebody(app)
