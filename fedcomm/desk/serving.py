"""What lies on the desk of a group of ours, told to the servers on which those live who look after it."""

from collections.abc import Mapping
from typing import Any

import msgspec

import storage.accounts
import storage.invites
from activitypub.contexts import ACTIVITYSTREAMS
from activitypub.origins import host_of
from fedcomm import clock, group_profile, holding, invites, lapses, members, sanitise, topics, welcomes
from fedcomm.app import App
from fedcomm.desk.values import (
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
)
from storage import actors, directory, held, registers
from storage.actors import Actor
from storage.groups import Group
from storage.invites import Invite


async def serves(group: Group, asker: Actor) -> bool:
    """Whether the server of who asks is told: somebody who looks after the group lives there."""
    return bool(asker.host) and asker.host in {host_of(uri) for uri in await members.leading(group)}


async def document(app: App, group: Group, face: Actor) -> dict[str, Any]:
    """The whole of it."""
    return {
        "@context": ACTIVITYSTREAMS,
        "id": uri_of(face),
        "type": "Object",
        "attributedTo": face.uri,
        "settings": msgspec.to_builtins(await settings(app, group, face)),
        "waiting": msgspec.to_builtins(await waiting(app, group)),
        "invitations": msgspec.to_builtins(await invitations(app, group)),
        "welcome": msgspec.to_builtins(await welcome(app, group)),
    }


async def waiting(app: App, group: Group) -> Waiting:
    """What waits for the group, the longest first, and of whom moderators have decided something."""
    found = await holding.waiting(group, MOST_HELD)
    ends = await lapses.of(app, group, [each.held for each in found], [each.author for each in found])
    return Waiting(
        posts=tuple(_held(app, each, ends) for each in found),
        count=await held.count(group.id),
        trusted=await _marked(app, group, "trusted"),
        promotional=await _marked(app, group, "promotional"),
    )


def _held(app: App, each: holding.Waiting, ends: Mapping[int, int]) -> Held:
    kept, author = each.held, each.author
    end = ends.get(kept.id, lapses.NEVER)
    return Held(
        id=str(kept.id), author=author.uri, handle=app.urls.handle(author.username, author.host), kind=kept.kind,
        title=each.title, warning=each.warning, html=sanitise.clean(each.html[:MOST_HTML]), url=each.url,
        pictures=each.pictures, answer=each.answer, held_at=kept.held_at, ends=end if end >= 0 else None,
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
        promotion=group.promotion,
    )
