"""Who can sign in here: password hash, e-mail address, role, and whether they were let in."""

from functools import partial

import msgspec

from storage import events, fragments, holders, stats
from storage.connect import after_commit, dialect, execute, row, rows, value


class Account(msgspec.Struct, frozen=True):
    """One who can sign in.

    `role`: member, moderator or admin; `state`: unconfirmed, pending, active, frozen or suspended.
    """

    id: int
    actor_id: int
    email: str
    email_key: str | None  # lower case; missing without an address, while it is not confirmed, and when another has it
    password_hash: str
    role: str
    state: str
    language: str
    time_zone: str
    preferences: str
    reason: str
    invite_id: int | None
    created_at: int
    approved_at: int | None
    last_active_at: int | None


class Person(msgspec.Struct, frozen=True):
    """An account as an admin sees it in a list: who, and what they said when they signed up."""

    account_id: int
    username: str
    email: str
    email_shared: bool  # another account has this address too
    role: str
    state: str
    reason: str
    created_at: int


_SHOWN = ("active", "frozen")
_COLUMNS = ", ".join(f"account.{name}" for name in Account.__struct_fields__)
_PERSON = """
SELECT account.id, actor.username, account.email,
       account.email_key IS NULL AND EXISTS (SELECT 1 FROM account o WHERE o.email_key = LOWER(account.email)),
       account.role, account.state, account.reason, account.created_at
FROM account JOIN actor ON actor.id = account.actor_id"""


def _account(found: tuple[object, ...] | None) -> Account | None:
    return Account(*found) if found else None  # type: ignore[arg-type]


async def by_id(account_id: int) -> Account | None:
    """The account with this id."""
    return _account(await row(f"SELECT {_COLUMNS} FROM account WHERE id = ?", (account_id,)))


async def by_ids(account_ids: list[int]) -> dict[int, Account]:
    """The accounts with these ids, by id."""
    found = [
        _account(each) for each in await rows(f"SELECT {_COLUMNS} FROM account WHERE id IN (?ints)", (account_ids,))
    ]
    return {account.id: account for account in found if account is not None}


async def of_actor(actor_id: int) -> Account | None:
    """The account of an actor."""
    return _account(await row(f"SELECT {_COLUMNS} FROM account WHERE actor_id = ?", (actor_id,)))


async def of_actors(actor_ids: list[int]) -> dict[int, Account]:
    """The accounts of actors that have one, by the ids of these."""
    sql = f"SELECT {_COLUMNS} FROM account WHERE actor_id IN (?ints)"
    found = [_account(each) for each in await rows(sql, (actor_ids,))]
    return {account.actor_id: account for account in found if account is not None}


async def by_name(username: str) -> Account | None:
    """The account of this local name, in whichever case it is written."""
    sql = f"""SELECT {_COLUMNS} FROM account JOIN actor ON actor.id = account.actor_id
              WHERE actor.username_key = ? AND actor.host = '' AND actor.deleted_at IS NULL"""
    return _account(await row(sql, (username.lower(),)))


async def by_email(email: str) -> Account | None:
    """The account that may sign in with this address."""
    return _account(await row(f"SELECT {_COLUMNS} FROM account WHERE email_key = ?", (email.lower(),)))


async def name_of(account_id: int) -> str:
    """The local name of an account, '' when there is none."""
    sql = "SELECT actor.username FROM account JOIN actor ON actor.id = account.actor_id WHERE account.id = ?"
    return str(await value(sql, (account_id,)) or "")


async def language_of(actor_id: int) -> str:
    """In which language somebody here reads, '' when they have not said."""
    return str(await value("SELECT language FROM account WHERE actor_id = ?", (actor_id,)) or "")


async def has_admin() -> bool:
    """Whether anybody can administer this server."""
    return await value("SELECT 1 FROM account WHERE role = 'admin' AND state = 'active' LIMIT 1") is not None


async def count_admins() -> int:
    """How many active admins there are; nobody else makes them fewer before the transaction ends.

    The second statement sees what was committed while the first one waited (`storage/counting.py`).
    """
    if dialect() == "postgres":
        await rows("SELECT 1 FROM account WHERE role = 'admin' AND state = 'active' ORDER BY id FOR NO KEY UPDATE", ())
    return int(await value("SELECT count(*) FROM account WHERE role = 'admin' AND state = 'active'") or 0)


async def staff() -> list[int]:
    """The actors of those who look after this server and can sign in."""
    sql = "SELECT actor_id FROM account WHERE role <> 'member' AND state = 'active' ORDER BY id"
    return [found[0] for found in await rows(sql)]


async def staff_with_address() -> list[Account]:
    """Those who look after this server, can sign in, and have an address with which they do."""
    sql = f"""SELECT {_COLUMNS} FROM account WHERE role <> 'member' AND state = 'active' AND email_key IS NOT NULL
              ORDER BY id"""
    return [account for found in await rows(sql) if (account := _account(found))]


async def with_address(after: int, since_ms: int, limit: int) -> list[int]:
    """Some accounts behind that one that can sign in, have an address, and were here since then; in order."""
    sql = """SELECT id FROM account WHERE id > ? AND state = 'active' AND email_key IS NOT NULL
             AND COALESCE(last_active_at, created_at) >= ? ORDER BY id LIMIT ?"""
    return [int(found[0]) for found in await rows(sql, (after, since_ms, limit))]


async def last_attended() -> int | None:
    """When somebody who looks after this server was last here (ms since 1970); None when nobody does."""
    sql = "SELECT MAX(COALESCE(last_active_at, created_at)) FROM account WHERE role <> 'member' AND state = 'active'"
    found = await value(sql)
    return int(found) if found is not None else None


async def count(state: str) -> int:
    """How many accounts are in a state."""
    return int(await value("SELECT count(*) FROM account WHERE state = ?", (state,)) or 0)


async def waiting(limit: int = 50) -> list[Person]:
    """Sign-ups that wait for an answer, the longest waiting first; then those who have not confirmed their address."""
    sql = f"{_PERSON} WHERE account.state IN ('pending', 'unconfirmed') ORDER BY account.state, account.id LIMIT ?"
    return [_person(found) for found in await rows(sql, (limit,))]


async def unconfirmed_by_email(email: str) -> Account | None:
    """Who signed up last with this address (in small letters) and has not confirmed it."""
    sql = f"""SELECT {_COLUMNS} FROM account WHERE email_key IS NULL AND LOWER(email) = ? AND state <> 'suspended'
              ORDER BY id DESC LIMIT 1"""
    return _account(await row(sql, (email,)))


async def unconfirmed_before(before: int, limit: int = 500) -> list[Account]:
    """Some of those who signed up before that time and have not confirmed their address."""
    sql = f"SELECT {_COLUMNS} FROM account WHERE state = 'unconfirmed' AND created_at < ? ORDER BY id LIMIT ?"
    return [account for found in await rows(sql, (before, limit)) if (account := _account(found))]


def _person(found: tuple[object, ...]) -> Person:
    account_id, username, email, shared, *rest = found
    return Person(account_id, username, email, bool(shared), *rest)  # type: ignore[arg-type]


async def insert(account: Account) -> None:
    """Keep a new account."""
    marks = ", ".join("?" * len(Account.__struct_fields__))
    names = ", ".join(Account.__struct_fields__)
    await execute(f"INSERT INTO account ({names}) VALUES ({marks})", msgspec.structs.astuple(account))
    if account.state not in _SHOWN:
        await execute("UPDATE actor SET suspended_at = ? WHERE id = ?", (account.created_at, account.actor_id))


async def set_email(account_id: int, email: str, key: str | None) -> None:
    """Keep another address; with a `key` somebody signs in with it.

    Raises:
        IntegrityError: another account has this key.
    """
    await execute("UPDATE account SET email = ?, email_key = ? WHERE id = ?", (email, key, account_id))


async def set_password(account_id: int, password_hash: str) -> None:
    """Keep another password hash."""
    await execute("UPDATE account SET password_hash = ? WHERE id = ?", (password_hash, account_id))


async def replace_password_hash(account_id: int, old: str, new: str) -> None:
    """Keep the same password hashed anew, unless the password was changed meanwhile."""
    await execute("UPDATE account SET password_hash = ? WHERE id = ? AND password_hash = ?", (new, account_id, old))


async def set_state(account_id: int, before: str, after: str, now: int) -> bool:
    """Take an account from one state to another; False when it was not in the first.

    Its actor is shown only while the account is active or frozen: who waits or is suspended is nobody to others.
    """
    approved = "approved_at = COALESCE(approved_at, ?), " if after == "active" else ""
    arguments = (now,) if after == "active" else ()
    sql = f"UPDATE account SET {approved}state = ? WHERE id = ? AND state = ?"
    changed = await holders.change(sql, (*arguments, after, account_id, before))
    if changed:
        hidden = None if after in _SHOWN else now
        sql = "UPDATE actor SET suspended_at = ? WHERE id = (SELECT actor_id FROM account WHERE id = ?) RETURNING id"
        for (actor_id,) in await rows(sql, (hidden, account_id)):
            fragments.forget_actor(actor_id)
            if hidden:
                after_commit(partial(events.happened, "hidden", actor_id))
    return bool(changed)


async def set_role(account_id: int, role: str) -> None:
    """Give an account another role."""
    await holders.change("UPDATE account SET role = ? WHERE id = ?", (role, account_id))


async def set_place(account_id: int, language: str, time_zone: str) -> None:
    """Keep in which language and time zone somebody reads."""
    await execute("UPDATE account SET language = ?, time_zone = ? WHERE id = ?", (language, time_zone, account_id))


async def set_preferences(account_id: int, preferences: str) -> None:
    """Keep how somebody likes to write, as JSON."""
    await execute("UPDATE account SET preferences = ? WHERE id = ?", (preferences, account_id))


async def set_active_at(account_id: int, now: int) -> None:
    """Keep when somebody was last here."""
    await execute("UPDATE account SET last_active_at = ? WHERE id = ?", (now, account_id))
    await stats.note_active(account_id, now)


async def delete(account_id: int) -> None:
    """Forget an account and everything with which one could act for it."""
    for table in (
        "session", "oauth_code", "oauth_token", "idempotency", "active_week", "scheduled_post", "mail_link", "marker",
    ):  # fmt: skip
        await execute(f"DELETE FROM {table} WHERE account_id = ?", (account_id,))
    await holders.change("DELETE FROM account WHERE id = ?", (account_id,))


async def forget_actor(actor_id: int) -> None:
    """Forget the actor of a sign-up that was turned away: nobody ever saw it, so its name is free again."""
    await execute("DELETE FROM actor_key WHERE actor_id = ?", (actor_id,))
    await execute("DELETE FROM actor WHERE id = ? AND host = ''", (actor_id,))
