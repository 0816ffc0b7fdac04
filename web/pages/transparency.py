"""A year of looking after this server, for everybody: as a page with a small picture and its table, and as JSON."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import transparency
from fedcomm.errors import NotFound
from fedcomm.transparency import Month
from storage.transparency import FEWEST
from web import respond, state
from web.languages import later
from web.pages import frame, words
from web.syndication import markup

HEIGHT, STEP, WIDTH = 100, 30, 20  # of the picture, from bar to bar, of a bar

ACTIONS = {
    "posts_removed": later("Posts that moderators took out of groups"),
    "posts_removed_with_bans": later("Posts taken out with a ban"),
    "posts_restored": later("Posts put back"),
    "threads_locked": later("Threads locked"),
    "bans": later("Bans from groups"),
    "bans_lifted": later("Bans lifted"),
    "memberships_ended": later("Memberships in groups ended"),
    "accounts_warned": later("Accounts warned"),
    "accounts_frozen": later("Accounts whose signing in was closed"),
    "accounts_pictures_warned": later("Accounts whose pictures were put behind a warning"),
    "accounts_limited": later("Accounts limited"),
    "accounts_suspended": later("Accounts suspended"),
    "servers_limited": later("Decisions to limit a server"),
    "servers_suspended": later("Decisions to suspend a server"),
    "files_blocked": later("Pictures and other files that were blocked"),
    "sign_ups_let_in": later("Sign-ups that were let in"),
    "sign_ups_refused": later("Sign-ups that were turned away"),
}
AUTOMATED = {
    "held_in_groups_taken_in": later("Posts that rules of groups held, and that came in then"),
    "held_in_groups_refused": later("Posts that rules of groups held, and that moderators turned away"),
    "strangers_let_in": later("People nobody here knew whose first posts were held, and who were let in"),
    "strangers_posts_refused": later("Posts by people nobody here knew that were held as spam, and refused"),
}
APPEALS = {
    "asked": later("Appeals against posts taken out"),
    "accepted": later("Decided so that the post was put back (overturned)"),
    "rejected": later("Decided so that the post stayed out (upheld)"),
}
ORIGINS = {"here": later("People here"), "elsewhere": later("People on other servers")}
OUTCOMES = {**words.OUTCOMES, "open": later("Not dealt with yet")}


class Bar(msgspec.Struct, frozen=True):
    """One month in the picture: where it stands, and how high its reports and its posts taken out are."""

    month: Month
    x: int
    reports: int
    removed: int


async def present(request: Request) -> Response:
    """`GET /about/transparency`: of this year."""
    return await _page(request, (await transparency.years())[0])


async def show(request: Request) -> Response:
    """`GET /about/transparency/{year}`"""
    return await _page(request, _year(request))


async def data(request: Request) -> Response:
    """`GET /about/transparency/{year}.json`"""
    found = await transparency.of(state.app_of(request), _year(request))
    told = msgspec.to_builtins(found) | {"counted_at": markup.moment(found.counted_at)}
    return respond.json(told, headers={"cache-control": "max-age=3600"})


def _year(request: Request) -> int:
    text = request.path_params["year"]
    if not (len(text) == 4 and text.isascii() and text.isdigit()):
        raise NotFound("There are no figures of that year.")
    return int(text)


async def _page(request: Request, year: int) -> Response:
    found = await transparency.of(state.app_of(request), year)
    most = max(1, *(max(month.reports, month.removed) for month in found.months))
    return await frame.page(
        request,
        "transparency.html",
        figures=found,
        years=await transparency.years(),
        fewest=FEWEST,
        texts={
            "actions": ACTIONS,
            "automated": AUTOMATED,
            "appeals": APPEALS,
            "origins": ORIGINS,
            "outcomes": OUTCOMES,
        },
        bars=[_bar(month, most) for month in found.months],
        most=most,
        size=(STEP * 12 + STEP - WIDTH, HEIGHT),
        bar_width=WIDTH // 2,
    )


def _bar(month: Month, most: int) -> Bar:
    x = STEP - WIDTH + (month.month - 1) * STEP
    return Bar(month, x, month.reports * HEIGHT // most, month.removed * HEIGHT // most)


routes = [
    Route("/about/transparency", present),
    Route("/about/transparency/{year}", show),
    Route("/about/transparency/{year}.json", data),
]
