"""Lists of posts in the order of time: home, public, of a tag, of a group, of somebody."""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import msgspec

from storage import shown, visible
from storage.connect import Args, Read, Steps, dialect, read_steps, rows
from storage.lists import List
from storage.paging import Page

_SPARE = 10  # entries read beyond a page of home, in place of those that show the same post
_MOST_GROUPS = 200  # of one member, in one home


class Entry(msgspec.Struct, frozen=True):
    """One line: a post, or a boost of it. `id` is the cursor; `boosted_by` 0 = it stands for itself."""

    id: int
    post_id: int
    boosted_by: int = 0


class Found(msgspec.Struct, frozen=True):
    """A page, newest first; `older` says whether anything lies below `oldest`.

    `flags` is what the viewer has to do with the posts (`shown.flags`): to ask for it later would cost a hop more. None
    is not asked yet.
    """

    entries: list[Entry]
    older: bool
    oldest: int = 0
    flags: dict[int, int] | None = None

    @property
    def cursors(self) -> tuple[int, ...]:
        """The highest and the lowest cursor."""
        return (self.entries[0].id, self.oldest) if self.entries else ()


_STARTER = "post.parent_id IS NULL AND post.parent_uri IS NULL"
# Who brought a line of home: the follower's wishes about them count.
_BROUGHT = "COALESCE(home_entry.boosted_by, post.author_id)"
_OTHER_TONGUE = """(wish.languages <> '' AND post.language <> ''
 AND wish.languages NOT LIKE '% ' || post.language || ' %')"""


def _in_no_exclusive_list(column: str) -> str:
    """Takes the owner twice; who has no such list pays for one question (storage/visible.py)."""
    return f"""NOT (EXISTS (SELECT 1 FROM list WHERE list.owner_id = ? AND list.exclusive = 1)
 AND EXISTS (SELECT 1 FROM list_entry JOIN list ON list.id = list_entry.list_id
 WHERE list_entry.actor_id = {column} AND list.owner_id = ? AND list.exclusive = 1))"""


JOINED = f"""
SELECT groups.actor_id FROM follow JOIN groups ON groups.actor_id = follow.target_id
JOIN actor ON actor.id = groups.actor_id
WHERE follow.follower_id = ? AND follow.state = 'accepted' AND follow.reblogs = 1
AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL AND {visible.wanted("actor.id")}"""
JOINED_AT_HOME = f"{JOINED} AND {_in_no_exclusive_list('actor.id')}"  # takes `joined_at_home(viewer)`
_PLACES = f"{JOINED_AT_HOME} ORDER BY groups.actor_id LIMIT ?"
# Of rows of `home_entry` and `post`: its owner wants the line. After `visible.READ`; both take `line(viewer)`.
LINE = f"""({visible.NAMES_NOBODY_UNWANTED}
AND NOT EXISTS (SELECT 1 FROM follow wish WHERE wish.follower_id = ? AND wish.target_id = {_BROUGHT}
 AND ((home_entry.boosted_by IS NOT NULL AND wish.reblogs = 0) OR {_OTHER_TONGUE}))
AND (home_entry.boosted_by IS NULL
 OR ({visible.actor("home_entry.boosted_by")} AND {visible.wanted("home_entry.boosted_by")})))"""
_HOME = f"""
SELECT home_entry.id, home_entry.post_id, COALESCE(home_entry.boosted_by, 0)
FROM home_entry JOIN post ON post.id = home_entry.post_id
WHERE home_entry.owner_id = ? AND home_entry.id < ? AND home_entry.id > ?
AND {visible.READ} AND {LINE}"""
NOT_EXCLUSIVE = f" AND {_in_no_exclusive_list(_BROUGHT)}"  # takes `not_exclusive(viewer)`
LISTED = "(SELECT list_entry.actor_id FROM list_entry WHERE list_entry.list_id = list.id)"  # who is in a row of `list`
# Of rows of `list`, `home_entry` and `post`, as `of_list` has it for one list, which is faster for a page.
IN_LIST = f"""({_BROUGHT} IN {LISTED}
AND (list.replies_policy = 'followed' OR home_entry.boosted_by IS NOT NULL OR ({_STARTER})
 OR EXISTS (SELECT 1 FROM post parent WHERE parent.id = post.parent_id AND (parent.author_id = post.author_id
  OR parent.author_id = list.owner_id OR (list.replies_policy = 'list' AND parent.author_id IN {LISTED})))))"""
# Of rows of `boost` and `post`: a group took in what begins a thread. After `visible.READ`; both take `thread(viewer)`.
THREAD = f"""({_STARTER} AND {visible.NAMES_NOBODY_UNWANTED}
AND NOT EXISTS (SELECT 1 FROM follow wish WHERE wish.follower_id = ? AND wish.target_id = boost.actor_id
 AND {_OTHER_TONGUE}))"""
_OF_GROUP = f"""
SELECT boost.id, boost.post_id, boost.actor_id FROM boost JOIN post ON post.id = boost.post_id
WHERE boost.id < ? AND boost.id > ? AND {visible.READ} AND {THREAD} AND boost.actor_id ="""
_UNASKED = f"SELECT post.id, post.id, 0 FROM post WHERE post.id < ? AND post.id > ? AND {visible.READ}"
_TAGGED = f"""
SELECT post.id, post.id, 0 FROM post WHERE post.id IN (SELECT post_tag.post_id FROM post_tag WHERE post_tag.tag_id IN
(?ints)) AND post.id < ? AND post.id > ? AND post.visibility = 0 AND {visible.READ}"""
_BOOSTS = f"""
SELECT boost.id, boost.post_id, boost.actor_id FROM boost JOIN post ON post.id = boost.post_id
WHERE boost.actor_id = ? AND boost.id < ? AND boost.id > ? AND {visible.TO_VIEWER} AND {visible.BOOST_TO_VIEWER}"""
_ENTRY = f"""
SELECT post.id, post.id, 0 FROM post WHERE post.id = ? AND {visible.TO_VIEWER}
UNION ALL SELECT boost.id, boost.post_id, boost.actor_id FROM boost JOIN post ON post.id = boost.post_id
WHERE boost.id = ? AND {visible.TO_VIEWER} AND {visible.BOOST_TO_VIEWER}"""
_HAS_TAG = "EXISTS (SELECT 1 FROM post_tag WHERE post_tag.tag_id = ? AND post_tag.post_id = post.id)"
_NOT_TO_OTHERS = f"""({_STARTER} OR EXISTS
 (SELECT 1 FROM post parent WHERE parent.id = post.parent_id AND parent.author_id = post.author_id))"""


async def home(viewer: int, page: Page) -> Found:
    """What followed people wrote and boosted, and what begins threads in joined groups.

    A post is shown once a page, as the latest that brought it: a group rather than its author.
    """
    return await _merged(viewer, page, _joined_at_home(viewer), NOT_EXCLUSIVE, not_exclusive(viewer))


async def public(viewer: int, page: Page, *, local: bool = False, remote: bool = False, media: bool = False) -> Found:
    """Public posts that answer nothing; `local`: of ours only, `remote`: of others only."""
    narrowed = (
        " AND post.local = 1" * local + " AND post.local = 0" * remote + " AND post.attachments_count > 0" * media
    )
    return await _posts(viewer, page, f"post.visibility = 0 AND {_STARTER}{narrowed}")


async def of_group(viewer: int, group_id: int, page: Page) -> Found:
    """What begins threads in a group."""
    return await _posts(viewer, page, f"post.group_id = ? AND {_STARTER}", (group_id,))


async def direct(viewer: int, page: Page) -> Found:
    """Direct messages from and for the viewer."""
    return await _posts(viewer, page, "post.visibility = 3")


async def of_list(list_: List, page: Page) -> Found:
    """What those in a list wrote and boosted, of groups in it what begins threads, as it comes to its owner's home."""
    owner = list_.owner_id
    inside = "(SELECT list_entry.actor_id FROM list_entry WHERE list_entry.list_id = ?)"
    condition, args = f" AND {_BROUGHT} IN {inside}", [list_.id]
    if list_.replies_policy != "followed":
        heard = "parent.author_id = post.author_id OR parent.author_id = ?"
        args.append(owner)
        if list_.replies_policy == "list":
            heard += f" OR parent.author_id IN {inside}"
            args.append(list_.id)
        condition += f""" AND (home_entry.boosted_by IS NOT NULL OR {_STARTER}
 OR EXISTS (SELECT 1 FROM post parent WHERE parent.id = post.parent_id AND ({heard})))"""
    sql = f"{JOINED} AND groups.actor_id IN {inside} ORDER BY groups.actor_id LIMIT ?"
    places = sql, (owner, *visible.wanted_args(owner), list_.id, _MOST_GROUPS)
    return await _merged(owner, page, places, condition, args)


async def tagged(
    viewer: int, page: Page, names: Sequence[str], every: Sequence[str] = (), none: Sequence[str] = (),
    *, local: bool = False, remote: bool = False, media: bool = False,
) -> Found:  # fmt: skip
    """Public posts with one of the tags in `names`, all of those in `every` and none of those in `none`."""
    ids = await _tag_ids([*names, *every, *none])
    wanted = [ids[name] for name in names if name in ids]
    if not wanted or any(name not in ids for name in every):
        return Found([], False)
    needed, unwanted = [ids[name] for name in every], [ids[name] for name in none if name in ids]
    sql = _TAGGED + f" AND {_HAS_TAG}" * len(needed) + f" AND NOT {_HAS_TAG}" * len(unwanted)
    sql += _narrowed(local, remote, media)

    return await paged(viewer, page, sql, (*visible.reading(viewer), *needed, *unwanted), before=(wanted,))


async def of_actor(
    viewer: int, actor_id: int, page: Page,
    *, boosts: bool = True, replies: bool = True, direct: bool = True, media: bool = False, tag: str = "",
    group: bool = False,
) -> Found:  # fmt: skip
    """What somebody wrote and, with `boosts`, boosted; of a `group` what begins threads in it."""
    tag_id = (await _tag_ids([tag])).get(tag) if tag else None
    if tag and tag_id is None:
        return Found([], False)
    also = " AND post.attachments_count > 0" * media + f" AND {_HAS_TAG}" * bool(tag)
    own = _written(also + " AND post.visibility <> 3" * (not direct) + f" AND {_NOT_TO_OTHERS}" * (not replies))
    passed_on = f"{_BOOSTS}{also}" + f" AND {_STARTER}" * group
    tag_args = (tag_id,) if tag else ()

    wrote = (*tag_args, *visible.args(viewer))
    if not boosts:
        return await paged(viewer, page, own, wrote, before=(actor_id,))
    boosted = (*visible.args(viewer), *visible.boost_args(viewer), *tag_args)
    read = partial(_of_both, dialect() == "postgres", actor_id, (own, wrote), (passed_on, boosted))
    return await read_steps(_marked_up(viewer, _page_of(read, page)))


async def liked(viewer: int, page: Page) -> Found:
    """What the viewer voted for, the latest first; the cursor is when, not which."""
    return await _marked(viewer, page, "reaction", " AND mark.kind = 'like'")


async def bookmarked(viewer: int, page: Page) -> Found:
    """What the viewer put aside, the latest first; the cursor is when, not which."""
    return await _marked(viewer, page, "bookmark", "")


async def entry(viewer: int, entry_id: int) -> Entry | None:
    """The post with this id, or the boost of one with this id, if the viewer may see it."""
    args = (entry_id, *visible.args(viewer), entry_id, *visible.args(viewer), *visible.boost_args(viewer))
    found = await rows(_ENTRY, args)
    return Entry(*found[0]) if found else None


async def joined_groups(viewer: int) -> list[int]:
    """Ids of the actors of the groups whose posts come to the viewer's home."""
    return [found[0] for found in await rows(*_joined_at_home(viewer))]


async def paged(viewer: int, page: Page, sql: str, args: Args, before: Args = ()) -> Found:
    """A page of what the query finds, whose arguments are `before`, the bounds of the page, and `args`."""

    def read(page: Page) -> Read:
        return f"{sql} ORDER BY 1 {page.order} LIMIT ?", (*before, *page.bounds, *args, page.limit)

    return await read_steps(_marked_up(viewer, _page_of(read, page)))


def line(viewer: int) -> tuple[int, ...]:
    """The arguments of `visible.READ` and `LINE`."""
    unwanted = visible.wanted_args(viewer)
    return (*visible.reading(viewer), *unwanted, viewer, *visible.actor_args(viewer), *unwanted)


def thread(viewer: int) -> tuple[int, ...]:
    """The arguments of `visible.READ` and `THREAD`."""
    return (*visible.reading(viewer), *visible.wanted_args(viewer), viewer)


def joined(viewer: int) -> tuple[int, ...]:
    """The arguments of `JOINED`."""
    return (viewer, *visible.wanted_args(viewer))


def joined_at_home(viewer: int) -> tuple[int, ...]:
    """The arguments of `JOINED_AT_HOME`."""
    return (*joined(viewer), *not_exclusive(viewer))


def not_exclusive(viewer: int) -> tuple[int, ...]:
    """The arguments of `NOT_EXCLUSIVE`."""
    return (viewer, viewer)


def _joined_at_home(viewer: int) -> Read:
    return _PLACES, (*joined_at_home(viewer), _MOST_GROUPS)


def _narrowed(local: bool, remote: bool, media: bool) -> str:
    return " AND post.local = 1" * local + " AND post.local = 0" * remote + " AND post.attachments_count > 0" * media


async def _merged(viewer: int, page: Page, places: Read, condition: str, args: Args) -> Found:
    """Lines of home that meet the condition, and what begins threads in the groups that `places` finds."""
    read = partial(_of_home, dialect() == "postgres", condition, (viewer, (*line(viewer), *args)), thread(viewer))

    def steps() -> Steps[Found]:
        groups = [found[0] for found in (yield places)]
        wide = msgspec.structs.replace(page, limit=page.limit + _SPARE)
        return _once((yield from _page_of(partial(read, groups), wide)), page)

    return await read_steps(_marked_up(viewer, steps()))


async def _posts(viewer: int, page: Page, condition: str, args: Args = ()) -> Found:
    return await paged(viewer, page, f"{_UNASKED} AND {condition}", (*visible.reading(viewer), *args))


async def _marked(viewer: int, page: Page, table: str, condition: str) -> Found:
    """Two marks of one millisecond are told apart by their posts."""
    cursor = "(mark.created_at * 100000 + mark.post_id % 100000)"
    sql = f"""SELECT {cursor}, post.id, 0 FROM {table} mark JOIN post ON post.id = mark.post_id
WHERE mark.actor_id = ?{condition} AND {cursor} < ? AND {cursor} > ? AND {visible.TO_VIEWER}"""
    return await paged(viewer, page, sql, visible.args(viewer), before=(viewer,))


def _marked_up(viewer: int, steps: Steps[Found]) -> Steps[Found]:
    """The page, with what the viewer has to do with its posts."""
    found = yield from steps
    flags = yield from shown.flags_of(viewer, [entry.post_id for entry in found.entries])
    return msgspec.structs.replace(found, flags=flags)


def _page_of(read: Callable[[Page], Read], page: Page) -> Steps[Found]:
    """One page, and whether there is more: one entry beyond it is asked for."""
    entries = _entries((yield read(msgspec.structs.replace(page, limit=page.limit + 1))))
    older, entries = len(entries) > page.limit, entries[: page.limit]
    if page.forward and entries:
        entries.reverse()
        older = bool((yield read(page.under(entries[-1].id))))
    return Found(entries, older, entries[-1].id if entries else 0)


def _once(found: Found, page: Page) -> Found:
    """The page without entries whose post was shown before them, cut to its length."""
    entries: dict[int, Entry] = {}
    left = False  # entries were left for the next page
    for entry in reversed(found.entries) if page.forward else found.entries:
        if entry.post_id not in entries:
            left = len(entries) == page.limit
            if left:
                break
            entries[entry.post_id] = entry
    shown = list(entries.values())
    if page.forward:
        shown.reverse()
        return Found(shown, found.older, shown[-1].id if shown else 0)
    return Found(shown, left or found.older, shown[-1].id if left else found.oldest)


async def _tag_ids(names: Sequence[str]) -> dict[str, int]:
    return {
        found[0]: found[1] for found in await rows("SELECT name, id FROM tag WHERE name IN (?texts)", (list(names),))
    }


def _of_home(
    postgres: bool, condition: str, own: tuple[int, Args], part: Args, groups: Sequence[int], page: Page
) -> Read:
    """Lines of home and of the groups; `own` is whose home, and what follows the bounds in the query for it."""
    owner, rest = own
    mine = (owner, *page.bounds, *rest)
    if postgres:
        every = (*mine, page.limit, list(groups), *page.bounds, *part, page.limit, page.limit)
        return _home_on_postgres(condition, page.order), every
    parts = [value for group in groups for value in (*page.bounds, *part, group)]
    return _home_on_sqlite(condition, len(groups), page.order), (*mine, *parts, page.limit)


def _written(conditions: str) -> str:
    """By somebody; the conditions come first, since each answer to others that is left out costs less then."""
    return f"""SELECT post.id, post.id, 0 FROM post
WHERE post.author_id = ? AND post.id < ? AND post.id > ?{conditions} AND {visible.TO_VIEWER}"""


def _of_both(postgres: bool, actor_id: int, own: tuple[str, Args], passed_on: tuple[str, Args], page: Page) -> Read:
    """What somebody wrote, and what they boosted."""
    wrote = (actor_id, *page.bounds, *own[1])
    boosted = (actor_id, *page.bounds, *passed_on[1])
    both = (own[0], passed_on[0])
    if postgres:  # which would read and sort everything (_home_on_postgres)
        parts = [f"SELECT * FROM ({part} ORDER BY 1 {page.order} LIMIT ?) AS part" for part in both]
        args = (*wrote, page.limit, *boosted, page.limit, page.limit)
    else:
        parts, args = list(both), (*wrote, *boosted, page.limit)
    return " UNION ALL ".join(parts) + f" ORDER BY 1 {page.order} LIMIT ?", args


@lru_cache(maxsize=512)
def _home_on_sqlite(condition: str, groups: int, order: str) -> str:
    """SQLite merges the branches lazily: no more is read than is shown, however many groups there are."""
    return " UNION ALL ".join([_HOME + condition] + [f"{_OF_GROUP} ?"] * groups) + f" ORDER BY 1 {order} LIMIT ?"


@lru_cache
def _home_on_postgres(condition: str, order: str) -> str:
    """PostgreSQL would read and sort everything: of each branch no more than a page is wanted."""
    own = f"SELECT * FROM ({_HOME}{condition} ORDER BY 1 {order} LIMIT ?) AS own"
    part = f"{_OF_GROUP} joined.value ORDER BY 1 {order} LIMIT ?"
    groups = f"SELECT part.* FROM (?ints) AS joined CROSS JOIN LATERAL ({part}) AS part"
    return f"{own} UNION ALL {groups} ORDER BY 1 {order} LIMIT ?"


def _entries(found: Sequence[tuple[int, ...]]) -> list[Entry]:
    return [Entry(*row) for row in found]
