"""Other servers: what we let them do, what they run, and how far deliveries to them have got."""

from collections.abc import Sequence

import msgspec

from storage.connect import Writes, execute, row, rows


class Peer(msgspec.Struct, frozen=True):
    """One row of `peer`; `policy` is '', allow, limit or suspend; `family` is '', groups, microblog or threads."""

    host: str
    policy: str
    software: str
    software_version: str
    family: str
    software_checked_at: int | None
    scheme: str
    cursor: int
    failures: int
    failing_since: int | None
    next_attempt_at: int | None
    last_error: str
    first_seen_at: int
    last_in_at: int | None
    last_out_at: int | None


# The policy that holds for the host in `{0}`: its own or that of the nearest domain above it, whatever the port.
_HOLDS = (
    "COALESCE((SELECT p.policy FROM peer p WHERE p.policy <> '' AND ({0} = p.host"
    " OR {0} LIKE '%.' || REPLACE(p.host, '_', '!_') ESCAPE '!'"
    " OR {0} LIKE REPLACE(p.host, '_', '!_') || ':%' ESCAPE '!'"
    " OR {0} LIKE '%.' || REPLACE(p.host, '_', '!_') || ':%' ESCAPE '!')"
    " ORDER BY LENGTH(p.host) DESC LIMIT 1), '')"
)
_FIND_AGAIN = (
    f"UPDATE peer SET holds = {_HOLDS.format('peer.host')} WHERE host = ? OR host LIKE ? ESCAPE '!'"
    " OR host LIKE ? ESCAPE '!' OR host LIKE ? ESCAPE '!'"
)
# `{0}` is where its deliveries start.
_MEET = (
    f"INSERT INTO peer (host, holds, cursor, first_seen_at) SELECT met.host, {_HOLDS.format('met.host')}, {{0}},"
    " CAST(? AS BIGINT) FROM (SELECT CAST(? AS TEXT) AS host) met WHERE 1 = 1 ON CONFLICT (host) DO NOTHING"
)

COLUMNS = ", ".join(Peer.__struct_fields__)
_SELECT = f"SELECT {COLUMNS} FROM peer "
_GONE = "inbox, host, first_refused_at, last_refused_at, retired_at"


async def get(host: str) -> Peer | None:
    """The peer of that name (`host` or `host:port`)."""
    found = await row(_SELECT + "WHERE host = ?", (host,))
    return Peer(*found) if found else None


async def running(software: str, hosts: Sequence[str]) -> set[str]:
    """Those of some peers that run a program."""
    sql = "SELECT host FROM peer WHERE software = ? AND host IN (?texts)"
    return {found[0] for found in await rows(sql, (software, list(hosts)))} if hosts else set()


async def everybody() -> list[Peer]:
    """All peers, by name."""
    return [Peer(*found) for found in await rows(_SELECT + "ORDER BY host")]


async def blocked() -> list[tuple[str, str, str]]:
    """(host, policy, what is said of it in public) of those that an admin blocked or limited, by name."""
    sql = "SELECT host, policy, public_comment FROM peer WHERE policy IN ('limit', 'suspend') ORDER BY host"
    return [(found[0], found[1], found[2]) for found in await rows(sql)]


async def behind(head: int) -> list[Peer]:
    """Peers for which not everything up to `head` is settled, by name."""
    return [Peer(*found) for found in await rows(_SELECT + "WHERE cursor < ? ORDER BY host", (head,))]


def meet(writes: Writes, host: str, now_ms: int) -> None:
    """Make the peer known; its deliveries start behind what is in the log now."""
    writes.add(_MEET.format("(SELECT COALESCE(MAX(seq), 0) FROM outbox)"), (now_ms, host))


async def meet_at(host: str, cursor: int, now_ms: int) -> None:
    """As `meet`, for a peer to which the entries behind `cursor` go."""
    await execute(_MEET.format("CAST(? AS BIGINT)"), (cursor, now_ms, host))


async def set_policy(host: str, policy: str, public_comment: str, private_comment: str, now_ms: int) -> None:
    """Decide what the peer, with all its sub-domains, may do; '' takes the decision back."""
    await execute(
        "INSERT INTO peer (host, policy, public_comment, private_comment, cursor, first_seen_at)"
        " SELECT CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), COALESCE(MAX(seq), 0),"
        " CAST(? AS BIGINT) FROM outbox WHERE 1 = 1 ON CONFLICT (host) DO UPDATE SET policy = excluded.policy,"
        " public_comment = excluded.public_comment, private_comment = excluded.private_comment",
        (host, policy, public_comment, private_comment, now_ms),
    )
    escaped = host.replace("_", "!_")
    await execute(_FIND_AGAIN, (host, f"%.{escaped}", f"{escaped}:%", f"%.{escaped}:%"))


async def set_software(host: str, software: str, version: str, family: str, now_ms: int) -> None:
    """Note what the peer says it runs."""
    await execute(
        "UPDATE peer SET software = ?, software_version = ?, family = ?, software_checked_at = ? WHERE host = ?",
        (software, version, family, now_ms, host),
    )


def presume(writes: Writes, host: str, software: str, family: str) -> None:
    """Note what the peer seems to run, unless it has said it, or was seen to, before."""
    writes.add(
        "UPDATE peer SET software = ?, family = ? WHERE host = ? AND software = ''",
        (software, family, host),
    )


def set_scheme(writes: Writes, host: str, scheme: str) -> None:
    """Note which signature scheme the peer verifies ('cavage' or 'rfc9421')."""
    writes.add("UPDATE peer SET scheme = ? WHERE host = ?", (scheme, host))


def put_progress(
    writes: Writes,
    host: str,
    *,
    cursor: int,
    failures: int,
    failing_since: int | None,
    next_attempt_at: int | None,
    error: str,
    delivered_at: int | None,
) -> None:
    """How far deliveries to the peer have got, and how it answers. A cursor never goes back."""
    writes.add(
        "UPDATE peer SET cursor = CASE WHEN cursor > ? THEN cursor ELSE ? END, failures = ?, failing_since = ?,"
        " next_attempt_at = ?, last_error = ?, last_out_at = ? WHERE host = ?",
        (cursor, cursor, failures, failing_since, next_attempt_at, error[:500], delivered_at, host),
    )


def skip_all_but(writes: Writes, hosts: list[str], cursor: int) -> None:
    """The entries up to `cursor` are settled for every peer but these."""
    writes.add("UPDATE peer SET cursor = ? WHERE cursor < ? AND host NOT IN (?texts)", (cursor, cursor, hosts))


class GoneInbox(msgspec.Struct, frozen=True):
    """An inbox that answered 404 or 410; times in ms. When `retired_at` is set it is not written to any more."""

    inbox: str
    host: str
    first_refused_at: int
    last_refused_at: int
    retired_at: int | None


async def gone_inboxes() -> list[GoneInbox]:
    """All of them."""
    return [GoneInbox(*found) for found in await rows(f"SELECT {_GONE} FROM retired_inbox")]


def put_gone(writes: Writes, found: GoneInbox) -> None:
    """An inbox answered that it is not there."""
    writes.add(
        f"INSERT INTO retired_inbox ({_GONE}) VALUES (?, ?, ?, ?, ?) ON CONFLICT (inbox) DO UPDATE SET"
        " last_refused_at = excluded.last_refused_at, retired_at = excluded.retired_at",
        msgspec.structs.astuple(found),
    )


def revive_inbox(writes: Writes, inbox: str) -> None:
    """An inbox took something again."""
    writes.add("DELETE FROM retired_inbox WHERE inbox = ?", (inbox,))
