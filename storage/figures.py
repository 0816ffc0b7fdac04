"""How much of something happened on each day (UTC), and what there is most of: for who looks after this server.

Of posts the public ones count. Days are numbers, counted from 1970. No question asks once for each row.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from storage.connect import current, read_many, rows, value
from storage.session import Row

DAY = 86_400_000  # ms
_ID = 65_536  # the time is in ids, above 16 bits
_WEEK = 7 * DAY
_MONDAY = 4 * DAY  # the first one after the beginning of 1970


class Counted(msgspec.Struct, frozen=True):
    """What is counted: rows of `source` (SQL, ending in a WHERE), each on the day of `at`, times `unit` from 1970.

    `apart` says what is counted only once, in a day as in all: so a whole is no sum. A `whole` counts from the
    beginning, not in the time asked for.
    """

    source: str
    at: str
    unit: int = 1
    amount: str = "COUNT(*)"
    apart: bool = False
    whole: bool = False


class Series(msgspec.Struct, frozen=True):
    """What was counted: on each day on which there was something, in the time asked for, and in the one before it."""

    days: dict[int, int]
    total: int
    previous: int | None


_PUBLIC = "post.visibility = 0 AND post.deleted_at IS NULL"
_TAGGED = f"""post_tag JOIN post ON post.id = post_tag.post_id JOIN actor ON actor.id = post.author_id
WHERE post_tag.tag_id = ? AND {_PUBLIC}"""
_DONE = f"""(
SELECT reaction.created_at AS at FROM account JOIN reaction ON reaction.actor_id = account.actor_id
WHERE reaction.kind = 'like' AND reaction.created_at >= ? AND reaction.created_at < ?
UNION ALL SELECT boost.published AS at FROM account JOIN boost ON boost.actor_id = account.actor_id
WHERE boost.published >= ? AND boost.published < ?
UNION ALL SELECT post.id / 65536 AS at FROM account JOIN post ON post.author_id = account.actor_id
WHERE (post.parent_id IS NOT NULL OR post.parent_uri IS NOT NULL) AND {_PUBLIC}
AND post.id >= ? AND post.id < ?) done"""
_REPORTS = "report WHERE report.for_admins = 1"
_OF_HOST = "JOIN actor ON actor.id = {} WHERE actor.host = ?"
SERVER = {
    "new_users": Counted("account WHERE 1 = 1", "account.created_at"),
    "opened_reports": Counted(_REPORTS, "report.created_at"),
    "resolved_reports": Counted(_REPORTS, "report.closed_at"),
}
TAG = {
    "tag_accounts": Counted(_TAGGED, "post_tag.post_id", _ID, "COUNT(DISTINCT post.author_id)", apart=True),
    "tag_uses": Counted(_TAGGED, "post_tag.post_id", _ID),
    "tag_servers": Counted(_TAGGED, "post_tag.post_id", _ID, "COUNT(DISTINCT actor.host)", apart=True),
}
HOST = {
    "instance_accounts": Counted("actor WHERE actor.host = ?", "actor.created_at", whole=True),
    "instance_media_attachments": Counted(
        "copy WHERE copy.key IS NOT NULL AND copy.host = ?", "copy.tried_at", 1, "SUM(copy.size)", whole=True
    ),
    "instance_reports": Counted(
        f"report {_OF_HOST.format('report.target_id')} AND report.for_admins = 1", "report.created_at", whole=True
    ),
    "instance_statuses": Counted(f"post {_OF_HOST.format('post.author_id')} AND {_PUBLIC}", "post.id", _ID, whole=True),
    "instance_follows": Counted(f"follow {_OF_HOST.format('follow.target_id')}", "follow.created_at", whole=True),
    "instance_followers": Counted(f"follow {_OF_HOST.format('follow.follower_id')}", "follow.created_at", whole=True),
}
_ACTIVE_WEEKS = "SELECT week, COUNT(*) FROM active_week WHERE week >= ? AND week <= ? GROUP BY week"
_ACTIVE = "SELECT COUNT(DISTINCT account_id) FROM active_week WHERE week >= ? AND week <= ?"
_CAME = f"""
SELECT account.created_at / {DAY}, COALESCE(account.last_active_at, account.created_at) / {DAY}, COUNT(*) FROM account
WHERE account.created_at >= ? AND account.created_at < ?
GROUP BY account.created_at / {DAY}, COALESCE(account.last_active_at, account.created_at) / {DAY}"""
_PARTS = {
    "languages": """
SELECT account.language, COUNT(*) FROM account WHERE account.last_active_at >= ? AND account.last_active_at < ?
AND account.language <> '' GROUP BY account.language""",
    "sources": f"""
SELECT COALESCE(oauth_app.name, ''), COUNT(*) FROM account JOIN post ON post.author_id = account.actor_id
LEFT JOIN oauth_app ON oauth_app.id = post.app_id
WHERE post.id >= ? AND post.id < ? AND {_PUBLIC} GROUP BY COALESCE(oauth_app.name, '')""",
    "servers": f"""
SELECT actor.host, COUNT(*) FROM post JOIN actor ON actor.id = post.author_id
WHERE post.id >= ? AND post.id < ? AND {_PUBLIC} GROUP BY actor.host""",
    "tag_servers": f"""
SELECT actor.host, COUNT(*) FROM {_TAGGED} AND post.id >= ? AND post.id < ? GROUP BY actor.host""",
    "tag_languages": f"""
SELECT post.language, COUNT(*) FROM {_TAGGED} AND post.id >= ? AND post.id < ? AND post.language <> ''
GROUP BY post.language""",
    "instance_languages": f"""
SELECT post.language, COUNT(*) FROM post {_OF_HOST.format("post.author_id")} AND post.id >= ?
AND post.id < ? AND {_PUBLIC} AND post.language <> '' GROUP BY post.language""",
    "instance_accounts": """
SELECT actor.username, COUNT(follow.id) FROM actor LEFT JOIN follow ON follow.target_id = actor.id
AND follow.state = 'accepted' WHERE actor.host = ? AND actor.deleted_at IS NULL
GROUP BY actor.id, actor.username""",
}


async def series(counted: Counted, about: Sequence[Any], first: int, last: int) -> Series:
    """What there was from the first day to the last, both included; `about` fills the `?` of the source."""
    back = last - first
    days, *totals = await read_many(_reads(counted, about, first, last, back))
    found = {int(day): int(amount) for day, amount in days}
    if counted.whole:
        return Series(found, _number(totals[0]), None)
    if counted.apart:
        return Series(_between(found, first, last), _number(totals[0]), _number(totals[1]))
    return _summed(found, first, last)


def _reads(counted: Counted, about: Sequence[Any], first: int, last: int, back: int) -> list[tuple[str, Sequence[Any]]]:
    day, within = f"{counted.at} / {DAY * counted.unit}", f"AND {counted.at} >= ? AND {counted.at} < ?"
    begin = first if counted.whole or counted.apart else first - back
    of_days = f"SELECT {day}, {counted.amount} FROM {counted.source} {within} GROUP BY {day}"
    reads: list[tuple[str, Sequence[Any]]] = [(of_days, (*about, *_bounds(begin, last, counted.unit)))]
    if counted.whole:
        reads.append((f"SELECT {counted.amount} FROM {counted.source}", about))
    if counted.apart:
        once = f"SELECT {counted.amount} FROM {counted.source} {within}"
        reads += [(once, (*about, *_bounds(first - off, last - off, counted.unit))) for off in (0, back)]
    return reads


async def interactions(first: int, last: int) -> Series:
    """What people here did with posts: likes, boosts, replies."""
    bounds, ids = (_bounds(first - (last - first), last, unit) for unit in (1, _ID))
    found = await rows(f"SELECT at / {DAY}, COUNT(*) FROM {_DONE} GROUP BY at / {DAY}", (*bounds, *bounds, *ids))
    return _summed({int(day): int(amount) for day, amount in found}, first, last)


async def active(first: int, last: int) -> Series:
    """How many people here were active. That is noted by the week alone: each day has the number of its week."""
    back = last - first
    now, before = _weeks(first, last), _weeks(first - back, last - back)
    by_week, total, previous = await read_many([(_ACTIVE_WEEKS, now), (_ACTIVE, now), (_ACTIVE, before)])
    known = {int(week): int(number) for week, number in by_week}
    days = {day: known.get(_monday(day), 0) for day in range(first, last + 1)}
    return Series(days, _number(total), _number(previous))


async def came(first: int, last: int) -> list[tuple[int, int, int]]:
    """Who came from the first day to the last: on which day, on which they were last here, and how many these are."""
    return [(int(a), int(b), int(c)) for a, b, c in await rows(_CAME, _bounds(first, last, 1))]


async def parts(name: str, about: Sequence[Any], first: int, last: int, most: int) -> list[tuple[str, int]]:
    """What there is most of, by its name, the most first; whom of a server most follow is so at all times."""
    bounds = () if name == "instance_accounts" else _bounds(first, last, 1 if name == "languages" else _ID)
    found = await rows(f"{_PARTS[name]} ORDER BY 2 DESC, 1 LIMIT ?", (*about, *bounds, most))
    return [(str(each), int(number)) for each, number in found]


async def database() -> tuple[str, str]:
    """What keeps all this, and of which version."""
    if current().path is not None:
        return "sqlite", sqlite3.sqlite_version
    return "postgresql", str(await value("SHOW server_version")).partition(" ")[0]


def _bounds(first: int, last: int, unit: int) -> tuple[int, int]:
    return first * DAY * unit, (last + 1) * DAY * unit


def _between(days: dict[int, int], first: int, last: int) -> dict[int, int]:
    return {day: amount for day, amount in days.items() if first <= day <= last}


def _summed(days: dict[int, int], first: int, last: int) -> Series:
    back = last - first
    total, previous = (sum(_between(days, first - off, last - off).values()) for off in (0, back))
    return Series(_between(days, first, last), total, previous)


def _number(found: list[Row]) -> int:
    return int(found[0][0] or 0)


def _weeks(first: int, last: int) -> tuple[int, int]:
    return _monday(first), _monday(last)


def _monday(day: int) -> int:
    """When the week of a day began, in seconds since 1970."""
    return ((day * DAY - _MONDAY) // _WEEK * _WEEK + _MONDAY) // 1_000
