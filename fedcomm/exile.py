"""Bans that servers elsewhere decide about anybody: from one of their groups, or from all of them at once.

They have their effect on what is shown here of those groups; what one's own server decides about oneself is in
`home_verdicts.py`.
"""

from fedcomm import clock, dispatches, elsewhere, moderation, verdicts
from fedcomm.app import App
from fedcomm.deputies import MAX_REASON
from storage import exiles, groups, members
from storage.actors import Actor
from storage.connect import Writes
from storage.groups import Group

MOST = 100  # groups of one server from which somebody is banned at once


async def from_group(
    app: App, writes: Writes, group: Group, face: Actor, who: Actor, by: str, uri: str, *, until: int | None,
    reason: str, remove: bool, site: bool = False,
) -> None:  # fmt: skip
    """A group elsewhere bans somebody until `until` (ms since 1970, None for no end); with `remove` all that they wrote
    in it is out of it. `site` says that it is one ban from all groups of its server, of which they are told once."""
    moderation.record_ban(app, writes, group, face, who, by, uri, until=until, reason=reason, remove=remove, site=site)
    if not site:
        await verdicts.banned(app, writes, group, face, who, until=until, reason=reason[:MAX_REASON])
    if who.local and group.visibility != "public":  # who may read it no more reads it no more here either
        members.leave(writes, group.id, who.id, clock.now_ms())
        elsewhere.erase_later(app, writes, group.id)


async def from_site(
    app: App, writes: Writes, host: str, who: Actor, by: str, uri: str, *, until: int | None, reason: str, remove: bool
) -> int:  # fmt: skip
    """A server elsewhere bans somebody from all its groups; in how many of them they were. A member here is told."""
    concerned = await exiles.groups_of(host, who.id, MOST)
    for number in concerned:
        group, face = await groups.with_face(number)
        if group is not None and face is not None:
            await from_group(
                app, writes, group, face, who, by, uri, until=until, reason=reason, remove=remove, site=True
            )
    if concerned and who.local:
        await dispatches.banned_by_site(app, writes, host, who, reason, until)
    return len(concerned)


async def end(app: App, writes: Writes, host: str, who: Actor, by: str, uri: str) -> int:
    """A server elsewhere lifts what `from_site` was; from how many groups. Bans by moderators of its groups stay."""
    concerned = await exiles.banned_from(host, who.uri)
    for number in concerned:
        group, face = await groups.with_face(number)
        if group is not None and face is not None:
            moderation.record_unban(app, writes, group, face, who, by, uri, "")
    if concerned and who.local:
        await dispatches.ban_by_site_lifted(app, writes, host, who)
    return len(concerned)
