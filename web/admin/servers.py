"""Other servers: which are known, how deliveries to them go, and what was decided about them."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.peer_days
import storage.peers
from fedcomm import board, clock, peer_days, peers, purging, room
from fedcomm.errors import AppError, NotFound
from fedcomm.peerbook import ALLOW
from storage import servers
from storage.peer_days import DAY, PeerDay
from storage.peers import Decision
from web import params, respond, state
from web.pages import frame
from web.pages.readers import Plain, Reader, admins_only, form

LINES = 50
HEIGHT, STEP, WIDTH = 60, 14, 5  # of the picture of days, from day to day, of each of its two bars


class Asked(msgspec.Struct, frozen=True):
    """Which part of the list, in which order; `host` leads to the page of one server, known or not."""

    sort: str = "host"
    only: str = ""
    offset: int = 0
    host: str = ""


class Given(msgspec.Struct, frozen=True):
    """A decision as the form has it."""

    policy: str = ""
    reject_media: str = ""
    reject_reports: str = ""
    hold_contact: str = ""
    public_comment: str = ""
    private_comment: str = ""
    obfuscate: str = ""
    csrf: str = ""

    @classmethod
    def of(cls, decision: Decision) -> "Given":
        """What is filled in at first."""
        said = {name: "1" if value is True else value or "" for name, value in msgspec.structs.asdict(decision).items()}
        return cls(**said)

    def decision(self) -> Decision:
        """What is meant."""
        return Decision(
            self.policy, bool(self.reject_media), bool(self.reject_reports), self.public_comment, self.private_comment,
            bool(self.obfuscate), bool(self.hold_contact),
        )  # fmt: skip


class Bar(msgspec.Struct, frozen=True):
    """One day in the picture: where it is, and how high what went out and came in stand."""

    x: int
    taken: int
    came: int


@admins_only
async def overview(request: Request, reader: Reader) -> Response:
    """`GET /admin/servers`"""
    asked = params.query(request, Asked)
    if asked.host.strip():
        try:
            return respond.redirect(f"/admin/servers/{peers.named(state.app_of(request), asked.host)}")
        except AppError as refused:
            return await _list(request, Asked(), refused)
    return await _list(request, asked)


@admins_only
async def export(request: Request, reader: Reader) -> Response:
    """`GET /admin/servers/export.csv`: all of them, with what the page tells."""
    body = board.to_csv(await board.everybody(state.app_of(request)))
    headers = {"content-disposition": 'attachment; filename="servers.csv"', "cache-control": "no-store"}
    return Response(body, 200, headers, "text/csv; charset=utf-8")


@admins_only
async def one(request: Request, reader: Reader) -> Response:
    """`GET /admin/servers/{host}`"""
    return await _one(request)


@admins_only
async def decide(request: Request, reader: Reader) -> Response:
    """`POST /admin/servers/{host}`: what it may do from now on."""
    given, host = await form(request, Given, reader), request.path_params["host"]
    try:
        await peers.decide(state.app_of(request), host, given.decision(), by=f"@{reader.actor.username}")
    except AppError as refused:
        return await _one(request, given, refused)
    return respond.redirect(f"/admin/servers/{host}?done=decided")


@admins_only
async def retry(request: Request, reader: Reader) -> Response:
    """`POST /admin/servers/{host}/retry`: try deliveries to it now, whatever the schedule says."""
    await form(request, Plain, reader)
    host = request.path_params["host"]
    await peers.retry(state.app_of(request), host, by=f"@{reader.actor.username}")
    return respond.redirect(f"/admin/servers/{host}?done=retried")


@admins_only
async def question(request: Request, reader: Reader) -> Response:
    """`GET /admin/servers/{host}/purge`: what would be erased of a server that is suspended."""
    app, host = state.app_of(request), request.path_params["host"]
    return await frame.with_form(
        request, "admin/purge.html", None, host=host, there=await purging.there(app, host),
        readable=room.readable,
    )  # fmt: skip


@admins_only
async def purge(request: Request, reader: Reader) -> Response:
    """`POST /admin/servers/{host}/purge`: erase all of it, for good."""
    await form(request, Plain, reader)
    host = request.path_params["host"]
    await purging.begin(state.app_of(request), host, f"@{reader.actor.username}")
    return respond.redirect(f"/admin/servers/{host}?done=purged")


@admins_only
async def federation(_request: Request, _reader: Reader) -> Response:
    """`GET /admin/federation`: as the page is called elsewhere."""
    return respond.redirect("/admin/servers")


async def _list(request: Request, asked: Asked, refused: AppError | None = None) -> Response:
    app = state.app_of(request)
    sort = asked.sort if asked.sort in servers.SORTS else "host"
    offset = max(0, min(asked.offset, 1_000_000))
    found = await servers.page(sort, LINES + 1, offset, decided=asked.only == "decided")
    return await frame.with_form(
        request,
        "admin/servers.html",
        refused,
        servers=await board.of(app, found[:LINES]),
        sort=sort,
        red=board.RED,
        only=asked.only,
        offset=offset,
        further=offset + LINES if len(found) > LINES else 0,
        allow_list=app.peers.allow_list,
        given=request.query_params.get("host", ""),
    )


async def _one(request: Request, given: Given | None = None, refused: AppError | None = None) -> Response:
    app = state.app_of(request)
    host = peers.named(app, request.path_params["host"])
    if host != request.path_params["host"]:
        raise NotFound("There is no such page.")
    decided = await storage.peers.decision(host)
    holds, days = decided.decision.policy if decided else "", await _days(host)
    return await frame.with_form(
        request,
        "admin/server.html",
        refused,
        host=host,
        peer=await storage.peers.get(host),
        decided=decided,
        holds=app.peers.decision(host),
        line=await board.one(app, host),
        ties=await servers.ties(host),
        given=given or Given.of(decided.decision if decided else Decision()),
        policies=tuple(each for each in peers.POLICIES if each != ALLOW or app.peers.allow_list or holds == ALLOW),
        allow_list=app.peers.allow_list,
        days=days,
        bars=_bars(days),
        most=max(max(each.taken, each.came) for each in days),
        sums=_sums(days),
        size=(STEP * len(days), HEIGHT),
        bar_width=WIDTH,
    )


async def _days(host: str) -> list[PeerDay]:
    now = clock.now_ms()
    found = await storage.peer_days.of(host, now // DAY - peer_days.SHOWN)
    return peer_days.all_of(found, host, now)


def _sums(days: list[PeerDay]) -> PeerDay:
    names = ("came", "taken", "failed", "refused")
    return PeerDay("", 0, *(sum(getattr(each, name) for each in days) for name in names))


def _bars(days: list[PeerDay]) -> list[Bar]:
    most = max(1, *(max(each.taken, each.came) for each in days))
    return [
        Bar(at * STEP, -(-each.taken * HEIGHT // most), -(-each.came * HEIGHT // most)) for at, each in enumerate(days)
    ]


routes = [
    Route("/admin/federation", federation),
    Route("/admin/servers", overview),
    Route("/admin/servers/export.csv", export),
    Route("/admin/servers/{host}", one),
    Route("/admin/servers/{host}", decide, methods=["POST"]),
    Route("/admin/servers/{host}/retry", retry, methods=["POST"]),
    Route("/admin/servers/{host}/purge", question),
    Route("/admin/servers/{host}/purge", purge, methods=["POST"]),
]
