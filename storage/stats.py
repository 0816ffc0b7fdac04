"""How much there is here, for those who list servers."""

import msgspec

from storage.connect import execute, read_many


class Stats(msgspec.Struct, frozen=True):
    """Counts of this server."""

    people: int
    active_month: int  # people who were here in the last 28 days
    active_half_year: int  # in the last 180 days
    posts: int
    peers: int


class Week(msgspec.Struct, frozen=True):
    """What happened in one week; `began` is its Monday, in seconds since 1970. Of posts only the public ones count."""

    began: int
    posts: int
    active: int
    registrations: int


_DAY = 86_400_000  # ms
_WEEK = 7 * _DAY
_MONDAY = 4 * _DAY  # the first one after the beginning of 1970
_POSTS_BY_WEEK = f"""
SELECT (id / 65536 - {_MONDAY}) / {_WEEK} AS week, COUNT(*) FROM post
WHERE local = 1 AND visibility = 0 AND id > ? GROUP BY (id / 65536 - {_MONDAY}) / {_WEEK}"""
_NEW_BY_WEEK = f"""
SELECT (created_at - {_MONDAY}) / {_WEEK} AS week, COUNT(*) FROM account
WHERE created_at >= ? GROUP BY (created_at - {_MONDAY}) / {_WEEK}"""
_ACTIVE_BY_WEEK = "SELECT week, COUNT(*) FROM active_week WHERE week >= ? GROUP BY week"


async def counts(now_ms: int) -> Stats:
    """The counts as they are now; they take a while on a large server, so keep them for some minutes."""
    active = "SELECT COUNT(*) FROM account WHERE state = 'active' AND last_active_at > ?"
    found = await read_many(
        [
            ("SELECT COUNT(*) FROM account WHERE state = 'active'", ()),
            (active, (now_ms - 28 * _DAY,)),
            (active, (now_ms - 180 * _DAY,)),
            ("SELECT COALESCE(SUM(posts_count), 0) FROM actor WHERE host = ''", ()),
            ("SELECT COUNT(*) FROM peer WHERE policy <> 'suspend'", ()),
        ]
    )
    return Stats(*(int(rows[0][0]) for rows in found))


async def weeks(now_ms: int, count: int) -> list[Week]:
    """What happened in the last weeks, this one first."""
    this = (now_ms - _MONDAY) // _WEEK
    first = _began(this - count + 1)
    reads = ((_POSTS_BY_WEEK, (first << 16,)), (_ACTIVE_BY_WEEK, (first // 1000,)), (_NEW_BY_WEEK, (first,)))
    posts, active, new = [{int(row[0]): int(row[1]) for row in found} for found in await read_many(reads)]
    return [
        Week(_began(week) // 1000, posts.get(week, 0), active.get(_began(week) // 1000, 0), new.get(week, 0))
        for week in range(this, this - count, -1)
    ]


async def note_active(account_id: int, now_ms: int) -> None:
    """Somebody was here in this week."""
    week = _began((now_ms - _MONDAY) // _WEEK) // 1000
    await execute("INSERT INTO active_week (week, account_id) VALUES (?, ?) ON CONFLICT DO NOTHING", (week, account_id))


async def forget_weeks(before_ms: int) -> int:
    """Who was here in weeks that began before then is nobody's business any more."""
    return await execute("DELETE FROM active_week WHERE week < ?", (before_ms // 1000,))


def _began(week: int) -> int:
    return week * _WEEK + _MONDAY
