"""Who holds a token is remembered, and forgotten before anybody could notice that it is not so any more."""

from collections.abc import Awaitable, Callable

import pytest

import storage.accounts
from fedcomm import tokens
from storage import holders, oauth
from storage.connect import Database, execute, transaction, use, value
from storage.oauth import Code
from tests import build

pytestmark = pytest.mark.anyio

NOW = build.NOW
Ends = Callable[[int, bytes], Awaitable[object]]  # of an account and the hash of its token
ENDS: dict[str, Ends] = {
    "revoked": lambda _account, token: storage.tokens.revoke(token, NOW),
    "revoked by its program": lambda _account, token: oauth.revoke_token(token, 7, NOW),
    "all revoked": lambda account, _token: storage.tokens.revoke_all(account, NOW),
    "its code was stolen": lambda account, _token: oauth.revoke_tokens_of(_code(account), NOW),
    "suspended": lambda account, _token: storage.accounts.set_state(account, "active", "suspended", NOW),
    "another role": lambda account, _token: storage.accounts.set_role(account, "admin"),
    "deleted": lambda account, _token: storage.accounts.delete(account),
}


def _code(account_id: int) -> Code:
    return Code(b"code", 7, account_id, "", "read", "", NOW, NOW)


async def _holder(name: str, app_id: int | None = None) -> tuple[int, bytes]:
    """An account and the hash of its token, which was asked for twice."""
    person = await build.person(name)
    token = tokens.hash_of(await build.token(person, app_id=app_id))
    await execute("UPDATE oauth_token SET created_at = ? WHERE token_hash = ?", (NOW, token))
    found = await holders.of(token)
    assert found and found.actor_id == person.id and found.account_id and await holders.of(token) == found
    return found.account_id, token


async def test_a_change_is_seen_by_the_next_request(database: Database) -> None:
    await build.insert(
        "oauth_app", id=7, client_id="c", secret_hash=b"", name="Toot", redirect_uris="", scopes="read", created_at=NOW
    )
    for number, (what, end) in enumerate(ENDS.items()):
        account, token = await _holder(f"p{number}", 7)
        before = await holders.of(token)

        await end(account, token)

        assert await holders.of(token) != before, what


async def test_nothing_is_remembered_of_a_change_that_was_undone(database: Database) -> None:
    account, token = await _holder("ann")
    before = await holders.of(token)

    with pytest.raises(ZeroDivisionError):
        async with transaction():
            await storage.tokens.revoke_all(account, NOW)
            changed = await holders.of(token)
            raise ZeroDivisionError

    assert changed != before and await holders.of(token) == before


async def test_who_was_read_before_a_change_is_not_kept_after_it(database: Database) -> None:
    account, token = await _holder("ann")
    holders._here().clear()
    real = database.engine.rows

    async def overtaken(sql: str, args: object) -> object:
        found = await real(sql, args)  # type: ignore[arg-type]
        if "FROM oauth_token" in sql:
            database.engine.rows = real  # type: ignore[method-assign]
            await storage.tokens.revoke_all(account, NOW)
        return found

    database.engine.rows = overtaken  # type: ignore[method-assign, assignment]
    await holders.of(token)

    found = await holders.of(token)
    assert found and found.revoked_at == NOW


async def test_that_a_token_was_used_is_known_at_once(database: Database) -> None:
    _account, token = await _holder("ann")
    _other, others = await _holder("bo")
    found = await holders.of(token)
    assert found

    await storage.tokens.set_used_at(found.token_id, NOW + 1)

    again, other = await holders.of(token), await holders.of(others)
    assert again and again.last_used_at == NOW + 1 and other and other.last_used_at is None


async def test_what_another_process_ends_ends_here_at_once(database: Database, dialect: str) -> None:
    if dialect == "sqlite":
        pytest.skip("SQLite has one process")
    _account, token = await _holder("ann")
    other = await Database.open(database.url)
    try:
        with use(other):
            await storage.tokens.revoke(token, NOW)
    finally:
        await other.close()

    found = await holders.of(token)
    assert found and found.revoked_at == NOW


@pytest.mark.parametrize("dialect", ["sqlite"])
async def test_what_somebody_changed_in_the_file_is_noticed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _account, token = await _holder("ann")
    await execute("UPDATE oauth_token SET revoked_at = ?", (NOW,))
    remembered = await holders.of(token)

    monkeypatch.setattr(holders, "MAX_AGE", 0.0)

    found = await holders.of(token)
    assert remembered and remembered.revoked_at is None and found and found.revoked_at == NOW
    assert await value("SELECT COUNT(*) FROM oauth_token") == 1
