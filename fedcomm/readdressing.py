"""Another e-mail address for an account.

Where mail is on, who reads the old address and who reads the new one say yes to it, each with a link: so a browser that
was left open is not enough to take an account over. Without mail the password is what there is to ask for.
"""

import storage.accounts
from fedcomm import accounts, address_blocks, audit, clock, emails, mail_domains, mails, tokens
from fedcomm.app import App
from fedcomm.errors import Conflict, Invalid, NotFound
from storage import mail_links
from storage.accounts import Account
from storage.connect import Writes, transaction, write
from storage.counting import hold
from storage.errors import IntegrityError

OLD, NEW = "address_old", "address_new"  # who is asked
AGREED = {OLD: "agreed_old", NEW: "agreed_new"}
LIFETIME = 2 * 86_400_000  # ms
_OTHER = {OLD: NEW, NEW: OLD}


async def ask(app: App, account: Account, address: str, password: str) -> bool:
    """Have another address: at once (True) where mail is off, else as soon as both addresses have agreed.

    Nobody learns whether the new address belongs to somebody here (attack PRI-23).

    Raises:
        NotAllowed: the password is wrong.
        Invalid: this is no address, none that can be used here, or the one they have.
        TooMany: too many wrong passwords, or too many mails to the new address lately.
    """
    wanted = emails.check(address)
    if not wanted:
        raise Invalid("Please give your e-mail address.", field="email")
    if emails.key(wanted) == account.email_key:
        raise Invalid("This is your address already.", field="email")
    await mail_domains.check(wanted)
    await address_blocks.check_email(wanted)
    await accounts.confirm_password(app, account, password)
    if not mails.on(app):
        await set_address(account, wanted)
        return True
    mails.count(app, wanted)
    async with transaction():
        await mail_links.drop(account.id, OLD, NEW, *AGREED.values())
        writes = Writes()
        for purpose in (OLD, NEW) if account.email_key else (NEW,):
            mails.post(app, writes, purpose, account=account.id, address=wanted)
        await write(writes)
    return False


async def set_address(account: Account, wanted: str) -> None:
    """Keep another address; they sign in with it, unless somebody else does. Links to the old one are good no more."""
    async with transaction():
        taken = await storage.accounts.by_email(wanted)
        await storage.accounts.set_email(account.id, wanted, None if taken else emails.key(wanted))
        await mail_links.drop(account.id, "password", "confirm", OLD, NEW, *AGREED.values())


async def decide(app: App, name: str, address: str) -> bool:
    """Give somebody another address, as who runs the server; '' takes it away. True when they sign in with it.

    Raises:
        NotFound: no such account.
        Invalid: this is no address.
    """
    account, wanted = await accounts.named(name), emails.check(address)
    async with transaction():
        await set_address(account, wanted)
        await audit.record(None, "account.email", f"@{await storage.accounts.name_of(account.id)}")
        changed = await storage.accounts.by_id(account.id)
    return changed is not None and changed.email_key is not None


async def find(app: App, token: str) -> tuple[Account, str, str]:
    """Whose link this is, which address it asks, and the new address.

    Raises:
        NotFound: it was used, is too old, or another address was asked for since.
    """
    for purpose in (OLD, NEW):
        link = await mail_links.find(tokens.hash_of(token), purpose, clock.now_ms())
        account = await storage.accounts.by_id(link.account_id) if link is not None else None
        if link is not None and account is not None:
            return account, purpose, link.address
    raise NotFound("This link is not valid (any more).")


async def agree(app: App, token: str) -> bool:
    """One of both addresses agrees; True when that was the last, and the account has the new one.

    Raises:
        NotFound: as `find`.
        Conflict: somebody else here has the new address by now.
    """
    try:
        async with transaction():
            account, purpose, address = await find(app, token)
            hold(writes := Writes(), "account", account.id)  # of two who agree at once one is the last
            await write(writes)
            if not await mail_links.turn(tokens.hash_of(token), purpose, AGREED[purpose]):
                raise NotFound("This link is not valid (any more).")
            other = AGREED[_OTHER[purpose]]
            alone = purpose == NEW and not account.email_key
            if not alone and not await mail_links.there(account.id, other, address, clock.now_ms()):
                return False
            await storage.accounts.set_email(account.id, address, address)
            await mail_links.drop(account.id, "password", "confirm", OLD, NEW, *AGREED.values())
    except IntegrityError:
        raise Conflict("Another account has this e-mail address.") from None
    return True
