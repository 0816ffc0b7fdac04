"""What everybody may read of what was done for groups and by who looks after this server: its rows, newest first.

A row has a cursor: the number of an act or of a sanction, which sort by time, and for an entry of the log of admins,
whose numbers do not, one that is made of its time. What is told of private matters (reports, held posts, notes,
invitations) is in none.
"""

from collections.abc import Sequence

import msgspec

from storage import visible
from storage.connect import row, rows
from storage.paging import END, Page

# Which acts in groups are told, under the names by which they are looked for.
OF_GROUPS: dict[str, tuple[str, ...]] = {
    "posts": ("removed",),
    "threads": ("locked", "pinned", "flair", "title", "share", "moved"),
    "people": ("ban", "taken_out"),
    "roles": ("role", "rolled_back"),
    "settings": (
        "rules", "join_mode", "question", "posting", "visibility", "votes", "closed", "ladder", "promotion", "slow",
        "topics", "languages", "listed", "flairs", "welcome", "introductions", "profile:title", "profile:summary",
        "profile:icon", "profile:image",
    ),
}  # fmt: skip
OF_ACCOUNTS = ("limit", "unlimit", "suspend", "restore")
OF_SERVERS = ("peer.policy", "blocklist.apply", "blocklist.undo", "blocklist.retract")
KINDS = (*OF_GROUPS, "accounts", "servers")

_ABOUT_POSTS = ("removed", *OF_GROUPS["threads"])
_CURSOR = "(at * 65536 + id % 65536)"  # as ids are made (storage/ids.py)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows are asked for: of one of `KINDS`, in a group, between two times (ms since 1970); '' and 0 are any.

    Which servers are blocked or limited is for those alone to whom an admin `shows_servers`.
    """

    viewer: int = visible.ANYBODY
    kind: str = ""
    group_id: int = 0
    since: int = 0
    until: int = 0
    shows_servers: bool = False


class Deed(msgspec.Struct, frozen=True):
    """Something done for a group: of whoever did it there is only whether it was somebody of the `server`.

    `person_id` is who it is about, `post_id` what; `appeal` how an appeal against it ended; `posts` how many posts
    a ban took out with it, as far as they are there and the viewer may know of them.
    """

    id: int
    at: int
    property: str
    value: str | None
    reason: str
    face_id: int
    server: int
    person_id: int | None
    post_id: int | None
    author_id: int | None
    starter: int | None
    deleted: int | None
    appeal: str | None
    posts: int


class Sanction(msgspec.Struct, frozen=True):
    """Something done about somebody on the whole server."""

    id: int
    at: int
    act: str
    person_id: int


class Decision(msgspec.Struct, frozen=True):
    """Something decided about other servers; `detail` as in the log of admins. `hidden`: only a part of the name is
    shown now."""

    id: int
    at: int
    act: str
    host: str
    detail: str
    hidden: int


class Taken(msgspec.Struct, frozen=True):
    """A post that a ban took out."""

    act_id: int
    post_id: int
    starter: int


_DOER = """CASE WHEN act.actor_uri = act.face OR (EXISTS (SELECT 1 FROM actor doer
 JOIN account ON account.actor_id = doer.id WHERE doer.uri = act.actor_uri AND account.role <> 'member')
 AND NOT EXISTS (SELECT 1 FROM register given
 WHERE given.group_id = act.group_id AND given.property = 'role' AND given.subject = act.actor_uri
 AND given.value IS NOT NULL)) THEN 1 ELSE 0 END"""
# Acts come first: PostgreSQL believes of the conditions about groups that next to nothing is left after them, and would
# sort all acts of years for a page (400 ms of 200,000); of a few groups, looked up before, it knows better.
_FROM = f"""FROM act CROSS JOIN open
LEFT JOIN actor person ON act.property IN ('ban', 'taken_out') AND person.uri = act.subject
LEFT JOIN post ON act.property IN ({", ".join(f"'{name}'" for name in _ABOUT_POSTS)}) AND post.uri = act.subject
WHERE act.effective = 1 AND act.property IN (?texts) AND act.id < ? AND act.id > ?
AND open.id = act.group_id AND act.id >= open.since AND (post.id IS NULL OR {visible.PAST})"""
_STARTER = "CASE WHEN post.parent_uri IS NULL THEN 1 ELSE 0 END"
_TAKEN = f"""FROM act_post JOIN post ON post.id = act_post.post_id
WHERE post.deleted_at IS NULL AND {visible.PAST}"""
_DEEDS = f"""SELECT act.id, act.recorded_at, act.property, act.value, act.summary, open.actor_id, {_DOER}, person.id,
post.id, post.author_id, {_STARTER}, CASE WHEN post.deleted_at IS NULL THEN 0 ELSE 1 END,
(SELECT appeal.state FROM appeal WHERE appeal.act_id = act.id AND appeal.state IN ('accepted', 'rejected')),
(SELECT COUNT(*) {_TAKEN} AND act_post.act_id = act.id) {_FROM}"""


async def deeds(wanted: Wanted, page: Page) -> list[Deed]:
    """What was done for groups: for the one that is asked for, or for those of this server."""
    names = _named(wanted.kind)
    if not names:
        return []
    which, args = ("venue.id = ?", (wanted.group_id,)) if wanted.group_id else ("venue.local = 1", ())
    sql = f"WITH open AS MATERIALIZED ({visible.LOGGED} AND {which}) {_DEEDS} ORDER BY act.id {page.order} LIMIT ?"
    bounds, past = _bounds(wanted, page), visible.past(wanted.viewer)
    found = await rows(sql, (*visible.logged_args(wanted.viewer), *args, *past, names, *bounds, *past, page.limit))
    return [Deed(*each) for each in found]


async def deed(number: int, viewer: int) -> Deed | None:
    """One of them, of any group, if the viewer may read of it."""
    page = Page(before=number + 1, after=number - 1, limit=1)
    past = visible.past(viewer)
    sql = f"WITH open AS MATERIALIZED ({visible.LOGGED}) {_DEEDS} LIMIT 1"
    found = await row(sql, (*visible.logged_args(viewer), *past, _named(""), *page.bounds, *past))
    return Deed(*found) if found else None


async def taken(act_ids: Sequence[int], viewer: int, most: int) -> list[Taken]:
    """The newest posts that these bans took out, `most` of each, those left out that were not for the viewer."""
    if not act_ids:
        return []
    sql = (
        f"SELECT act_id, post_id, starter FROM (SELECT act_post.act_id, act_post.post_id, {_STARTER} AS starter,"
        " ROW_NUMBER() OVER (PARTITION BY act_post.act_id ORDER BY act_post.post_id DESC) AS place"
        f" {_TAKEN} AND act_post.act_id IN (?ints)) each WHERE place <= ? ORDER BY act_id DESC, post_id DESC"
    )
    return [Taken(*each) for each in await rows(sql, (*visible.past(viewer), list(act_ids), most))]


async def taken_by(act_id: int, viewer: int, page: Page) -> list[Taken]:
    """A page of what one ban took out, by the numbers of the posts."""
    sql = (
        f"SELECT act_post.act_id, act_post.post_id, {_STARTER} {_TAKEN} AND act_post.act_id = ?"
        f" AND act_post.post_id < ? AND act_post.post_id > ? ORDER BY act_post.post_id {page.order} LIMIT ?"
    )
    found = [Taken(*each) for each in await rows(sql, (*visible.past(viewer), act_id, *page.bounds, page.limit))]
    return found[::-1] if page.forward else found


async def sanctions(wanted: Wanted, page: Page) -> list[Sanction]:
    """Who was limited or suspended here, and who is no more."""
    if wanted.group_id or wanted.kind not in ("", "accounts"):
        return []
    sql = (
        "SELECT id, created_at, act, target_id FROM sanction WHERE act IN (?texts) AND id < ? AND id > ?"
        f" ORDER BY id {page.order} LIMIT ?"
    )
    return [Sanction(*each) for each in await rows(sql, (list(OF_ACCOUNTS), *_bounds(wanted, page), page.limit))]


async def decisions(wanted: Wanted, page: Page) -> list[Decision]:
    """What was decided about other servers, for whom it is shown."""
    if wanted.group_id or wanted.kind not in ("", "servers") or not wanted.shows_servers:
        return []
    sql = (
        f"SELECT {_CURSOR} AS place, at, act, subject, detail, COALESCE((SELECT peer.obfuscate FROM peer"
        f" WHERE peer.host = audit.subject), 0) FROM audit WHERE act IN (?texts) AND {_CURSOR} < ? AND {_CURSOR} > ?"
        ' AND detail NOT LIKE \'%"policy":"allow"%\''
        f" ORDER BY place {page.order} LIMIT ?"
    )
    return [Decision(*each) for each in await rows(sql, (list(OF_SERVERS), *_bounds(wanted, page), page.limit))]


def _named(kind: str) -> list[str]:
    told = OF_GROUPS.values() if not kind else (OF_GROUPS.get(kind, ()),)
    return [name for names in told for name in names]


def _bounds(wanted: Wanted, page: Page) -> tuple[int, int]:
    """Arguments for `cursor < ? AND cursor > ?`: within the page and the times."""
    below, above = page.bounds
    until = (wanted.until + 1) << 16 if wanted.until else END
    return min(below, until), max(above, (wanted.since << 16) - 1)
