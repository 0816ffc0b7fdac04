"""Accounts: who may have one, signing up and in, roles, passwords, leaving."""

import msgspec

import storage.accounts
import storage.actors
import storage.address_blocks
import storage.consents
import storage.mail_links
import storage.sessions
import storage.tokens
from fedcomm import (
    address_blocks,
    admit,
    audit,
    clock,
    enrolling,
    erasing,
    invites,
    joining,
    mail_domains,
    mails,
    passwords,
    powers,
    sanctions,
    settings,
    signing_in,
    staff_mail,
)
from fedcomm.app import App
from fedcomm.consents import Agreement
from fedcomm.enrolling import State
from fedcomm.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from storage.accounts import Account
from storage.connect import Writes, transaction, write

ROLES = invites.ROLES
WAITING = ("pending", "unconfirmed")
MOST_PENDING = 200  # sign-ups that wait; more would only be a flood
MOST_UNCONFIRMED = 1000  # who have not confirmed their address; each goes after a week


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
    wanted = await enrolling.wanted(app, name, password, email, role, state)
    if wanted.email_key and await storage.accounts.by_email(wanted.email_key):
        raise Conflict("Another account has this e-mail address.")
    async with enrolling.first_come():
        account = await enrolling.add(app, wanted)
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
    wanted = await enrolling.wanted(app, name, password, email, "admin", "active")
    async with enrolling.first_come():
        invite = await invites.find_first_admin(app, token)
        await invites.use(invite)
        account = await enrolling.add(app, wanted)
        await audit.note(audit.SERVER, "account.first_admin", f"@{wanted.username}")
    return account


async def sign_up(
    app: App, name: str, password: str, email: str = "", reason: str = "", invite: str = "", address: str = "",
    agreement: Agreement | None = None, language: str = "",
) -> Account:  # fmt: skip
    """A new account for somebody from outside: active with an invitation, else pending until an admin says yes.

    Where mail is on, who has no invitation is unconfirmed first, until they follow a link in a mail (`confirming`).
    `agreement` is to which rules they said yes, `language` that of the page on which they did.

    Raises:
        NotAllowed: nobody signs up from there; no invitation, where one is needed, or one that is not good for that.
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
    held = bool(address) and admit.from_network(await address_blocks.severity(app, address), signs_up=True)
    state = _begins(app, mode, invited=found is not None)
    state = "pending" if held and state == "active" else state
    if state == "unconfirmed" and not email.strip():
        raise Invalid("Please give your e-mail address.", field="email")
    text = enrolling.reason(reason)
    await mail_domains.check(email, address)
    await address_blocks.check_email(email)
    wanted = await enrolling.wanted(app, name, password, email, found.role if found else "member", state, address)
    wanted = msgspec.structs.replace(wanted, reason=text, language=language[:20])
    await _check_waiting(state)
    if confirms := mails.on(app) and bool(wanted.email):
        mails.count(app, wanted.email)
        wanted = msgspec.structs.replace(wanted, email_key=None)  # until they have confirmed it
    async with enrolling.first_come():
        if found:
            await invites.use(found)
        account = await enrolling.add(app, wanted, found)
        if held and state == "unconfirmed":
            await storage.address_blocks.hold(account.id)
        group_id = found.group_id if found else None
        await joining.come_in(app, account.actor_id, group_id, agreement, tell=state != "unconfirmed")
        writes = Writes()
        if confirms:
            mails.post(app, writes, "confirm", account=account.id)
        if state == "pending":
            await staff_mail.post(app, writes, staff_mail.SIGN_UPS)
        await write(writes)
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
    """Let somebody in who signed up, whether they have confirmed their address or not.

    Raises:
        NotAllowed: `by` does not look after this server.
        NotFound: no such account.
        Conflict: it does not wait for approval.
    """
    powers.require(by, powers.PEOPLE)
    account = await named(name)
    async with transaction():
        waits = account.state in WAITING
        if not waits or not await storage.accounts.set_state(account.id, account.state, "active", clock.now_ms()):
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
        if account.state not in WAITING:
            raise Conflict("This account does not wait for approval.")
        await forget(account)
        detail = {"reason": reason.strip()[: enrolling.LONGEST_REASON]} if reason.strip() else {}
        await audit.record(by, "account.reject", _handle(name), **detail)


async def forget(account: Account) -> None:
    """Forget a sign-up that nobody let in; its name is free. Belongs in a transaction."""
    await storage.accounts.delete(account.id)
    await storage.consents.forget(account.actor_id)
    await storage.accounts.forget_actor(account.actor_id)


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
    """Shut somebody out, or let them in again; browsers are signed out, programs refused until then.

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


async def delete(app: App, name: str, by: Account | None = None, *, noted: bool = False) -> None:
    """End an account for good: at once nothing of it is to be had, other servers are told, nobody gets the name again.

    What there is of it is erased bit by bit after that (`erasing`; attacks ADM-22, ORI-28). With `noted` it is kept in
    mind which files those are, for a report to an authority; that is for admins alone.

    Raises:
        NotAllowed: `by` is neither an admin nor its owner.
        NotFound: no such account.
        Conflict: it is the last admin's.
    """
    account = await named(name)
    if by is None or by.id != account.id or noted:
        powers.require(by, powers.DELETE)
    actor = await storage.actors.by_id(account.actor_id)
    assert actor is not None  # a foreign key
    async with transaction():
        await _keep_an_admin(account)
        await audit.record(by, "account.purge" if noted else "account.delete", _handle(name))
        made_by = _handle(await storage.accounts.name_of(by.id)) if by else audit.OPERATOR
        await erasing.close(app, actor, made_by, noted=noted)
        await storage.accounts.delete(account.id)
        await storage.consents.forget(actor.id)


async def may_go(name: str) -> Account:
    """The account of a local name, if it can be deleted.

    Raises:
        NotFound: no such account.
        Conflict: it is the last admin's.
    """
    account = await named(name)
    await _keep_an_admin(account)
    return account


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


async def end_everything(account_id: int, but: int | None = None) -> None:
    """Sign an account out everywhere, but for one session; links to a new password are good no more.

    Belongs in a transaction.
    """
    await storage.mail_links.drop(account_id, "password")
    await storage.sessions.delete_all(account_id, but)
    await storage.tokens.revoke_all(account_id, clock.now_ms())


def _begins(app: App, mode: str, *, invited: bool) -> State:
    """In which state an account from outside begins."""
    if invited or app.config.confirm_signups:
        return "active"
    if mails.on(app):
        return "unconfirmed"
    return "active" if mode == "open" else "pending"


async def _check_waiting(state: State) -> None:
    waiting = {"pending": MOST_PENDING, "unconfirmed": MOST_UNCONFIRMED}
    if state in waiting and await storage.accounts.count(state) >= waiting[state]:
        raise TooMany(
            "Too many sign-ups are waiting for an answer. Please come back in a few days.", retry_after=86_400
        )


async def _keep_an_admin(account: Account) -> None:
    if account.role == "admin" and account.state == "active" and await storage.accounts.count_admins() == 1:
        raise Conflict("This is the only admin. Make somebody else an admin first.")


def _admin(by: Account | None) -> None:
    powers.require(by, powers.ROLES)


def _handle(name: str) -> str:
    return f"@{name.strip().removeprefix('@').lower()}"
