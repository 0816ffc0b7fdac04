"""Posts from elsewhere that wait before they are in a group of ours, and what a group told whom of that.

What waits is kept as it came and is no post yet. When it is let in it is taken up as if it had just come, so that
everything a post means is done by those who do it for every other post.
"""

from collections.abc import Sequence

import msgspec

from storage import jobs
from storage.connect import Writes, execute, row, rows

WAITING, RELEASED, REFUSED = "waiting", "released", "refused"
NEWCOMER = ("links", "pictures", "mentions", "threads", "replies")  # why a post waits whose author is new
PROMOTION, FLOOD, SLOW, COOLDOWN = "promotion", "flood", "slow", "cooldown"
PASSING = (*NEWCOMER, PROMOTION, FLOOD, SLOW)  # limits that pass
KINDS = ("rules", *PASSING, COOLDOWN)
MOST_OF_ONE, MOST_OF_HOST, MOST_OF_GROUP = 20, 200, 1_000  # that wait for a group at once (attack GRP-13)


class Held(msgspec.Struct, frozen=True):
    """One row of `held`; `body` is the activity as it came, None since it was decided."""

    id: int
    group_id: int
    actor_id: int
    host: str
    post_uri: str
    signer: str
    body: bytes | None
    kind: str
    state: str
    held_at: int


class Asked(msgspec.Struct, frozen=True):
    """What a group tells somebody once: of which kind, and for 'rules' and 'welcome' in which version."""

    group_id: int
    actor_id: int
    kind: str
    version: str = ""


COLUMNS = ", ".join(Held.__struct_fields__)
_SELECT = f"SELECT {COLUMNS} FROM held "
OF_URIS = "SELECT post_uri, group_id, state FROM held WHERE post_uri IN (?texts)"
_ROOM = (
    "(SELECT COUNT(*) FROM held h WHERE h.group_id = ? AND h.actor_id = ? AND h.state = 'waiting') < ?"
    " AND (SELECT COUNT(*) FROM held h WHERE h.group_id = ? AND h.state = 'waiting' AND h.host = ?) < ?"
    " AND (SELECT COUNT(*) FROM held h WHERE h.group_id = ? AND h.state = 'waiting') < ?"
)
_TOLD = "told WHERE group_id = ? AND actor_id = ? AND kind = ? AND version = ?"
_AGREED = "SELECT version FROM told WHERE group_id = ? AND actor_id = ? AND kind IN ('rules', 'welcome')"
_WAITS_FOR_CONSENT = "group_id = ? AND CAST(? AS BIGINT) IN (0, actor_id) AND state = 'waiting' AND kind = 'rules'"


async def by_id(held_id: int) -> Held | None:
    """The post that waits, or waited, under this number."""
    found = await row(_SELECT + "WHERE id = ?", (held_id,))
    return Held(*found) if found else None


async def of_group(group_id: int, limit: int) -> list[Held]:
    """What waits for a group, the longest first."""
    found = await rows(_SELECT + "WHERE group_id = ? AND state = 'waiting' ORDER BY id LIMIT ?", (group_id, limit))
    return [Held(*each) for each in found]


async def of_author(group_id: int, actor_id: int, kinds: Sequence[str] = KINDS) -> list[Held]:
    """What waits of one author for a group (0: of all) for one of these reasons, in the order in which it came."""
    where = "WHERE group_id = ? AND CAST(? AS BIGINT) IN (0, actor_id) AND state = 'waiting' AND kind IN (?texts)"
    return [Held(*each) for each in await rows(f"{_SELECT}{where} ORDER BY id", (group_id, actor_id, list(kinds)))]


async def limited() -> dict[int, list[int]]:
    """Of whom something waits for a limit that passes: ids of the authors, by group."""
    sql = "SELECT DISTINCT group_id, actor_id FROM held WHERE state = 'waiting' AND kind IN (?texts)"
    found: dict[int, list[int]] = {}
    for group_id, actor_id in await rows(sql, (list(PASSING),)):
        found.setdefault(group_id, []).append(actor_id)
    return found


async def count(group_id: int) -> int:
    """How many posts wait for a group."""
    found = await row("SELECT COUNT(*) FROM held WHERE group_id = ? AND state = 'waiting'", (group_id,))
    return int(found[0]) if found else 0


def put(writes: Writes, held: Held) -> None:
    """Let a post wait, as long as there is room; a later word of its author about it comes in its place.

    What was decided about the post stays decided. A later word has another number: whoever decides about a number has
    seen what it stands for.
    """
    group_id, actor_id, host = held.group_id, held.actor_id, held.host
    room = (group_id, actor_id, MOST_OF_ONE, group_id, host, MOST_OF_HOST, group_id, MOST_OF_GROUP)
    update = (held.body, held.id, held.body, held.signer, held.kind, held.post_uri, group_id, actor_id)
    writes.add(
        "UPDATE held SET id = CASE WHEN body = ? THEN id ELSE ? END, body = ?, signer = ?, kind = ?"
        " WHERE post_uri = ? AND group_id = ? AND actor_id = ? AND state = 'waiting'",
        update,
    )
    values = "CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS TEXT),"
    values += " CAST(? AS TEXT), ?, CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT)"
    writes.add(
        f"INSERT INTO held ({COLUMNS}) SELECT {values} WHERE {_ROOM} ON CONFLICT DO NOTHING",
        (*msgspec.structs.astuple(held), *room),
    )


def take_up(writes: Writes, held: Held, item_id: int, mark: bytes) -> None:
    """What waits is taken up once more, as if it had just come; `mark` is what the item is recognised by.

    Nothing happens when it does not wait any more.
    """
    writes.add(
        "INSERT INTO inbox_item (id, uri_hash, signer, body, state) SELECT CAST(? AS BIGINT), ?, signer, body, 0"
        " FROM held WHERE id = ? AND state = 'waiting' AND body IS NOT NULL ON CONFLICT DO NOTHING",
        (item_id, mark, held.id),
    )


def decide(writes: Writes, held_id: int, state: str) -> None:
    """It waits no more."""
    writes.add("UPDATE held SET state = ?, body = NULL WHERE id = ? AND state = 'waiting'", (state, held_id))


def let_in(writes: Writes, post_uri: str, group_id: int) -> None:
    """A post is in the group, though it waited: what it waited for has come."""
    writes.add(
        "UPDATE held SET state = 'released', body = NULL WHERE post_uri = ? AND group_id = ? AND state = 'waiting'",
        (post_uri, group_id),
    )


def drop(writes: Writes, held_id: int) -> None:
    """Nobody knows that it waited."""
    writes.add("DELETE FROM held WHERE id = ?", (held_id,))


def drop_of(writes: Writes, post_uri: str, author_uri: str) -> None:
    """Its author deleted it."""
    writes.add(
        "DELETE FROM held WHERE post_uri = ? AND actor_id = (SELECT id FROM actor WHERE uri = ?)",
        (post_uri, author_uri),
    )


def refuse_all(writes: Writes, group_id: int, actor_id: int) -> None:
    """Nothing of the author's waits for the group any more."""
    writes.add(
        "UPDATE held SET state = 'refused', body = NULL WHERE group_id = ? AND actor_id = ? AND state = 'waiting'",
        (group_id, actor_id),
    )


async def forget(before_ms: int) -> int:
    """Drop what was held before then; gives how many rows went."""
    return await execute("DELETE FROM held WHERE held_at < ?", (before_ms,))


def tell_once(writes: Writes, asked: Asked, job_id: int, now: int) -> None:
    """Let a job tell somebody, if they were not told that before."""
    args: dict[str, object] = {
        "group": asked.group_id, "actor": asked.actor_id, "kind": asked.kind, "version": asked.version,
    }  # fmt: skip
    never = f"NOT EXISTS (SELECT 1 FROM {_TOLD})"
    jobs.add_if(writes, job_id, "tell_held", args, now, never, *msgspec.structs.astuple(asked))
    put_told(writes, asked, None, now)


def put_told(writes: Writes, asked: Asked, post_id: int | None, now: int) -> None:
    """Keep that somebody is told, or was by that message."""
    writes.add(
        "INSERT INTO told (group_id, actor_id, kind, version, told_at, post_id) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (*msgspec.structs.astuple(asked), now, post_id),
    )


async def take(asked: Asked, post_id: int) -> bool:
    """That post tells it; False when one did. Belongs in the transaction that writes the post."""
    sql = f"UPDATE {_TOLD.replace(' WHERE', ' SET post_id = ? WHERE')} AND post_id IS NULL"
    return bool(await execute(sql, (post_id, *msgspec.structs.astuple(asked))))


def agree(writes: Writes, group_id: int, actor_id: int, job_id: int, now: int) -> None:
    """Somebody says yes to the rules that the group told them last; what waits for that is taken up by a job."""
    writes.add(
        "INSERT INTO consent (actor_id, group_id, version, agreed_at)"
        " SELECT CAST(? AS BIGINT), CAST(? AS BIGINT), latest.version, CAST(? AS BIGINT)"
        f" FROM ({_AGREED} ORDER BY told_at DESC, version LIMIT 1) latest WHERE 1 = 1 ON CONFLICT DO NOTHING",
        (actor_id, group_id, now, group_id, actor_id),
    )
    take_up_later(writes, group_id, actor_id, job_id, now)


def take_up_cooled(writes: Writes, group_id: int, job_id: int, now: int) -> None:
    """Let a job take up what waits for a thread of a group to be opened, if anything does."""
    waits = "EXISTS (SELECT 1 FROM held WHERE group_id = ? AND state = 'waiting' AND kind = 'cooldown')"
    jobs.add_if(writes, job_id, "take_up_cooled", {"group": group_id}, now, waits, group_id)


def take_up_later(writes: Writes, group_id: int, actor_id: int, job_id: int, now: int) -> None:
    """Let a job take up what waits for somebody's consent (0: for that of anybody), if anything does."""
    args: dict[str, object] = {"group": group_id, "actor": actor_id}
    waits = f"EXISTS (SELECT 1 FROM held WHERE {_WAITS_FOR_CONSENT})"
    jobs.add_if(writes, job_id, "take_up_held", args, now, waits, group_id, actor_id)
