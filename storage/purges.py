"""What there is here of a server that is suspended, with its sub-domains, to be erased: how much, and some of it.

What was decided otherwise about a sub-domain is left out. An actor that was erased so keeps its row, since threads of
others name it; without an inbox (`Actor.forgotten`) it is met as if for the first time.
"""

import msgspec

from storage import actors, peers
from storage.connect import Writes, read_many, rows

# `{0}` is what has a host.
_OF = "FROM {0} JOIN peer ON peer.host = {0}.host AND peer.holds = 'suspend' WHERE {1}"
_ACTORS = f"{_OF.format('actor', peers.below('actor.host'))} AND actor.deleted_at IS NULL"
_COPIES = _OF.format("copy", peers.below("copy.host"))


class Amount(msgspec.Struct, frozen=True):
    """How many accounts and groups, posts and copies of pictures there are of a server, and what these take."""

    actors: int
    posts: int
    copies: int
    bytes: int


async def amount(host: str) -> Amount:
    """How much there is."""
    args = peers.below_args(host)
    posts = f"SELECT COUNT(*) FROM post WHERE deleted_at IS NULL AND author_id IN (SELECT actor.id {_ACTORS})"
    found = await read_many(
        [
            (f"SELECT COUNT(*) {_ACTORS}", args),
            (posts, args),
            (f"SELECT COUNT(*), COALESCE(SUM(copy.size), 0) {_COPIES}", args),
        ]
    )
    return Amount(*(int(number) for each in found for number in each[0]))


async def some_actors(host: str, limit: int) -> list[int]:
    """Some accounts and groups of which something is left, by their numbers."""
    found = await rows(f"SELECT actor.id {_ACTORS} ORDER BY actor.id LIMIT ?", (*peers.below_args(host), limit))
    return [each[0] for each in found]


async def some_copies(host: str, limit: int) -> dict[str, str | None]:
    """Some copies of pictures, by their addresses, with the names of their files."""
    found = await rows(f"SELECT copy.url, copy.key {_COPIES} LIMIT ?", (*peers.below_args(host), limit))
    return {each[0]: each[1] for each in found}


def forget_actor(writes: Writes, actor_id: int, now_ms: int) -> None:
    """Nothing is left of an actor but that its id is known."""
    actors.erase(writes, actor_id, now_ms)
    writes.add("UPDATE actor SET inbox = '', shared_inbox = '' WHERE id = ?", (actor_id,))


def forget_rest(writes: Writes, host: str) -> None:
    """What else is kept of a server: its emojis, and what passed on which day."""
    for table in ("emoji", "peer_day"):
        writes.add(
            f"DELETE FROM {table} WHERE {peers.below('host')} AND host IN"
            " (SELECT peer.host FROM peer WHERE peer.holds = 'suspend')",
            peers.below_args(host),
        )
