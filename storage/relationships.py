"""Who has to do with whom: as one viewer sees others, and as lists of people."""

from collections.abc import Sequence

import msgspec

from storage import visible
from storage.connect import current, read_many, rows
from storage.paging import Page


class Relationship(msgspec.Struct):
    """How a viewer and one other stand to each other."""

    id: int
    following: bool = False
    showing_reblogs: bool = False
    notifying: bool = False
    requested: bool = False
    followed_by: bool = False
    requested_by: bool = False
    blocking: bool = False
    blocked_by: bool = False
    muting: bool = False
    muting_notifications: bool = False
    muting_expires_at: int | None = None
    domain_blocking: bool = False
    endorsed: bool = False
    note: str = ""
    languages: str = ""  # of them, ' de en '; '' = all


class People(msgspec.Struct, frozen=True):
    """A page of actors: (cursor, actor id), newest first, and whether there are older ones."""

    entries: list[tuple[int, int]]
    older: bool

    @property
    def ids(self) -> list[int]:
        """The actors."""
        return [actor for _, actor in self.entries]

    @property
    def cursors(self) -> tuple[int, ...]:
        """The highest and the lowest cursor."""
        return (self.entries[0][0], self.entries[-1][0]) if self.entries else ()


_OUT = "SELECT target_id, state, reblogs, notify, languages FROM follow WHERE follower_id = ? AND target_id IN (?ints)"
_IN = "SELECT follower_id, state FROM follow WHERE target_id = ? AND follower_id IN (?ints)"
_INVITING = (
    "SELECT g.actor_id FROM membership m JOIN groups g ON g.id = m.group_id"
    " WHERE m.actor_id = ? AND m.state = 'invited' AND g.actor_id IN (?ints)"
)
_BLOCKING = "SELECT target_id FROM block WHERE actor_id = ? AND target_id IN (?ints)"
_BLOCKED_BY = "SELECT actor_id FROM block WHERE target_id = ? AND actor_id IN (?ints)"


_MUTING = """
SELECT target_id, notifications, expires_at FROM mute
WHERE actor_id = ? AND target_id IN (?ints) AND (expires_at IS NULL OR expires_at > ?)"""
_DOMAIN_BLOCKING = """
SELECT actor.id FROM actor JOIN domain_block ON domain_block.host = actor.host
WHERE domain_block.actor_id = ? AND actor.id IN (?ints)"""
_ENDORSED = "SELECT target_id FROM endorsement WHERE actor_id = ? AND target_id IN (?ints)"
_NOTES = "SELECT target_id, text FROM note WHERE actor_id = ? AND target_id IN (?ints)"


async def between(viewer: int, others: Sequence[int]) -> list[Relationship]:
    """How the viewer stands to each of the others, in their order."""
    ids = list(others)
    out, back, blocking, blocked_by, of_server, endorsed, notes, inviting, muting = await read_many(
        [
            *(
                (sql, (viewer, ids))
                for sql in (_OUT, _IN, _BLOCKING, _BLOCKED_BY, _DOMAIN_BLOCKING, _ENDORSED, _NOTES, _INVITING)
            ),
            (_MUTING, (viewer, ids, current().ids.now())),
        ]
    )
    found = {other: Relationship(other) for other in ids}
    for target, state, reblogs, notify, languages in out:
        one = found[target]
        one.following, one.requested = state == "accepted", state == "pending"
        one.showing_reblogs, one.notifying = bool(reblogs), bool(notify)
        one.languages = languages
    for follower, state in back:
        found[follower].followed_by, found[follower].requested_by = state == "accepted", state == "pending"
    for (other,) in inviting:  # as if it asked: clients have no other question to decide about somebody
        found[other].requested_by = True
    for (other,) in blocking:
        found[other].blocking = True
    for (other,) in blocked_by:
        found[other].blocked_by = True
    for (other,) in of_server:
        found[other].domain_blocking = True
    for (other,) in endorsed:
        found[other].endorsed = True
    for other, text in notes:
        found[other].note = text
    for other, notifications, expires_at in muting:
        one = found[other]
        one.muting, one.muting_notifications, one.muting_expires_at = True, bool(notifications), expires_at
    return [found[other] for other in ids]


async def followers(viewer: int, actor_id: int, page: Page) -> People:
    """Who follows the actor; of a group its members, for those who may know them."""
    return await people(viewer, "follow.id", "follow.follower_id", "follow",
                        f"follow.target_id = ? AND follow.state = 'accepted' AND {visible.within('follow.target_id')}",
                        (actor_id, *visible.within_args(viewer)), page)  # fmt: skip


async def members(viewer: int, face_id: int, page: Page, *, everybody: bool) -> People:
    """Who is in a group; without `everybody` only who wants to be found, as in the directory."""
    listed = "EXISTS (SELECT 1 FROM actor listed WHERE listed.id = follow.follower_id AND listed.discoverable = 1)"
    condition = f"follow.target_id = ? AND follow.state = 'accepted' AND {visible.within('follow.target_id')}"
    return await people(viewer, "follow.id", "follow.follower_id", "follow",
                        condition if everybody else f"{condition} AND {listed}",
                        (face_id, *visible.within_args(viewer)), page)  # fmt: skip


async def following(viewer: int, actor_id: int, page: Page) -> People:
    """Whom the actor follows; that they are in a group, those who may know its members."""
    return await people(viewer, "follow.id", "follow.target_id", "follow",
                        "follow.follower_id = ? AND follow.state = 'accepted'"
                        f" AND {visible.within('follow.target_id')}",
                        (actor_id, *visible.within_args(viewer)), page)  # fmt: skip


async def requests(actor_id: int, page: Page) -> People:
    """Who waits to be let in by the actor, and would not, did that not want to be asked."""
    return await people(actor_id, "follow.id", "follow.follower_id", "follow",
                         "follow.target_id = ? AND follow.state = 'pending'", (actor_id,), page)  # fmt: skip


async def asking(actor_id: int, page: Page) -> People:
    """As `requests`, with those who are limited here and therefore have to ask."""
    sql = f"""SELECT follow.id, follow.follower_id FROM follow WHERE follow.target_id = ? AND follow.state = 'pending'
AND {visible.asking("follow.follower_id")} AND follow.id < ? AND follow.id > ?"""
    return await paged(sql, (actor_id, *visible.asking_args(actor_id)), page)


async def liked_by(viewer: int, post_id: int, page: Page) -> People:
    """Who voted for the post; nobody where its group has no votes (any more)."""
    condition = f"reaction.post_id = ? AND reaction.kind = 'like' AND {visible.LIKE}"
    return await people(viewer, moment("reaction"), "reaction.actor_id", "reaction", condition, (post_id,), page)


async def boosted_by(viewer: int, post_id: int, page: Page) -> People:
    """Who boosted the post for everybody; of groups those of which the viewer may know what is in them."""
    seen = f"{visible.BOOST_TO_VIEWER} AND {visible.within('boost.actor_id')}"
    return await people(viewer, "boost.id", "boost.actor_id", "boost",
                         f"boost.post_id = ? AND boost.visibility < 2 AND {seen}",
                         (post_id, *visible.boost_args(viewer), *visible.within_args(viewer)), page)  # fmt: skip


async def blocked(actor_id: int, page: Page) -> People:
    """Whom the actor blocks; a block hides the other, so these are shown all the same."""
    cursor = moment("block").replace("actor_id", "target_id")
    sql = f"""SELECT {cursor}, block.target_id FROM block JOIN actor a ON a.id = block.target_id
WHERE block.actor_id = ? AND a.deleted_at IS NULL AND {cursor} < ? AND {cursor} > ?"""
    return await paged(sql, (actor_id,), page)


def moment(table: str) -> str:
    """A cursor for what has a time and no id: two of one millisecond are told apart by who did it."""
    return f"({table}.created_at * 100000 + {table}.actor_id % 100000)"


async def people(
    viewer: int, cursor: str, actor: str, table: str, condition: str, args: tuple[int, ...], page: Page
) -> People:
    """A page of those whose ids are in a column `actor` of a table, as far as the viewer may see them."""
    sql = f"""SELECT {cursor}, {actor} FROM {table}
WHERE {condition} AND {visible.actor(actor)} AND {cursor} < ? AND {cursor} > ?"""
    return await paged(sql, (*args, *visible.actor_args(viewer)), page)


async def paged(sql: str, args: tuple[object, ...], page: Page) -> People:
    """A page of what a query of (cursor, actor id) finds; it ends with a condition that takes `Page.bounds`."""

    async def fetch(page: Page, limit: int) -> list[tuple[int, int]]:
        found = await rows(f"{sql} ORDER BY 1 {page.order} LIMIT ?", (*args, *page.bounds, limit))
        return [(row[0], row[1]) for row in found]

    entries = await fetch(page, page.limit + 1)
    older, entries = len(entries) > page.limit, entries[: page.limit]
    if page.forward and entries:
        entries.reverse()
        older = bool(await fetch(page.under(entries[-1][0]), 1))
    return People(entries, older)
