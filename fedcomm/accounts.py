"""Accounts: who may have one, signing up and in, roles, passwords, leaving."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Literal
from zoneinfo import available_timezones

import msgspec

import storage.accounts
import storage.actors
import storage.consents
import storage.mail_links
import storage.sessions
import storage.tokens
from fedcomm import (
    actors,
    audit,
    clock,
    emails,
    erasing,
    invites,
    joining,
    mail_domains,
    names,
    passwords,
    powers,
    sanctions,
    settings,
    signing_in,
)
from fedcomm.app import App
from fedcomm.consents import Agreement
from fedcomm.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from storage.accounts import Account
from storage.connect import transaction
from storage.errors import IntegrityError
from storage.ids import next_id
from storage.invites import Invite

ROLES = invites.ROLES
LONGEST_REASON = 1000  # characters
MOST_PENDING = 200  # sign-ups that wait; more would only be a flood

State = Literal["pending", "active", "frozen", "suspended"]


async def create(
    app: App, name: str, password: str, email: str = "", role: str = "member", state: State = "active",
    by: Account | None = None,
) -> Account:  # fmt: skip
    """A new account, made by an admin or by whoever runs the server.

    Raises:
        NotAllowed: `by` is no admin.
        Invalid: name, password, e-mail address or role that cannot be had.
        Conflict: the name was given to somebody before, or the e-mail address belongs to another account.
    """
    _admin(by)
    if role not in ROLES:
        raise Invalid("There is no such role: it is member, moderator or admin.", field="role")
    wanted = await _wanted(app, name, password, email, role, state)
    if wanted.email_key and await storage.accounts.by_email(wanted.email_key):
        raise Conflict("Another account has this e-mail address.")
    async with _first_come():
        account = await _add(app, wanted)
        await audit.record(by, "account.create", f"@{wanted.username}", role=role)
    return account


async def set_up(app: App, token: str, name: str, password: str, email: str = "") -> Account:
    """The first admin, who came with the link that the server printed.

    Raises:
        NotFound: the link is not valid, or there is an admin.
        Invalid: name, password or e-mail address that cannot be had.
        Conflict: the name was given to somebody before.
    """
    await invites.find_first_admin(app, token)
    wanted = await _wanted(app, name, password, email, "admin", "active")
    async with _first_come():
        invite = await invites.find_first_admin(app, token)
        await invites.use(invite)
        account = await _add(app, wanted)
        await audit.note(audit.SERVER, "account.first_admin", f"@{wanted.username}")
    return account


async def sign_up(
    app: App, name: str, password: str, email: str = "", reason: str = "", invite: str = "", address: str = "",
    agreement: Agreement | None = None, language: str = "",
) -> Account:  # fmt: skip
    """A new account for somebody from outside: active with an invitation, else pending until an admin says yes.

    `agreement` is to which rules they said yes, `language` that of the page on which they did.

    Raises:
        NotAllowed: no invitation, where one is needed, or one that is not good for an account.
        NotFound: the invitation is not valid.
        Invalid: name, password, e-mail address or reason that cannot be had, or the rules have changed.
        Conflict: the name was given to somebody before.
        TooMany: too many sign-ups from this address, or waiting for an answer.
    """
    found = await invites.find(app, invite) if invite else None
    if found is not None and not await invites.opens_account(app, found):
        raise NotAllowed("With this invitation one joins with an account that one has already.")
    mode = (await settings.current(app)).registration
    if found is None and mode == "invite":
        raise NotAllowed("One needs an invitation to sign up here.")
    state: State = "active" if found or mode == "open" or app.config.confirm_signups else "pending"
    text = _reason(reason)
    await mail_domains.check(email)
    wanted = await _wanted(app, name, password, email, found.role if found else "member", state, address)
    wanted = msgspec.structs.replace(wanted, reason=text, language=language[:20])
    if state == "pending" and await storage.accounts.count_pending() >= MOST_PENDING:
        raise TooMany(
            "Too many sign-ups are waiting for an answer. Please come back in a few days.", retry_after=86_400
        )
    async with _first_come():
        if found:
            await invites.use(found)
        account = await _add(app, wanted, found)
        await joining.come_in(app, account.actor_id, found.group_id if found else None, agreement)
    return account


async def authenticate(app: App, login: str, password: str, address: str = "") -> Account:
    """The active account with this name or e-mail address and this password.

    Raises:
        NotAllowed: no such pair, with the same words and after the same time whichever is wrong; or a pair whose
            account waits for approval or is suspended.
        TooMany: too many tries from this address or for this login.
    """
    return await signing_in.authenticate(app, login, password, address)


async def approve(app: App, name: str, by: Account | None = None) -> Account:
    """Let somebody in who signed up.

    Raises:
        NotAllowed: `by` does not look after this server.
        NotFound: no such account.
        Conflict: it does not wait for approval.
    """
    powers.require(by, powers.PEOPLE)
    account = await named(name)
    async with transaction():
        if not await storage.accounts.set_state(account.id, "pending", "active", clock.now_ms()):
            raise Conflict("This account does not wait for approval.")
        await audit.record(by, "account.approve", _handle(name))
    return await named(name)


async def reject(app: App, name: str, by: Account | None = None, reason: str = "") -> None:
    """Turn a sign-up away; nothing of it is kept, and the name is free. The `reason` is in the log alone.

    Raises:
        NotAllowed: `by` does not look after this server.
        NotFound: no such account.
        Conflict: it does not wait for approval.
    """
    powers.require(by, powers.PEOPLE)
    async with transaction():
        account = await named(name)
        if account.state != "pending":
            raise Conflict("This account does not wait for approval.")
        await storage.accounts.delete(account.id)
        await storage.consents.forget(account.actor_id)
        await storage.accounts.forget_actor(account.actor_id)
        detail = {"reason": reason.strip()[:LONGEST_REASON]} if reason.strip() else {}
        await audit.record(by, "account.reject", _handle(name), **detail)


async def promote(app: App, name: str, role: str, by: Account | None = None) -> None:
    """Give somebody another role.

    Raises:
        NotAllowed: `by` is no admin.
        NotFound: no such account.
        Invalid: no such role.
        Conflict: the last admin would be none any more.
    """
    _admin(by)
    if role not in ROLES:
        raise Invalid("There is no such role: it is member, moderator or admin.", field="role")
    async with transaction():
        account = await named(name)
        if account.role == "admin" and role != "admin":
            await _keep_an_admin(account)
        await storage.accounts.set_role(account.id, role)
        await audit.record(by, "account.role", _handle(name), before=account.role, after=role)


async def set_suspended(
    app: App, name: str, suspended: bool, by: Account | None = None, reason: str = ""
) -> None:  # fmt: skip
    """Shut somebody out, or let them in again; their browsers and programs are signed out.

    The `reason` is in the log of admins, and they read it when they want to sign in.

    Raises:
        Invalid: the reason is too long.
        NotAllowed: `by` may not, or not about them.
        NotFound: no such account.
        Conflict: it is so already, or it is the last admin's.
    """
    account = await named(name)
    what = sanctions.SUSPEND if suspended else "restore"
    if not await sanctions.act(app, account.actor_id, what, by, reason):
        raise Conflict("The account is not in the state this needs.")


async def set_password(app: App, name: str, password: str, by: Account | None = None) -> None:
    """Give somebody another password; every session and token of the account ends (CVE-2025-62174).

    Raises:
        NotAllowed: `by` is no admin.
        NotFound: no such account.
        Invalid: a password that cannot be had.
    """
    _admin(by)
    account = await named(name)
    passwords.check(password, _handle(name)[1:])
    stored = await passwords.hashed(password)
    async with transaction():
        await storage.accounts.set_password(account.id, stored)
        await end_everything(account.id)
        await audit.record(by, "account.password", _handle(name))


async def change_password(app: App, account: Account, old: str, new: str, keep_session: int | None = None) -> None:
    """Change one's own password; everything that is signed in ends, but for the session in which it is done.

    Raises:
        NotAllowed: the old password is wrong.
        Invalid: a password that cannot be had.
        TooMany: too many wrong ones.
    """
    await signing_in.confirm(app, account, old)
    passwords.check(new, await storage.accounts.name_of(account.id))
    stored = await passwords.hashed(new)
    async with transaction():
        await storage.accounts.set_password(account.id, stored)
        await end_everything(account.id, but=keep_session)


async def confirm_password(app: App, account: Account, password: str) -> None:
    """Whether somebody who is signed in knows the password: asked before what cannot be undone.

    Raises:
        NotAllowed: they do not.
        TooMany: too many wrong ones.
    """
    await signing_in.confirm(app, account, password)


async def sign_out_everywhere(app: App, account: Account, keep_session: int | None = None) -> None:
    """End every session but one, and every token, of an account."""
    async with transaction():
        await end_everything(account.id, but=keep_session)


@cache
def time_zones() -> frozenset[str]:
    """The time zones that there are on this machine; looking for them takes 60 ms."""
    return frozenset(available_timezones())


async def set_place(app: App, account: Account, language: str, time_zone: str) -> None:
    """Keep in which language and time zone somebody reads; '' is what the browser says, and UTC.

    Raises:
        Invalid: no such time zone.
    """
    if time_zone and time_zone not in time_zones():
        raise Invalid("There is no such time zone.", field="time_zone")
    await storage.accounts.set_place(account.id, language[:20], time_zone)


async def delete(app: App, name: str, by: Account | None = None) -> None:
    """End an account for good: at once nothing of it is to be had, other servers are told, nobody gets the name again.

    What there is of it is erased bit by bit after that (`erasing`; attacks ADM-22, ORI-28).

    Raises:
        NotAllowed: `by` is neither an admin nor its owner.
        NotFound: no such account.
        Conflict: it is the last admin's.
    """
    account = await named(name)
    if by is None or by.id != account.id:
        _admin(by)
    actor = await storage.actors.by_id(account.actor_id)
    assert actor is not None  # a foreign key
    async with transaction():
        await _keep_an_admin(account)
        await audit.record(by, "account.delete", _handle(name))
        await erasing.close(app, actor, _handle(await storage.accounts.name_of(by.id)) if by else audit.OPERATOR)
        await storage.accounts.delete(account.id)
        await storage.consents.forget(actor.id)


async def named(name: str) -> Account:
    """The account of a local name, with or without @.

    Raises:
        NotFound: no such account.
    """
    account = await storage.accounts.by_name(_handle(name)[1:])
    if account is None:
        raise NotFound(
            "There is no account called {name} here.",
            fix="check the name, or make it: fedcomm account create NAME --password-stdin",
            name=name,
        )
    return account


class _Wanted(msgspec.Struct, frozen=True):
    """What somebody chose, checked; `email_key` says who may sign in with the address."""

    username: str
    password_hash: str
    email: str
    email_key: str | None
    role: str
    state: State
    reason: str = ""
    language: str = ""


async def _wanted(
    app: App, name: str, password: str, email: str, role: str, state: State, address: str = ""
) -> _Wanted:
    username = names.check(name, app.host)
    passwords.check(password, username)
    email = emails.check(email)
    if await storage.actors.local(username):
        raise Conflict("This name is taken. Please choose another one.", fix="choose another name")
    if address:
        signing_in.count_sign_up(app, address)
    return _Wanted(username, await passwords.hashed(password), email, emails.key(email), role, state)


@asynccontextmanager
async def _first_come() -> AsyncIterator[None]:
    """A transaction in which a name is taken: of two at once the second is told so."""
    try:
        async with transaction():
            yield
    except IntegrityError:
        raise Conflict("This name is taken. Please choose another one.", fix="choose another name") from None


async def _add(app: App, wanted: _Wanted, invite: Invite | None = None) -> Account:
    actor = await actors.create_local(app, "Person", wanted.username)
    # Whoever signs up with somebody else's address must not learn that it is known here.
    taken = wanted.email_key and await storage.accounts.by_email(wanted.email_key)
    now = clock.now_ms()
    account = Account(
        id=next_id(), actor_id=actor.id, email=wanted.email, email_key=None if taken else wanted.email_key,
        password_hash=wanted.password_hash, role=wanted.role, state=wanted.state, language=wanted.language,
        time_zone="", preferences="{}", reason=wanted.reason, invite_id=invite.id if invite else None, created_at=now,
        approved_at=now if wanted.state == "active" else None, last_active_at=None,
    )  # fmt: skip
    await storage.accounts.insert(account)
    return account


async def end_everything(account_id: int, but: int | None = None) -> None:
    """Sign an account out everywhere, but for one session; links to a new password are good no more.

    Belongs in a transaction.
    """
    await storage.mail_links.drop(account_id, "password")
    await storage.sessions.delete_all(account_id, but)
    await storage.tokens.revoke_all(account_id, clock.now_ms())


async def _keep_an_admin(account: Account) -> None:
    if account.role == "admin" and account.state == "active" and await storage.accounts.count_admins() == 1:
        raise Conflict("This is the only admin. Make somebody else an admin first.")


def _admin(by: Account | None) -> None:
    powers.require(by, powers.ROLES)


def _reason(text: str) -> str:
    if len(text) > LONGEST_REASON:
        raise Invalid("The text about yourself must have at most 1000 characters.", field="reason")
    return "".join(c for c in text.replace("\r\n", "\n").strip() if c == "\n" or c.isprintable())


def _handle(name: str) -> str:
    return f"@{name.strip().removeprefix('@').lower()}"
