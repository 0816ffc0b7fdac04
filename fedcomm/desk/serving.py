"""What lies on the desk of a group of ours, told to the servers on which those live who look after it."""

from collections.abc import Mapping
from typing import Any

import msgspec

import storage.accounts
import storage.invites
from activitypub.contexts import ACTIVITYSTREAMS
from activitypub.origins import host_of
from fedcomm import clock, group_profile, holding, invites, lapses, members, rights, sanitise, topics, welcomes
from fedcomm.app import App
from fedcomm.desk import lists, second_looks
from fedcomm.desk.values import (
    AT_ONCE,
    LONGEST_NAME,
    MOST_HELD,
    MOST_HTML,
    MOST_MARKED,
    Held,
    Invitation,
    Marked,
    Settings,
    Waiting,
    Welcome,
    uri_of,
    uri_of_list,
)
from storage import actors, directory, held, registers, reviews
from storage.actors import Actor
from storage.groups import Group
from storage.invites import Invite
from storage.paging import Page
from storage.reviews import Review


class Sought(msgspec.Struct, frozen=True):
    """Which part of a list is asked for: below which entry, of whom by a part of their name, and whose acts."""

    max_id: int = 0
    q: str = ""
    who: str = ""
    hours: int = 0


async def held_by(app: App, group: Group, asker: Actor) -> frozenset[str]:
    """The rights of those in the group who live on the server of who asks: it is told what takes these alone.

    Nothing is shown for the sake of somebody who is suspended here or banned there, as nothing is taken from them.
    """
    roles = await members.roles(group)
    of_each = {uri: rights.of(role) for uri, role in roles.items() if asker.host and host_of(uri) == asker.host}
    known = await actors.by_uris(list(of_each)) if of_each else {}
    gone = [who.uri for who in known.values() if who.gone or app.peers.rests(who.uri)]
    return frozenset().union(*(of_each[uri] for uri in of_each.keys() - gone))


async def document(app: App, group: Group, face: Actor, may: frozenset[str], host: str) -> dict[str, Any]:
    """The desk, as far as these rights go, for the server `host`."""
    parts: dict[str, Any] = {}
    if rights.SETTINGS in may:
        parts["settings"] = await settings(app, group, face)
    if rights.HOLD in may:
        parts["waiting"] = await waiting(app, group)
    if rights.RESTORE in may:
        parts["appeals"] = await second_looks.of_appeals(app, group, face, host)
    if rights.REMOVE in may:
        parts["proposals"] = await second_looks.of_proposals(app, group)
    if rights.INVITE in may:
        parts["invitations"] = await invitations(app, group)
    if rights.WELCOME in may:
        parts["welcome"] = await welcome(app, group)
    return _told(face, uri_of(face), parts)


async def page(app: App, group: Group, face: Actor, name: str, sought: Sought, host: str) -> dict[str, Any]:
    """A page of one of the `LISTS`, for the server `host`.

    Raises:
        NotFound: there is no such report for it.
    """
    at = Page(before=max(sought.max_id, 0), limit=AT_ONCE)
    wanted = sought.q[:LONGEST_NAME]
    match name:
        case "members":
            told: Any = await lists.of_members(app, group, face, at, wanted)
        case "bans":
            told = await lists.of_bans(app, group, at, wanted)
        case "denied":
            told = await lists.of_denied(app, group, at)
        case "log":
            told = await lists.of_log(app, group, at)
        case "report":
            told = await lists.of_report(app, group, sought.max_id, host)
        case _:
            told = await lists.of_undoing(app, group, sought.who, sought.hours)
    return _told(face, uri_of_list(face, name, msgspec.structs.asdict(sought)), {name: told})


def _told(face: Actor, uri: str, parts: Mapping[str, Any]) -> dict[str, Any]:
    parts = {name: msgspec.to_builtins(part) for name, part in parts.items()}
    return {"@context": ACTIVITYSTREAMS, "id": uri, "type": "Object", "attributedTo": face.uri} | parts


async def waiting(app: App, group: Group, most: int = MOST_HELD) -> Waiting:
    """What waits for the group, the longest first, and of whom moderators have decided something."""
    found = await holding.waiting(group, most)
    ends = await lapses.of(app, group, [each.held for each in found], [each.author for each in found])
    out = await reviews.of_group(group.id, most)
    authors = await actors.by_ids([each.post.author_id for each in out])
    posts = [_held(app, each, ends) for each in found]
    posts += [_out(app, each, authors[each.post.author_id]) for each in out if each.post.author_id in authors]
    return Waiting(
        posts=tuple(sorted(posts, key=lambda each: each.held_at)[:most]),
        count=await held.count(group.id) + await reviews.count(group.id),
        trusted=await _marked(app, group, "trusted"),
        promotional=await _marked(app, group, "promotional"),
    )


def _held(app: App, each: holding.Waiting, ends: Mapping[int, int]) -> Held:
    kept, author = each.held, each.author
    end = ends.get(kept.id)
    return Held(
        id=str(kept.id), author=author.uri, handle=app.urls.handle(author.username, author.host), kind=kept.kind,
        title=each.title, warning=each.warning, html=sanitise.clean(each.html[:MOST_HTML]), url=each.url,
        pictures=each.pictures, answer=each.answer, held_at=kept.held_at, ends=None if end == lapses.NEVER else end,
        stays=end == lapses.NEVER,
    )  # fmt: skip


def _out(app: App, each: Review, author: Actor) -> Held:
    """What was in the group, and is out of it until somebody has looked at it again."""
    post = each.post
    return Held(
        id=str(each.id), author=author.uri, handle=app.urls.handle(author.username, author.host), kind="review",
        title=post.title, warning=post.summary, html=sanitise.clean(post.content[:MOST_HTML]), url=post.url or post.uri,
        pictures=post.attachments_count, answer=not post.starter, held_at=each.since,
    )  # fmt: skip


async def _marked(app: App, group: Group, property_: str) -> tuple[Marked, ...]:
    found = await actors.by_uris([each.subject for each in await registers.all_of(group.id, property_)][:MOST_MARKED])
    return tuple(Marked(who.uri, app.urls.handle(who.username, who.host)) for who in found.values() if not who.gone)


async def invitations(app: App, group: Group) -> list[Invitation]:
    """Those into the group that can be used, the newest first."""
    found = await storage.invites.into(group.id, clock.now_ms())
    makers = await storage.accounts.by_ids([each.created_by for each in found if each.created_by])
    here = await actors.by_ids([account.actor_id for account in makers.values()])
    said = {each.subject: invites.by(each) for each in await registers.all_of(group.id, "invitation")}
    elsewhere = await actors.by_uris(list(said.values()))

    def maker(invite: Invite) -> str:
        account = makers.get(invite.created_by or 0)
        who = here.get(account.actor_id) if account is not None else elsewhere.get(said.get(str(invite.id), ""))
        return app.urls.handle(who.username, who.host) if who is not None else ""

    return [
        Invitation(id=str(each.id), uses=each.uses, max_uses=each.max_uses or 0, expires_at=each.expires_at or 0,
                   maker=maker(each))
        for each in found
    ]  # fmt: skip


async def welcome(app: App, group: Group) -> Welcome:
    """How newcomers are welcomed."""
    found = await welcomes.setting(group)
    named = found.greeter.acct if found.greeter is not None and found.named else ""
    return Welcome(texts=found.texts, greeter=named, thread=found.thread.uri if found.thread is not None else "")


async def settings(app: App, group: Group, face: Actor) -> Settings:
    """The settings as they are."""
    names, codes = (await directory.about([group.id]))[group.id]
    return Settings(
        title=face.name,
        summary=sanitise.text_of(face.summary),
        rules=tuple(await group_profile.rules(group.id)),
        join_mode=group.join_mode,
        question=group.question,
        posting=group.posting,
        votes=group.votes,
        closed=group.closed_at is not None,
        topics=tuple(names),
        languages=tuple(codes),
        listed=await topics.shown(group),
        visibility=group.visibility,
        ladder=bool(group.ladder),
        slow=group.slow,
        promotion=group.promotion,
    )
