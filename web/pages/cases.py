"""Reports as those see them who work on them: admins, and who looks after a group."""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

import storage.actors
import storage.groups
import storage.posts
from fedcomm import casework, curation, group_profile
from fedcomm.casework import Worker
from fedcomm.desk import cases as together
from fedcomm.desk.values import Work
from fedcomm.errors import AppError, Invalid, NotFound
from storage import reports, visible
from storage.actors import Actor
from storage.groups import Group
from storage.paging import Page
from storage.posts import Post
from storage.reports import Report
from web import params, respond, state
from web.pages import frame, reasons, threads
from web.pages.readers import Reader, form
from web.pages.threads import Node

LINES, EARLIER = 20, 10
_WORK = ("assign", "unassign", "note", "close", "reopen")


class Asked(msgspec.Struct, frozen=True):
    """Which part of the list: `closed`, and those before the report of that number."""

    closed: bool = False
    before: int = 0


class Wish(msgspec.Struct, frozen=True):
    """What is to be done with a report, or with a `post` of it."""

    act: str = ""
    note: str = ""
    outcome: str = ""
    answer: str = ""
    post: int = 0
    rule: int = 0
    reason: str = ""
    csrf: str = ""


class Place(msgspec.Struct, frozen=True):
    """Where somebody works on reports: `where` their pages stand; a group with its face, none for admins."""

    reader: Reader
    worker: Worker
    where: str
    template: str
    group: Group | None = None
    face: Actor | None = None


class Line(msgspec.Struct, frozen=True):
    """A report with whom and what it is about, and who works on it; `reporter` only for admins, not of themselves."""

    report: Report
    target: Actor
    posts: Sequence[Post]
    reporter: Actor | None = None
    assigned: Actor | None = None


async def listing(request: Request, place: Place) -> Response:
    """The list, newest first."""
    asked = params.query(request, Asked)
    wanted = place.worker.wanted(state=reports.CLOSED if asked.closed else reports.OPEN)
    found, older = await reports.listed(wanted, Page(before=asked.before, limit=LINES))
    return await frame.page(
        request,
        f"{place.template}s.html",
        place=place,
        lines=await _lines(place, found),
        closed=asked.closed,
        next=found[-1].id if older else None,
    )


async def show(request: Request, place: Place, refused: AppError | None = None, wish: Wish = Wish()) -> Response:
    """One report: with what was said about it, and other reports about the same account."""
    report = await casework.find(place.worker, params.number(request))
    lines = await _lines(place, [report])
    if not lines:
        raise NotFound("There is no such report.")
    others, _more = await reports.listed(place.worker.wanted(target=report.target_id), Page(limit=EARLIER + 1))
    stand = await together.stand(state.app_of(request), place.worker, place.face, report)
    return await frame.with_form(
        request,
        f"{place.template}.html",
        refused or stand.refused,
        place=place,
        stand=stand,
        apart=await casework.apart(place.worker, report),
        line=lines[0],
        nodes=await _nodes(place, lines[0]),
        acting=await _acting(place, lines[0].posts),
        others=[each for each in others if each.id != report.id][:EARLIER],
        rules=await group_profile.rules_shown(place.group, place.face),
        wish=wish,
    )


async def do(request: Request, place: Place) -> Response:
    """What the form says."""
    wish, number = await form(request, Wish, place.reader), params.number(request)
    try:
        waits = await _done(request, place, number, wish)
    except AppError as refused:
        await casework.find(place.worker, number)
        return await show(request, place, refused, wish)
    return respond.redirect(f"{place.where}/{number}?done={'waits' if waits else wish.act}")


async def _done(request: Request, place: Place, number: int, wish: Wish) -> bool:
    """Gives whether it waits for somebody else to agree."""
    app, worker = state.app_of(request), place.worker
    if wish.act in _WORK:
        report = await casework.find(worker, number)
        work = Work(act=wish.act, id="", note=wish.note, outcome=wish.outcome, answer=wish.answer)
        if await together.elsewhere(app, worker, place.face, report, work):
            return False
    match wish.act:
        case "assign" | "unassign":
            await casework.assign(worker, number, taken=wish.act == "assign")
        case "note":
            await casework.note(worker, number, wish.note)
        case "close":
            await casework.close(app, worker, number, wish.outcome, wish.answer)
        case "reopen":
            await casework.reopen(worker, number)
        case "remove" | "restore":
            report = await casework.find(worker, number)
            if wish.post not in report.post_ids:
                raise NotFound("There is no such post in a group.")
            by, server = (place.reader.actor, None) if place.group is not None else (None, place.reader.account)
            if wish.act == "restore":
                await curation.restore(app, by, wish.post, server=server)
                return False
            rules = await group_profile.rules_shown(place.group, place.face)
            return await curation.remove(
                app, by, wish.post, reasons.said(rules, wish.rule, wish.reason), server=server
            )  # fmt: skip
        case _:
            raise Invalid("There is no such act.")
    return False


async def _lines(place: Place, found: Sequence[Report]) -> list[Line]:
    admin = place.group is None
    people = await storage.actors.by_ids([number for each in found for number in (each.target_id, each.reporter_id)])
    working = await storage.actors.by_uris([each.assigned for each in found if each.assigned])
    posts = await _posts(place, found)
    return [
        Line(
            each,
            people[each.target_id],
            [posts[number] for number in each.post_ids if number in posts],
            people.get(each.reporter_id) if admin and each.target_id != place.reader.actor.id else None,
            working.get(each.assigned),
        )
        for each in found
        if each.target_id in people
    ]


async def _posts(place: Place, found: Sequence[Report]) -> dict[int, Post]:
    """The posts that they may read: what was taken out of a group still is for who looks after that."""
    named = [number for each in found for number in each.post_ids]
    if not named:
        return {}
    seen, posts = await visible.seen(place.reader.actor.id, named), await storage.posts.by_ids(named)
    return {number: post for number, post in posts.items() if number in seen or _out(place, post)}


def _out(place: Place, post: Post) -> bool:
    inside = place.group is not None and post.group_id == place.group.id
    return inside and post.removed_at is not None and post.deleted_at is None


async def _nodes(place: Place, line: Line) -> list[Node]:
    found = {post.id: post for post in line.posts}
    posts = await threads.with_all(place.reader.actor.id, found, "thread") if found else None
    return [posts.node(post.id) for post in line.posts] if posts else []


async def _acting(place: Place, posts: Sequence[Post]) -> set[int]:
    """Those that can be taken out or put back: an admin does so in any group of ours."""
    if place.group is not None:
        return {post.id for post in posts if post.group_id == place.group.id}
    groups = await storage.groups.by_ids([post.group_id for post in posts if post.group_id])
    return {post.id for post in posts if post.group_id in groups and groups[post.group_id].local}
