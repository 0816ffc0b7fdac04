"""What members here are told of, with the same of half a day taken together (Mastodon API: "NotificationGroup").

A group is known by its key: the kind, the post and the half day. So it needs no rows of its own.
"""

from collections.abc import Sequence

import msgspec

from storage.connect import execute, row, rows, value
from storage.notifications import SHOWN, Notice, by_anybody_heard, heard_args, shown_to
from storage.paging import Page

GROUPED = ("favourite", "reblog", "follow", "admin.sign_up")  # the kinds that Mastodon takes together
SAMPLE = 8  # accounts that are shown of a group
_SPAN = 43_200_000 << 16  # ids of half a day


class Group(msgspec.Struct, frozen=True):
    """Some notices: `newest` is the latest of them, `lowest` the id of the oldest within the page."""

    key: str
    newest: Notice
    count: int
    lowest: int
    actors: list[int]


class Key(msgspec.Struct, frozen=True):
    """What a key says. `low` and `high` bound the ids of the group's notices; kind '' is a single notice."""

    kind: str
    post_id: int
    low: int
    high: int


_IN_GROUP = "n.kind = ? AND n.post_id = ? AND n.id >= ? AND n.id < ?"
# Of a group only its latest; what is not taken together stands for itself.
_HEADS = f"""{SHOWN} AND n.kind IN (?texts) AND n.id < ? AND n.id > ? AND (n.kind NOT IN (?texts) OR NOT EXISTS
 (SELECT 1 FROM notification newer WHERE newer.owner_id = n.owner_id AND newer.kind = n.kind
  AND newer.post_id = n.post_id AND newer.id > n.id AND newer.id < (n.id / {_SPAN} + 1) * {_SPAN}
  AND {by_anybody_heard("newer")}))"""
_MEMBERS = f"""
SELECT ranked.head, ranked.actor_id, ranked.total, ranked.low FROM (
 SELECT h.id AS head, m.actor_id AS actor_id, COUNT(*) OVER (PARTITION BY h.id) AS total,
  MIN(CASE WHEN m.id >= ? THEN m.id ELSE h.id END) OVER (PARTITION BY h.id) AS low,
  ROW_NUMBER() OVER (PARTITION BY h.id ORDER BY m.id DESC) AS place
 FROM notification h JOIN notification m ON m.owner_id = h.owner_id AND m.kind = h.kind AND m.post_id = h.post_id
  AND m.id >= h.id / {_SPAN} * {_SPAN} AND m.id <= h.id
 WHERE h.owner_id = ? AND h.id IN (?ints) AND {by_anybody_heard("m")}
) ranked WHERE ranked.place <= {SAMPLE} ORDER BY ranked.head, ranked.place"""


async def page(
    owner: int, page: Page, kinds: Sequence[str], grouped: Sequence[str], *, filtered: bool = False
) -> tuple[list[Group], bool]:
    """Groups of these kinds, the latest first, and whether there are older ones; only `grouped` are taken together.

    Each group is on one page only, where its latest notice is.
    """

    async def fetch(page: Page, limit: int) -> list[Notice]:
        args = (
            *shown_to(owner, filtered=filtered), list(kinds), *page.bounds, list(grouped),
            *heard_args(owner, filtered), limit,
        )  # fmt: skip
        return [Notice(*found) for found in await rows(f"{_HEADS} ORDER BY n.id {page.order} LIMIT ?", args)]

    heads = await fetch(page, page.limit + 1)
    older, heads = len(heads) > page.limit, heads[: page.limit]
    if page.forward and heads:
        heads.reverse()
        older = bool(await fetch(page.under(heads[-1].id), 1))
    return await _groups(owner, heads, grouped, heads[-1].id if heads else 0, filtered), older


async def one(owner: int, text: str) -> Group | None:
    """The group with this key, if there is anything of it for its owner."""
    key = read(text)
    if key is None:
        return None
    sql = f"{SHOWN} AND n.id = ?" if not key.kind else f"{SHOWN} AND {_IN_GROUP} ORDER BY n.id DESC LIMIT 1"
    about = (key.low,) if not key.kind else (key.kind, key.post_id, key.low, key.high)
    found = await row(sql, (*shown_to(owner, filtered=not key.kind), *about))
    return (await _groups(owner, [Notice(*found)], [key.kind], 0, False))[0] if found else None


async def actors(owner: int, text: str, page: Page) -> tuple[list[tuple[int, int]], bool]:
    """(cursor, actor) of everybody in a group, the latest first, and whether there are older ones."""
    key = read(text)
    if key is None or not key.kind:
        single = await one(owner, text) if key else None
        return [(single.newest.id, single.newest.actor_id)] if single else [], False

    async def fetch(page: Page, limit: int) -> list[tuple[int, int]]:
        sql = f"{SHOWN} AND {_IN_GROUP} AND n.id < ? AND n.id > ? ORDER BY n.id {page.order} LIMIT ?"
        args = (*shown_to(owner), key.kind, key.post_id, key.low, key.high, *page.bounds, limit)
        return [(found[0], found[2]) for found in await rows(sql, args)]

    people = await fetch(page, page.limit + 1)
    older, people = len(people) > page.limit, people[: page.limit]
    if page.forward and people:
        people.reverse()
        older = bool(await fetch(page.under(people[-1][0]), 1))
    return people, older


async def unread(owner: int, since: int, kinds: Sequence[str], grouped: Sequence[str], most: int) -> int:
    """How many groups have something above `since`, at most `most`."""
    args = (
        *shown_to(owner), list(kinds), Page().bounds[0], since, list(grouped), *heard_args(owner, False), most
    )  # fmt: skip
    return int(await value(f"SELECT COUNT(*) FROM ({_HEADS} LIMIT ?) counted", args))


async def dismiss(owner: int, text: str) -> int:
    """Forget the notices of a group; how many there were."""
    key = read(text)
    if key is None:
        return 0
    if not key.kind:
        return await execute("DELETE FROM notification WHERE owner_id = ? AND id = ?", (owner, key.low))
    sql = "DELETE FROM notification WHERE owner_id = ? AND kind = ? AND post_id = ? AND id >= ? AND id < ?"
    return await execute(sql, (owner, key.kind, key.post_id, key.low, key.high))


def key_of(notice: Notice, grouped: Sequence[str] = GROUPED) -> str:
    """The key of the group that a notice is in."""
    if notice.kind not in grouped:
        return f"ungrouped-{notice.id}"
    post = f"{notice.post_id}-" if notice.post_id else ""
    return f"{notice.kind}-{post}{notice.id // _SPAN}"


def read(text: str) -> Key | None:
    """What a key says; None when it is none."""
    kind, *numbers = text.split("-")
    if not numbers or len(numbers) > 2 or not all(n.isascii() and n.isdigit() and len(n) < 19 for n in numbers):
        return None
    if kind == "ungrouped":
        return Key("", 0, int(numbers[0]), int(numbers[0]) + 1) if len(numbers) == 1 else None
    post_id, half_day = (int(numbers[0]) if len(numbers) == 2 else 0), int(numbers[-1])
    if kind not in GROUPED or half_day >= (1 << 62) // _SPAN:
        return None
    return Key(kind, post_id, half_day * _SPAN, (half_day + 1) * _SPAN)


async def _groups(
    owner: int, heads: Sequence[Notice], grouped: Sequence[str], lowest: int, filtered: bool
) -> list[Group]:
    together = [head.id for head in heads if head.kind in grouped]
    members: dict[int, tuple[int, int, list[int]]] = {}
    if together:
        args = (lowest, owner, together, *heard_args(owner, filtered))
        for head, actor_id, total, low in await rows(_MEMBERS, args):
            members.setdefault(head, (total, low, []))[2].append(actor_id)
    single = {head.id: (1, head.id, [head.actor_id]) for head in heads}
    return [Group(key_of(head, grouped), head, *members.get(head.id, single[head.id])) for head in heads]
