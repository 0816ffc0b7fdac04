"""How members of ours and groups of Mobilizon stand to each other, beyond what `member` says of every group."""

from collections.abc import Collection

import msgspec

from storage import visible
from storage.connect import Writes, row, rows, value

ASKED, INVITED, JOINED, DECLINED, LEFT, ENDED = "asked", "invited", "joined", "declined", "left", "ended"


class Membership(msgspec.Struct, frozen=True):
    """One row of `membership`.

    `state` is asked, invited or joined; or declined or left, by the member, or ended, by the group. `uri` is the id of
    what makes them a member, which is that of their `Join` or of the `Invite`; `by_id` who invited them.
    """

    id: int
    actor_id: int
    group_id: int
    state: str
    uri: str
    by_id: int | None = None


class Invitation(msgspec.Struct, frozen=True):
    """An invitation that stands: the id of its row, the group's face, and who invites, if they are known still."""

    id: int
    face_id: int
    by_id: int | None


class Unasked(msgspec.Struct, frozen=True):
    """Somebody of ours who follows a group of Mobilizon and never asked to belong to it: of which request to follow."""

    actor_id: int
    face_id: int
    follow_uri: str


_COLUMNS = ", ".join(Membership.__struct_fields__)
_SELECT = f"SELECT {_COLUMNS} FROM membership "
# Those of whom a member may know, and neither blocks nor is blocked by: takes `visible.actor_args(viewer)` at the end.
STANDING = (
    "SELECT m.id, g.actor_id AS face_id, m.by_id FROM membership m JOIN groups g ON g.id = m.group_id"
    f" WHERE m.actor_id = ? AND m.state = 'invited' AND {visible.actor('g.actor_id')}"
)
_UNASKED = (
    "SELECT f.follower_id, f.target_id, f.uri FROM peer p JOIN actor t ON t.host = p.host AND t.kind = 'Group'"
    " AND t.deleted_at IS NULL JOIN groups g ON g.actor_id = t.id JOIN follow f ON f.target_id = t.id"
    " AND f.state = 'accepted' JOIN actor a ON a.id = f.follower_id AND a.host = '' AND a.deleted_at IS NULL"
    " AND a.suspended_at IS NULL WHERE p.software = 'mobilizon' AND NOT EXISTS (SELECT 1 FROM membership m"
    " WHERE m.actor_id = f.follower_id AND m.group_id = g.id) ORDER BY f.id LIMIT ?"
)


async def of(actor_id: int, group_id: int) -> Membership | None:
    """How a member of ours and a group stand to each other; None when neither ever spoke to the other."""
    found = await row(_SELECT + "WHERE actor_id = ? AND group_id = ?", (actor_id, group_id))
    return Membership(*found) if found else None


async def by_uri(uri: str) -> Membership | None:
    """That which has this id."""
    found = await row(_SELECT + "WHERE uri = ? ORDER BY id DESC LIMIT 1", (uri,))
    return Membership(*found) if found else None


async def invitations(actor_id: int, limit: int = 100) -> list[Invitation]:
    """The invitations of a member that stand, the newest first."""
    args = (actor_id, *visible.actor_args(actor_id), limit)
    return [Invitation(*found) for found in await rows(f"{STANDING} ORDER BY m.id DESC LIMIT ?", args)]


async def invited_by(actor_id: int, faces: Collection[int]) -> dict[int, int | None]:
    """Those of some groups' faces that have invited a member, with who did it there."""
    args = (actor_id, *visible.actor_args(actor_id), list(faces))
    found = await rows(f"{STANDING} AND g.actor_id IN (?ints)", args) if faces else []
    return {each[1]: each[2] for each in found}


async def invited_from(actor_id: int, host: str) -> int:
    """How many invitations into groups of one server stand."""
    sql = (
        "SELECT COUNT(*) FROM membership m JOIN groups g ON g.id = m.group_id JOIN actor a ON a.id = g.actor_id"
        " WHERE m.actor_id = ? AND m.state = 'invited' AND a.host = ?"
    )
    return int(await value(sql, (actor_id, host)))


async def unasked(limit: int) -> list[Unasked]:
    """Those who follow such groups from before anybody asked these to belong to them, or knew what they are."""
    return [Unasked(*found) for found in await rows(_UNASKED, (limit,))]


def put(writes: Writes, membership: Membership) -> None:
    """Store how the two stand to each other now."""
    writes.add(
        f"INSERT INTO membership ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (actor_id, group_id) DO UPDATE SET"
        " state = excluded.state, uri = excluded.uri, by_id = excluded.by_id",
        msgspec.structs.astuple(membership),
    )


def settle(writes: Writes, membership: Membership, state: str) -> None:
    """From now on they stand so; whoever was told of an invitation need not decide about it any more."""
    put(writes, msgspec.structs.replace(membership, state=state))
    writes.add(
        "DELETE FROM notification WHERE kind = 'follow_request' AND owner_id = ? AND post_id = 0"
        " AND actor_id = (SELECT actor_id FROM groups WHERE id = ?)",
        (membership.actor_id, membership.group_id),
    )


def forget(writes: Writes, membership: Membership) -> None:
    """An invitation was taken back before anybody answered it: as if nobody had ever spoken."""
    settle(writes, membership, LEFT)
    writes.add("DELETE FROM membership WHERE actor_id = ? AND group_id = ?", (membership.actor_id, membership.group_id))
