"""Links that were sent by mail, each good once and for a while; of its secret only the SHA-256 is kept."""

import msgspec

from storage.connect import execute, row, rows


class MailLink(msgspec.Struct, frozen=True):
    """A link: for which account, what it is for, and to which address (in small letters) it was sent."""

    id: int
    token_hash: bytes
    account_id: int
    purpose: str
    address: str
    expires_at: int


_COLUMNS = ", ".join(MailLink.__struct_fields__)
_GOOD = "token_hash = ? AND purpose = ? AND expires_at > ?"


async def insert(link: MailLink) -> None:
    """Keep a new link; an earlier one of the same kind goes on to be good."""
    sql = f"INSERT INTO mail_link ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"
    await execute(sql, msgspec.structs.astuple(link))


async def find(token_hash: bytes, purpose: str, now: int) -> MailLink | None:
    """The link with this secret, as long as it is good."""
    found = await row(f"SELECT {_COLUMNS} FROM mail_link WHERE {_GOOD}", (token_hash, purpose, now))
    return MailLink(*found) if found else None


async def use(token_hash: bytes, purpose: str, now: int) -> MailLink | None:
    """The same, and it is good no more: of two who come at once only one gets it."""
    found = await rows(f"DELETE FROM mail_link WHERE {_GOOD} RETURNING {_COLUMNS}", (token_hash, purpose, now))
    return MailLink(*found[0]) if found else None


async def drop(account_id: int, *purposes: str) -> None:
    """No link of an account for these purposes is good any more."""
    await execute("DELETE FROM mail_link WHERE account_id = ? AND purpose IN (?texts)", (account_id, list(purposes)))


async def forget(now: int) -> int:
    """Forget those whose time is over; how many there were."""
    return await execute("DELETE FROM mail_link WHERE expires_at <= ?", (now,))


async def turn(token_hash: bytes, purpose: str, into: str) -> bool:
    """A link that was followed stands for that it was, and is good for nothing else; False when it was already."""
    sql = "UPDATE mail_link SET purpose = ? WHERE token_hash = ? AND purpose = ?"
    return bool(await execute(sql, (into, token_hash, purpose)))


async def there(account_id: int, purpose: str, address: str, now: int) -> bool:
    """Whether there is a link of an account for a purpose that names this address."""
    sql = "SELECT 1 FROM mail_link WHERE account_id = ? AND purpose = ? AND address = ? AND expires_at > ?"
    return await row(sql, (account_id, purpose, address, now)) is not None
