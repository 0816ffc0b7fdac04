"""What those who look after a group of ours change of what lies on its desk, from elsewhere: as those here do."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from fedcomm import (
    borrowing,
    casework,
    curation,
    flairs,
    group_pictures,
    group_profile,
    holding,
    letters,
    members,
    promotional,
    requests,
    reviews,
    rights,
    rollback,
    topics,
    welcomes,
)  # fmt: skip
from fedcomm.app import App
from fedcomm.desk import second_looks
from fedcomm.desk.values import Decision, Flair, Pictures, Settings, Welcome, Work
from fedcomm.errors import Invalid, NotAllowed, NotFound
from fedcomm.group_profile import Change
from storage import actors, posts, registers
from storage import groups as stored
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.groups import Group
from storage.ids import next_id

_PROPERTIES = {"title": "profile:title", "summary": "profile:summary"}  # the others are called as the registers are
# About somebody, by their number here.
_ABOUT: Mapping[str, Callable[[App, str, int, Actor], Awaitable[object]]] = {
    "trust": holding.trust,
    "distrust": holding.distrust,
    "mark": promotional.mark,
    "unmark": promotional.unmark,
    "let_in": requests.let_in,
}


async def decide(app: App, group: Group, face: Actor, by: Actor, decision: Decision, at: int | None) -> None:
    """A moderator elsewhere decides about a post, or about somebody: as those here do on their pages.

    Hours that are undone end when that was said (ms since 1970; None: now).

    Raises:
        NotAllowed: `by` may not decide that.
        NotFound: there is no such post or account.
        Conflict: somebody else has decided otherwise.
        Invalid: there is no such act, or the reason is too long.
    """
    name, act = face.username, decision.act
    if act == "release" or (act == "trust" and number(decision.id)):
        return await holding.release(app, name, number(decision.id), by, trust=act == "trust")
    if act in ("refuse", "refuse_all"):
        everything = act == "refuse_all"
        return await holding.refuse(app, name, number(decision.id), by, decision.reason, everything=everything)
    if act == "hold":
        return await _hold(app, group, by, decision.id, decision.reason)
    if act in second_looks.DECIDING:
        return await second_looks.decide(app, group, by, decision, number(decision.id))
    if act == "restore":
        return await put_back(app, group, by, decision.id)
    who = await actors.by_uri(decision.id)
    if who is None:
        raise NotFound("There is no such account.")
    match act:
        case "take_out":
            await requests.take_out(app, name, who.id, decision.reason, by)
        case "unban":
            await members.unban(app, name, who.uri, by)
        case "undo":
            await rollback.order(app, name, who.uri, decision.hours, by, at=at)
        case _ if act in _ABOUT:
            await _ABOUT[act](app, name, who.id, by)
        case _:
            raise Invalid("There is no such act.")


async def _hold(app: App, group: Group, by: Actor, uri: str, reason: str) -> None:
    post = await posts.by_uri(uri)
    if post is None:
        raise NotFound("There is no such post in the group.")
    await reviews.hold(app, by, post.id, reason, only=group.id)


async def put_back(app: App, group: Group, by: Actor, uri: str) -> None:
    """A post of the group that was taken out goes back into it.

    Raises:
        NotAllowed: `by` may not do that.
        NotFound: there is no such post in the group.
    """
    post = await posts.by_uri(uri)
    if post is None or post.group_id != group.id:
        raise NotFound("There is no such post in the group.")
    await curation.restore(app, by, post.id)


async def work(app: App, group: Group, by: Actor, said: Work) -> None:
    """A moderator elsewhere works on a report, as those here do.

    Raises:
        NotAllowed: `by` does not look after the group.
        NotFound: there is no such report for them.
        Invalid: there is no such act, or a text is too long.
    """
    worker, number_ = await casework.of_group(by, group), number(said.id)
    match said.act:
        case "assign" | "unassign":
            await casework.assign(worker, number_, taken=said.act == "assign")
        case "note":
            await casework.note(worker, number_, said.note)
        case "close":
            await casework.close(app, worker, number_, said.outcome, said.answer)
        case "reopen":
            await casework.reopen(worker, number_)
        case _:
            raise Invalid("There is no such act.")


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
