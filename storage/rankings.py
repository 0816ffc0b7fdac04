"""The threads of a group in each order in which they are shown, a page at a time."""

from storage import timelines, visible
from storage.connect import current
from storage.paging import Page
from storage.timelines import Found

_DAY = 86_400_000  # ms
PERIODS = {"day": _DAY, "week": 7 * _DAY, "month": 30 * _DAY, "year": 365 * _DAY}  # in which threads began
SORTS = ("active", "new", "hot", *(f"top-{period}" for period in PERIODS), "top", "unanswered")
# SQLite takes a CROSS JOIN in the order in which it is written: the index of the order first.
_RANKED = f"""
SELECT talk.<order>, post.id, 0 FROM talk CROSS JOIN post WHERE post.id = talk.id
AND talk.<order> < ? AND talk.<order> > ? AND talk.group_id = ?<more> AND {visible.READ}"""
_MOVING = f"""
SELECT talk.hot, post.id, 0 FROM talk CROSS JOIN post WHERE post.id = talk.id AND talk.hot < ? AND talk.hot > ?
AND post.visibility = 0 AND {visible.READ}"""


async def moving(viewer: int, page: Page) -> Found:
    """As `hot`, of all groups that are known here; public threads alone."""
    return await timelines.paged(viewer, page, _MOVING, visible.reading(viewer))


async def of_group(viewer: int, group_id: int, sort: str, page: Page) -> Found:
    """What begins threads in a group, in one of the orders `SORTS`.

    The cursors of `active` and `hot` look like ids of posts of a time, since clients page by the ids they see; those of
    `top` do not. With `top` and `hot` threads of programs are not there until somebody has answered in them.
    """
    if sort == "new":
        return await timelines.of_group(viewer, group_id, page)
    order, more = "id", ""
    args: tuple[int, ...] = (group_id,)
    if sort == "unanswered":
        more = " AND talk.waiting = 1"
    elif sort.startswith("top-"):
        order, more = "top", " AND talk.id > ?"
        args = (group_id, (current().ids.now() - PERIODS[sort.removeprefix("top-")]) << 16)
    else:
        order = sort
    sql = _RANKED.replace("<order>", order).replace("<more>", more)
    return await timelines.paged(viewer, page, sql, (*args, *visible.reading(viewer)))
