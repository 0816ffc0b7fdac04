"""Follows and requests, and the inboxes that followers of ours stand behind."""

from collections.abc import Sequence

import msgspec

from storage import fragments
from storage.actors import PARTED, Actor
from storage.connect import Writes, current, row, rows, value
from storage.counting import hold


class Follow(msgspec.Struct, frozen=True):
    """One row of `follow`; `state` is 'pending' or 'accepted'."""

    id: int
    follower_id: int
    target_id: int
    state: str
    uri: str
    reblogs: int
    notify: int
    created_at: int
    accepted_at: int | None
    languages: str = ""  # in which posts come into home, as ' de en '; '' = all
    tries: int = 0  # how often a request to somebody elsewhere was sent again


class Inbox(msgspec.Struct, frozen=True):
    """Where followers of one server are reached."""

    host: str
    inbox: str


_WANTING_NEWS = (
    "FROM follow f JOIN actor a ON a.id = f.follower_id"
    " WHERE f.target_id = ? AND f.state = 'accepted' AND f.notify = 1 AND a.host = ''"
)
_SELECT = f"SELECT {', '.join(Follow.__struct_fields__)} FROM follow "


async def of(follower_id: int, target_id: int) -> Follow | None:
    """The follow or request of one by the other."""
    found = await row(_SELECT + "WHERE follower_id = ? AND target_id = ?", (follower_id, target_id))
    return Follow(*found) if found else None


async def of_all(follower_id: int, target_ids: list[int]) -> dict[int, Follow]:
    """The follows and requests of one by several others, by whom they follow."""
    found = await rows(_SELECT + "WHERE follower_id = ? AND target_id IN (?ints)", (follower_id, target_ids))
    return {follow.target_id: follow for follow in (Follow(*each) for each in found)}


async def as_everybody_may_know(actors: dict[int, Actor]) -> dict[int, Actor]:
    """The actors, each following as many as are no secret: no group that is not for everybody (attack PRI-26)."""
    some = [actor.id for actor in actors.values() if actor.following_count > 0]
    sql = (
        "SELECT f.follower_id, COUNT(*) FROM follow f JOIN groups g ON g.actor_id = f.target_id"
        " WHERE f.follower_id IN (?ints) AND f.state = 'accepted' AND g.visibility <> 'public' GROUP BY f.follower_id"
    )
    secret = await rows(sql, (some,)) if some else []
    return actors | {
        who: msgspec.structs.replace(actors[who], following_count=max(0, actors[who].following_count - number))
        for who, number in secret
    }


async def by_uri(uri: str) -> Follow | None:
    """The follow with this activity id."""
    found = await row(_SELECT + "WHERE uri = ?", (uri,))
    return Follow(*found) if found else None


async def requests(target_id: int) -> list[Follow]:
    """Who waits to be let in, oldest first."""
    return [
        Follow(*f) for f in await rows(_SELECT + "WHERE target_id = ? AND state = 'pending' ORDER BY id", (target_id,))
    ]


async def unanswered(now_ms: int, pause_ms: int, most: int) -> list[Follow]:
    """Requests of ours to others to send again (at most 100): nobody answered for a pause, which doubles each time.

    After `most` times they are left alone.
    """
    sql = (
        f"SELECT {', '.join('f.' + name for name in Follow.__struct_fields__)} FROM follow f"
        " JOIN actor a ON a.id = f.follower_id JOIN actor t ON t.id = f.target_id"
        " WHERE f.state = 'pending' AND a.host = '' AND t.host <> '' AND f.tries < ?"
        " AND f.created_at + CAST(? AS BIGINT) * (1 << f.tries) < ? ORDER BY f.created_at LIMIT 100"
    )
    return [Follow(*found) for found in await rows(sql, (most, pause_ms, now_ms))]


async def count_waiting(target_id: int, most: int) -> int:
    """How many wait to be let in, at most `most`."""
    sql = "SELECT COUNT(*) FROM (SELECT 1 FROM follow WHERE target_id = ? AND state = 'pending' LIMIT ?) counted"
    return int(await value(sql, (target_id, most)))


async def waiting_for_nobody(limit: int, now_ms: int) -> list[Follow]:
    """Who waits to be let in by a group of ours that asks nobody about them, the first first.

    It is open, or they are invited.
    """
    sql = (
        f"SELECT {', '.join('f.' + name for name in Follow.__struct_fields__)} FROM groups g"
        " JOIN follow f ON f.target_id = g.actor_id AND f.state = 'pending'"
        " WHERE g.local = 1 AND g.closed_at IS NULL AND (g.join_mode = 'open' OR EXISTS (SELECT 1 FROM admission d"
        " JOIN actor a ON a.uri = d.uri WHERE d.group_id = g.id AND a.id = f.follower_id AND d.expires_at > ?))"
        " ORDER BY f.id LIMIT ?"
    )
    return [Follow(*found) for found in await rows(sql, (now_ms, limit))]


async def followers_here(target_id: int) -> list[int]:
    """Ids of the local actors that follow `target_id`."""
    sql = (
        "SELECT f.follower_id FROM follow f JOIN actor a ON a.id = f.follower_id"
        " WHERE f.target_id = ? AND f.state = 'accepted' AND a.host = ''"
    )
    return [found[0] for found in await rows(sql, (target_id,))]


def wanting_news(target_id: int) -> tuple[str, int]:
    """The condition, with its argument, that somebody here wants to be told of everything the actor writes."""
    return (f"EXISTS (SELECT 1 {_WANTING_NEWS})", target_id)


async def wanting_news_here(target_id: int) -> list[int]:
    """Ids of the local actors that want to be told of everything the actor writes."""
    return [found[0] for found in await rows(f"SELECT f.follower_id {_WANTING_NEWS}", (target_id,))]


async def inboxes(target_id: int) -> list[Inbox]:
    """Each (host, inbox) at which followers of `target_id` are reached: the shared one where there is one.

    Of a group that is for its members, who follows and is no member, as after a ban, is not reached (attack GRP-20).
    """
    sql = (
        "SELECT DISTINCT a.host, CASE WHEN a.shared_inbox <> '' THEN a.shared_inbox ELSE a.inbox END"
        " FROM follow f JOIN actor a ON a.id = f.follower_id WHERE f.target_id = ? AND f.state = 'accepted'"
        " AND a.host <> '' AND a.deleted_at IS NULL AND a.suspended_at IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM groups g WHERE g.actor_id = f.target_id AND g.visibility <> 'public'"
        " AND NOT EXISTS (SELECT 1 FROM member m WHERE m.group_id = g.id AND m.actor_id = f.follower_id"
        " AND m.state = 'joined'))"
    )
    return [Inbox(*found) for found in await rows(sql, (target_id,))]


async def inboxes_once(face_id: int) -> list[Inbox]:
    """Each (host, inbox) at which members of the group with that face are reached, or were before they left it."""
    sql = (
        "SELECT DISTINCT a.host, CASE WHEN a.shared_inbox <> '' THEN a.shared_inbox ELSE a.inbox END"
        " FROM groups g JOIN member m ON m.group_id = g.id AND m.state <> 'pending' JOIN actor a ON a.id = m.actor_id"
        " WHERE g.actor_id = ? AND a.host <> '' AND a.deleted_at IS NULL AND a.suspended_at IS NULL"
    )
    return [Inbox(*found) for found in await rows(sql, (face_id,))]


async def inboxes_parted(target_id: int, since_ms: int) -> list[Inbox]:
    """Each (host, inbox) at which followers of `target_id` were reached until after that time, and left (PRI-13)."""
    sql = "SELECT host, inbox FROM parted WHERE target_id = ? AND left_at > ?"
    return [Inbox(*found) for found in await rows(sql, (target_id, since_ms))]


async def outside(face_id: int, *, elsewhere: bool, limit: int, among: Sequence[int] = ()) -> list[Follow]:
    """Who follows a group and is no member of it; `elsewhere`: all of other servers who follow it, or ask to.

    With `among` only of these, by their ids.
    """
    far = "a.host <> ''"
    none = "f.state = 'accepted' AND NOT EXISTS (SELECT 1 FROM groups g JOIN member m ON m.group_id = g.id"
    none += " AND m.actor_id = f.follower_id AND m.state = 'joined' WHERE g.actor_id = f.target_id)"
    sql = (
        f"SELECT {', '.join('f.' + name for name in Follow.__struct_fields__)} FROM follow f"
        f" JOIN actor a ON a.id = f.follower_id WHERE f.target_id = ? AND {far if elsewhere else none}"
        f"{' AND f.follower_id IN (?ints)' if among else ''} ORDER BY f.id LIMIT ?"
    )
    about = (face_id, list(among), limit) if among else (face_id, limit)
    return [Follow(*found) for found in await rows(sql, about)]


async def known_inboxes() -> list[Inbox]:
    """One shared inbox (or inbox) of every server we know: for `Delete` of an actor.

    Also of one of which nobody is left that we know: it may have what was sent when somebody was (attack ADM-22).
    """
    living = "deleted_at IS NULL AND suspended_at IS NULL"
    inbox = "CASE WHEN shared_inbox <> '' THEN shared_inbox ELSE inbox END"
    sql = (
        f"SELECT host, COALESCE(MIN(CASE WHEN {living} THEN {inbox} END), MIN({inbox})) FROM actor"
        " WHERE host <> '' AND inbox <> '' GROUP BY host"
    )
    return [Inbox(*found) for found in await rows(sql)]


def put(writes: Writes, follow: Follow) -> None:
    """Store the follow; a request never takes back what was accepted before."""
    writes.add(
        f"INSERT INTO follow ({', '.join(Follow.__struct_fields__)})"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (follower_id, target_id) DO UPDATE SET"
        " state = CASE WHEN follow.state = 'accepted' THEN follow.state ELSE excluded.state END,"
        " uri = excluded.uri, reblogs = excluded.reblogs, notify = excluded.notify,"
        " languages = excluded.languages,"
        " accepted_at = COALESCE(follow.accepted_at, excluded.accepted_at)",
        msgspec.structs.astuple(follow),
    )


def accept(writes: Writes, follow: Follow, now_ms: int) -> None:
    """The request was granted: counters of both move with it, once."""
    hold_all(writes, [follow.follower_id], follow.target_id)
    still = "(SELECT COUNT(*) FROM follow WHERE id = ? AND state = 'pending')"
    writes.add(
        f"UPDATE actor SET followers_count = followers_count + {still} WHERE id = ?", (follow.id, follow.target_id)
    )
    writes.add(
        f"UPDATE actor SET following_count = following_count + {still} WHERE id = ?", (follow.id, follow.follower_id)
    )
    writes.add(
        "UPDATE follow SET state = 'accepted', accepted_at = ? WHERE id = ? AND state = 'pending'", (now_ms, follow.id)
    )
    _answered(writes, follow.follower_id, follow.target_id)
    _counted_anew(writes, follow.follower_id, follow.target_id)


def asked_again(writes: Writes, follow_id: int, now_ms: int) -> None:
    """The request was sent once more."""
    writes.add("UPDATE follow SET created_at = ?, tries = tries + 1 WHERE id = ?", (now_ms, follow_id))


def remove(writes: Writes, follower_id: int, target_id: int) -> None:
    """The follow or request is gone, with what it put into the follower's home and lists."""
    remove_all(writes, [follower_id], target_id)


def remove_all(writes: Writes, follower_ids: Sequence[int], target_id: int) -> None:
    """As `remove`, of several who follow or ask to follow one."""
    ids = list(follower_ids)
    hold_all(writes, ids, target_id)
    had = "(SELECT COUNT(*) FROM follow WHERE target_id = ? AND follower_id IN (?ints) AND state = 'accepted')"
    writes.add(f"UPDATE actor SET followers_count = followers_count - {had} WHERE id = ?", (target_id, ids, target_id))
    writes.add(
        "UPDATE actor SET following_count = following_count - 1 WHERE id IN (?ints) AND EXISTS (SELECT 1 FROM follow"
        " WHERE follower_id = actor.id AND target_id = ? AND state = 'accepted')",
        (ids, target_id),
    )
    writes.add(PARTED.format("f.target_id = ? AND f.follower_id IN (?ints)"), (current().ids.now(), target_id, ids))
    writes.add("DELETE FROM follow WHERE target_id = ? AND follower_id IN (?ints)", (target_id, ids))
    writes.add(
        "DELETE FROM list_entry WHERE actor_id = ? AND list_id IN (SELECT id FROM list WHERE owner_id IN (?ints))",
        (target_id, ids),
    )
    writes.add("DELETE FROM endorsement WHERE target_id = ? AND actor_id IN (?ints)", (target_id, ids))
    writes.add("DELETE FROM group_list WHERE face_id = ? AND owner_id IN (?ints)", (target_id, ids))
    writes.add(
        "DELETE FROM notification WHERE owner_id = ? AND kind IN ('follow', 'follow_request') AND post_id = 0"
        " AND actor_id IN (?ints)",
        (target_id, ids),
    )
    writes.add(
        "DELETE FROM home_entry WHERE owner_id IN (?ints) AND (boosted_by = ? OR (boosted_by IS NULL AND post_id IN"
        " (SELECT id FROM post WHERE author_id = ?)))",
        (ids, target_id, target_id),
    )
    _counted_anew(writes, *ids, target_id)


def hold_all(writes: Writes, follower_ids: Sequence[int], target_id: int) -> None:
    """Until these writes are made nothing else happens between these; the one who is followed may be a group."""
    hold(writes, "groups", target_id, "actor_id")
    for actor_id in sorted({*follower_ids, target_id}):
        hold(writes, "actor", actor_id)


def _answered(writes: Writes, follower_id: int, target_id: int) -> None:
    """Nobody waits for an answer any more: who was asked is not told so any longer, and hears of a next request."""
    writes.add(
        "DELETE FROM notification WHERE owner_id = ? AND kind = 'follow_request' AND actor_id = ? AND post_id = 0",
        (target_id, follower_id),
    )


def _counted_anew(writes: Writes, *actor_ids: int) -> None:
    """Who looks at either of them sees the new counters, not what was rendered before."""
    for actor_id in actor_ids:
        fragments.forget_actor_later(writes, actor_id)
