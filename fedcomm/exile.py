"""Bans that servers elsewhere decide about anybody: from one of their groups, or from all of them at once.

They have their effect on what is shown here of those groups; what one's own server decides about oneself is in
`home_verdicts.py`.
"""

import msgspec

from fedcomm import admit, clock, dispatches, elsewhere, moderation, verdicts
from fedcomm.app import App
from fedcomm.deputies import MAX_REASON
from storage import exiles, groups, members, registers
from storage.actors import Actor
from storage.connect import Writes, write
from storage.groups import Group
from storage.registers import Act

MOST = 100  # groups of one server from which somebody is banned at once


class Said(msgspec.Struct, frozen=True):
    """What a ban says; `under` is the act of a group's moderators over which its site has put its own (0: none)."""

    until: int | None = None
    remove: bool = False
    site: bool = False
    under: int = 0

    def covers(self, other: "Said") -> bool:
        """Whether the other one adds nothing to it."""
        lasts = self.until is None or (other.until is not None and other.until <= self.until)
        return lasts and (self.remove or not other.remove)


_SAID = msgspec.json.Decoder(Said)


async def from_group(
    app: App, writes: Writes, group: Group, face: Actor, who: Actor, by: str, uri: str, *, until: int | None,
    reason: str, remove: bool,
) -> None:  # fmt: skip
    """A group elsewhere bans somebody until `until` (ms since 1970, None for no end); with `remove` all that they wrote
    in it is out of it."""
    moderation.record_ban(app, writes, group, face, who, by, uri, until=until, reason=reason, remove=remove)
    await verdicts.banned(app, writes, group, face, who, until=until, reason=reason[:MAX_REASON])
    _reads_no_more(app, writes, group, who)


async def from_site(
    app: App, writes: Writes, host: str, who: Actor, by: str, uri: str, *, until: int | None, reason: str, remove: bool
) -> int:  # fmt: skip
    """A server elsewhere bans somebody from all its groups; in how many of them they were. A member here is told, once,
    and what moderators of a group said before holds on beside it."""
    concerned = await exiles.groups_of(host, who.id, MOST)
    stands = await registers.winners(concerned, "ban", who.uri)
    under = await registers.acts([_SAID.decode(ban.value).under for ban in stands.values() if ban.value])
    changed = False
    for group, face in await groups.with_faces(concerned):
        said = _over(stands.get(group.id), under, Said(until, remove, site=True))
        if said is not None:
            changed = True
            moderation.record_ban(
                app, writes, group, face, who, by, uri, until=said.until, reason=reason, remove=remove, site=True,
                under=said.under,
            )  # fmt: skip
            _reads_no_more(app, writes, group, who)
    if changed and who.local:
        await dispatches.banned_by_site(app, writes, host, who, reason, until)
    return len(concerned)


async def end(app: App, writes: Writes, host: str, who: Actor, by: str, uri: str) -> int:
    """A server elsewhere lifts what `from_site` was; from how many groups. Bans by moderators of its groups stay, also
    those that were there before. Part of a transaction."""
    stands = await registers.winners(await exiles.banned_from(host, who.uri), "ban", who.uri)
    said = {number: _SAID.decode(ban.value) for number, ban in stands.items() if ban.value}
    under, places = await registers.acts([each.under for each in said.values()]), await groups.with_faces(list(said))
    lifting = Writes()  # all that is out comes back before what moderators said takes its part out again
    for group, face in places:
        moderation.record_unban(app, lifting, group, face, who, by, uri, "")
    await write(lifting)
    for group, face in places:
        theirs = under.get(said[group.id].under)
        if theirs is not None and theirs.value is not None and admit.banned(theirs.value):
            before = _SAID.decode(theirs.value)
            moderation.record_ban(
                app, writes, group, face, who, theirs.actor_uri, f"{theirs.uri}#{clock.now_ms()}", until=before.until,
                reason=theirs.summary, remove=before.remove,
            )  # fmt: skip
    if said and who.local:
        await dispatches.ban_by_site_lifted(app, writes, host, who)
    return len(said)


def _over(stands: Act | None, under: dict[int, Act], wanted: Said) -> Said | None:
    """What a ban by a site is where that stands; None when it is so already, or moderators have said as much."""
    if stands is None or stands.value is None or not admit.banned(stands.value):
        return wanted
    now = _SAID.decode(stands.value)
    theirs = under.get(now.under) if now.site else stands
    if theirs is None or theirs.value is None or not admit.banned(theirs.value):
        return wanted if now != wanted else None
    before = _SAID.decode(theirs.value)
    if not now.site and before.covers(wanted):
        return None
    ends = [each.until for each in (before, wanted) if each.until is not None]
    made = Said(max(ends) if len(ends) == 2 else None, wanted.remove, site=True, under=theirs.id)
    return made if made != now else None


def _reads_no_more(app: App, writes: Writes, group: Group, who: Actor) -> None:
    """Who may read a group no more reads it no more here either."""
    if who.local and group.visibility != "public":
        members.leave(writes, group.id, who.id, clock.now_ms())
        elsewhere.erase_later(app, writes, group.id)
