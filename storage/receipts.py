"""What was sent of a post, what was noted of refusals, and since when servers are followed from."""

import msgspec

from storage.connect import rows
from storage.outbox import Entry
from storage.peers import Peer

_ENTRIES = f"SELECT {', '.join(Entry.__struct_fields__)} FROM outbox WHERE post_id = ? ORDER BY seq LIMIT ?"
_STATUS = "CASE WHEN status < 0 THEN -1 - status ELSE status END"  # an admin has looked at it (storage/backlog.py)
_NOTES = f"SELECT host, seq, inbox, {_STATUS}, answer, noted_at FROM delivery_note WHERE seq IN (?ints)"
_PEERS = f"SELECT {', '.join(Peer.__struct_fields__)} FROM peer WHERE host IN (?texts)"
_SINCE = (
    "SELECT f.target_id, a.host, MIN(COALESCE(f.accepted_at, f.created_at)) FROM follow f"
    " JOIN actor a ON a.id = f.follower_id WHERE f.target_id IN (?ints) AND f.state = 'accepted' AND a.host <> ''"
    " GROUP BY f.target_id, a.host"
)


class Note(msgspec.Struct, frozen=True):
    """How a delivery ended that was not taken; `inbox` '' stands for all of the server's, `noted_at` is in ms."""

    host: str
    seq: int
    inbox: str
    status: int
    answer: str
    noted_at: int


async def entries(post_id: int, limit: int) -> list[Entry]:
    """The first entries of the log that speak of a post, as far back as the log goes."""
    return [Entry(*found) for found in await rows(_ENTRIES, (post_id, limit))]


async def notes(seqs: list[int]) -> list[Note]:
    """What was noted of these entries."""
    return [Note(*found) for found in await rows(_NOTES, (seqs,))] if seqs else []


async def peers(hosts: list[str]) -> dict[str, Peer]:
    """Those of the servers that are known, by host."""
    return {found[0]: Peer(*found) for found in await rows(_PEERS, (hosts,))} if hosts else {}


async def followed_since(target_ids: list[int]) -> dict[tuple[int, str], int]:
    """Since when (ms) somebody at a host follows an actor, by the actor's id and the host."""
    return {(found[0], found[1]): found[2] for found in await rows(_SINCE, (target_ids,))} if target_ids else {}
