"""The desk of a group of ours: what lies before those who look after it, told to the servers on which they live.

They ask for it when somebody looks at it, so that nothing of it is kept elsewhere: what people wrote who are not let in
yet, the settings, how newcomers are welcomed, the invitations (docs/decisions/0037-the-desk.md).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

import storage.accounts
import storage.invites
from activitypub.contexts import ACTIVITYSTREAMS
from activitypub.origins import host_of
from fedcomm import (
    borrowing,
    clock,
    flairs,
    group_pictures,
    group_profile,
    holding,
    invites,
    lapses,
    letters,
    members,
    promotional,
    rights,
    sanitise,
    topics,
    welcomes,
)  # fmt: skip
from fedcomm.app import App
from fedcomm.errors import Invalid, NotAllowed, NotFound
from fedcomm.group_profile import Change
from storage import actors, directory, held, registers
from storage import groups as stored
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.groups import Group
from storage.ids import next_id
from storage.invites import Invite

MOST_HELD, MOST_HTML = 20, 20_000  # posts that are told at once; characters of one
MOST_MARKED = 100  # people
_PROPERTIES = {"title": "profile:title", "summary": "profile:summary"}  # the others are called as the registers are


_MARKING: Mapping[str, Callable[[App, str, int, Actor], Awaitable[object]]] = {
    "distrust": holding.distrust,
    "mark": promotional.mark,
    "unmark": promotional.unmark,
}


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A post that waits: under which number, whose it is, how it reads (clean HTML), and where its server shows it.

    `ends` is when it comes in by itself (ms since 1970; 0 for in a moment), None for never.
    """

    id: str
    author: str
    handle: str = ""
    kind: str = ""
    title: str = ""
    warning: str = ""
    html: str = ""
    url: str = ""
    pictures: int = 0
    answer: bool = False
    held_at: int = 0
    ends: int | None = None


class Marked(msgspec.Struct, frozen=True):
    """Somebody of whom moderators have decided how what they write is treated."""

    id: str
    handle: str = ""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """What waits to be in the group: the first, and how many in all; whom moderators trust or marked as promotional."""

    posts: tuple[Held, ...] = ()
    count: int = 0
    trusted: tuple[Marked, ...] = ()
    promotional: tuple[Marked, ...] = ()


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a moderator decides: `act` about the post that waits under the number `id`, or about the actor `id`."""

    act: str
    id: str
    reason: str = ""


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation that can be used: how often it was, how often and until when (ms since 1970) it can be, whose."""

    id: str
    uses: int = 0
    max_uses: int = 0
    expires_at: int = 0
    maker: str = ""  # a handle; '' for who runs the server


class Welcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How newcomers are welcomed, or what is to be otherwise: texts by language, who greets (a name there), where."""

    texts: dict[str, str] | None = None
    greeter: str | None = None
    thread: str | None = None


class Flair(msgspec.Struct, frozen=True, kw_only=True):
    """A flair that the group shall have: the id of one that it has, '' for a new one."""

    id: str = ""
    name: str
    color: str


class Pictures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The pictures that the group shall have: where they lie, '' for none, and what they show; None leaves one."""

    icon: str | None = None
    image: str | None = None
    icon_description: str | None = None
    image_description: str | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The settings of a group, or those that are to be otherwise; None where nothing is said of one."""

    title: str | None = None
    summary: str | None = None  # plain text
    rules: tuple[str, ...] | None = None
    join_mode: str | None = None
    question: str | None = None
    posting: str | None = None
    votes: str | None = None
    closed: bool | None = None
    topics: tuple[str, ...] | None = None
    languages: tuple[str, ...] | None = None
    listed: bool | None = None
    visibility: str | None = None
    ladder: bool | None = None
    promotion: int | None = None


def uri_of(face: Actor) -> str:
    """The id of the desk of a group, here or elsewhere."""
    return f"{face.uri}/desk"


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


async def decide(app: App, face: Actor, by: Actor, decision: Decision) -> None:
    """A moderator elsewhere decides about a post that waits, or somebody: as those here do on their pages.

    Raises:
        NotAllowed: `by` may not decide that.
        NotFound: there is no such post or account.
        Conflict: somebody else has decided otherwise.
        Invalid: there is no such act, or the reason is too long.
    """
    name, act = face.username, decision.act
    if act in ("release", "trust"):
        return await holding.release(app, name, number(decision.id), by, trust=act == "trust")
    if act in ("refuse", "refuse_all"):
        everything = act == "refuse_all"
        return await holding.refuse(app, name, number(decision.id), by, decision.reason, everything=everything)
    if act not in _MARKING:
        raise Invalid("There is no such act.")
    who = await actors.by_uri(decision.id)
    if who is None:
        raise NotFound("There is no such account.")
    await _MARKING[act](app, name, who.id, by)


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


async def change_welcome(app: App, face: Actor, by: Actor, said: Welcome) -> None:
    """A moderator elsewhere changes how newcomers are welcomed.

    Raises:
        NotAllowed: `by` may not do that.
        Invalid: a text that is too long, a greeter who is no member there, or no thread of the group.
    """
    wanted = welcomes.Change(texts=said.texts, greeter=said.greeter, thread=said.thread)
    await welcomes.change(app, face.username, wanted, by)


async def change_pictures(app: App, group: Group, face: Actor, by: Actor, said: Pictures) -> None:
    """A steward elsewhere gives the group other pictures, which are fetched soon, or words for those that it has.

    Raises:
        NotAllowed: `by` is no steward.
        Invalid: words that are too long.
    """
    await members.who_acts(group, face, by, rights.SETTINGS)
    places = group_pictures.PLACES
    words = {place: text for place in places if (text := getattr(said, f"{place}_description")) is not None}
    new = {place: url for place in places if (url := getattr(said, place))}
    none = {place: None for place in places if getattr(said, place) == ""}
    of_present = {place: text for place, text in words.items() if place not in new}
    change = Change(pictures=none, descriptions=of_present)
    await group_profile.change(app, face.username, change, by)
    if new:
        borrowing.sent(app, writes := Writes(), group, by, new, {place: words.get(place, "") for place in new})
        await write(writes)


async def change_flairs(app: App, face: Actor, by: Actor, said: Sequence[Flair]) -> None:
    """A moderator elsewhere says which flairs the group has.

    Raises:
        NotAllowed: `by` may not do that.
        Invalid: too many, two of a name, or what no flair can be.
    """
    await flairs.change(app, face.username, [flairs.Wanted(each.id, each.name, each.color) for each in said], by)


def number(text: str) -> int:
    """The number in a text; 0 where there is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


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


async def change_settings(app: App, group: Group, face: Actor, by: Actor, said: Settings, at: int | None) -> list[str]:
    """A steward elsewhere changes settings, as it was said at that time (ms since 1970; None: now).

    What somebody else has changed since then stays as it is; gives the names of that.

    Raises:
        NotAllowed: `by` is no steward, or would close the group to their own server.
        Invalid: no such settings; then none is changed.
    """
    if said.visibility == "local" and group.visibility != "local":
        raise NotAllowed("A group is made one of its own server alone by who lives there.")
    named = {name: value for name in Settings.__struct_fields__ if (value := getattr(said, name)) is not None}
    if "topics" in named:
        named["topics"] = topics.named(" ".join(named["topics"]))
    overtaken = await _overtaken(group, list(named), by, at)
    change = Change(**{name: value for name, value in named.items() if name not in overtaken})
    await group_profile.change(app, face.username, change, by)
    return overtaken


async def tell(app: App, group: int, actor: int, why: str) -> None:
    """The job: tell who looks after a group from elsewhere what of their doing was not taken."""
    _group, face = await stored.with_face(group)
    who = await actors.by_id(actor)
    if face is not None and not face.gone and who is not None:
        async with transaction():
            await letters.not_taken(app, writes := Writes(), face, who, why, next_id())
            await write(writes)


async def _overtaken(group: Group, names: list[str], by: Actor, at: int | None) -> list[str]:
    """Those of the settings that another has written after the time at which `by` did.

    What somebody claims about time gives no advantage: a time to come is as good as none.
    """
    if at is None:
        return []
    latest = await registers.latest(group.id, [_PROPERTIES.get(name, name) for name in names])
    return [
        name
        for name in names
        if (act := latest.get(_PROPERTIES.get(name, name))) is not None
        and act.effective and act.recorded_at > at and act.actor_uri != by.uri
    ]  # fmt: skip
