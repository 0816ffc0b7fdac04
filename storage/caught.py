"""Posts of people elsewhere whom nobody here knows, kept back before anybody here is told of them.

What waits is kept as it came and is no post yet. When it is let in it is taken up as if it had just come.
"""

from collections.abc import Iterable, Sequence

import msgspec

from storage.connect import Writes, execute, row, rows

WAITING, PASSED, RELEASED, REFUSED = "waiting", "passed", "released", "refused"
MOST = 20_000  # that wait at once: beyond it what is new is refused, as by a full letter box
_SHOWN = 5  # authors of a cluster that its line names


class Caught(msgspec.Struct, frozen=True):
    """One row of `caught`; `excerpt` is plain text."""

    id: int
    post_uri: str
    actor_id: int
    host: str
    signer: str
    body: bytes | None
    kind: str
    state: str
    text_key: str
    excerpt: str
    caught_at: int


class Cluster(msgspec.Struct, frozen=True):
    """What waits with the same text."""

    text_key: str
    posts: int
    people: int
    hosts: int
    first: int
    last: int
    excerpt: str
    kinds: str  # with commas


_COLUMNS = ", ".join(Caught.__struct_fields__)
# Somebody here follows them, wrote to them, or vouches for them; or they have been around for a while.
_KNOWN = """
SELECT a.id FROM actor a WHERE a.id IN (?ints) AND (
 EXISTS (SELECT 1 FROM trusted_contact t WHERE t.actor_id = a.id)
 OR EXISTS (SELECT 1 FROM follow f JOIN actor o ON o.id = f.follower_id AND o.host = '' WHERE f.target_id = a.id)
 OR EXISTS (SELECT 1 FROM mention m JOIN post p ON p.id = m.post_id AND p.local = 1 WHERE m.actor_id = a.id)
 OR EXISTS (SELECT 1 FROM post p WHERE p.author_id = a.id AND p.received_at < ? AND p.deleted_at IS NULL))"""
_CLUSTERS = """
SELECT c.text_key, COUNT(*), COUNT(DISTINCT c.actor_id), COUNT(DISTINCT c.host), MIN(c.caught_at), MAX(c.caught_at),
 (SELECT newest.excerpt FROM caught newest WHERE newest.text_key = c.text_key AND newest.state = 'waiting'
  ORDER BY newest.id DESC LIMIT 1),
 MIN(c.kind) || CASE WHEN MIN(c.kind) = MAX(c.kind) THEN '' ELSE ',' || MAX(c.kind) END
FROM caught c WHERE c.state = 'waiting' GROUP BY c.text_key ORDER BY COUNT(*) DESC, MAX(c.id) DESC LIMIT ? OFFSET ?"""


async def known(actor_ids: Sequence[int], since: int) -> set[int]:
    """Those of some people elsewhere whom somebody here has to do with, or who were here before `since`."""
    return {found[0] for found in await rows(_KNOWN, (list(actor_ids), since))}


async def followers(of: Sequence[int], among: Sequence[int]) -> set[tuple[int, int]]:
    """(follower, followed) of those who follow some people, or want to, among some others."""
    sql = "SELECT follower_id, target_id FROM follow WHERE target_id IN (?ints) AND follower_id IN (?ints)"
    return {(found[0], found[1]) for found in await rows(sql, (list(of), list(among)))}


async def states(uris: Sequence[str]) -> dict[str, str]:
    """The states of posts that were caught."""
    return dict(await rows("SELECT post_uri, state FROM caught WHERE post_uri IN (?texts)", (list(uris),)))


async def same(text_keys: Iterable[str], since: int) -> dict[str, int]:
    """How many posts with each of these texts came since then."""
    sql = "SELECT text_key, COUNT(*) FROM caught WHERE text_key IN (?texts) AND caught_at > ? GROUP BY text_key"
    return {found[0]: int(found[1]) for found in await rows(sql, (list(text_keys), since))}


def put(writes: Writes, found: Caught) -> None:
    """Keep it; a later word of its author about a post that waits comes in its place, what was decided stays."""
    writes.add(
        "UPDATE caught SET body = ?, signer = ?, excerpt = ?, text_key = ?, kind = ?, state = ?"
        " WHERE post_uri = ? AND actor_id = ? AND state IN ('waiting', 'passed')",
        (found.body, found.signer, found.excerpt, found.text_key, found.kind, found.state, found.post_uri,
         found.actor_id),
    )  # fmt: skip
    values = (
        "CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS TEXT), ?, CAST(? AS TEXT),"
        " CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT)"
    )
    room = "(SELECT COUNT(*) FROM caught full_of WHERE full_of.state = 'waiting') < ?"
    writes.add(
        f"INSERT INTO caught ({_COLUMNS}) SELECT {values} WHERE {room} ON CONFLICT DO NOTHING",
        (*msgspec.structs.astuple(found), MOST),
    )


async def count() -> int:
    """How many posts wait."""
    found = await row("SELECT COUNT(*) FROM caught WHERE state = 'waiting'")
    return int(found[0]) if found else 0


async def clusters(limit: int, offset: int = 0) -> list[Cluster]:
    """What waits, by text; what came most often first."""
    return [Cluster(*found) for found in await rows(_CLUSTERS, (limit, offset))]


async def some(text_key: str, limit: int = _SHOWN, before: int = 2**62) -> list[Caught]:
    """Posts with a text that wait, the latest first."""
    sql = f"SELECT {_COLUMNS} FROM caught WHERE text_key = ? AND state = 'waiting' AND id < ? ORDER BY id DESC LIMIT ?"
    return [Caught(*found) for found in await rows(sql, (text_key, before, limit))]


async def of_actor(actor_id: int) -> list[Caught]:
    """All that waits of somebody, the first first."""
    sql = f"SELECT {_COLUMNS} FROM caught WHERE actor_id = ? AND state = 'waiting' ORDER BY id"
    return [Caught(*found) for found in await rows(sql, (actor_id,))]


async def people(text_key: str, state: str) -> list[int]:
    """Whose posts with a text are in that state."""
    sql = "SELECT DISTINCT actor_id FROM caught WHERE text_key = ? AND state = ? ORDER BY actor_id"
    return [found[0] for found in await rows(sql, (text_key, state))]


def take_up(writes: Writes, found: Caught, item_id: int, mark: bytes) -> None:
    """It comes once more, as if it had just come; `mark` is what the item is recognised by."""
    writes.add(
        "INSERT INTO inbox_item (id, uri_hash, signer, body, state) SELECT CAST(? AS BIGINT), ?, signer, body, 0"
        " FROM caught WHERE id = ? AND state = 'waiting' AND body IS NOT NULL ON CONFLICT DO NOTHING",
        (item_id, mark, found.id),
    )
    writes.add("UPDATE caught SET state = 'released', body = NULL WHERE id = ? AND state = 'waiting'", (found.id,))


async def refuse(text_key: str) -> int:
    """What waits with a text waits no more and comes to nobody; how many posts that were."""
    sql = "UPDATE caught SET state = 'refused', body = NULL WHERE text_key = ? AND state = 'waiting'"
    return await execute(sql, (text_key,))


def trust(writes: Writes, actor_id: int, now_ms: int) -> None:
    """Nothing of theirs is to wait from now on."""
    writes.add(
        "INSERT INTO trusted_contact (actor_id, trusted_at) VALUES (?, ?) ON CONFLICT DO NOTHING", (actor_id, now_ms)
    )


def drop_of(writes: Writes, post_uri: str, author_uri: str) -> None:
    """Its author deleted it."""
    writes.add(
        "DELETE FROM caught WHERE post_uri = ? AND actor_id = (SELECT id FROM actor WHERE uri = ?)",
        (post_uri, author_uri),
    )


async def forget(passed: int, decided: int) -> int:
    """Drop what passed before then, and all else that came before then; how many rows went."""
    sql = "DELETE FROM caught WHERE (state = 'passed' AND caught_at < ?) OR caught_at < ?"
    return await execute(sql, (passed, decided))
