"""A new account as it is made, whoever wanted it: what was chosen is checked, and a name is taken only once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import msgspec

import storage.accounts
import storage.actors
from fedcomm import actors, clock, emails, names, passwords, signing_in
from fedcomm.app import App
from fedcomm.errors import Conflict, Invalid
from storage.accounts import Account
from storage.connect import transaction
from storage.errors import IntegrityError
from storage.ids import next_id
from storage.invites import Invite

LONGEST_REASON = 1000  # characters

State = Literal["unconfirmed", "pending", "active", "frozen", "suspended"]


class Wanted(msgspec.Struct, frozen=True):
    """What somebody chose, checked; `email_key` says who may sign in with the address."""

    username: str
    password_hash: str
    email: str
    email_key: str | None
    role: str
    state: State
    reason: str = ""
    language: str = ""


async def wanted(
    app: App, name: str, password: str, email: str, role: str, state: State, address: str = ""
) -> Wanted:  # fmt: skip
    """What somebody chose; a sign-up from `address` is counted.

    Raises:
        Invalid: name, password or e-mail address that cannot be had.
        Conflict: the name was given to somebody before.
        TooMany: too many sign-ups from this address.
    """
    username = names.check(name, app.host)
    passwords.check(password, username)
    email = emails.check(email)
    if await storage.actors.local(username):
        raise Conflict("This name is taken. Please choose another one.", fix="choose another name")
    if address:
        signing_in.count_sign_up(app, address)
    return Wanted(username, await passwords.hashed(password), email, emails.key(email), role, state)


@asynccontextmanager
async def first_come() -> AsyncIterator[None]:
    """A transaction in which a name is taken: of two at once the second is told so."""
    try:
        async with transaction():
            yield
    except IntegrityError:
        raise Conflict("This name is taken. Please choose another one.", fix="choose another name") from None


async def add(app: App, chosen: Wanted, invite: Invite | None = None) -> Account:
    """Make the account; belongs in the transaction of `first_come`."""
    actor = await actors.create_local(app, "Person", chosen.username)
    # Whoever signs up with somebody else's address must not learn that it is known here.
    taken = chosen.email_key and await storage.accounts.by_email(chosen.email_key)
    now = clock.now_ms()
    account = Account(
        id=next_id(), actor_id=actor.id, email=chosen.email, email_key=None if taken else chosen.email_key,
        password_hash=chosen.password_hash, role=chosen.role, state=chosen.state, language=chosen.language,
        time_zone="", preferences="{}", reason=chosen.reason, invite_id=invite.id if invite else None, created_at=now,
        approved_at=now if chosen.state == "active" else None, last_active_at=None,
    )  # fmt: skip
    await storage.accounts.insert(account)
    return account


def reason(text: str) -> str:
    """What somebody said about themselves, as it can be shown.

    Raises:
        Invalid: it is too long.
    """
    if len(text) > LONGEST_REASON:
        raise Invalid("The text about yourself must have at most 1000 characters.", field="reason")
    return "".join(c for c in text.replace("\r\n", "\n").strip() if c == "\n" or c.isprintable())
