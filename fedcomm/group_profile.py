"""What a group of ours is called and says of itself, who may join and post, and so on: each change is a register.

Servers with groups get the change as its moderator's, wrapped; microblogs get the group's own `Update`.
"""

from types import MappingProxyType
from typing import Any

import msgspec

import storage.actors
import storage.groups
from activitypub.contexts import PUBLIC
from fedcomm import actors as service
from fedcomm import acts, clock, group_pictures, groups, members, rights, sanitise, topics
from fedcomm.app import App
from fedcomm.errors import Invalid, NotFound
from fedcomm.group_pictures import Pictures, Words
from fedcomm.groups import JOIN_MODES, LEVELS, MAX_SUMMARY, MAX_TITLE, NO_SUCH_WAY
from fedcomm.mapping import activities
from fedcomm.mapping.rules import told
from fedcomm.outbox import publish
from storage import fragments, held, jobs, registers
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.groups import Group
from storage.ids import next_id
from storage.outbox import Audience

POSTING = ("anyone", "members", "moderators")
VOTES = ("both", "up", "none")
PROMOTION = (0, 3, 9)  # people to be answered before each announcement; 0 for no limit
SLOW = (0, 30, 60, 300, 900, 3600, 21_600, 86_400)  # seconds between two posts of one person; 0 for no pause
MAX_RULES, MAX_RULE = 50, 500  # rules; characters
MAX_QUESTION = 500  # characters


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be otherwise; None leaves a thing as it is."""

    title: str | None = None
    summary: str | None = None  # plain text
    rules: tuple[str, ...] | None = None
    join_mode: str | None = None
    question: str | None = None  # to those who ask to join
    posting: str | None = None
    votes: str | None = None
    closed: bool | None = None
    topics: tuple[str, ...] | None = None  # tags without `#`
    languages: tuple[str, ...] | None = None
    listed: bool | None = None  # in directories
    visibility: str | None = None  # of what is written from now on: public, members or local
    ladder: bool | None = None  # newcomers write with limits on their first day
    promotion: int | None = None
    slow: int | None = None
    pictures: Pictures = MappingProxyType({})
    descriptions: Words = MappingProxyType({})  # of pictures


async def change(app: App, group_name: str, change_: Change, by: Actor | None = None) -> None:
    """Change one of our groups; `by` is a steward, None whoever runs the server. Only what differs is written.

    A closed group can be read, and takes in nothing.

    Raises:
        NotFound: there is no such group.
        NotAllowed: `by` is no steward of the group.
        Invalid: no such title, summary, rules, question, way to join and post, votes, or words for a picture.
    """
    group, face = await groups.named(group_name)
    uri, actor_uri = app.urls.activity(next_id()), await members.who_acts(group, face, by, rights.SETTINGS)
    html = sanitise.from_text(change_.summary.strip()) if change_.summary is not None else None
    if change_.summary is not None and len(change_.summary) > MAX_SUMMARY:
        raise Invalid("The summary may have {limit} characters.", field="summary", limit=MAX_SUMMARY)
    writes = Writes()
    kept = await group_pictures.keep(app, writes, face, change_.pictures, change_.descriptions)
    async with transaction():
        changed = record(
            app, writes, group, face, by=actor_uri, uri=uri, title=change_.title, summary_html=html,
            join_mode=change_.join_mode, question=change_.question, posting=change_.posting, votes=change_.votes,
            closed=change_.closed, visibility=change_.visibility, ladder=change_.ladder,
            promotion=change_.promotion, slow=change_.slow,
        )  # fmt: skip
        if change_.rules is not None:
            changed = await _rules(app, writes, group, face, change_.rules, actor_uri, uri) or changed
        card = await topics.record(
            app,
            writes,
            group,
            face,
            change_.topics,
            change_.languages,
            change_.listed,
            change_.visibility,
            by=actor_uri,
            uri=uri,
        )
        shown = group_pictures.record(
            app, writes, group, face, kept, change_.descriptions, by=actor_uri, uri=uri
        )  # fmt: skip
        if changed or card or shown:
            await write(writes)
            teller = face.uri if by is not None and by.host else actor_uri  # who is elsewhere says nothing from here
            await tell(app, group.id, await update_of(app, group.id, uri, teller))


async def rules_shown(group: Group | None, face: Actor | None) -> list[str]:
    """The rules of a group by their numbers, also of one elsewhere, as it tells them; none of none."""
    if group is None or face is None:
        return []
    return await rules(group.id) if group.local else [each[:MAX_RULE] for each in told(face.summary)[:MAX_RULES]]


async def rules(group_id: int) -> list[str]:
    """The rules of a group, in their order."""
    return msgspec.json.decode(await registers.get(group_id, "rules") or "[]", type=list[str])


def record(
    app: App, writes: Writes, group: Group, face: Actor, *, by: str, uri: str,
    title: str | None = None,
    summary_html: str | None = None,
    join_mode: str | None = None,
    question: str | None = None,
    posting: str | None = None,
    votes: str | None = None,
    closed: bool | None = None,
    ladder: bool | None = None,
    promotion: int | None = None,
    slow: int | None = None,
    only_moderators: bool | None = None,
    visibility: str | None = None,
) -> bool:  # fmt: skip
    """Write a register for each thing that differs, and its effect; says whether anything does.

    Raises:
        Invalid: no such title, question, way to join and post, or votes.
    """
    title = title.strip() if title is not None else None
    question = question.strip() if question is not None else None
    _check(title, join_mode, question, posting, votes, promotion, slow)
    if only_moderators is not None and only_moderators != (group.posting == "moderators"):
        posting = "moderators" if only_moderators else "anyone" if group.join_mode == "open" else "members"
    join_mode = _asked_first(group, visibility, join_mode)
    now = clock.now_ms()
    wanted: list[tuple[str, Any, Any, str, dict[str, Any]]] = [
        ("profile:title", title, face.name, "actor", {"name": title}),
        ("profile:summary", summary_html, face.summary, "actor", {"summary": summary_html}),
        ("join_mode", join_mode, group.join_mode, "groups", {"join_mode": join_mode}),
        ("question", question, group.question, "groups", {"question": question}),
        ("posting", posting, group.posting, "groups", {"posting": posting}),
        ("votes", votes, group.votes, "groups", {"votes": votes}),
        ("visibility", visibility, group.visibility, "groups", {"visibility": visibility}),
        ("closed", closed, group.closed_at is not None, "groups", {"closed_at": now if closed else None}),
        ("ladder", ladder, bool(group.ladder), "groups", {"ladder": int(bool(ladder))}),
        ("promotion", promotion, group.promotion, "groups", {"promotion": promotion}),
        ("slow", slow, group.slow, "groups", {"slow": slow}),
    ]
    changed = False
    for property_, value, present, table, columns in wanted:
        if value is None or value == present:
            continue
        changed = True
        acts.note_before(app, writes, group, face, property_, _kept(property_, present))
        act = acts.record(app, writes, group, face, property_, "", _kept(property_, value), by=by, uri=uri)
        registers.take_effect(writes, act, table, group.id if table == "groups" else face.id, **columns)
        registers.take_effect(writes, act, "actor", face.id, updated_at=now)
        if property_ == "join_mode":
            registers.take_effect(writes, act, "actor", face.id, locked=int(value != "open"))
        _follow_up(app, writes, group, face, property_)
    if changed:
        fragments.forget_actor_later(writes, face.id)
    return changed


def _follow_up(app: App, writes: Writes, group: Group, face: Actor, property_: str) -> None:
    """What a change brings with it.

    With its votes, how high its threads stand. With whom it reaches, what of it is shown to everybody: what is written
    goes to others from now on, and from who is outside the group parts soon.
    """
    following = {"votes": "weigh_group", "visibility": "part_group"}.get(property_)
    if property_ == "visibility":
        app.followers_changed(writes, face.id)
    if following is not None:
        jobs.add(writes, next_id(), following, {"group": group.id}, clock.now_ms())
        app.jobs_added(writes)


def _check(
    title: str | None, join_mode: str | None, question: str | None, posting: str | None, votes: str | None,
    promotion: int | None, slow: int | None,
) -> None:  # fmt: skip
    if title is not None and not 0 < len(title) <= MAX_TITLE:
        raise Invalid("A group needs a title of at most {limit} characters.", field="title", limit=MAX_TITLE)
    if join_mode not in (None, *JOIN_MODES):
        raise Invalid(NO_SUCH_WAY, field="join_mode")
    if question is not None and len(question) > MAX_QUESTION:
        raise Invalid("A question may have {limit} characters.", field="question", limit=MAX_QUESTION)
    if posting not in (None, *POSTING):
        raise Invalid("Who may post: 'anyone', 'members' or 'moderators'.", field="posting")
    if votes not in (None, *VOTES):
        raise Invalid("Which votes there are: 'both', 'up' or 'none'.", field="votes")
    if promotion not in (None, *PROMOTION):
        raise Invalid("Before an announcement 0, 3 or 9 people are answered.", field="promotion")
    if slow not in (None, *SLOW):
        raise Invalid("The pause between two posts is 0, 30, 60, 300, 900, 3600, 21600 or 86400 seconds.", field="slow")


def _asked_first(group: Group, visibility: str | None, join_mode: str | None) -> str | None:
    """How a group is joined: nobody is let in unasked to what is for its members.

    Raises:
        Invalid: no such visibility, or open to whoever comes and yet for members only.
    """
    if visibility not in (None, *LEVELS):
        raise Invalid(groups.NO_SUCH_LEVEL, field="visibility")
    if (visibility or group.visibility) != "members" or (join_mode or group.join_mode) != "open":
        return join_mode
    if join_mode is None:
        return "approval"
    raise Invalid(groups.NO_SECRET, field="join_mode")


def _kept(property_: str, value: str | int) -> str | None:
    """What the register holds: what is off is its neutral value."""
    if isinstance(value, str):
        return value
    return {"closed": "closed", "ladder": "on"}.get(property_, str(value)) if value else None


async def tell(app: App, group_id: int, update: activities.Json) -> None:
    """Tell followers' servers that the group has changed; joins the transaction of the change."""
    group, face = await storage.groups.with_face(group_id)
    if group is None or face is None:
        raise NotFound("There is no such group.")
    if group.visibility == "local":
        return
    writes = Writes()
    groups.pass_on(app, writes, group, face, update, twin=True)
    own = await update_of(app, group_id, app.urls.activity(next_id()), face.uri)
    publish(app, writes, face, own, Audience(followers=(face.id,)), form="plain")
    await write(writes)


async def update_of(app: App, group_id: int, uri: str, actor_uri: str) -> activities.Json:
    """The group as it reads now, as the change of `actor_uri`."""
    _group, face = await storage.groups.with_face(group_id)
    assert face is not None
    document = await service.document(app, face)
    return activities.activity("Update", uri, actor_uri, document, to=[PUBLIC], cc=[face.followers], audience=face.uri)


async def _rules(
    app: App, writes: Writes, group: Group, face: Actor, given: tuple[str, ...], by: str, uri: str
) -> bool:
    lines = [line.strip() for line in given if line.strip()]
    if len(lines) > MAX_RULES or any(len(line) > MAX_RULE for line in lines):
        raise Invalid(
            "A group has at most {most} rules of {limit} characters each.",
            field="rules",
            most=MAX_RULES,
            limit=MAX_RULE,
        )
    if lines == await rules(group.id):
        return False
    act = acts.record(app, writes, group, face, "rules", "", lines or None, by=by, uri=uri)
    registers.take_effect(writes, act, "actor", face.id, updated_at=clock.now_ms())
    registers.take_effect(writes, act, "groups", group.id, ruled=int(bool(lines)))
    fragments.forget_actor_later(writes, face.id)
    if not lines:  # then nobody waits for anybody's consent
        held.take_up_later(writes, group.id, 0, next_id(), clock.now_ms())
        app.jobs_added(writes)
    return True
