"""Other servers: what we let them do, what they run, and how far deliveries to them have got."""

from collections.abc import Mapping, Sequence

import msgspec

from storage.connect import Writes, execute, row, rows
from storage.paging import Page


class Decision(msgspec.Struct, frozen=True):
    """What a server, with all its sub-domains, may do here.

    `policy` is '', allow, limit or suspend. `obfuscate`: who may read what was decided is told only part of its name.
    `hold_contact`: first words of its people to people here who do not know them wait (`inbox/contacts.py`).
    """

    policy: str = ""
    reject_media: bool = False
    reject_reports: bool = False
    public_comment: str = ""
    private_comment: str = ""
    obfuscate: bool = False
    hold_contact: bool = False

    @property
    def anything(self) -> bool:
        """Whether it says anything about what the server may do."""
        return bool(self.policy or self.reject_media or self.reject_reports or self.hold_contact)


class Decided(msgspec.Struct, frozen=True):
    """A decision as it stands: about which server, and its number, which has the time in it."""

    id: int
    host: str
    decision: Decision


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
_BELOW = "({0} = ? OR {0} LIKE ? ESCAPE '!' OR {0} LIKE ? ESCAPE '!' OR {0} LIKE ? ESCAPE '!')"
_FIND_AGAIN = f"UPDATE peer SET holds = {_HOLDS.format('peer.host')} WHERE {_BELOW.format('host')}"
# A server that was only ever named by a decision, and is by none any more.
_FORGET = (
    "DELETE FROM peer WHERE host = ? AND decision_id IS NULL AND software = '' AND software_checked_at IS NULL"
    " AND last_in_at IS NULL AND last_out_at IS NULL AND failing_since IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM actor WHERE actor.host = peer.host)"
)
# `{0}` is where its deliveries start.
_MEET = (
    f"INSERT INTO peer (host, holds, cursor, first_seen_at) SELECT met.host, {_HOLDS.format('met.host')}, {{0}},"
    " CAST(? AS BIGINT) FROM (SELECT CAST(? AS TEXT) AS host) met WHERE 1 = 1 ON CONFLICT (host) DO NOTHING"
)

COLUMNS = ", ".join(Peer.__struct_fields__)
_SELECT = f"SELECT {COLUMNS} FROM peer "
_DECIDED = (
    "SELECT decision_id, host, policy, reject_media, reject_reports, public_comment, private_comment, obfuscate,"
    " hold_contact FROM peer "
)
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


async def met() -> list[str]:
    """The names of those that were met, not only named by a decision."""
    seen = ("software_checked_at", "last_in_at", "last_out_at")
    sql = "SELECT host FROM peer WHERE " + " OR ".join(f"{name} IS NOT NULL" for name in seen)
    return [found[0] for found in await rows(sql)]


async def decided() -> list[Decided]:
    """What was decided, by the names of the servers."""
    return [_decided(*found) for found in await rows(_DECIDED + "WHERE decision_id IS NOT NULL ORDER BY host")]


async def decisions(page: Page, *, allowed: bool) -> tuple[list[Decided], bool]:
    """A page of those that allow, or of the others, the latest first; and whether there are older ones."""
    found = await _some(page, page.limit + 1, allowed)
    older, found = len(found) > page.limit, found[: page.limit]
    if page.forward and found:
        found.reverse()
        older = bool(await _some(page.under(found[-1].id), 1, allowed))
    return found, older


async def _some(page: Page, limit: int, allowed: bool) -> list[Decided]:
    policy = "= 'allow'" if allowed else "<> 'allow'"
    sql = f"{_DECIDED} WHERE policy {policy} AND decision_id < ? AND decision_id > ? ORDER BY decision_id {page.order}"
    return [_decided(*found) for found in await rows(f"{sql} LIMIT ?", (*page.bounds, limit))]


async def decision(host: str) -> Decided | None:
    """What was decided about just this server."""
    found = await row(_DECIDED + "WHERE host = ? AND decision_id IS NOT NULL", (host,))
    return _decided(*found) if found else None


async def decision_by_id(decision_id: int) -> Decided | None:
    """The decision with this number."""
    found = await row(_DECIDED + "WHERE decision_id = ?", (decision_id,))
    return _decided(*found) if found else None


async def behind(head: int) -> list[Peer]:
    """Peers for which not everything up to `head` is settled, by name."""
    return [Peer(*found) for found in await rows(_SELECT + "WHERE cursor < ? ORDER BY host", (head,))]


async def failing(limit: int) -> list[tuple[str, int]]:
    """Peers to which deliveries fail, and how often they did in a row; the worst first."""
    sql = "SELECT host, failures FROM peer WHERE failures > 0 ORDER BY failures DESC, host LIMIT ?"
    return [(host, failures) for host, failures in await rows(sql, (limit,))]


async def count_failing() -> int:
    """How many peers there are to which deliveries fail."""
    found = await row("SELECT COUNT(*) FROM peer WHERE failures > 0")
    return found[0] if found else 0


def meet(writes: Writes, host: str, now_ms: int) -> None:
    """Make the peer known; its deliveries start behind what is in the log now."""
    writes.add(_MEET.format("(SELECT COALESCE(MAX(seq), 0) FROM outbox)"), (now_ms, host))


async def meet_at(host: str, cursor: int, now_ms: int) -> None:
    """As `meet`, for a peer to which the entries behind `cursor` go."""
    await execute(_MEET.format("CAST(? AS BIGINT)"), (cursor, now_ms, host))


async def decide(host: str, decision: Decision, decision_id: int | None, now_ms: int) -> None:
    """Decide what the peer, with all its sub-domains, may do; one that says nothing takes back what was decided, and
    a server that was never met is forgotten with it.

    The number is that of the first decision for as long as there is one.
    """
    await execute(
        "INSERT INTO peer (host, policy, reject_media, reject_reports, public_comment, private_comment, obfuscate,"
        " hold_contact, decision_id, cursor, first_seen_at)"
        " SELECT CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS SMALLINT), CAST(? AS SMALLINT), CAST(? AS TEXT),"
        " CAST(? AS TEXT), CAST(? AS SMALLINT), CAST(? AS SMALLINT), CAST(? AS BIGINT), COALESCE(MAX(seq), 0),"
        " CAST(? AS BIGINT)"
        " FROM outbox WHERE 1 = 1 ON CONFLICT (host) DO UPDATE SET policy = excluded.policy,"
        " reject_media = excluded.reject_media, reject_reports = excluded.reject_reports,"
        " public_comment = excluded.public_comment, private_comment = excluded.private_comment,"
        " obfuscate = excluded.obfuscate, hold_contact = excluded.hold_contact, decision_id ="
        " CASE WHEN excluded.decision_id IS NULL THEN NULL ELSE COALESCE(peer.decision_id, excluded.decision_id) END",
        (
            host, decision.policy, int(decision.reject_media), int(decision.reject_reports), decision.public_comment,
            decision.private_comment, int(decision.obfuscate), int(decision.hold_contact), decision_id, now_ms,
        ),
    )  # fmt: skip
    await execute(_FIND_AGAIN, below_args(host))
    if decision_id is None:
        await execute(_FORGET, (host,))


def domains(authority: str) -> list[str]:
    """What a host is called, and all that it belongs to, the nearest first."""
    name = authority.rsplit(":", 1)[0] if ":" in authority and not authority.endswith("]") else authority
    names = [authority] if name != authority else []
    while name:
        names.append(name)
        name = name.partition(".")[2]
    return names


def below(column: str) -> str:
    """The condition that a host is a server or one of its sub-domains, on any port. Takes `below_args(host)`."""
    return _BELOW.format(column)


def below_args(host: str) -> tuple[str, str, str, str]:
    """The arguments of `below`."""
    escaped = host.replace("_", "!_")
    return host, f"%.{escaped}", f"{escaped}:%", f"%.{escaped}:%"


async def hold(host: str, until_ms: int | None) -> bool:
    """Nothing is sent to a peer before that time, or (None) it is again; False when deliveries to it fail anyhow."""
    sql = "UPDATE peer SET next_attempt_at = ? WHERE host = ? AND failures = 0"
    return bool(await execute(sql, (until_ms, host)))


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


def presume_family(writes: Writes, host: str, family: str) -> None:
    """Note of which family the peer seems to be, unless something else shows it."""
    writes.add("UPDATE peer SET family = ? WHERE host = ? AND family = ''", (family, host))


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


def put_heard(writes: Writes, heard: Mapping[str, int]) -> None:
    """When peers last sent something (ms), by host."""
    writes.add_many("UPDATE peer SET last_in_at = ? WHERE host = ?", [(at, host) for host, at in heard.items()])


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


def _decided(
    decision_id: int, host: str, policy: str, media: int, reports: int, public: str, private: str, part: int, hold: int
) -> Decided:
    decision = Decision(policy, bool(media), bool(reports), public, private, bool(part), bool(hold))
    return Decided(decision_id, host, decision)
