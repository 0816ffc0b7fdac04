"""How much there is here, for those who list servers."""

import msgspec

from storage.connect import read_many


class Stats(msgspec.Struct, frozen=True):
    """Counts of this server."""

    people: int
    active_month: int  # people who were here in the last 28 days
    active_half_year: int  # in the last 180 days
    posts: int
    peers: int


_DAY = 86_400_000  # ms


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
