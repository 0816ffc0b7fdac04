"""`/api/v1/admin/measures`, `dimensions`, `retention` and `trends`: how much happens here, in figures.

Keys that nobody knows are left out, as Mastodon does. What it measures otherwise: who was active is noted by the week
alone, so each day has the number of its week; `sources` are the programs that people here write with.
"""

import platform
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import fedcomm
from fedcomm import powers, room
from fedcomm.errors import Invalid
from storage import figures
from storage.figures import DAY, HOST, SERVER, TAG, Series
from web import auth, params, respond, state, tongues
from web.mastodon import timelines
from web.mastodon.entities.times import moment

READ = "admin:read"
MOST_DAYS = 366  # in one question: it counts through all that happened in them
MOST_COHORTS = 62
MOST_PARTS = 100
_HOST_PARTS, _TAG_PARTS = ("instance_accounts", "instance_languages"), ("tag_servers", "tag_languages")
_SERVER_PARTS = ("languages", "sources", "servers")


class About(msgspec.Struct, frozen=True):
    """The hashtag or the server that is asked about."""

    id: int = 0
    domain: str = ""


class Asked(msgspec.Struct, frozen=True):
    """What is to be counted, and in which days."""

    keys: list[str] = []
    start_at: str = ""
    end_at: str = ""
    limit: int = 10
    frequency: str = "day"


async def measures(request: Request) -> Response:
    """`POST /api/v1/admin/measures`: how much there was on each day."""
    await auth.require_power(request, READ, powers.PEOPLE)
    given = await params.merged(request)
    asked = params.filled(given, Asked)
    first, last = _days(asked)
    found = [(key, await _series(key, given, first, last)) for key in dict.fromkeys(asked.keys)]
    return respond.json([_measure(key, each, first, last) for key, each in found if each is not None])


async def dimensions(request: Request) -> Response:
    """`POST /api/v1/admin/dimensions`: what there is most of."""
    await auth.require_power(request, READ, powers.PEOPLE)
    given = await params.merged(request)
    asked = params.filled(given, Asked)
    first, last = _days(asked)
    most = max(1, min(asked.limit, MOST_PARTS))
    found = [(key, await _parts(request, key, given, (first, last, most))) for key in dict.fromkeys(asked.keys)]
    return respond.json([{"key": key, "data": data} for key, data in found if data is not None])


async def retention(request: Request) -> Response:
    """`POST /api/v1/admin/retention`: of those who came on one day, or in one month, how many were here later."""
    await auth.require_power(request, READ, powers.PEOPLE)
    asked = await params.read(request, Asked)
    frequency = "month" if asked.frequency == "month" else "day"
    first, last = _days(asked, MOST_COHORTS * (31 if frequency == "month" else 1))
    periods = list(_periods(first, last, frequency))
    ends = periods[-1] if frequency == "day" else _next_month(periods[-1]) - 1
    came = await figures.came(periods[0], ends)
    return respond.json([_cohort(periods, at, frequency, came) for at in range(len(periods))])


async def trends(request: Request) -> Response:
    """`GET /api/v1/admin/trends/statuses`: those that everybody is shown, since nobody has to let them through."""
    await auth.require_power(request, READ, powers.PEOPLE)
    return await timelines.trends(request)


async def no_trends(request: Request) -> Response:
    """`GET /api/v1/admin/trends/tags` and `links`: there are none here."""
    await auth.require_power(request, READ, powers.PEOPLE)
    return respond.json([])


async def _series(key: str, given: dict[str, Any], first: int, last: int) -> Series | None:
    if key == "active_users":
        return await figures.active(first, last)
    if key == "interactions":
        return await figures.interactions(first, last)
    if key in SERVER:
        return await figures.series(SERVER[key], (), first, last)
    if key in TAG:
        return await figures.series(TAG[key], (_about(given, key).id,), first, last)
    return await figures.series(HOST[key], (_host(given, key),), first, last) if key in HOST else None


def _measure(key: str, found: Series, first: int, last: int) -> dict[str, Any]:
    """Mastodon API: "Admin::Measure"; of what is counted from the beginning nothing came before."""
    size = key == "instance_media_attachments"
    shown: dict[str, Any] = {"key": key, "unit": "bytes" if size else None, "total": str(found.total)}
    if size:
        shown["human_value"] = room.readable(found.total)
    if found.previous is not None:
        shown["previous_total"] = str(found.previous)
    days = range(first, last + 1)
    return shown | {"data": [{"date": moment(day * DAY), "value": str(found.days.get(day, 0))} for day in days]}


async def _parts(
    request: Request, key: str, given: dict[str, Any], span: tuple[int, int, int]
) -> list[dict[str, Any]] | None:
    """Mastodon API: "Admin::Dimension"."""
    if key == "space_usage":
        return await _space(request)
    if key == "software_versions":
        return await _versions()
    if key in _SERVER_PARTS:
        about: tuple[Any, ...] = ()
    elif key in _TAG_PARTS:
        about = (_about(given, key).id,)
    elif key in _HOST_PARTS:
        about = (_host(given, key),)
    else:
        return None
    found = await figures.parts(key, about, *span)
    return [_part(request, key, name, number) for name, number in found]


def _part(request: Request, key: str, name: str, number: int) -> dict[str, Any]:
    shown = name
    if key in ("servers", "tag_servers"):
        name = shown = name or state.app_of(request).config.host
    elif key == "sources":
        name, shown = name or "web", name or "Website"
    elif key.endswith("languages"):
        shown = tongues.NAMES.get(name, name)
    return {"key": name, "human_key": shown, "value": str(number)}


async def _space(request: Request) -> list[dict[str, Any]]:
    found = await room.disk(state.app_of(request))
    sizes = (((await figures.database())[0], found.database), ("media", found.sent + found.copies))
    return [
        {"key": key, "human_key": _NAMES[key], "value": str(size), "unit": "bytes", "human_value": room.readable(size)}
        for key, size in sizes
    ]


async def _versions() -> list[dict[str, Any]]:
    found = (("fedcomm", fedcomm.__version__), ("python", platform.python_version()), await figures.database())
    return [{"key": key, "human_key": _NAMES[key], "value": text, "human_value": text} for key, text in found]


_NAMES = {"fedcomm": "fedcomm", "python": "Python", "sqlite": "SQLite", "postgresql": "PostgreSQL", "media": "Media"}


def _about(given: dict[str, Any], key: str) -> About:
    return params.filled(given[key], About) if isinstance(given.get(key), dict) else About()


def _host(given: dict[str, Any], key: str) -> str:
    """Which server; '', which is this one, is none of those that are counted so."""
    return _about(given, key).domain.strip().lower() or "."


def _days(asked: Asked, most: int = MOST_DAYS) -> tuple[int, int]:
    first, last = _day(asked.start_at, "start_at"), _day(asked.end_at, "end_at")
    if not 0 <= last - first < most:
        raise Invalid("Ask for 1 to {most} days, the first of them first.", field="end_at", most=most)
    return first, last


def _day(text: str, field: str) -> int:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Invalid("This is no date: write it as 2026-11-27.", field=field) from None
    if not 1970 < at.year < 9000:
        raise Invalid("This is no date: write it as 2026-11-27.", field=field)
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1_000) // DAY


def _periods(first: int, last: int, frequency: str) -> Iterator[int]:
    """On which day each period begins: every day, or the first of every month."""
    day = first if frequency == "day" else _month(first)
    while day <= last:
        yield day
        day = day + 1 if frequency == "day" else _next_month(day)


def _month(day: int) -> int:
    return (_date(day).replace(day=1) - date(1970, 1, 1)).days


def _next_month(day: int) -> int:
    return _month(_month(day) + 31)


def _date(day: int) -> date:
    return date(1970, 1, 1) + timedelta(days=day)


def _cohort(periods: list[int], at: int, frequency: str, came: list[tuple[int, int, int]]) -> dict[str, Any]:
    """Mastodon API: "Admin::Cohort"; who is here today was so on the days before as well, as it is there."""
    begin = periods[at]
    end = periods[at + 1] if at + 1 < len(periods) else begin + 1 if frequency == "day" else _next_month(begin)
    here = [(last, number) for first, last, number in came if begin <= first < end]
    everybody = sum(number for _last, number in here)
    data = []
    for period in periods[at:]:
        kept = sum(number for last, number in here if last >= period)
        data.append({"date": moment(period * DAY), "rate": kept / max(1, everybody), "value": str(kept)})
    return {"period": moment(begin * DAY), "frequency": frequency, "data": data}


routes = [
    Route("/api/v1/admin/measures", measures, methods=["POST"]),
    Route("/api/v1/admin/dimensions", dimensions, methods=["POST"]),
    Route("/api/v1/admin/retention", retention, methods=["POST"]),
    Route("/api/v1/admin/trends/statuses", trends),
    Route("/api/v1/admin/trends/tags", no_trends),
    Route("/api/v1/admin/trends/links", no_trends),
]
