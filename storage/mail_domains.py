"""Domains in which nobody who signs up may have their e-mail address."""

from collections.abc import Sequence

import msgspec

from storage.connect import execute, row, rows, value
from storage.paging import Page


class MailDomain(msgspec.Struct, frozen=True):
    """One of them, with all below it."""

    id: int
    domain: str
    created_at: int


class Tries(msgspec.Struct, frozen=True):
    """How many people, by their network addresses, tried to sign up on a day, and how often in all."""

    people: int = 0
    tries: int = 0


MOST_TRIERS = 1_000  # of a day and domain: more are counted as one
_SELECT = "SELECT id, domain, created_at FROM mail_domain "


async def by_id(domain_id: int) -> MailDomain | None:
    """The one with this number."""
    found = await row(_SELECT + "WHERE id = ?", (domain_id,))
    return MailDomain(*found) if found else None


async def among(domains: Sequence[str]) -> list[MailDomain]:
    """Those of some domains that are among them."""
    return [MailDomain(*found) for found in await rows(_SELECT + "WHERE domain IN (?texts)", (list(domains),))]


async def page(page: Page) -> tuple[list[MailDomain], bool]:
    """A part of them, the latest first; and whether there are older ones."""
    found = await _some(page, page.limit + 1)
    older, found = len(found) > page.limit, found[: page.limit]
    if page.forward and found:
        found.reverse()
        older = bool(await _some(page.under(found[-1].id), 1))
    return found, older


async def _some(page: Page, limit: int) -> list[MailDomain]:
    sql = f"{_SELECT} WHERE id < ? AND id > ? ORDER BY id {page.order} LIMIT ?"
    return [MailDomain(*found) for found in await rows(sql, (*page.bounds, limit))]


async def insert(made: MailDomain) -> bool:
    """Keep it; False when it is among them already."""
    sql = "INSERT INTO mail_domain (id, domain, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    return bool(await execute(sql, msgspec.structs.astuple(made)))


async def delete(domain_id: int) -> bool:
    """Take it out; False when it was not among them."""
    await execute("DELETE FROM mail_domain_try WHERE domain_id = ?", (domain_id,))
    return bool(await execute("DELETE FROM mail_domain WHERE id = ?", (domain_id,)))


async def tried(domain_id: int, day: int, who: str) -> None:
    """Somebody tried to sign up with an address in it; `day` since 1970. Of a day `MOST_TRIERS` are told apart."""
    known = "SELECT COUNT(*) FROM mail_domain_try WHERE domain_id = ? AND day = ?"
    many = (await value(known, (domain_id, day))) >= MOST_TRIERS
    await execute(
        "INSERT INTO mail_domain_try (domain_id, day, who, tries) VALUES (?, ?, ?, 1)"
        " ON CONFLICT (domain_id, day, who) DO UPDATE SET tries = mail_domain_try.tries + 1",
        (domain_id, day, "" if many else who),
    )


async def history(ids: Sequence[int], since: int) -> dict[int, dict[int, Tries]]:
    """How often that happened from that day on, by domain and day."""
    sql = (
        "SELECT domain_id, day, COUNT(*), SUM(tries) FROM mail_domain_try WHERE domain_id IN (?ints) AND day >= ?"
        " GROUP BY domain_id, day"
    )
    found: dict[int, dict[int, Tries]] = {}
    for domain_id, day, people, tries in await rows(sql, (list(ids), since)) if ids else ():
        found.setdefault(domain_id, {})[day] = Tries(int(people), int(tries))
    return found


async def forget_tries(before: int) -> int:
    """Forget what was tried before that day; gives how many rows went."""
    return await execute("DELETE FROM mail_domain_try WHERE day < ?", (before,))
