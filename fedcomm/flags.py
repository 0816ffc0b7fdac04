"""What is said to other servers about reports: that there is one (`Flag`), and that it was dealt with (`Resolve`).

Nobody elsewhere learns who reported. The instance actor speaks, as Mastodon's does; to servers with groups somebody who
runs this one, since Lemmy hears people only (`ObjectId<ApubPerson>` in Lemmy 1.0-beta). These take one post at a time,
and are told which group it is about; PieFed 1.6.18 and Lemmy pass it on to the moderators, as a group of ours does.
Lemmy answers 400 to what it does not read, so it is told only what it does: 0.19 of posts in communities and of no end,
1.0 announces to everybody alone, so both get what is for moderators from who says it and not from the group.
"""

from collections.abc import Sequence, Set
from typing import Any

import msgspec

from activitypub.origins import origin
from activitypub.quirks import GROUPS
from fedcomm import actors as made
from fedcomm import clock, letters, members
from fedcomm.app import App
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from fedcomm.reach import inbox_of
from storage import actors, collections, peers
from storage.actors import Actor
from storage.connect import Writes
from storage.groups import Group
from storage.ids import next_id
from storage.outbox import Audience
from storage.peers import Peer
from storage.posts import Post
from storage.reports import Report

# They show who moderates there what a group passes on as `Announce` of a `Flag`; all others get a message.
_SHOW_REPORTS = frozenset({"fedcomm", "lemmy", "piefed", "pyfedi", "mbin", "kbin"})


class Case(msgspec.Struct, frozen=True):
    """A report with whom and what it is about; `group` and `face` where it is about posts in one."""

    report: Report
    target: Actor
    posts: Sequence[Post]
    group: Group | None = None
    face: Actor | None = None

    @property
    def sort(self) -> dict[str, Any]:
        """What servers of fedcomm are told beside the words: the category, and the rules of the group."""
        rules = [{"number": each.number, "text": each.text} for each in self.report.rules if each.group]
        return {"category": self.report.category} | ({"rules": rules} if rules else {})


async def to_server_of_target(app: App, writes: Writes, case: Case) -> None:
    """The server of who is reported hears of it."""
    target, server = case.target, await service(app)
    if app.peers.family(target.host) != GROUPS:
        objects = [target.uri, *(post.uri for post in case.posts)]
        flag = activities.activity(
            "Flag", case.report.uri, server.uri, objects, to=[target.uri], content=case.report.words, **case.sort
        )  # fmt: skip
        return publish(app, writes, server, flag, Audience(inboxes=(target.inbox,)))
    by, peer = await somebody(app), await peers.get(target.host)
    if _is_lemmy(peer) and (case.face is None or not case.posts or by.kind != "Person"):
        return  # it has reports of what is in a community, and of nobody
    to = case.face.uri if case.face is not None else f"{origin(target.uri)}/"
    for flag in _one_by_one(app, case, by, to, "target"):
        publish(app, writes, by, flag, Audience(inboxes=(target.inbox,)))


async def to_group(app: App, writes: Writes, case: Case) -> None:
    """A group elsewhere hears of posts in it; its server tells who looks after it."""
    face = case.face
    assert face is not None
    by = await service(app) if await chooses(face.host) else await somebody(app)
    for flag in _one_by_one(app, case, by, face.uri, "group"):
        publish(app, writes, by, flag, Audience(inboxes=(face.inbox,)))


async def to_moderators(app: App, writes: Writes, case: Case, without: str = "") -> None:
    """Who looks after a group of ours from elsewhere hears of it, from the group: by `Announce` or by a message.

    Lemmy gets the report itself. Nothing goes to the server that reported (`without`), nor to the one who is reported.
    """
    group, face = case.group, case.face
    assert group is not None
    assert face is not None
    found = await actors.by_uris(await members.leading(group))
    afar = [who for who in found.values() if not who.local and not who.gone and who.id != case.target.id]
    if not afar:
        return
    found_peers = {host: await peers.get(host) for host in {who.host for who in afar}}
    showing = {host for host, peer in found_peers.items() if peer is not None and peer.software in _SHOW_REPORTS}
    plainly = {host for host in showing if _is_lemmy(found_peers[host])}
    by = await somebody(app)
    for flag in _one_by_one(app, case, by, face.uri, "moderators"):
        wrapped = _announced(app, face, flag)
        publish(app, writes, face, wrapped, _to(afar, showing - plainly - {without}))
        publish(app, writes, by, flag, _to(afar, plainly - {without} if by.kind == "Person" else set()))
    for who in afar:
        if who.host not in showing:
            await letters.reported(
                app, writes, face, who, [post.url or post.uri for post in case.posts], case.report.words, next_id()
            )


async def resolved(app: App, writes: Writes, case: Case, by: Actor) -> None:
    """Somebody has dealt with a report in a group: its server hears of it, or its moderators elsewhere from it.

    As of the report itself, nothing of it goes to the one who is reported, though they look after the group.
    """
    group, face = case.group, case.face
    if group is None or face is None or not case.report.for_group:
        return
    base = app.urls.activity(case.report.id)
    if not group.local:
        reporter = await actors.by_id(case.report.reporter_id)
        if not by.local or reporter is None or is_old_lemmy(await peers.get(face.host)):
            return
        if reporter.local:
            speaker = await service(app) if await chooses(face.host) else await somebody(app)
            said = _resolve(app, case, by, f"{base}#group-0", speaker.uri, face.uri)
        else:
            said = _resolve(app, case, by, case.report.uri, reporter.uri, face.uri)
        return publish(app, writes, by, said, Audience(inboxes=(face.inbox,)))
    found = await actors.by_uris(await members.leading(group))
    others = [who for who in found.values() if not who.local and not who.gone and who.id != case.target.id]
    hearing = {host: peer for host in {who.host for who in others} if _resolves(peer := await peers.get(host))}
    if not hearing:
        return
    speaker, reporter = await somebody(app), await actors.by_id(case.report.reporter_id)
    said_by = by if by.local else speaker
    said = _resolve(app, case, said_by, f"{base}#moderators-0", speaker.uri, face.uri)
    plainly = {host for host, peer in hearing.items() if _is_lemmy(peer)}
    publish(app, writes, face, _announced(app, face, said), _to(others, hearing.keys() - plainly))
    told = plainly - {reporter.host if reporter is not None else ""}  # which has its own report, and no other
    publish(app, writes, said_by, said, _to(others, told if said_by.kind == "Person" else set()))


async def answer(app: App, writes: Writes, case: Case, who: Actor, by: Actor) -> None:
    """The server of who reported from elsewhere hears that it was dealt with, and how."""
    speaker = by if by.local else await somebody(app)
    to = case.face.uri if case.face is not None else who.uri if await chooses(who.host) else app.urls.service
    said = _resolve(app, case, speaker, case.report.uri, who.uri, to)
    publish(app, writes, speaker, said, Audience(inboxes=(who.inbox,)))


def _resolve(app: App, case: Case, by: Actor, flag_uri: str, flag_by: str, to: str) -> activities.Json:
    """As Lemmy 1.0 has it, which looks for the report by its post and by who made it. How it ended is our own word."""
    thing = case.posts[0].uri if case.posts else case.target.uri
    flag = activities.activity("Flag", flag_uri, flag_by, thing, to=[to], audience=to, summary=case.report.words or " ")
    return activities.activity(
        "Resolve", app.urls.activity(next_id()), by.uri, flag, to=[to], audience=to, result=case.report.outcome,
        summary=case.report.answer or None,
    )  # fmt: skip


def is_old_lemmy(peer: Peer | None) -> bool:
    """Whether a server runs a Lemmy from before 1.0."""
    return peer is not None and peer.software == "lemmy" and peer.software_version.startswith("0.")


async def chooses(host: str) -> bool:
    """Whether members there say who is to know: what is addressed to a group is then for its moderators alone."""
    peer = await peers.get(host)
    return peer is not None and peer.software == "fedcomm"


async def hears_of_ends(host: str) -> bool:
    """Whether a server takes it that a report was dealt with (`Resolve`): fedcomm, and Lemmy from 1.0 on."""
    return _resolves(await peers.get(host))


async def service(app: App) -> Actor:
    """The actor of this server itself."""
    return await actors.local(made.SERVICE) or await made.service(app)


async def somebody(app: App) -> Actor:
    """Who runs this server, the first of them; without any the server itself."""
    found = [admin for admin in await collections.admins() if not admin.gone]
    return found[0] if found else await service(app)


def _one_by_one(app: App, case: Case, by: Actor, to: str, part: str) -> list[activities.Json]:
    things = [post.uri for post in case.posts] or [case.target.uri]
    audience = case.face.uri if case.face is not None and case.face.uri == to else None
    words = case.report.words or " "  # without a reason it is an error in Lemmy
    base = app.urls.activity(case.report.id)
    more: dict[str, Any] = {"audience": audience, "summary": words, "content": words} | case.sort
    return [
        activities.activity("Flag", f"{base}#{part}-{at}", by.uri, thing, to=[to], **more)
        for at, thing in enumerate(things)
    ]


def _announced(app: App, face: Actor, inner: activities.Json) -> activities.Json:
    """For those who look after the group alone."""
    said = activities.announce(
        app.urls.activity(next_id()), face.uri, face.followers, inner, clock.now_ms(), public=False
    )
    return said | {"to": [face.moderators or face.uri], "cc": []}


def _resolves(peer: Peer | None) -> bool:
    fedcomm = peer is not None and peer.software == "fedcomm"
    return fedcomm or (_is_lemmy(peer) and not is_old_lemmy(peer))


def _is_lemmy(peer: Peer | None) -> bool:
    return peer is not None and peer.software == "lemmy"


def _to(people: Sequence[Actor], hosts: Set[str]) -> Audience:
    return Audience(inboxes=tuple(dict.fromkeys(inbox_of(who, public=True) for who in people if who.host in hosts)))
