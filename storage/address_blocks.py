"""Networks whose people cannot sign up, only with a yes, or cannot reach the server at all; and e-mail addresses."""

from typing import Any

import msgspec

from storage.connect import execute, row, rows
from storage.paging import Page

NO_ACCESS, NO_SIGN_UP, APPROVAL = "no_access", "sign_up_block", "sign_up_requires_approval"


class AddressBlock(msgspec.Struct, frozen=True):
    """One network in CIDR notation; times in ms, `expires_at` None is never."""

    id: int
    network: str
    severity: str
    comment: str
    created_at: int
    expires_at: int | None


class EmailBlock(msgspec.Struct, frozen=True):
    """One e-mail address, by the SHA-256 (hex) of its canonical form."""

    id: int
    digest: str
    created_at: int


_NETWORKS = "SELECT id, network, severity, comment, created_at, expires_at FROM address_block "
_EMAILS = "SELECT id, digest, created_at FROM email_block "


async def everything() -> list[AddressBlock]:
    """All networks."""
    return [AddressBlock(*found) for found in await rows(_NETWORKS + "ORDER BY id")]


async def by_id(number: int) -> AddressBlock | None:
    """The network with this number."""
    found = await row(_NETWORKS + "WHERE id = ?", (number,))
    return AddressBlock(*found) if found else None


async def page(page: Page) -> tuple[list[AddressBlock], bool]:
    """A part of the networks, the latest first; and whether there are older ones."""
    found, older = await _paged(_NETWORKS, page)
    return [AddressBlock(*each) for each in found], older


async def emails(page: Page) -> tuple[list[EmailBlock], bool]:
    """A part of the e-mail addresses, the latest first; and whether there are older ones."""
    found, older = await _paged(_EMAILS, page)
    return [EmailBlock(*each) for each in found], older


async def put(block: AddressBlock) -> bool:
    """Keep a network, in place of the one with its number; False when another one says the same."""
    return bool(
        await execute(
            "INSERT INTO address_block (id, network, severity, comment, created_at, expires_at) SELECT"
            " CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT),"
            " CAST(? AS BIGINT) WHERE NOT EXISTS (SELECT 1 FROM address_block other WHERE other.network = ?"
            " AND other.id <> ?) ON CONFLICT (id) DO UPDATE SET network = excluded.network,"
            " severity = excluded.severity, comment = excluded.comment, expires_at = excluded.expires_at",
            (*msgspec.structs.astuple(block), block.network, block.id),
        )
    )


async def delete(number: int) -> bool:
    """Take a network out; False when it was not among them."""
    return bool(await execute("DELETE FROM address_block WHERE id = ?", (number,)))


async def email(digest: str) -> EmailBlock | None:
    """The e-mail address with this hash."""
    found = await row(_EMAILS + "WHERE digest = ?", (digest,))
    return EmailBlock(*found) if found else None


async def email_by_id(number: int) -> EmailBlock | None:
    """The e-mail address with this number."""
    found = await row(_EMAILS + "WHERE id = ?", (number,))
    return EmailBlock(*found) if found else None


async def put_email(block: EmailBlock) -> bool:
    """Keep an e-mail address; False when it is among them already."""
    sql = "INSERT INTO email_block (id, digest, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    return bool(await execute(sql, msgspec.structs.astuple(block)))


async def put_email_of(block: EmailBlock, account_id: int) -> None:
    """Keep an e-mail address for as long as an account is suspended, unless it is among them already."""
    sql = "INSERT INTO email_block (id, digest, created_at, account_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    await execute(sql, (*msgspec.structs.astuple(block), account_id))


async def delete_email_of(account_id: int) -> None:
    """Take the address out that was put in for this account."""
    await execute("DELETE FROM email_block WHERE account_id = ?", (account_id,))


async def delete_email(number: int) -> bool:
    """Take an e-mail address out; False when it was not among them."""
    return bool(await execute("DELETE FROM email_block WHERE id = ?", (number,)))


async def hold(account_id: int) -> None:
    """Who signs up waits for an admin once they have confirmed their address."""
    await execute("INSERT INTO sign_up_held (account_id) VALUES (?) ON CONFLICT DO NOTHING", (account_id,))


async def release(account_id: int) -> bool:
    """Whether they wait for that; asked once."""
    return bool(await execute("DELETE FROM sign_up_held WHERE account_id = ?", (account_id,)))


async def _paged(select: str, page: Page) -> tuple[list[tuple[Any, ...]], bool]:
    found = await _some(select, page, page.limit + 1)
    older, found = len(found) > page.limit, found[: page.limit]
    if page.forward and found:
        found.reverse()
        older = bool(await _some(select, page.under(found[-1][0]), 1))
    return found, older


async def _some(select: str, page: Page, limit: int) -> list[tuple[Any, ...]]:
    sql = f"{select}WHERE id < ? AND id > ? ORDER BY id {page.order} LIMIT ?"
    return [tuple(found) for found in await rows(sql, (*page.bounds, limit))]
