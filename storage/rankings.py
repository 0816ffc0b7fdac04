"""The threads of a group in each order in which they are shown, a page at a time."""

from collections.abc import Sequence

from storage import timelines, visible
from storage.connect import current, rows
from storage.flairs import Flair
from storage.paging import Page
from storage.timelines import Entry, Found

_DAY = 86_400_000  # ms
PERIODS = {"day": _DAY, "week": 7 * _DAY, "month": 30 * _DAY, "year": 365 * _DAY}  # in which threads began
_LATELY = 14 * _DAY
MANY = 50  # threads of one group among many others that are counted one by one
SORTS = ("active", "new", "hot", *(f"top-{period}" for period in PERIODS), "top", "unanswered")
# SQLite takes a CROSS JOIN in the order in which it is written: the index of the order first.
_RANKED = f"""
SELECT talk.<order>, post.id, 0 FROM talk CROSS JOIN post WHERE post.id = talk.id
AND talk.<order> < ? AND talk.<order> > ? AND talk.group_id = ?<more> AND {visible.READ}"""
_MOVING = f"""
SELECT talk.hot, post.id, 0 FROM talk CROSS JOIN post WHERE post.id = talk.id AND talk.hot < ? AND talk.hot > ?
AND talk.shared = 0 AND post.visibility = 0 AND {visible.READ}"""


# A thread of another group has the labels of that: one of the same name, or a hashtag of it, is what counts here.
_LABELLED = """ AND (EXISTS (SELECT 1 FROM post_flair pf WHERE pf.uri = ? AND pf.post_id = post.id)
OR (talk.shared = 1 AND (EXISTS (SELECT 1 FROM post_flair pf JOIN flair f ON f.uri = pf.uri
AND f.group_id = post.group_id WHERE pf.post_id = post.id AND f.name_key = ?)
OR EXISTS (SELECT 1 FROM post_tag pt JOIN tag ON tag.id = pt.tag_id
WHERE pt.post_id = post.id AND REPLACE(REPLACE(tag.name, '_', ''), '·', '') = ?))))"""


async def moving(viewer: int, page: Page) -> Found:
    """As `hot`, of all groups that are known here; public threads alone."""
    return await timelines.paged(viewer, page, _MOVING, visible.reading(viewer))


_COUNTS = f"""
SELECT g.id, (SELECT COUNT(*) FROM (SELECT 1 FROM talk JOIN post ON post.id = talk.id
 WHERE talk.group_id = g.id AND {visible.READ} LIMIT ?) listed),
 g.threads_count + (SELECT COUNT(*) FROM share WHERE share.group_id = g.id)
FROM groups g WHERE g.id IN (?ints)"""
_TALKED = f"""
SELECT talk.hot, post.id, post.author_id FROM talk CROSS JOIN post JOIN actor ON actor.id = post.author_id
WHERE post.id = talk.id AND talk.hot > ? AND talk.shared = 0 AND talk.people > 0
AND actor.bot = 0 AND actor.kind = 'Person' AND post.visibility = 0 AND {visible.READ} ORDER BY talk.hot DESC LIMIT ?"""


async def trending(viewer: int, most: int) -> list[Entry]:
    """As `moving`, of the last weeks: what people began and others have answered, one thread of each author."""
    since = (current().ids.now() - _LATELY) << 16
    found = await rows(_TALKED, (since, *visible.reading(viewer), 3 * most))
    first = {author: post_id for _hot, post_id, author in reversed(found)}
    return [Entry(post_id, post_id) for _hot, post_id, author in found if first[author] == post_id][:most]


async def of_group(viewer: int, group_id: int, sort: str, page: Page) -> Found:
    """What begins threads in a group, in one of the orders `SORTS`, and what the group shows beside them.

    `new` is by when a thread came into the group. The cursors of it, of `active` and of `hot` look like ids of posts of
    a time, since clients page by the ids they see; those of `top` do not. With `top` and `hot` threads of programs are
    not there until somebody has answered in them.
    """
    order, more = "since", ""
    args: tuple[int, ...] = (group_id,)
    if sort == "unanswered":
        order, more = "id", " AND talk.waiting = 1"
    elif sort.startswith("top-"):
        order, more = "top", " AND talk.id > ?"
        args = (group_id, (current().ids.now() - PERIODS[sort.removeprefix("top-")]) << 16)
    elif sort != "new":
        order = sort
    sql = _RANKED.replace("<order>", order).replace("<more>", more)
    return await timelines.paged(viewer, page, sql, (*args, *visible.reading(viewer)))


async def counts(viewer: int, group_ids: Sequence[int], most: int = MANY) -> dict[int, int]:
    """How many threads stand in the lists of groups (`of_group`), by group: those that the viewer finds there.

    Counted up to `most`; of a group with more, as many as it and those of others that it shows have altogether.
    """
    args = (*visible.reading(viewer), most + 1, list(group_ids))
    found = await rows(_COUNTS, args) if group_ids else []
    return {group_id: listed if listed <= most else max(listed, all_) for group_id, listed, all_ in found}


async def of_flair(viewer: int, flair: Flair, page: Page) -> Found:
    """As `of_group` in the order `new`: what has a flair of a group, and what it shows beside that by the same name."""
    sql = _RANKED.replace("<order>", "since").replace("<more>", _LABELLED)
    args = (flair.group_id, flair.uri, flair.name_key, flair.name_key)
    return await timelines.paged(viewer, page, sql, (*args, *visible.reading(viewer)))
