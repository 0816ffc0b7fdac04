"""All that waits for somebody who looks after groups or this server, in one order: what came first is first."""

from collections.abc import Sequence

import msgspec

from storage.connect import rows
from storage.held import COLUMNS as _HELD
from storage.held import Held
from storage.posts import BY_URIS, Post
from storage.reports import ANOTHER, NOT_THEMSELVES
from storage.reviews import FROM as _OUT

REPORT, HELD, REQUEST, APPEAL = "report", "held", "request", "appeal"  # in groups
PROPOSAL = "proposal"  # what a moderator would take out, and somebody else has to look at
REVIEW = "review"  # a post that is out of a group until somebody has looked at it again
CASE, CAUGHT, SIGN_UP = "case", "caught", "sign_up"  # of the server: reports, first words of strangers, new accounts
OF_GROUPS = (PROPOSAL, REPORT, HELD, REVIEW, REQUEST, APPEAL)
KINDS = (*OF_GROUPS, CASE, CAUGHT, SIGN_UP)


class Entry(msgspec.Struct, frozen=True):
    """One thing that waits; `id` is that of its row, and says where in the order it stands.

    Of an appeal that is when its post was taken out: who has been without it for longest comes first.
    """

    kind: str
    id: int
    group_id: int
    at: int


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody decides: which kinds in which groups; of the server what `staff` names; `admin` whoever is one."""

    reader: int
    uri: str
    groups: dict[str, list[int]] = {}
    staff: frozenset[str] = frozenset()
    admin: bool = False


class Asking(msgspec.Struct, frozen=True):
    """Somebody who waits to be let into a group, and what they answered to its question."""

    id: int
    actor_id: int
    answer: str
    reason: str


class Proposed(msgspec.Struct, frozen=True):
    """What is proposed: about whom or which post, by whom (ids), and why."""

    id: int
    subject: str
    by: str
    reason: str


class Stranger(msgspec.Struct, frozen=True):
    """The beginning of what somebody wrote whom nobody here knows."""

    id: int
    actor_id: int
    text_key: str
    excerpt: str


class Newcomer(msgspec.Struct, frozen=True):
    """Who wants an account here, and what they said about themselves."""

    id: int
    username: str
    reason: str


# Who looks after the group of an appeal and has neither taken out what it is about nor proposed that nor written it.
_LEADER = (
    "SELECT 1 FROM register r JOIN actor a ON a.uri = r.subject AND a.deleted_at IS NULL AND a.suspended_at IS NULL"
    " AND a.moved_to_id IS NULL WHERE r.group_id = appeal.group_id AND r.property = 'role' AND r.value IS NOT NULL"
    " AND a.id <> appeal.author_id AND a.uri NOT IN (appeal.removed_by, appeal.proposed_by)"
)
_ADMIN = (
    "SELECT 1 FROM account s JOIN actor a ON a.id = s.actor_id AND a.deleted_at IS NULL AND a.suspended_at IS NULL"
    " WHERE s.role = 'admin' AND s.state = 'active' AND a.id <> appeal.author_id"
    " AND a.uri NOT IN (appeal.removed_by, appeal.proposed_by)"
)
_APPEALS = (
    "FROM appeal WHERE state = 'asked' AND author_id <> ? AND ("
    "(group_id IN (?ints) AND ? NOT IN (removed_by, proposed_by))"
    f" OR (CAST(? AS INTEGER) = 1 AND ? NOT IN (removed_by, proposed_by) AND NOT EXISTS ({_LEADER}))"
    f" OR (group_id IN (?ints) AND NOT EXISTS ({_LEADER}) AND NOT EXISTS ({_ADMIN})))"
)
_REQUESTS = (
    "FROM follow f JOIN groups g ON g.actor_id = f.target_id JOIN actor a ON a.id = f.follower_id"
    " AND a.deleted_at IS NULL AND a.suspended_at IS NULL WHERE g.id IN (?ints) AND f.state = 'pending'"
)
_PROPOSALS = (
    "FROM register r JOIN act a ON a.id = r.act_id WHERE r.property = 'proposed' AND r.value IS NOT NULL"
    " AND a.actor_uri <> ? AND (r.group_id IN (?ints) OR CAST(? AS INTEGER) = 1)"
)
_PARTS = {
    PROPOSAL: ("a.id, a.group_id, a.recorded_at", _PROPOSALS),
    REPORT: (
        "id, COALESCE(group_id, 0), created_at",
        f"FROM report WHERE {NOT_THEMSELVES} AND for_group = 1 AND state = 'open' AND group_id IN (?ints)",
    ),
    HELD: ("id, group_id, held_at", "FROM held WHERE group_id IN (?ints) AND state = 'waiting'"),
    REVIEW: ("a.id, a.group_id, a.recorded_at", f"{_OUT} AND r.group_id IN (?ints)"),
    REQUEST: ("f.id, g.id, COALESCE(f.id >> 16, 0)", _REQUESTS),
    APPEAL: ("id, group_id, COALESCE(asked_at, 0)", _APPEALS),
    CASE: (
        "id, COALESCE(group_id, 0), created_at",
        f"FROM report WHERE {NOT_THEMSELVES} AND for_admins = 1 AND state = 'open'"
        " AND NOT (for_group = 1 AND COALESCE(group_id, 0) IN (?ints))"
        f" AND (acted_by <> ? OR NOT EXISTS ({ANOTHER}))",
    ),
    CAUGHT: ("id, 0, caught_at", "FROM caught WHERE state = 'waiting'"),
    SIGN_UP: ("id, 0, created_at", "FROM account WHERE state = 'pending'"),
}


async def waiting(
    scope: Scope, kinds: Sequence[str], group_id: int, after: int, limit: int, ids: Sequence[int] | None = None
) -> list[Entry]:
    """What waits of these kinds behind that number, the longest first; with `group_id` in that group alone.

    With `ids` of these alone.
    """
    parts, args = [], list[object]()
    among, named = ("", ()) if ids is None else (" AND {} IN (?ints)", (list(ids),))
    for kind in kinds:
        groups = [each for each in scope.groups.get(kind, []) if group_id in (0, each)]
        more = kind in scope.staff or (kind == APPEAL and scope.admin)
        if groups or (more and not group_id):
            columns, source = _PARTS[kind]
            own = _order(kind)
            # Each part ends early by its own index, so that no part is read as a whole.
            parts.append(f"SELECT * FROM (SELECT CAST('{kind}' AS TEXT) AS kind, {columns} {source} AND {own} > ?"
                         f"{among.format(own)} ORDER BY {own} LIMIT ?) {kind}_part")  # fmt: skip
            args += [*_arguments(scope, kind, groups, group_id), after, *named, limit]
    if not parts:
        return []
    found = await rows(f"{' UNION ALL '.join(parts)} ORDER BY 2 LIMIT ?", (*args, limit))
    return [Entry(*each) for each in found]


async def held(ids: Sequence[int]) -> dict[int, Held]:
    """The posts that wait under these numbers, by number."""
    found = await rows(f"SELECT {_HELD} FROM held WHERE id IN (?ints)", (list(ids),)) if ids else []
    return {each[0]: Held(*each) for each in found}


async def asking(ids: Sequence[int]) -> dict[int, Asking]:
    """Who asks by these follows, by their number."""
    sql = (
        "SELECT f.id, f.follower_id, COALESCE(r.answer, ''), COALESCE(r.reason, '') FROM follow f"
        " JOIN groups g ON g.actor_id = f.target_id"
        " LEFT JOIN join_request r ON r.group_id = g.id AND r.actor_id = f.follower_id WHERE f.id IN (?ints)"
    )
    return {each[0]: Asking(*each) for each in await rows(sql, (list(ids),))} if ids else {}


async def proposed(ids: Sequence[int]) -> dict[int, Proposed]:
    """What is proposed by these acts, by their number."""
    sql = "SELECT id, subject, actor_uri, summary FROM act WHERE id IN (?ints)"
    return {each[0]: Proposed(*each) for each in await rows(sql, (list(ids),))} if ids else {}


async def posts_at(uris: Sequence[str]) -> dict[str, Post]:
    """The posts with these ids, by id, hidden or not; for those who decide about them."""
    return {(post := Post(*each)).uri: post for each in await rows(BY_URIS, (list(uris),))} if uris else {}


async def strangers(ids: Sequence[int]) -> dict[int, Stranger]:
    """What is held back under these numbers, by number."""
    sql = "SELECT id, actor_id, text_key, excerpt FROM caught WHERE id IN (?ints)"
    return {each[0]: Stranger(*each) for each in await rows(sql, (list(ids),))} if ids else {}


async def newcomers(ids: Sequence[int]) -> dict[int, Newcomer]:
    """Who wants an account, by its number."""
    sql = (
        "SELECT account.id, actor.username, account.reason FROM account JOIN actor ON actor.id = account.actor_id"
        " WHERE account.id IN (?ints) AND account.state = 'pending'"
    )
    return {each[0]: Newcomer(*each) for each in await rows(sql, (list(ids),))} if ids else {}


async def programs(group_ids: Sequence[int]) -> dict[int, str]:
    """What the servers of groups elsewhere run (`groups.program`), by group; without those of which it is not known."""
    sql = (
        "SELECT g.id, p.software FROM groups g JOIN actor a ON a.id = g.actor_id JOIN peer p ON p.host = a.host"
        " WHERE g.id IN (?ints)"
    )
    return {each[0]: str(each[1]).lower() for each in await rows(sql, (list(group_ids),))} if group_ids else {}


def _order(kind: str) -> str:
    return {REQUEST: "f.id", PROPOSAL: "a.id", REVIEW: "a.id"}.get(kind, "id")


def _arguments(scope: Scope, kind: str, groups: list[int], group_id: int) -> list[object]:
    match kind:
        case "report":
            return [scope.reader, groups]
        case "case":
            return [scope.reader, scope.groups.get(REPORT, []), scope.uri]
        case "appeal":
            return [scope.reader, groups, scope.uri, int(scope.admin and not group_id), scope.uri, groups]
        case "proposal":
            return [scope.uri, groups, int(kind in scope.staff and not group_id)]
        case "caught" | "sign_up":
            return []
    return [groups]
