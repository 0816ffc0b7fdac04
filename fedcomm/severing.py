"""Members whose ties a suspension cuts are told so, and can take along whom they lost (Mastodon: "severed
relationships").

Nothing is deleted: as long as the server is suspended the follows rest, and afterwards they work again.
"""

from fedcomm import clock, exports
from fedcomm.app import App
from fedcomm.errors import NotFound
from fedcomm.peerbook import SUSPEND
from storage import jobs, peers, severances
from storage import telling as stored
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.ids import next_id
from storage.severances import Severance

AT_ONCE = 100
FILES = ("following", "followers")


def begin(app: App, writes: Writes, host: str) -> None:
    """A server was suspended: members are told soon."""
    jobs.add(writes, next_id(), "tell_cut", {"host": host, "cut": next_id()}, clock.now_ms())
    app.jobs_added(writes)


async def tell(app: App, host: str, cut: int) -> None:
    """The job: each member whom that suspension concerns is told once, unless it has been taken back."""
    while (decided := await peers.decision(host)) and decided.decision.policy == SUSPEND:
        found = await severances.untold(host, cut, AT_ONCE)
        if not found:
            return
        writes = Writes()
        for owner, following, followers in found:
            made = Severance(next_id(), cut, owner, host, following, followers, clock.now_ms())
            severances.insert(writes, made)
            stored.tell(writes, next_id(), owner, "severed_relationships", owner, 0, made.created_at, made.id)
        await apply(writes)


async def file(app: App, actor: Actor, severance_id: int, name: str) -> str:
    """Whom a member lost, as a CSV file that can be read in at another server: following or followers.

    Raises:
        NotFound: there is no such file, or it is somebody else's.
    """
    cut = (await severances.by_ids([severance_id])).get(severance_id)
    if cut is None or cut.owner_id != actor.id or name not in FILES:
        raise NotFound("There is no such file.")
    if name == "following":
        return exports.following(app, await severances.following(cut))
    found = [(f"{user}@{host}",) for user, host in await severances.followers(cut)]
    return exports.written(found, ("Account address",))
