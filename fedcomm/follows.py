"""Following people and joining groups: the same act, whoever does it and wherever they live."""

import re
from collections.abc import Mapping, Sequence

import msgspec

from fedcomm import acquainting, admissions, admit, backfill, clock, elsewhere, finding, memberships, questions
from fedcomm.admissions import Way
from fedcomm.app import App
from fedcomm.errors import Invalid, NotAllowed, NotFound
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage import actors, blocks, domain_blocks, follows, groups, join_requests, members, posts, telling, welcomes
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.follows import Follow
from storage.groups import Group
from storage.ids import next_id
from storage.members import Member
from storage.outbox import Audience

MAX_LANGUAGES = 50  # of one follow
SOON = 60_000  # ms in which nobody is asked a second time
AGAIN = "#again-"  # before the time, in the id of a request that was sent once more
BACKFILL = 20  # posts of somebody newly followed that appear in the home timeline
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")


class _Wish(msgspec.Struct, frozen=True):
    """How somebody wants to follow; as in `Follow`."""

    reblogs: int = 1
    notify: int = 0
    languages: str = ""


async def follow(
    app: App, follower: Actor, target_id: int, reblogs: bool = True, notify: bool = False,
    languages: Sequence[str] = (), invited: bool = False, answer: str = "",
) -> None:  # fmt: skip
    """A member of ours follows somebody, or joins a group; elsewhere that waits for an answer.

    Posts in other languages than these do not come home; none given = all do. Who is `invited` into a group of ours is
    let in without being asked for; `answer` is what somebody says to the question of a group.

    Raises:
        NotFound: there is no such actor.
        NotAllowed: blocked, banned, oneself, or of a server that is not spoken with; or one of the two has moved.
        Invalid: that are no languages.
    """
    admit.acting(follower)
    wish = _Wish(int(reblogs), int(notify), _languages(languages))
    target = await actors.by_id(target_id)
    if target is None or target.gone:
        raise NotFound("There is no such account.")
    if target.id == follower.id:
        raise NotAllowed("Nobody follows themselves.")
    if target.kind == "Application":
        raise NotAllowed("This account cannot be followed.")
    if await blocks.between(follower.id, target.id):
        raise NotAllowed("You cannot follow an account that you block or that blocks you.")
    if await domain_blocks.covers(follower.id, target.host):
        raise NotAllowed("You block the server of that account.")
    admit.server(app.peers, target.host)
    async with transaction():
        known = await follows.of(follower.id, target.id)
        if known is None and target.moved_to_id is not None:
            raise NotAllowed("This account has moved. Please follow the new one.")
        uri = known.uri if known else app.urls.activity(next_id())
        if target.local:
            await record_follow(app, follower, target, uri, wish, invited=invited, answer=answer)
        else:
            await _ask(app, follower, target, uri, known, wish)


async def come(app: App, who: Actor, face_id: int) -> None:
    """A member of ours says yes to the invitation of a group elsewhere, and follows it from then on.

    Raises:
        NotFound: it has not invited them, or not any more.
        NotAllowed: as `follow`.
    """
    if await memberships.invites(face_id, who) and await follows.of(who.id, face_id) is None:
        return await follow(app, who, face_id)
    await memberships.accept(app, who, face_id)


async def unfollow(app: App, follower: Actor, target_id: int) -> None:
    """A member of ours stops following somebody, or leaves a group; what was not followed stays so."""
    target = await actors.by_id(target_id)
    async with transaction():
        known = await follows.of(follower.id, target_id)
        if target is None or known is None:
            return
        if not target.local:
            writes = Writes()
            undo = activities.undo(
                f"{known.uri}#undo", follower.uri, _follow(follower, target, known.uri), to=[target.uri]
            )
            publish(app, writes, follower, undo, Audience(inboxes=(target.inbox,)))
            if target.kind == "Group" and (group := await groups.by_actor(target.id)) is not None:
                await memberships.leave(app, writes, follower, target, group, known.uri)
            await write(writes)
        await record_end(app, follower.id, target.id)


async def accept(app: App, target: Actor, follower_id: int) -> None:
    """One of ours, a person or a group, lets in somebody who asked.

    Raises:
        NotFound: nobody of that id asked.
    """
    async with transaction():
        asked, follower = await _asked(target, follower_id)
        await record_acceptance(app, asked, target)
        await _answer(app, "Accept", target, follower, asked.uri)


async def admit_waiting(app: App, face: Actor, follower_id: int) -> None:
    """Let somebody into a group of ours who waits for nobody, if they still may come in.

    Who is not invited any more waits for moderators, or is turned away where one needs an invitation.
    """
    async with transaction():
        known, follower = await follows.of(follower_id, face.id), await actors.by_id(follower_id)
        if known is None or follower is None or known.state != "pending":
            return
        group = await groups.by_actor(face.id)
        try:
            admit.actor(follower)
            if group is not None:
                invited = group.join_mode != "open" and await admissions.spend(app, group, follower)
                admit.joining(group, await admissions.standing(group, follower), invited=invited)
                if group.join_mode == "approval" and not invited:
                    return
        except NotAllowed:
            await record_end(app, follower.id, face.id)
            return await _answer(app, "Reject", face, follower, known.uri)
        await record_acceptance(app, known, face)
        await _answer(app, "Accept", face, follower, known.uri)


async def reject(app: App, target: Actor, follower_id: int, reason: str = "") -> None:
    """One of ours, a person or a group, does not let in somebody who asked, or ends their following.

    The `reason` goes with it, for who lives elsewhere.

    Raises:
        NotFound: nobody of that id asked or follows.
    """
    async with transaction():
        known, follower = await follows.of(follower_id, target.id), await actors.by_id(follower_id)
        if known is None or follower is None:
            raise NotFound("There is no such request.")
        await record_end(app, follower.id, target.id)
        await _answer(app, "Reject", target, follower, known.uri, reason)


async def refuse(app: App, target: Actor, follower: Actor, uri: str, reason: str = "") -> None:
    """Tell somebody elsewhere that one of ours does not want to be followed by them."""
    async with transaction():
        await record_end(app, follower.id, target.id)
        await _answer(app, "Reject", target, follower, uri, reason)


async def follow_handle(app: App, account: str, handle_or_url: str) -> Actor:
    """Let a member of ours, by name, follow whom a handle or URL names.

    Raises:
        NotFound: there is no such member, or nobody of that name.
        Invalid: the handle's server does not answer.
    """
    follower = await actors.local(account)
    if follower is None or follower.gone or follower.kind != "Person":
        raise NotFound(
            "There is no account called {name} here.",
            fix="name somebody who has an account here, without the host",
            name=account,
        )
    target = await finding.somebody(app, handle_or_url)
    await follow(app, follower, target.id)
    return target


async def record_follow(
    app: App, follower: Actor, target: Actor, uri: str, wish: _Wish = _Wish(), *, invited: bool = False,
    answer: str = "",
) -> None:  # fmt: skip
    """Somebody, here or elsewhere, follows one of ours: granted at once, or waiting for who wants to be asked.

    Raises:
        NotAllowed: a member of ours is banned from the group, or not invited where one must be; who is elsewhere gets
            a `Reject`.
    """
    async with transaction():
        known = await follows.of(follower.id, target.id)
        group = await groups.by_actor(target.id) if target.kind == "Group" else None
        if group is not None and known is not None and await admissions.outside(group, known):
            await record_end(app, follower.id, target.id)
            known = None
        way = await _way(app, group, follower, target, known, invited)
        if way is None:
            return await _answer(app, "Reject", target, follower, uri)
        now = clock.now_ms()
        row_id = known.id if known else next_id()
        row = Follow(
            row_id, follower.id, target.id, "pending", uri, wish.reblogs, wish.notify, now, None, wish.languages
        )
        writes = Writes()
        follows.put(writes, row)
        if group is not None and (known is None or known.state == "pending"):
            members.put(writes, Member(group.id, follower.id, "pending", follower.host, now, None))
        if way is Way.ASKS and group is not None:
            await questions.asked(app, writes, group, row, answer, new=known is None)
        elif way is Way.ASKS and known is None:
            _tell(writes, target, "follow_request", follower, now)
        if way is Way.AT_ONCE and known is None and group is None:
            _tell(writes, target, "follow", follower, now)
        await write(writes)
        if way is Way.AT_ONCE:
            await record_acceptance(app, row, target)
            await _answer(app, "Accept", target, follower, uri)


async def record_acceptance(app: App, asked: Follow, target: Actor) -> None:
    """A request was granted: what follows from it here."""
    async with transaction():
        follower = await actors.by_id(asked.follower_id)
        if follower is None:
            return
        now = clock.now_ms()
        writes = Writes()
        follows.accept(writes, asked, now)
        if target.kind == "Group" and (group := await groups.by_actor(target.id)) is not None:
            if await memberships.apart(target):
                await memberships.ask(app, writes, follower, target, group, asked.uri)
            else:
                members.put(writes, Member(group.id, follower.id, "joined", follower.host, now, None))
            if follower.local:
                await backfill.ask(app, writes, group)
            if group.local:
                await questions.settled(app, writes, group, asked)
                join_requests.settle(writes, group.id, follower.id)
                welcomes.fall_due(writes, group.id, follower.id, next_id(), now)
                acquainting.ask(writes, group, follower)
                app.jobs_added(writes)
        elif follower.local:
            posts.fill_home(writes, follower.id, target.id, BACKFILL)
        app.followers_changed(writes, target.id)
        await write(writes)


async def record_end(app: App, follower_id: int, target_id: int) -> None:
    """A follow, request or membership is over: what follows from it here."""
    async with transaction():
        writes = Writes()
        group, known = await groups.by_actor(target_id), await follows.of(follower_id, target_id)
        await _over(app, writes, group, target_id, [follower_id], [known] if known is not None else [])
        await write(writes)


async def refuse_all(
    app: App,
    writes: Writes,
    group: Group,
    face: Actor,
    ended: Sequence[tuple[Follow, Actor]],
    reasons: Mapping[int, str],
) -> None:
    """As `refuse`, of several who follow a group of ours or ask to, in the same transaction; `reasons` by actor."""
    await _over(app, writes, group, face.id, [who.id for _, who in ended], [known for known, _ in ended])
    for known, follower in ended:
        if not follower.local:
            _say(app, writes, "Reject", face, follower, known.uri, reasons.get(follower.id, ""))


async def _over(
    app: App, writes: Writes, group: Group | None, target_id: int, follower_ids: list[int], known: Sequence[Follow]
) -> None:
    follows.remove_all(writes, follower_ids, target_id)
    if group is not None:
        for each in known if group.local else ():
            await questions.settled(app, writes, group, each)
        members.leave_all(writes, group.id, follower_ids, clock.now_ms())
        if not group.local and group.visibility != "public":  # they may have been the last here who read it
            elsewhere.erase_later(app, writes, group.id)
        join_requests.settle_all(writes, group.id, follower_ids)
    app.followers_changed(writes, target_id)


async def _ask(app: App, follower: Actor, target: Actor, uri: str, known: Follow | None, wish: _Wish) -> None:
    now = clock.now_ms()
    writes = Writes()
    row_id = known.id if known else next_id()
    asked = Follow(row_id, follower.id, target.id, "pending", uri, wish.reblogs, wish.notify, now, None, wish.languages)
    follows.put(writes, asked)
    group = await groups.by_actor(target.id) if target.kind == "Group" else None
    if group is not None and known is None:
        members.put(writes, Member(group.id, follower.id, "pending", "", now, None))
        join_requests.let_in(writes, group.id, follower.id)  # what came of an earlier request is over
    if known is None:
        publish(app, writes, follower, _follow(follower, target, uri), Audience(inboxes=(target.inbox,)))
    elif known.state == "pending" and known.created_at < now - SOON:
        send_again(app, writes, known, follower, target)
    # Who changes how they follow asks for nothing; who follows anew without a change does.
    as_before = known is not None and (known.reblogs, known.notify, known.languages) == msgspec.structs.astuple(wish)
    if group is not None and (known is None or as_before):
        await memberships.ask(app, writes, follower, target, group, uri, again=as_before)
    await write(writes)


def first_id(uri: str) -> str:
    """The id under which a request of ours was sent first."""
    return uri.partition(AGAIN)[0]


def send_again(app: App, writes: Writes, asked: Follow, follower: Actor, target: Actor) -> None:
    """Send a request of ours once more, under a new id: Lemmy passes over what it has seen, whatever came of it."""
    now = clock.now_ms()
    again = _follow(follower, target, f"{asked.uri}{AGAIN}{now}")
    publish(app, writes, follower, again, Audience(inboxes=(target.inbox,)))
    follows.asked_again(writes, asked.id, now)


def is_language(code: str) -> bool:
    """Whether posts can be wanted in a language of that code."""
    return _LANGUAGE.fullmatch(code) is not None


def _languages(codes: Sequence[str]) -> str:
    wanted = list(dict.fromkeys(code.strip() for code in codes))
    if len(wanted) > MAX_LANGUAGES or not all(map(is_language, wanted)):
        raise Invalid("Languages are given by their codes, such as “de”.", field="languages")
    return f" {' '.join(wanted)} " if wanted else ""


async def _way(
    app: App, group: Group | None, follower: Actor, target: Actor, known: Follow | None, invited: bool
) -> Way | None:
    """How somebody follows one of ours; None when somebody elsewhere cannot."""
    if known is None and target.moved_to_id is not None:
        return None
    if group is None:
        # Who is limited, or all of whose server is, follows nobody unasked, as on Mastodon.
        limited = follower.limited_at is not None or app.peers.policy(follower.host) == "limit"
        return Way.ASKS if (target.locked or limited) and (known is None or known.state == "pending") else Way.AT_ONCE
    try:
        return await admissions.way(app, group, follower, known, invited=invited)
    except NotAllowed:
        if follower.local:
            raise
        return None


async def _asked(target: Actor, follower_id: int) -> tuple[Follow, Actor]:
    asked, follower = await follows.of(follower_id, target.id), await actors.by_id(follower_id)
    if asked is None or follower is None:
        raise NotFound("There is no such request.")
    return asked, follower


async def _answer(app: App, kind: str, target: Actor, follower: Actor, uri: str, reason: str = "") -> None:
    """Tell somebody elsewhere what became of their request, by the same words that they sent."""
    if not follower.local:
        _say(app, writes := Writes(), kind, target, follower, uri, reason)
        await write(writes)


def _say(app: App, writes: Writes, kind: str, target: Actor, follower: Actor, uri: str, reason: str) -> None:
    answer = activities.activity(
        kind, app.urls.activity(next_id()), target.uri, _follow(follower, target, uri), to=[follower.uri],
        summary=reason or None,
    )  # fmt: skip
    publish(app, writes, target, answer, Audience(inboxes=(follower.inbox,)))


def _follow(follower: Actor, target: Actor, uri: str) -> activities.Json:
    return activities.activity("Follow", uri, follower.uri, target.uri, to=[target.uri])


def _tell(writes: Writes, target: Actor, kind: str, follower: Actor, now_ms: int) -> None:
    if target.kind == "Person":
        telling.tell(writes, next_id(), target.id, kind, follower.id, 0, now_ms)
