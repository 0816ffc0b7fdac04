"""Signing in: a login and a password, how often they may be tried, and the same answer whatever is wrong."""

from collections import OrderedDict
from weakref import WeakKeyDictionary

import storage.accounts
from fedcomm import passwords
from fedcomm.app import App
from fedcomm.attempts import MINUTE, Attempts, network
from fedcomm.errors import Invalid, NotAllowed
from storage import sanctions
from storage.accounts import Account

_WRONG = "This name and this password do not belong together."
_STATES = {
    "unconfirmed": "Please confirm your address first: follow the link in the mail that was sent to it. No mail has"
    " come? You can have another one sent: {link}",
    "pending": "This account is waiting for an admin's approval.",
    "frozen": "Nobody can sign in with this account for now. Whom you can ask about it stands here: {link}",
    "suspended": "This account has been suspended. Whom you can ask about it stands here: {link}",
}
_WITH_REASON = {
    "frozen": "Nobody can sign in with this account for now: {reason} (Whom you can ask about it stands here: {link})",
    "suspended": "This account has been suspended: {reason} (Whom you can ask about it stands here: {link})",
}
_MOST_KNOWN = 10_000


class _Limits:
    """What this process counts for one server; Mastodon's numbers."""

    def __init__(self) -> None:
        self.addresses = Attempts(25, 5 * MINUTE)
        self.logins = Attempts(25, 60 * MINUTE)
        self.sign_ups = Attempts(5, 30 * MINUTE)
        # Where somebody signed in before, guessing by others does not lock them out.
        self.known: OrderedDict[tuple[int, str], None] = OrderedDict()


_limits: WeakKeyDictionary[App, _Limits] = WeakKeyDictionary()


async def authenticate(app: App, login: str, password: str, address: str = "") -> Account:
    """The active account of a name or e-mail address with this password, as `accounts.authenticate` says.

    Raises:
        NotAllowed: no such pair, or its account is not active.
        TooMany: too many tries.
    """
    limits, place = _of(app), network(address)
    wanted = _login(app, login)
    account = await _account(wanted)
    key = wanted
    if app.config.rate_limits:
        if address:
            limits.addresses.take(place)
        if account and (account.id, place) in limits.known:
            key = f"{account.id} {place}"
        limits.logins.take(key)
    try:
        right = await passwords.matches(account.password_hash if account else "", password)
    except Invalid:  # a text that nobody can have as password
        right = False
    if account is None or not right:
        raise NotAllowed(_WRONG)
    limits.logins.give_back(key)
    if account.state != "active":
        raise await _shut_out(app, account)
    _remember(limits, account.id, place)
    await _renew_hash(account, password)
    return account


async def confirm(app: App, account: Account, password: str) -> None:
    """Whether somebody who is signed in knows the password.

    Raises:
        NotAllowed: they do not.
        TooMany: they tried too often.
    """
    limits, key = _of(app), f"confirm {account.id}"
    if app.config.rate_limits:
        limits.logins.take(key)
    if not await passwords.matches(account.password_hash, password):
        raise NotAllowed("The present password is another one.")
    limits.logins.give_back(key)


def count_sign_up(app: App, address: str) -> None:
    """Count a sign-up from this address.

    Raises:
        TooMany: there were too many.
    """
    if app.config.rate_limits:
        _of(app).sign_ups.take(network(address))


def _of(app: App) -> _Limits:
    if app not in _limits:
        _limits[app] = _Limits()
    return _limits[app]


def _login(app: App, login: str) -> str:
    """One spelling for all of `Name`, `@name`, `name@our.host` and `Somebody@Mail.example`."""
    wanted = login.strip()[:300].lower().removeprefix("@")
    return wanted.removesuffix(f"@{app.host}")


async def _account(login: str) -> Account | None:
    if not login.isascii() or "\0" in login:
        return None
    return await (storage.accounts.by_email(login) if "@" in login else storage.accounts.by_name(login))


def _remember(limits: _Limits, account_id: int, place: str) -> None:
    limits.known[account_id, place] = None
    limits.known.move_to_end((account_id, place))
    while len(limits.known) > _MOST_KNOWN:
        limits.known.popitem(last=False)


async def _renew_hash(account: Account, password: str) -> None:
    if passwords.outdated(account.password_hash):
        new = await passwords.hashed(password)
        await storage.accounts.replace_password_hash(account.id, account.password_hash, new)


async def _shut_out(app: App, account: Account) -> NotAllowed:
    """Why somebody with the right password cannot sign in."""
    if account.state == "pending":
        return NotAllowed(_STATES["pending"])
    if account.state == "unconfirmed":
        return NotAllowed(_STATES["unconfirmed"], link=f"{app.base_url}/auth/confirm")
    link = f"{app.base_url}/about"
    if reason := await _reason(account):
        return NotAllowed(_WITH_REASON[account.state], reason=reason, link=link)
    return NotAllowed(_STATES[account.state], link=link)


async def _reason(account: Account) -> str:
    """Why an account was frozen or suspended, as it was told."""
    act = {"frozen": "freeze", "suspended": "suspend"}[account.state]
    return next((each.text for each in await sanctions.of(account.actor_id) if each.act == act), "")
