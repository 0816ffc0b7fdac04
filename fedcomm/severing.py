"""Members whose ties a suspension cuts are told so, and can take along whom they lost (Mastodon: "severed
relationships").

Nothing is deleted: as long as the server is suspended the follows rest, and afterwards they work again. The same holds
for all servers that are not let in by name, once this one speaks with no others (`allow_list_mode`).
"""

import storage.settings
from fedcomm import clock, exports
from fedcomm.app import App
from fedcomm.errors import NotFound
from fedcomm.peerbook import ALLOW, SUSPEND
from storage import jobs, peers, severances
from storage import telling as stored
from storage.actors import Actor
from storage.connect import Writes, apply, transaction, write
from storage.ids import next_id
from storage.severances import Severance

AT_ONCE = 100
FILES = ("following", "followers", "members")
MODE = "allow_list_told"  # among the settings: whether the mode was on when somebody looked last


def begin(app: App, writes: Writes, host: str) -> None:
    """A server was suspended: members are told soon. '' is all that are not let in by name."""
    jobs.add(writes, next_id(), "tell_cut", {"host": host, "cut": next_id()}, clock.now_ms())
    app.jobs_added(writes)


async def look(app: App) -> None:
    """Every minute: did this server begin to speak only with those that are allowed by name?"""
    kept = (await storage.settings.stored()).get(MODE)
    if app.peers.allow_list == (kept is not None and bytes(kept) == b"true"):
        return
    async with transaction():
        await storage.settings.store(MODE, app.peers.allow_list, clock.now_ms())
        if app.peers.allow_list:
            begin(app, writes := Writes(), "")
            await write(writes)


async def tell(app: App, host: str, cut: int) -> None:
    """The job: each member whom that suspension concerns is told once, unless it has been taken back."""
    while await _holds(app, host):
        found = await severances.untold(host, cut, AT_ONCE, strict=app.peers.allow_list)
        if not found:
            return
        writes = Writes()
        for each in found:
            made = Severance(
                next_id(), cut, each.owner_id, host, each.following, each.followers, clock.now_ms(), each.joined,
                each.members,
            )  # fmt: skip
            severances.insert(writes, made)
            stored.tell(
                writes, next_id(), each.owner_id, "severed_relationships", each.owner_id, 0, made.created_at, made.id
            )
        await apply(writes)


async def file(app: App, actor: Actor, severance_id: int, name: str) -> str:
    """Whom a member lost, as a CSV file: following or followers, which can be read in at another server, or members of
    the groups that they look after.

    Raises:
        NotFound: there is no such file, or not any more, or it is somebody else's.
    """
    cut = (await severances.by_ids([severance_id])).get(severance_id)
    if cut is None or cut.owner_id != actor.id or cut.purged or name not in FILES:
        raise NotFound("There is no such file.")
    strict = app.peers.allow_list
    if name == "following":
        return exports.following(app, await severances.following(cut, strict=strict))
    if name == "members":
        lost = [(group, f"{user}@{host}") for group, user, host in await severances.members(cut, strict=strict)]
        return exports.written(lost, ("Group", "Account address"))
    found = [(f"{user}@{host}",) for user, host in await severances.followers(cut, strict=strict)]
    return exports.written(found, ("Account address",))


async def _holds(app: App, host: str) -> bool:
    """Whether that is cut off still."""
    decided = await peers.decision(host) if host else None
    policy = decided.decision.policy if decided else ""
    return policy == SUSPEND or (app.peers.allow_list and policy != ALLOW)
