"""The lists that those look through who look after a group of ours, here and from elsewhere, a page at a time."""

from collections.abc import Mapping, Sequence

from activitypub.origins import host_of
from fedcomm import admit, members, rollback
from fedcomm.app import App
from fedcomm.desk.values import (
    MOST_VALUE,
    Ban,
    Bans,
    Case,
    Deed,
    Denied,
    Log,
    Member,
    Members,
    Refused,
    Remark,
    Undoing,
)
from fedcomm.errors import NotFound
from storage import actors, join_requests, registers, reports, rosters
from storage.actors import Actor
from storage.groups import Group
from storage.ids import ms_of
from storage.paging import Page
from storage.registers import Act

_ROUNDS = 20  # pages of bans that are looked through for those which have not ended


async def of_report(app: App, group: Group, number: int, host: str) -> Case:
    """How far work on a report in the group is, for a server on which others than who is reported look after it.

    Raises:
        NotFound: there is no such report for anybody there.
    """
    found = await reports.by_id(number)
    target = await actors.by_id(found.target_id) if found is not None else None
    there = [uri for uri in await members.leading(group) if host_of(uri) == host and target and uri != target.uri]
    gone = {who.uri for who in (await actors.by_uris(there)).values() if who.gone}
    told = [uri for uri in there if uri not in gone]
    if found is None or not told or found.group_id != group.id or not found.for_group:
        raise NotFound("There is no such report.")
    notes = await reports.notes([found.id])
    people = await _people([found.assigned, found.closed_by, *(each.author for each in notes)])
    return Case(
        state=found.state, outcome=found.outcome, assigned=found.assigned,
        assigned_handle=_of(app, people, found.assigned) if found.assigned else "",
        closed_by_handle=_of(app, people, found.closed_by) if found.closed_by else "",
        notes=tuple(
            Remark(by=each.author, by_handle=_of(app, people, each.author), text=each.text, at=ms_of(each.id))
            for each in notes
        ),
    )  # fmt: skip


async def of_members(app: App, group: Group, face: Actor, page: Page, name: str = "") -> Members:
    """Who is in the group, the newest first; with a `name` those in whose name or handle that is."""
    found, more = await rosters.members(group.id, face.id, page, _here(app, name))
    people = await actors.by_ids([each.actor_id for each in found])
    uris = [who.uri for who in people.values()]
    given = await registers.given(group.id, ("trusted", "promotional"), uris)
    roles = await members.roles(group)

    def told(listed: rosters.Listed, who: Actor) -> Member:
        return Member(
            id=who.uri, handle=_handle(app, who), since=listed.joined_at, role=roles.get(who.uri, ""),
            new=listed.new and who.kind == "Person" and who.uri not in roles,
            trusted=("trusted", who.uri) in given, promotional=("promotional", who.uri) in given,
        )  # fmt: skip

    entries = tuple(told(each, people[each.actor_id]) for each in found if each.actor_id in people)
    older = found[-1].place if more else 0
    return Members(entries=entries, older=older, ladder=bool(group.ladder), promotion=bool(group.promotion))


async def of_bans(app: App, group: Group, page: Page, name: str = "") -> Bans:
    """Who is banned from the group, the last first; with a `name` as `of_members`."""
    found, older = await _standing(group, page, _here(app, name))
    people = await _people([uri for act in found for uri in (act.subject, act.actor_uri)])
    entries = tuple(
        Ban(id=act.subject, handle=_of(app, people, act.subject), since=act.recorded_at,
            by=_of(app, people, act.actor_uri), reason=act.summary, until=admit.banned_until(act.value))
        for act in found
    )  # fmt: skip
    return Bans(entries=entries, older=older)


async def of_denied(app: App, group: Group, page: Page) -> Denied:
    """Whom moderators turned down and who has not asked again, the last first."""
    found, more = await join_requests.denied(group.id, page)
    people = await actors.by_ids([*{each.actor_id for each in found} | {each.decided_by or 0 for each in found}])

    def handle(number: int | None) -> str:
        who = people.get(number or 0)
        return _handle(app, who) if who is not None else ""

    entries = tuple(
        Refused(id=people[each.actor_id].uri, handle=handle(each.actor_id), answer=each.answer,
                at=each.decided_at or 0, by=handle(each.decided_by), reason=each.reason)
        for each in found
        if each.actor_id in people
    )  # fmt: skip
    return Denied(entries=entries, older=found[-1].id if more else 0)


async def _standing(group: Group, page: Page, name: str) -> tuple[list[Act], int]:
    """Those bans that have not ended, and where the next page begins."""
    found: list[Act] = []
    below = page.before
    for _round in range(_ROUNDS):
        acts, more = await rosters.bans(group.id, Page(before=below, limit=page.limit), name)
        found += [act for act in acts if admit.banned(act.value)]
        if not more or len(found) > page.limit:
            break
        below = acts[-1].id
    if len(found) > page.limit:
        return found[: page.limit], found[page.limit - 1].id
    return found, acts[-1].id if more else 0


async def of_log(app: App, group: Group, page: Page) -> Log:
    """What was done for the group, the last first."""
    acts = await registers.log(group.id, page.limit + 1, page.bounds[0])
    shown = acts[: page.limit]
    return Log(entries=await _deeds(app, group, shown), older=shown[-1].id if len(acts) > page.limit else 0)


async def of_undoing(app: App, group: Group, who: str, hours: int) -> Undoing:
    """What would be undone of what somebody did, by their id."""
    found, more = await rollback.ahead(group, who, hours)
    people = await _people([who])
    return Undoing(id=who, handle=_of(app, people, who), entries=await _deeds(app, group, found), more=more)


async def _deeds(app: App, group: Group, acts: Sequence[Act]) -> tuple[Deed, ...]:
    people = await _people([uri for act in acts for uri in (act.actor_uri, act.subject)])
    taken = {act.subject for act in acts if act.property == "removed"}
    out = await registers.in_force(group.id, "removed", taken)
    return tuple(
        Deed(by=act.actor_uri, by_handle=_of(app, people, act.actor_uri), at=act.recorded_at, property=act.property,
             subject=act.subject, subject_handle=_of(app, people, act.subject), value=_short(act.value),
             why=act.summary, out=act.id in out)
        for act in acts
    )  # fmt: skip


def _short(value: str | None) -> str | None:
    return "{}" if value is not None and len(value) > MOST_VALUE else value


def _here(app: App, name: str) -> str:
    """As it is looked for: those of this server have no host in the database."""
    wanted = name.strip().lower()
    own = f"@{app.host}"
    return wanted.removesuffix(own) if wanted != own else ""


async def _people(uris: Sequence[str]) -> dict[str, Actor]:
    return await actors.by_uris(sorted({uri for uri in uris if uri}))


def _of(app: App, people: Mapping[str, Actor], uri: str) -> str:
    who = people.get(uri)
    return _handle(app, who) if who is not None else ""


def _handle(app: App, who: Actor) -> str:
    return app.urls.handle(who.username, who.host)
