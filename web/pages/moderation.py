"""All that waits for somebody who looks after groups or this server, on one page, and deciding about many of it."""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import casework, clock, deciding, docket, group_profile
from fedcomm.deciding import Result, Words
from fedcomm.docket import Case, Keeper
from fedcomm.errors import AppError, Invalid
from storage import docket as rows
from web import params, state
from web.languages import later
from web.pages import frame, reasons, shown
from web.pages.readers import Reader, form, members_or_guests
from web.pages.unanswered import since

_LINES = 100
_DESTRUCTIVE = (deciding.TURN_DOWN, deciding.REMOVE, deciding.AGREE)  # asked for once more
KINDS = {
    rows.PROPOSAL: later("What somebody would take out"),
    rows.REPORT: later("Reports in groups"),
    rows.HELD: later("Posts that wait to be in a group"),
    rows.REVIEW: later("Posts that were taken out to be looked at again"),
    rows.REQUEST: later("Requests to join"),
    rows.APPEAL: later("Appeals"),
    rows.CASE: later("Reports to the server"),
    rows.CAUGHT: later("First words of strangers"),
    rows.SIGN_UP: later("Sign-ups"),
}
# What one thing is, as a heading.
CALLED = {
    rows.PROPOSAL: later("What {who} wrote is to be taken out"),
    rows.REPORT: later("Report about {who}"),
    rows.HELD: later("A post by {who} waits"),
    rows.REVIEW: later("A post by {who} was taken out, to be looked at again"),
    rows.REQUEST: later("{who} wants to join"),
    rows.APPEAL: later("{who} appeals"),
    rows.CASE: later("Report about {who}"),
    rows.CAUGHT: later("First words of {who}"),
    rows.SIGN_UP: later("{who} wants an account"),
}
DONE = {
    deciding.LET_IN: later("Let in."),
    deciding.TURN_DOWN: later("Turned down."),
    deciding.REMOVE: later("Taken out, and the report is closed."),
    deciding.CLOSE: later("Closed."),
    deciding.AGREE: later("Taken out."),
    deciding.SHOW: later("Shown again."),
    "undo": later("Taken back."),
}


class Asked(msgspec.Struct, frozen=True):
    """Which part of it: of one kind, in one group, behind that number."""

    kind: str = ""
    group: int = 0
    after: int = 0


class Wish(msgspec.Struct, frozen=True):
    """What is decided about the chosen `items`; `sure` when somebody was asked once more; `undo` with what to undo."""

    act: str = ""
    items: list[str] = []
    undo: list[str] = []
    reason: str = ""
    rule: int = 0
    outcome: str = "none"
    sure: bool = False
    kind: str = ""
    group: int = 0
    csrf: str = ""


class Line(msgspec.Struct, frozen=True):
    """A case with where it is looked at, and how long it has waited in the largest unit that fits."""

    case: Case
    link: str
    waited: int
    unit: str


@members_or_guests
async def show(request: Request, reader: Reader) -> Response:
    """`GET /moderation`; who looks after a group from elsewhere sees what waits there."""
    return await _page(request, reader, params.query(request, Asked))


@members_or_guests
async def do(request: Request, reader: Reader) -> Response:
    """`POST /moderation`: what is destructive is asked for once more; then each is said how it went."""
    wish = await form(request, Wish, reader)
    asked, app, keeper = Asked(wish.kind, wish.group), state.app_of(request), keeper_of(reader)
    try:
        if wish.act == "undo":
            results = await deciding.undo(app, keeper, wish.undo)
        elif wish.act in _DESTRUCTIVE and not wish.sure and wish.items:
            return await _sure(request, keeper, wish)
        else:
            results = await deciding.several(app, keeper, wish.act, wish.items, await _words(keeper, wish))
    except AppError as refused:
        return await _page(request, reader, asked, refused)
    return await _page(request, reader, asked, results=results, act=wish.act)


def keeper_of(reader: Reader) -> Keeper:
    """Who reads, as who decides."""
    return Keeper(reader.actor, None, reader.visit.group.id) if reader.visit else Keeper(reader.actor, reader.account)


async def _words(keeper: Keeper, wish: Wish) -> Words:
    if wish.outcome not in casework.OUTCOMES:
        raise Invalid("A report ends with something done, with nothing to do, or with others.", field="outcome")
    rules = await _rules(list((await docket.several(keeper, wish.items)).values())) if wish.rule else []
    return Words(reasons.said(rules, wish.rule, wish.reason), wish.outcome)


async def _rules(cases: Sequence[Case]) -> Sequence[str]:
    """The rules that may be named: those of the one group in which all of it is."""
    places = {case.place.group.id if case.place else 0: case.place for case in cases}
    place = next(iter(places.values())) if len(places) == 1 else None
    return await group_profile.rules_shown(place.group, place.face) if place is not None else []


async def _sure(request: Request, keeper: Keeper, wish: Wish) -> Response:
    found = await docket.several(keeper, wish.items)
    return await frame.page(
        request,
        "moderation_sure.html",
        wish=wish,
        lines=[_line(found[key]) for key in wish.items if key in found],
        rules=await _rules(list(found.values())) if wish.act == deciding.REMOVE else [],
        called=CALLED,
        longest=reasons.MOST,
    )


async def _page(
    request: Request,
    reader: Reader,
    asked: Asked,
    refused: AppError | None = None,
    results: Sequence[Result] = (),
    act: str = "",
) -> Response:
    app, keeper = state.app_of(request), keeper_of(reader)
    wanted, places = await docket.scope(keeper)
    seen = await docket.page(app, keeper, asked.kind, asked.group, max(asked.after, 0), _LINES)
    gone = {each.key for each in results if each.fault is None}  # the server of a group may not know it yet
    return await frame.with_form(
        request,
        "moderation.html",
        refused,
        {"cache-control": "no-store"},
        asked=asked,
        lines=[_line(case) for case in seen.cases if case.key not in gone],
        next=seen.next,
        silent=seen.silent,
        kinds={kind: text for kind, text in KINDS.items() if wanted.groups.get(kind) or kind in wanted.staff},
        groups=sorted(places.values(), key=lambda place: shown.name(place.face).lower()),
        called=CALLED,
        done_words=DONE,
        results=results,
        act=act,
        undoing=[each.undo for each in results if each.undo],
    )


def _line(case: Case) -> Line:
    return Line(case, _link(case), *since(max(0, clock.now_ms() - case.at)))


def _link(case: Case) -> str:
    """Where it is looked at, with all that can be done about it."""
    group = shown.profile(case.place.face) if case.place is not None else ""
    if case.url:
        return case.url
    match case.kind:
        case rows.PROPOSAL if case.who is not None:
            return shown.profile(case.who)
        case rows.REPORT:
            return f"{group}/reports/{case.id}"
        case rows.HELD | rows.REVIEW:
            return f"{group}/held#held-{case.id}"
        case rows.REQUEST:
            return f"{group}/requests#request-{case.id}"
        case rows.APPEAL if case.place is not None and not case.place.group.local:
            return f"/moderation?kind={case.kind}&group={case.place.group.id}"  # its page is on its own server
        case rows.APPEAL:
            return f"{group}/appeals"
        case rows.CASE:
            return f"/admin/reports/{case.id}"
        case rows.CAUGHT:
            return "/admin/spam"
    return "/admin/sign_ups"


routes = [
    Route("/moderation", show),
    Route("/moderation", do, methods=["POST"]),
]
