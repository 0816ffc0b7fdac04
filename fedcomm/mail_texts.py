"""What is written in each kind of mail, as long as it is still true; `LETTERS`, by their names."""

from collections.abc import Awaitable, Callable
from gettext import NullTranslations

import msgspec

import storage.accounts
from fedcomm import clock, confirming, forgotten, tokens
from fedcomm.app import App
from fedcomm.mail_message import Letter
from fedcomm.mails import Mail
from storage import mail_links
from storage.accounts import Account
from storage.ids import next_id
from storage.mail_links import MailLink


async def password(app: App, mail: Mail) -> Letter | None:
    """A link with which who has forgotten their password chooses another one; None where nobody has the address."""
    account = await storage.accounts.by_email(mail.address)
    if account is None or account.state != "active":
        return None
    gettext = _tongue(app, mail, account).gettext
    link = await _link(app, account, forgotten.PURPOSE, mail.address, forgotten.LIFETIME, "/auth/password/{token}")
    name = await storage.accounts.name_of(account.id)
    return _letter(app, mail, account, gettext("A new password"), [
        gettext("Somebody, probably you, wants a new password for the account @{name} on {host}.")
        .replace("{name}", name).replace("{host}", app.host),
        gettext("Here you choose one. The link works once, within two hours:"),
        link,
        gettext("It was not you? Then there is nothing to do: without this link nobody changes your password."),
    ])  # fmt: skip


async def password_changed(app: App, mail: Mail) -> Letter | None:
    """That somebody has chosen another password by mail, to who may have been somebody else."""
    account = await storage.accounts.by_id(mail.account)
    if account is None or not account.email_key:
        return None
    gettext = _tongue(app, mail, account).gettext
    return _letter(app, mail, account, gettext("Your password was changed"), [
        gettext("The account @{name} on {host} has a new password, and is signed out everywhere.")
        .replace("{name}", await storage.accounts.name_of(account.id)).replace("{host}", app.host),
        gettext("It was not you? Then somebody else can read your mail. Choose another password here, and write to the"
                " admins: {link}").replace("{link}", f"{app.base_url}/auth/password"),
    ])  # fmt: skip


async def confirm(app: App, mail: Mail) -> Letter | None:
    """A link that confirms an address; of who has an account with it already, that they have."""
    account = await storage.accounts.by_id(mail.account)
    if account is None or account.email_key or not account.email:
        return None
    owner = await storage.accounts.by_email(account.email)
    if owner is not None:
        return await _known(app, mail, account, owner)
    gettext = _tongue(app, mail, account).gettext
    path = "/auth/confirm/{token}"
    link = await _link(app, account, confirming.PURPOSE, account.email, confirming.LIFETIME, path)
    return _letter(app, mail, account, gettext("Please confirm your address"), [
        gettext("Somebody, probably you, has signed up on {host} as @{name} with this address. Is it yours?")
        .replace("{name}", await storage.accounts.name_of(account.id)).replace("{host}", app.host),
        gettext("Then confirm it here, within seven days:"),
        link,
        gettext("It was not you? Then there is nothing to do: without this link nobody uses your address."),
    ])  # fmt: skip


async def confirm_again(app: App, mail: Mail) -> Letter | None:
    """The same for an address that somebody has signed up with and not confirmed, if anybody has."""
    account = await storage.accounts.unconfirmed_by_email(mail.address)
    return await confirm(app, msgspec.structs.replace(mail, account=account.id)) if account is not None else None


async def _known(app: App, mail: Mail, account: Account, owner: Account) -> Letter:
    """To who has an account: that somebody wanted another one with their address, who does not learn of this."""
    gettext = _tongue(app, mail, owner).gettext
    return _letter(app, mail, owner, gettext("You have an account already"), [
        gettext("Somebody, perhaps you, wanted to sign up on {host} with this address, as @{name}. But the address"
                " belongs to your account @{own} there, and to no other.")
        .replace("{name}", await storage.accounts.name_of(account.id)).replace("{host}", app.host)
        .replace("{own}", await storage.accounts.name_of(owner.id)),
        gettext("You have forgotten your password? Here you choose another one: {link}")
        .replace("{link}", f"{app.base_url}/auth/password"),
        gettext("It was not you? Then there is nothing to do. Whoever it was has not learnt that you have an account."),
    ])  # fmt: skip


LETTERS: dict[str, Callable[[App, Mail], Awaitable[Letter | None]]] = {
    "confirm": confirm,
    "confirm_again": confirm_again,
    "password": password,
    "password_changed": password_changed,
}


def _tongue(app: App, mail: Mail, account: Account | None) -> NullTranslations:
    return app.translations(_language(mail, account))


def _language(mail: Mail, account: Account | None) -> str:
    return (account.language if account is not None else "") or mail.language or "en"


def _letter(app: App, mail: Mail, account: Account | None, subject: str, paragraphs: list[str]) -> Letter:
    """To the address of the account, as it was given; else to the one that the mail names."""
    gettext = _tongue(app, mail, account).gettext
    end = gettext("This is a message of {link}. Nobody reads answers to it.").replace("{link}", app.base_url)
    to = account.email if account is not None else mail.address
    return Letter(to, f"{subject} ({app.host})", [*paragraphs, end], _language(mail, account))


async def _link(app: App, account: Account, purpose: str, address: str, lifetime: int, path: str) -> str:
    """A new link of this server, whatever name the request came for that asked for it (attack ADM-05)."""
    token = tokens.new()
    until = clock.now_ms() + lifetime
    await mail_links.insert(MailLink(next_id(), tokens.hash_of(token), account.id, purpose, address.lower(), until))
    return app.base_url + path.replace("{token}", token)
