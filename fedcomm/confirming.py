"""Addresses that are confirmed with a link in a mail, where mail is on: until then nobody signs in with them.

Who signs up without an invitation waits until then; where admins let people in, they look at the sign-up after that.
Nobody learns whether an address belongs to somebody here: who has it does, by mail (attack PRI-23).
"""

import storage.accounts
from fedcomm import accounts, address_blocks, clock, emails, mail_domains, mails, settings, staff_mail, telling, tokens
from fedcomm.app import App
from fedcomm.errors import Conflict, Invalid, NotFound
from storage import address_blocks as held_addresses
from storage import mail_links
from storage.accounts import Account
from storage.connect import Writes, apply, transaction, write
from storage.errors import IntegrityError

PURPOSE = "confirm"
LIFETIME = 7 * 86_400_000  # ms, as long as who has not confirmed is kept (Mastodon keeps them for two days)
_OVER = "This link is not valid (any more). You can have another one sent."


def offered(app: App) -> None:
    """Whether addresses are confirmed by mail.

    Raises:
        NotFound: this server sends no mail.
    """
    if not mails.on(app):
        raise NotFound("This server sends no mail.")


async def find(app: App, token: str) -> Account:
    """Whose address a link confirms.

    Raises:
        NotFound: it was used, is too old, or was sent to an address that is theirs no more.
    """
    link = await mail_links.find(tokens.hash_of(token), PURPOSE, clock.now_ms())
    account = await storage.accounts.by_id(link.account_id) if link is not None else None
    if link is None or account is None or emails.key(account.email) != link.address:
        raise NotFound(_OVER)
    return account


async def confirm(app: App, token: str) -> Account:
    """Somebody reads what is sent to their address: they may sign in with it, and come in if they waited for that.

    Raises:
        NotFound: as `find`.
        Conflict: another account has this address by now.
    """
    try:
        async with transaction():
            account = await find(app, token)
            await mail_links.use(tokens.hash_of(token), PURPOSE, clock.now_ms())
            await storage.accounts.set_email(account.id, account.email, emails.key(account.email))
            if account.state == "unconfirmed":
                await _come_in(app, account)
    except IntegrityError:
        raise Conflict("Another account has this e-mail address.") from None
    changed = await storage.accounts.by_id(account.id)
    assert changed is not None  # an account that was there a moment ago, and the caller's next look tells if it went
    return changed


async def ask_again(app: App, address: str, language: str = "") -> None:
    """Send the link once more to who has not confirmed this address; nobody learns whether there is anybody.

    Raises:
        NotFound: this server sends no mail.
        Invalid: this is no address.
        TooMany: too many mails went there lately.
    """
    offered(app)
    wanted = emails.key(emails.check(address))
    if wanted is None:
        raise Invalid("Please give your e-mail address.", field="email")
    mails.count(app, wanted)
    mails.post(app, writes := Writes(), "confirm_again", address=wanted, language=language, key=wanted)
    await apply(writes)


async def send_again(app: App, account: Account, address: str = "") -> None:
    """Send the link once more to who waits for it, to another address if they give one.

    Raises:
        NotFound: this server sends no mail.
        Invalid: this is no address, or none of a domain with which one can sign up.
        TooMany: too many mails went there lately.
    """
    offered(app)
    email = emails.check(address) or account.email
    await mail_domains.check(email)
    await address_blocks.check_email(email)
    mails.count(app, email)
    async with transaction():
        if email != account.email:
            await storage.accounts.set_email(account.id, email, None)
        mails.post(app, writes := Writes(), "confirm", account=account.id)
        await write(writes)


async def forget(before: int) -> int:
    """Forget who signed up before that time (ms since 1970) and never confirmed: their names are free; how many."""
    gone = await storage.accounts.unconfirmed_before(before)
    for account in gone:
        async with transaction():
            await accounts.forget(account)
    return len(gone)


async def _come_in(app: App, account: Account) -> None:
    """At once where everybody may have an account; else an admin says yes first."""
    held = await held_addresses.release(account.id)
    after = "active" if (await settings.current(app)).registration == "open" and not held else "pending"
    await storage.accounts.set_state(account.id, "unconfirmed", after, clock.now_ms())
    await telling.admins(writes := Writes(), "admin.sign_up", account.actor_id)
    if after == "pending":
        await staff_mail.post(app, writes, staff_mail.SIGN_UPS)
    await write(writes)
