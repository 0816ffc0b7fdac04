"""Domains in which nobody who signs up may have their e-mail address."""

from collections.abc import Sequence

import msgspec

from storage.connect import execute, row, rows
from storage.paging import Page


class MailDomain(msgspec.Struct, frozen=True):
    """One of them, with all below it."""

    id: int
    domain: str
    created_at: int


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
    return bool(await execute("DELETE FROM mail_domain WHERE id = ?", (domain_id,)))
