"""Who holds which token, remembered: every request of a program asks.

Only where this process alone changes the database, which on SQLite is so. On PostgreSQL another one may have ended a
token a moment ago, and word of that takes longer than an answer: there the database is asked each time.

All of it is forgotten when any token ends or any account changes, and every minute, should somebody have changed the
file by hand.
"""

from time import monotonic
from weakref import WeakKeyDictionary

import msgspec

from storage import connect
from storage.connect import Args, Database, execute, row

MAX_AGE = 60.0  # seconds
MOST = 10_000  # holders

_HOLDER = """
SELECT token.id, token.app_id, token.scopes, token.revoked_at, account.id, account.actor_id, account.role,
account.state, token.last_used_at
FROM oauth_token token LEFT JOIN account ON account.id = token.account_id WHERE token.token_hash = ?"""


class Holder(msgspec.Struct, frozen=True):
    """Who has a token: a program, and the person it acts for, if any."""

    token_id: int
    app_id: int | None
    scopes: frozenset[str]
    revoked_at: int | None
    account_id: int | None
    actor_id: int | None
    role: str | None
    state: str | None
    last_used_at: int | None  # of the token


class _Known:
    """The holders of one database; who was read before a change is not kept after it."""

    def __init__(self) -> None:
        self._kept: dict[bytes, Holder] = {}
        self._since = monotonic()
        self.changes = 0

    def get(self, token_hash: bytes) -> Holder | None:
        if monotonic() - self._since > MAX_AGE:
            self.clear()
        return self._kept.get(token_hash)

    def keep(self, token_hash: bytes, holder: Holder) -> None:
        if len(self._kept) >= MOST:
            self.clear()
        self._kept[token_hash] = holder

    def clear(self) -> None:
        self.changes += 1
        self._kept.clear()
        self._since = monotonic()

    def drop(self, token_id: int) -> None:
        self.changes += 1
        for token_hash in [known for known, holder in self._kept.items() if holder.token_id == token_id]:
            del self._kept[token_hash]


_known: WeakKeyDictionary[Database, _Known] = WeakKeyDictionary()


async def of(token_hash: bytes) -> Holder | None:
    """Who has the token with this hash, also a revoked one."""
    if connect.dialect() != "sqlite" or connect.in_transaction():  # which may undo what can be read in it
        return await _read(token_hash)
    known = _here()
    found = known.get(token_hash)
    if found is None:
        changes = known.changes
        found = await _read(token_hash)
        if found is not None and changes == known.changes:
            known.keep(token_hash, found)
    return found


async def change(sql: str, args: Args) -> int:
    """Change tokens or accounts, and forget who holds which token; how many rows that touched."""
    touched = await execute(sql, args)
    connect.after_commit(_here().clear)
    return touched


def used(token_id: int) -> None:
    """It was noted that the token was used, which ends nothing."""
    known = _here()
    connect.after_commit(lambda: known.drop(token_id))


def _here() -> _Known:
    return _known.setdefault(connect.current(), _Known())


async def _read(token_hash: bytes) -> Holder | None:
    found = await row(_HOLDER, (token_hash,))
    return Holder(found[0], found[1], frozenset(found[2].split()), *found[3:]) if found else None
