"""Following people and joining groups: the same act, whoever does it and wherever they live."""

import re
from collections.abc import Sequence

import msgspec

from fedcomm import admit, backfill, clock, finding, rights
from fedcomm.admit import Standing
from fedcomm.app import App
from fedcomm.errors import Invalid, NotAllowed, NotFound
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage import actors, blocks, domain_blocks, follows, groups, members, posts, registers, telling, welcomes
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.follows import Follow
from storage.groups import Group
from storage.ids import next_id
from storage.members import Member
from storage.outbox import Audience

MAX_LANGUAGES = 50  # of one follow
BACKFILL = 20  # posts of somebody newly followed that appear in the home timeline
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")


class _Wish(msgspec.Struct, frozen=True):
    """How somebody wants to follow; as in `Follow`."""

    reblogs: int = 1
    notify: int = 0
    languages: str = ""


async def follow(
    app: App, follower: Actor, target_id: int, reblogs: bool = True, notify: bool = False,
    languages: Sequence[str] = (), invited: bool = False,
) -> None:  # fmt: skip
    """A member of ours follows somebody, or joins a group; elsewhere that waits for an answer.

    Posts in other languages than these do not come home; none given = all do. Who is `invited` into a group of ours is
    let in without being asked for.

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
            await record_follow(app, follower, target, uri, wish, invited=invited)
        else:
            await _ask(app, follower, target, uri, known, wish)


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


async def reject(app: App, target: Actor, follower_id: int) -> None:
    """One of ours, a person or a group, does not let in somebody who asked, or ends their following.

    Raises:
        NotFound: nobody of that id asked or follows.
    """
    async with transaction():
        known, follower = await follows.of(follower_id, target.id), await actors.by_id(follower_id)
        if known is None or follower is None:
            raise NotFound("There is no such request.")
        await record_end(app, follower.id, target.id)
        await _answer(app, "Reject", target, follower, known.uri)


async def refuse(app: App, target: Actor, follower: Actor, uri: str) -> None:
    """Tell somebody elsewhere that one of ours does not want to be followed by them."""
    async with transaction():
        await record_end(app, follower.id, target.id)
        await _answer(app, "Reject", target, follower, uri)


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
    app: App, follower: Actor, target: Actor, uri: str, wish: _Wish = _Wish(), *, invited: bool = False
) -> None:
    """Somebody, here or elsewhere, follows one of ours: granted at once, or waiting for who wants to be asked.

    Raises:
        NotAllowed: a member of ours is banned from the group, or not invited where one must be; who is elsewhere gets
            a `Reject`.
    """
    async with transaction():
        known = await follows.of(follower.id, target.id)
        group = await groups.by_actor(target.id) if target.kind == "Group" else None
        if group is not None and group.visibility == "local" and not follower.local:
            return await _answer(app, "Reject", target, follower, uri)
        standing = await _standing(group, follower) if group is not None else Standing()
        if group is not None and not _may_join(group, follower, standing, invited or known is not None):
            return await _answer(app, "Reject", target, follower, uri)
        if known is None and target.moved_to_id is not None:
            return await _answer(app, "Reject", target, follower, uri)
        waits = bool(target.locked) if group is None else _asks(group, standing, invited)
        now = clock.now_ms()
        row_id = known.id if known else next_id()
        row = Follow(
            row_id, follower.id, target.id, "pending", uri, wish.reblogs, wish.notify, now, None, wish.languages
        )
        writes = Writes()
        follows.put(writes, row)
        if group is not None and (known is None or known.state == "pending"):
            members.put(writes, Member(group.id, follower.id, "pending", follower.host, now, None))
        if waits and known is None:
            _tell(writes, target, group, "follow_request", follower, now)
        await write(writes)
        if not waits or (known is not None and known.state == "accepted"):
            await record_acceptance(app, row, target)
            await _answer(app, "Accept", target, follower, uri)
            if known is None:
                telling = Writes()
                _tell(telling, target, group, "follow", follower, now)
                await write(telling)


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
            members.put(writes, Member(group.id, follower.id, "joined", follower.host, now, None))
            if follower.local:
                await backfill.ask(app, writes, group)
            if group.local:
                welcomes.fall_due(writes, group.id, follower.id, next_id(), now)
                app.jobs_added(writes)
        elif follower.local:
            posts.fill_home(writes, follower.id, target.id, BACKFILL)
        app.followers_changed(writes, target.id)
        await write(writes)


async def record_end(app: App, follower_id: int, target_id: int) -> None:
    """A follow, request or membership is over: what follows from it here."""
    async with transaction():
        writes = Writes()
        follows.remove(writes, follower_id, target_id)
        if (group := await groups.by_actor(target_id)) is not None:
            members.leave(writes, group.id, follower_id, clock.now_ms())
        app.followers_changed(writes, target_id)
        await write(writes)


async def _ask(app: App, follower: Actor, target: Actor, uri: str, known: Follow | None, wish: _Wish) -> None:
    now = clock.now_ms()
    writes = Writes()
    row_id = known.id if known else next_id()
    asked = Follow(row_id, follower.id, target.id, "pending", uri, wish.reblogs, wish.notify, now, None, wish.languages)
    follows.put(writes, asked)
    group = await groups.by_actor(target.id) if target.kind == "Group" else None
    if group is not None and known is None:
        members.put(writes, Member(group.id, follower.id, "pending", "", now, None))
    if known is None or known.state == "pending":
        publish(app, writes, follower, _follow(follower, target, uri), Audience(inboxes=(target.inbox,)))
    await write(writes)


def is_language(code: str) -> bool:
    """Whether posts can be wanted in a language of that code."""
    return _LANGUAGE.fullmatch(code) is not None


def _languages(codes: Sequence[str]) -> str:
    wanted = list(dict.fromkeys(code.strip() for code in codes))
    if len(wanted) > MAX_LANGUAGES or not all(map(is_language, wanted)):
        raise Invalid("Languages are given by their codes, such as “de”.", field="languages")
    return f" {' '.join(wanted)} " if wanted else ""


def _asks(group: Group, standing: Standing, invited: bool) -> bool:
    """Whether somebody waits for an answer of the moderators; these wait for nobody but themselves."""
    return group.join_mode != "open" and not invited and not standing.may(rights.APPROVE)


async def _standing(group: Group, follower: Actor) -> Standing:
    ban, role = [await registers.get(group.id, property_, follower.uri) for property_ in ("ban", "role")]
    return Standing(ban=ban, role=registers.role(role))


def _may_join(group: Group, follower: Actor, standing: Standing, invited: bool) -> bool:
    try:
        admit.joining(group, standing, invited=invited)
    except NotAllowed:
        if follower.local:
            raise
        return False
    return True


async def _asked(target: Actor, follower_id: int) -> tuple[Follow, Actor]:
    asked, follower = await follows.of(follower_id, target.id), await actors.by_id(follower_id)
    if asked is None or follower is None:
        raise NotFound("There is no such request.")
    return asked, follower


async def _answer(app: App, kind: str, target: Actor, follower: Actor, uri: str) -> None:
    """Tell somebody elsewhere what became of their request, by the same words that they sent."""
    if follower.local:
        return
    writes = Writes()
    answer = activities.activity(
        kind, app.urls.activity(next_id()), target.uri, _follow(follower, target, uri), to=[follower.uri]
    )
    publish(app, writes, target, answer, Audience(inboxes=(follower.inbox,)))
    await write(writes)


def _follow(follower: Actor, target: Actor, uri: str) -> activities.Json:
    return activities.activity("Follow", uri, follower.uri, target.uri, to=[target.uri])


def _tell(writes: Writes, target: Actor, group: Group | None, kind: str, follower: Actor, now_ms: int) -> None:
    if target.kind == "Person":
        telling.tell(writes, next_id(), target.id, kind, follower.id, 0, now_ms)
