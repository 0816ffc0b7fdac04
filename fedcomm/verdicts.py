"""Who is banned from a group learns so once, with the reason, how long it lasts and what they may still do.

In a group of ours that is a message of the group, but to who lives on a server that shows bans itself; a ban from a
group elsewhere its server cannot tell members here, so this one does. That it is lifted is told to the same people.
"""

from fedcomm import admit, dispatches, letters
from fedcomm.app import App
from fedcomm.reach import inbox_of
from storage import follows, members, peers, registers
from storage.actors import Actor
from storage.connect import Writes
from storage.groups import Group
from storage.ids import next_id

SOON = 60_000  # ms within which a membership ends with the ban that ends it
# They take a group's `Block` and show it, or note it where their members look (Lemmy 1.0, PieFed 1.6, Mbin 1.10); all
# others pass over it (NodeBB 4.15, Friendica 2024.09, microblogs).
_SHOW_BANS = frozenset({"fedcomm", "lemmy", "piefed", "pyfedi", "mbin", "kbin"})


async def banned(
    app: App, writes: Writes, group: Group, face: Actor, who: Actor, *, until: int | None = None, reason: str = ""
) -> None:
    """Somebody is banned with these writes; nothing is said to who knows it, since they are banned just so already."""
    before = await registers.get(group.id, "ban", who.uri)
    if admit.banned(before) and admit.banned_until(before) == until:
        return
    if not group.local:
        if who.local and await _belongs(group, face, who):
            await dispatches.banned(app, writes, face, who, reason, until)
    elif await _is_told(group, who):
        await letters.banned(app, writes, face, who, reason, until, next_id())


async def lifted(app: App, writes: Writes, group: Group, face: Actor, who: Actor) -> None:
    """A ban is lifted with these writes; nothing is said where none has stood."""
    ban = await registers.winner(group.id, "ban", who.uri)
    if ban is None or not admit.banned(ban.value):
        return
    again = await _belongs(group, face, who)
    if not group.local:
        if who.local and (again or await _ended_with(group, who, ban.recorded_at)):
            await dispatches.ban_lifted(app, writes, face, who, member=again)
    elif await _is_told(group, who):
        await letters.ban_lifted(app, writes, face, who, next_id(), member=again and not who.local)


async def server_of(group: Group, who: Actor) -> tuple[str, ...]:
    """Where the server of a member of a group of ours hears of their ban, which ends their following, and its end."""
    if who.local or who.gone or await members.of(group.id, who.id) is None:
        return ()
    return (inbox_of(who, public=True),)


async def _is_told(group: Group, who: Actor) -> bool:
    """Whether a group of ours tells somebody. One that is not for everybody is nothing that strangers hear of."""
    if (not who.local or group.visibility == "members") and await members.of(group.id, who.id) is None:
        return False
    peer = await peers.get(who.host) if who.host else None
    return peer is None or peer.software not in _SHOW_BANS


async def _belongs(group: Group, face: Actor, who: Actor) -> bool:
    """Whether somebody is in a group, follows it or asks to; nobody else hears of it, whatever its server says."""
    known = await members.of(group.id, who.id)
    return (known is not None and known.state != "left") or await follows.of(who.id, face.id) is not None


async def _ended_with(group: Group, who: Actor, at: int) -> bool:
    known = await members.of(group.id, who.id)
    return known is not None and known.state == "left" and at <= (known.left_at or 0) < at + SOON
