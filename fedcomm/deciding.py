"""Deciding about several things that wait at once: each as if it had been decided by itself, whole or not at all."""

from collections.abc import Sequence

import msgspec

from fedcomm import (
    accounts,
    appeals,
    casework,
    catching,
    curation,
    deputies,
    docket,
    holding,
    members,
    proposals,
    requests,
    rights,
)
from fedcomm.app import App
from fedcomm.desk import afar, cases, values
from fedcomm.docket import Case, Keeper, Place
from fedcomm.errors import AppError, Invalid, NotFound
from storage import docket as rows
from storage import posts
from storage.actors import Actor
from storage.connect import transaction
from storage.posts import Post
from storage.reports import Report

LET_IN, TURN_DOWN, REMOVE, CLOSE = "let_in", "turn_down", "remove", "close"
AGREE, SHOW = "agree", "show"  # that something is taken out, or that it is not, or not any more
ACTS = {  # what can be decided about which kinds
    AGREE: frozenset((rows.PROPOSAL,)),
    SHOW: frozenset((rows.PROPOSAL, rows.APPEAL)),
    LET_IN: frozenset((rows.HELD, rows.REVIEW, rows.REQUEST, rows.APPEAL, rows.CAUGHT, rows.SIGN_UP)),
    TURN_DOWN: frozenset((rows.HELD, rows.REVIEW, rows.REQUEST, rows.APPEAL, rows.CAUGHT, rows.SIGN_UP)),
    REMOVE: frozenset((rows.REPORT, rows.CASE)),
    CLOSE: frozenset((rows.REPORT, rows.CASE)),
}
MOST = 200  # at once
_SAID = {  # about what waits for groups elsewhere, as their servers are told (`desk/values.py`)
    (rows.HELD, LET_IN): "release",
    (rows.HELD, TURN_DOWN): "refuse",
    (rows.APPEAL, LET_IN): "accept",
    (rows.APPEAL, SHOW): "accept",
    (rows.APPEAL, TURN_DOWN): "reject",
    (rows.PROPOSAL, AGREE): "agree",
    (rows.PROPOSAL, SHOW): "decline",
}


class Words(msgspec.Struct, frozen=True):
    """What is said with it: why, and how a report ends (`casework.OUTCOMES`)."""

    reason: str = ""
    outcome: str = "none"


class Result(msgspec.Struct, frozen=True):
    """What came of it: `fault` when nothing was done; `undo` is what `undo` takes, '' where nothing takes it back.

    It `waits` where what is taken out is only hidden, until somebody else agrees.
    """

    key: str
    case: Case | None = None
    fault: AppError | None = None
    undo: str = ""
    waits: bool = False


async def several(app: App, keeper: Keeper, act: str, keys: Sequence[str], words: Words) -> list[Result]:
    """Decide about all with these keys, one after the other; one that fails leaves the others as they are.

    Raises:
        Invalid: there is no such act, nothing was chosen, or too much.
    """
    if act not in ACTS:
        raise Invalid("There is no such act.")
    if not 0 < len(keys) <= MOST:
        raise Invalid("Please choose something, at most {limit} at once.", limit=MOST)
    waiting = await docket.several(keeper, keys)
    _scope, places = await docket.scope(keeper)
    return [await _one(app, keeper, act, key, waiting.get(key), places, words) for key in dict.fromkeys(keys)]


async def undo(app: App, keeper: Keeper, keys: Sequence[str]) -> list[Result]:
    """Take back what `several` did: what was taken out goes back, reports are open again, who was turned down is in.

    Raises:
        Invalid: too much at once.
    """
    if not 0 < len(keys) <= MOST:
        raise Invalid("Please choose something, at most {limit} at once.", limit=MOST)
    _scope, places = await docket.scope(keeper)
    found = []
    for key in dict.fromkeys(keys):
        try:
            async with transaction():
                await _undone(app, keeper, key, places)
            found.append(Result(key))
        except AppError as fault:
            found.append(Result(key, fault=fault))
    return found


async def _one(
    app: App, keeper: Keeper, act: str, key: str, case: Case | None, places: dict[int, Place], words: Words
) -> Result:
    try:
        if key.startswith(f"{docket.DESK}-"):
            return Result(key, await _afar(app, keeper, act, key, places, words))
        if case is None:
            raise NotFound("Nothing waits here any more: it was decided meanwhile.")
        if case.kind not in ACTS[act]:
            raise Invalid("This cannot be decided in that way.")
        undone, waits = await _decided(app, keeper, act, case, words)
        return Result(key, case, undo=undone, waits=waits)
    except AppError as fault:
        return Result(key, case, fault)


async def _decided(app: App, keeper: Keeper, act: str, case: Case, words: Words) -> tuple[str, bool]:
    """Do it; gives what takes it back, and whether it waits for somebody else."""
    yes = act in (LET_IN, SHOW)
    match case.kind:
        case rows.PROPOSAL:
            await _proposed(app, keeper, act, case)
        case rows.HELD | rows.REVIEW:
            by = await _by(keeper, case, rights.HOLD)
            if yes:
                await holding.release(app, _name(case), case.id, by)
            else:
                await holding.refuse(app, _name(case), case.id, by, words.reason)
        case rows.REQUEST:
            return await _answered(app, keeper, case, words, granted=yes), False
        case rows.APPEAL:
            await appeals.decide(app, case.id, keeper.actor, accepted=yes, reason=words.reason)
        case rows.CAUGHT:
            await _stranger(app, keeper, case, granted=yes)
        case rows.SIGN_UP if yes:
            await accounts.approve(app, case.called, keeper.account)
        case rows.SIGN_UP:
            await accounts.reject(app, case.called, keeper.account, words.reason)
        case _:
            async with transaction():
                return await _reported(app, keeper, act, case, words)
    return "", False


async def _proposed(app: App, keeper: Keeper, act: str, case: Case) -> None:
    """As who looks after the group, or else after this server."""
    if case.place is None:
        raise NotFound("There is no such group.")
    mine = (await members.standing(case.place.group, keeper.actor)).may(rights.REMOVE)
    decide = proposals.agree if act == AGREE else proposals.decline
    server = None if mine else keeper.account
    await decide(app, case.place.group.id, case.about, keeper.actor, server=server)


async def _answered(app: App, keeper: Keeper, case: Case, words: Words, *, granted: bool) -> str:
    if case.place is None or case.who is None:
        raise NotFound("There is no such request.")
    group, face, who = case.place.group, case.place.face, case.who.id
    if not group.local:
        await deputies.answer(app, group, face, who, keeper.actor, granted=granted, reason=words.reason)
        return ""
    by = await _by(keeper, case, rights.APPROVE)
    if granted:
        await requests.accept(app, face.username, who, by)
        return ""
    await requests.deny(app, face.username, who, words.reason, by)
    return f"{rows.REQUEST}-{group.id}-{who}"


async def _stranger(app: App, keeper: Keeper, case: Case, *, granted: bool) -> None:
    if granted and case.who is not None:
        return await catching.release(app, keeper.account, case.who.id)
    found = (await rows.strangers([case.id])).get(case.id)
    if found is None:
        raise NotFound("Nothing waits there any more.")
    await catching.refuse(app, keeper.account, found.text_key)


async def _reported(app: App, keeper: Keeper, act: str, case: Case, words: Words) -> tuple[str, bool]:
    """End a report; before, take what it is about out of its group."""
    worker = await _worker(keeper, case.place if case.kind == rows.REPORT else None)
    report = await casework.find(worker, case.id)
    undone = f"{case.kind}-{case.place.group.id if case.place else 0}-{case.id}"
    outcome, waits = words.outcome, False
    if act == REMOVE:
        outcome = "acted"
        inside = await _in_groups(worker, report)
        undone += "".join(f"-{post.id}" for post in inside if post.removed_at is None)
        for post_id in [post.id for post in inside]:
            waits |= await curation.remove(
                app, keeper.actor if worker.group else None, post_id, words.reason,
                server=None if worker.group else keeper.account,
            )  # fmt: skip
    work = values.Work(act="close", id="", outcome=outcome)
    face = case.place.face if case.place is not None and worker.group is not None else None
    if not await cases.elsewhere(app, worker, face, report, work):
        await casework.close(app, worker, report.id, outcome)
    return undone, waits


async def _in_groups(worker: casework.Worker, report: Report) -> list[Post]:
    """The posts of a report that can be taken out.

    Raises:
        NotFound: there is none.
    """
    found = await posts.by_ids(report.post_ids)
    group_id = worker.group.id if worker.group is not None else 0
    inside = [
        post for post in found.values()
        if post.deleted_at is None and post.group_id and (not group_id or post.group_id == group_id)
    ]  # fmt: skip
    if not inside:
        raise NotFound("Nothing that is reported here is in a group.")
    return inside


async def _worker(keeper: Keeper, place: Place | None) -> casework.Worker:
    if place is not None:
        return await casework.of_group(keeper.actor, place.group)
    if keeper.account is None:
        raise NotFound("There is no such report.")
    return await casework.of_server(keeper.account)


async def _afar(
    app: App, keeper: Keeper, act: str, key: str, places: dict[int, Place], words: Words
) -> Case:  # fmt: skip
    """Decide about what waits for a group elsewhere: its server does it, and says so if it cannot."""
    _desk, group, number, kind = [*key.split("-"), "", "", ""][:4]
    kind = kind or rows.HELD
    place = places.get(int(group)) if docket.is_number(group) else None
    if place is None or place.group.local or not docket.is_number(number):
        raise NotFound("Nothing waits here under that number.")
    if (kind, act) not in _SAID:
        raise Invalid("This cannot be decided in that way.")
    said = values.Decision(act=_SAID[kind, act], id=number, reason=words.reason)
    await afar.decide(app, place.group, place.face, keeper.actor, said)
    return Case(key=key, kind=kind, id=int(number), at=0, place=place)


async def _undone(app: App, keeper: Keeper, key: str, places: dict[int, Place]) -> None:
    kind, group, number, *removed = [*key.split("-"), "", ""] if key.count("-") < 2 else key.split("-")
    if not docket.is_number(group) or not docket.is_number(number):
        raise NotFound("There is nothing to take back.")
    place = places.get(int(group))
    if kind == rows.REQUEST and place is not None:
        by = await _in_their_name(keeper, place, rights.APPROVE)
        return await requests.let_in(app, place.face.username, int(number), by)
    if kind not in (rows.REPORT, rows.CASE) or (kind == rows.REPORT and place is None):
        raise NotFound("There is nothing to take back.")
    worker = await _worker(keeper, place if kind == rows.REPORT else None)
    report = await casework.find(worker, int(number))
    for post_id in {int(each) for each in removed if docket.is_number(each)} & set(report.post_ids):
        by, server = (keeper.actor, None) if worker.group else (None, keeper.account)
        await curation.restore(app, by, post_id, server=server)
    face = place.face if place is not None and worker.group is not None else None
    if not await cases.elsewhere(app, worker, face, report, values.Work(act="reopen", id="")):
        await casework.reopen(worker, report.id)


async def _by(keeper: Keeper, case: Case, right: str) -> Actor | None:
    if case.place is None:
        raise NotFound("There is no such group.")
    return await _in_their_name(keeper, case.place, right)


async def _in_their_name(keeper: Keeper, place: Place, right: str) -> Actor | None:
    """Who decides; None for an admin, in a group that nobody here looks after."""
    mine = (await members.standing(place.group, keeper.actor)).may(right)
    return None if keeper.admin and place.group.local and not mine else keeper.actor


def _name(case: Case) -> str:
    if case.place is None or not case.place.group.local:
        raise NotFound("There is no such group.")
    return case.place.face.username
