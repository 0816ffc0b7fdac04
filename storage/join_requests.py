"""Requests to join groups of ours: what was answered to the group's question, and what moderators decided.

That somebody waits is in their follow, which is pending; here is what else is known of it, and what is left of it.
"""

from collections.abc import Sequence

import msgspec

from storage import jobs, memberships, relationships, visible
from storage.connect import Writes, execute, row, rows
from storage.paging import Page


class JoinRequest(msgspec.Struct, frozen=True):
    """One row of `join_request`; `state` is waiting, denied or settled (joined, or withdrawn).

    `uri` is the id of the follow, `question_id` the message in which the group asked, `answer_id` the one that
    answered, `decided_by` the moderator who turned it down.
    """

    id: int
    group_id: int
    actor_id: int
    state: str
    uri: str
    answer: str
    asked_at: int
    question_id: int | None = None
    answer_id: int | None = None
    decided_by: int | None = None
    decided_at: int | None = None
    reason: str = ""


class Waiting(msgspec.Struct, frozen=True):
    """Somebody who waits: the id of their follow, who they are, and what they answered."""

    id: int
    actor_id: int
    answer: str
    reason: str  # why they were turned down before


_COLUMNS = ", ".join(JoinRequest.__struct_fields__)
_UNASKED = (
    "EXISTS (SELECT 1 FROM join_request WHERE group_id = ? AND actor_id = ? AND state = 'waiting' AND answer = ''"
    " AND question_id IS NULL)"
)
_ASKED_BY = "EXISTS (SELECT 1 FROM join_request WHERE question_id = ? AND actor_id = ? AND state = 'waiting')"
# Moderators are no longer told of who waits for nobody any more; that they asked one of them personally stays.
_FORGET = """
DELETE FROM notification WHERE kind = 'follow_request' AND actor_id IN (?ints) AND post_id = 0
AND (owner_id IN (SELECT a.id FROM register r JOIN actor a ON a.uri = r.subject AND a.host = ''
  WHERE r.group_id = ? AND r.property = 'role')
 OR owner_id IN (SELECT actor_id FROM account WHERE role = 'admin'))
AND NOT EXISTS (SELECT 1 FROM follow f WHERE f.follower_id = notification.actor_id
 AND f.target_id = notification.owner_id AND f.state = 'pending')"""
_WAITING = """
SELECT f.id, f.follower_id, COALESCE(r.answer, ''), COALESCE(r.reason, '') FROM follow f
JOIN groups g ON g.actor_id = f.target_id
LEFT JOIN join_request r ON r.group_id = g.id AND r.actor_id = f.follower_id
JOIN actor a ON a.id = f.follower_id AND a.deleted_at IS NULL AND a.suspended_at IS NULL
WHERE g.id = ? AND f.state = 'pending' AND f.id < ? AND f.id > ?"""
_DENIED = f"""
SELECT {", ".join("r." + name for name in JoinRequest.__struct_fields__)} FROM join_request r
JOIN actor a ON a.id = r.actor_id AND a.deleted_at IS NULL AND a.suspended_at IS NULL
WHERE r.group_id = ? AND r.state = 'denied' AND r.id < ? AND r.id > ?"""
# Who is limited nobody can see but by following them: whom they ask must see that all the same.
_TO_DECIDE = f"""
SELECT id, follower_id FROM (SELECT MIN(f.id) AS id, f.follower_id FROM follow f JOIN actor a ON a.id = f.follower_id
 WHERE f.state = 'pending' AND a.deleted_at IS NULL AND a.suspended_at IS NULL
 AND ((f.target_id = ? AND {visible.asking("f.follower_id")}) OR f.target_id IN (?ints)) GROUP BY f.follower_id
 UNION ALL SELECT id, face_id FROM ({memberships.STANDING}) invited) asking
WHERE id < ? AND id > ?"""


async def of(group_id: int, actor_id: int) -> JoinRequest | None:
    """What is known of somebody's request to a group, whatever became of it."""
    found = await row(f"SELECT {_COLUMNS} FROM join_request WHERE group_id = ? AND actor_id = ?", (group_id, actor_id))
    return JoinRequest(*found) if found else None


async def turned_down(group_ids: list[int], actor_id: int) -> set[int]:
    """Those of the groups in which a request of somebody was denied, and nothing has happened since."""
    sql = "SELECT group_id FROM join_request WHERE group_id IN (?ints) AND actor_id = ? AND state = 'denied'"
    return {found[0] for found in await rows(sql, (group_ids, actor_id))} if group_ids else set()


async def waiting(group_id: int, page: Page) -> tuple[list[Waiting], bool]:
    """A page of who waits to be let in, the newest first, and whether there are older ones."""
    args = (group_id, *page.bounds, page.limit + 1)
    found = [Waiting(*each) for each in await rows(f"{_WAITING} ORDER BY f.id DESC LIMIT ?", args)]
    return found[: page.limit], len(found) > page.limit


async def denied(group_id: int, page: Page) -> tuple[list[JoinRequest], bool]:
    """A page of whom moderators turned down and who did not ask again, and whether there are older ones."""
    args = (group_id, *page.bounds, page.limit + 1)
    found = [JoinRequest(*each) for each in await rows(f"{_DENIED} ORDER BY r.id DESC LIMIT ?", args)]
    return found[: page.limit], len(found) > page.limit


async def count(faces: list[int]) -> dict[int, int]:
    """How many wait to join the groups with these faces, where anybody does."""
    sql = (
        "SELECT f.target_id, COUNT(*) FROM follow f JOIN actor a ON a.id = f.follower_id AND a.deleted_at IS NULL"
        " AND a.suspended_at IS NULL WHERE f.target_id IN (?ints) AND f.state = 'pending' GROUP BY f.target_id"
        " ORDER BY f.target_id"
    )
    return {found[0]: int(found[1]) for found in await rows(sql, (faces,))} if faces else {}


async def to_decide(viewer: int, faces: list[int], page: Page) -> relationships.People:
    """A page of who waits for a member: to follow them, or to join the groups with these faces; or invites them, as
    groups elsewhere do. Each is there once.

    The cursor is the oldest request of each, as in `to_faces`.
    """
    args = (viewer, *visible.asking_args(viewer), faces, viewer, *visible.actor_args(viewer))
    return await relationships.paged(_TO_DECIDE, args, page)


async def to_faces(actor_id: int, faces: list[int]) -> list[tuple[int, int, str]]:
    """To which of these somebody waits, as (target, group or 0 for a person, answer), oldest request first."""
    sql = (
        "SELECT f.target_id, COALESCE(g.id, 0), COALESCE(r.answer, '') FROM follow f"
        " LEFT JOIN groups g ON g.actor_id = f.target_id"
        " LEFT JOIN join_request r ON r.group_id = g.id AND r.actor_id = f.follower_id"
        " WHERE f.follower_id = ? AND f.state = 'pending' AND f.target_id IN (?ints) ORDER BY f.id"
    )
    return [(found[0], found[1], found[2]) for found in await rows(sql, (actor_id, faces))]


async def oldest(askers: list[int], targets: list[int]) -> dict[int, tuple[int, str]]:
    """Of each of these the target of their oldest request to one of those, and what they answered."""
    sql = (
        "SELECT f.follower_id, f.target_id, COALESCE(r.answer, '') FROM follow f"
        " LEFT JOIN groups g ON g.actor_id = f.target_id"
        " LEFT JOIN join_request r ON r.group_id = g.id AND r.actor_id = f.follower_id"
        " WHERE f.follower_id IN (?ints) AND f.state = 'pending' AND f.target_id IN (?ints) ORDER BY f.id DESC"
    )
    return {found[0]: (found[1], found[2]) for found in await rows(sql, (askers, targets))} if askers else {}


def ask(writes: Writes, asked: JoinRequest) -> None:
    """Somebody asks to join: what they answered before stays, unless they answer anew."""
    writes.add(
        f"INSERT INTO join_request ({_COLUMNS}) VALUES ({', '.join('?' * len(JoinRequest.__struct_fields__))})"
        " ON CONFLICT (group_id, actor_id) DO UPDATE SET id = excluded.id, state = excluded.state, uri = excluded.uri,"
        " asked_at = CASE WHEN join_request.state = 'waiting' THEN join_request.asked_at ELSE excluded.asked_at END,"
        " answer = CASE WHEN excluded.answer <> '' THEN excluded.answer ELSE join_request.answer END",
        msgspec.structs.astuple(asked),
    )


def ask_question(writes: Writes, group_id: int, actor_id: int, job_id: int, now: int) -> None:
    """A job asks the question of the group, unless it was answered, or asked once before."""
    args: dict[str, object] = {"group": group_id, "actor": actor_id}
    jobs.add_if(writes, job_id, "ask_question", args, now, _UNASKED, group_id, actor_id)


def tell_answer(writes: Writes, question_id: int, actor_id: int, job_id: int, now: int) -> None:
    """A job tells moderators elsewhere how somebody who waits answers the question now, if that message asked it."""
    args: dict[str, object] = {"question": question_id, "actor": actor_id}
    jobs.add_if(writes, job_id, "tell_answer", args, now, _ASKED_BY, question_id, actor_id)


async def by_question(question_id: int, actor_id: int) -> JoinRequest | None:
    """The request of somebody who waits and was asked by that message."""
    sql = f"SELECT {_COLUMNS} FROM join_request WHERE question_id = ? AND actor_id = ? AND state = 'waiting'"
    found = await row(sql, (question_id, actor_id))
    return JoinRequest(*found) if found else None


async def take(group_id: int, actor_id: int, post_id: int) -> bool:
    """That post asks the question; False when it was asked or answered, or nobody waits.

    Belongs in the transaction that writes the post.
    """
    sql = (
        "UPDATE join_request SET question_id = ? WHERE group_id = ? AND actor_id = ? AND state = 'waiting'"
        " AND answer = '' AND question_id IS NULL"
    )
    return bool(await execute(sql, (post_id, group_id, actor_id)))


def answer(writes: Writes, question_id: int, actor_id: int, text: str, post_id: int) -> None:
    """A post that answers the question, of who waits; the last one counts."""
    writes.add(
        "UPDATE join_request SET answer = ?, answer_id = ? WHERE question_id = ? AND actor_id = ?"
        " AND state = 'waiting'",
        (text, post_id, question_id, actor_id),
    )


def reanswer(writes: Writes, group_id: int, actor_id: int, text: str) -> None:
    """The answer of somebody who waits is that now, or none any more, as the group elsewhere says."""
    writes.add(
        "UPDATE join_request SET answer = ? WHERE group_id = ? AND actor_id = ? AND state = 'waiting'",
        (text, group_id, actor_id),
    )


def reword(writes: Writes, post_id: int, text: str) -> None:
    """A post was edited: if it was an answer, moderators read it as it is now."""
    writes.add("UPDATE join_request SET answer = ? WHERE answer_id = ? AND state = 'waiting'", (text, post_id))


def take_back(writes: Writes, post_id: int) -> None:
    """A post is gone: if it was an answer, nobody reads that any more."""
    writes.add("UPDATE join_request SET answer = '', answer_id = NULL WHERE answer_id = ?", (post_id,))


def settle(writes: Writes, group_id: int, actor_id: int) -> None:
    """Somebody waits no more: they are in, or withdrew; their answer has done its work."""
    settle_all(writes, group_id, [actor_id])


def settle_all(writes: Writes, group_id: int, actor_ids: Sequence[int]) -> None:
    """As `settle`, of several."""
    ids = list(actor_ids)
    writes.add(
        "UPDATE join_request SET state = 'settled', answer = '', answer_id = NULL, reason = '', decided_by = NULL,"
        " decided_at = NULL WHERE group_id = ? AND actor_id IN (?ints) AND state = 'waiting'",
        (group_id, ids),
    )
    writes.add(_FORGET, (ids, group_id))


def deny(writes: Writes, asked: JoinRequest) -> None:
    """Moderators turned a request down; `asked` says who did, when and why."""
    writes.add(
        f"INSERT INTO join_request ({_COLUMNS}) VALUES ({', '.join('?' * len(JoinRequest.__struct_fields__))})"
        " ON CONFLICT (group_id, actor_id) DO UPDATE SET state = excluded.state, decided_by = excluded.decided_by,"
        " decided_at = excluded.decided_at, reason = excluded.reason",
        msgspec.structs.astuple(asked),
    )
    writes.add(_FORGET, ([asked.actor_id], asked.group_id))


def let_in(writes: Writes, group_id: int, actor_id: int) -> None:
    """A request that was turned down is settled after all."""
    writes.add(
        "UPDATE join_request SET state = 'waiting' WHERE group_id = ? AND actor_id = ? AND state = 'denied'",
        (group_id, actor_id),
    )
    settle(writes, group_id, actor_id)
