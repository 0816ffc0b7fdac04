"""A new password for who has forgotten theirs, by a link that is sent to their address.

Who asks learns nothing about the address: known or not, it takes as long and is answered alike (attack PRI-23).
"""

from weakref import WeakKeyDictionary

import storage.accounts
from fedcomm import accounts, clock, emails, mails, passwords, tokens
from fedcomm.app import App
from fedcomm.attempts import MINUTE, Attempts, network
from fedcomm.errors import Invalid, NotFound
from storage import mail_links
from storage.accounts import Account
from storage.connect import Writes, apply, transaction, write
from storage.mail_links import MailLink

PURPOSE = "password"
LIFETIME = 2 * 3_600_000  # ms

_places: WeakKeyDictionary[App, Attempts] = WeakKeyDictionary()


def offered(app: App) -> None:
    """Whether one can have a new password by mail.

    Raises:
        NotFound: this server sends no mail.
    """
    if not mails.on(app):
        raise NotFound("This server sends no mail. The admins can give you a new password.")


async def ask(app: App, address: str, place: str = "", language: str = "") -> None:
    """Send a link to an address, if somebody here signs in with it; `place` is where the wish comes from.

    Raises:
        NotFound: this server sends no mail.
        Invalid: this is no address.
        TooMany: too many wishes from this place, or for this address.
    """
    offered(app)
    wanted = emails.key(emails.check(address))
    if wanted is None:
        raise Invalid("Please give your e-mail address.", field="email")
    if app.config.rate_limits and place:
        if app not in _places:
            _places[app] = Attempts(25, 5 * MINUTE)  # Mastodon's number
        _places[app].take(network(place))
    mails.count(app, wanted)
    mails.post(app, writes := Writes(), "password", address=wanted, language=language, key=wanted)
    await apply(writes)


async def find(app: App, token: str) -> Account:
    """Whose link this is.

    Raises:
        NotFound: it was used, is too old, or was sent to an address that is theirs no more.
    """
    offered(app)
    return await _account(await mail_links.find(tokens.hash_of(token), PURPOSE, clock.now_ms()))


async def choose(app: App, token: str, new: str) -> None:
    """Give whose link this is another password: the link is used up, and everything that is signed in ends (ADM-05).

    Raises:
        NotFound: as `find`.
        Invalid: a password that cannot be had; the link is still good.
    """
    account = await find(app, token)
    passwords.check(new, await storage.accounts.name_of(account.id))
    stored = await passwords.hashed(new)
    async with transaction():
        account = await _account(await mail_links.use(tokens.hash_of(token), PURPOSE, clock.now_ms()))
        await storage.accounts.set_password(account.id, stored)
        await accounts.end_everything(account.id)
        mails.post(app, writes := Writes(), "password_changed", account=account.id)
        await write(writes)


async def _account(link: MailLink | None) -> Account:
    account = await storage.accounts.by_id(link.account_id) if link is not None else None
    if link is None or account is None or account.state != "active" or account.email_key != link.address:
        raise NotFound("This link is not valid (any more). You can ask for a new one.")
    return account
