"""What is written in each kind of mail, as long as it is still true; `LETTERS`, by their names."""

from collections.abc import Awaitable, Callable
from gettext import NullTranslations

import msgspec

import storage.accounts
import storage.actors
from fedcomm import clock, confirming, docket, forgotten, objections, readdressing, settings, staff_mail, terms, tokens
from fedcomm.app import App
from fedcomm.mail_message import Letter
from fedcomm.mails import Mail
from storage import docket as stored_docket
from storage import mail_links, sanctions
from storage import reports as stored_reports
from storage import terms as stored_terms
from storage.accounts import Account
from storage.actors import Actor
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


async def reports(app: App, mail: Mail) -> Letter | None:
    """To who looks after the server: how many reports are open. What is in them stays on the server."""
    account = await _staff(mail, staff_mail.REPORTS)
    wanted = stored_reports.Wanted(reader=account.actor_id, state=stored_reports.OPEN) if account is not None else None
    if account is None or wanted is None or not (number := await stored_reports.count(wanted)):
        return None
    ngettext = _tongue(app, mail, account).ngettext
    words = ngettext("There is one open report on {host}.", "There are {number} open reports on {host}.", number)
    return _notice(app, mail, account, words.replace("{number}", str(number)), "/admin/reports")


async def sign_ups(app: App, mail: Mail) -> Letter | None:
    """To who looks after the server: how many sign-ups wait for an answer."""
    account = await _staff(mail, staff_mail.SIGN_UPS)
    number = await storage.accounts.count("pending")
    if account is None or not number:
        return None
    ngettext = _tongue(app, mail, account).ngettext
    words = ngettext(
        "One person waits for an answer to their sign-up on {host}.",
        "{number} people wait for an answer to their sign-up on {host}.", number,
    )  # fmt: skip
    return _notice(app, mail, account, words.replace("{number}", str(number)), "/admin/sign_ups")


async def groups(app: App, mail: Mail) -> Letter | None:
    """To who looks after groups and has asked for it: how much waits for them there. What it is stays on the server."""
    account = await storage.accounts.by_id(mail.account)
    actor = await storage.actors.by_id(account.actor_id) if account is not None else None
    if account is None or actor is None or account.state != "active" or not account.email_key:
        return None
    if not staff_mail.wants(account, staff_mail.GROUPS) or not (number := await _waiting(actor)):
        return None
    ngettext = _tongue(app, mail, account).ngettext
    words = ngettext(
        "One thing waits for you in your groups on {host}.",
        "{number} things wait for you in your groups on {host}.", number,
    )  # fmt: skip
    return _notice(app, mail, account, words.replace("{number}", str(number)), "/moderation")


async def _waiting(actor: Actor) -> int:
    """How much of groups alone waits for somebody, at most a hundred."""
    scope, _places = await docket.scope(docket.Keeper(actor))
    return len(await stored_docket.waiting(scope, stored_docket.OF_GROUPS, 0, 0, 100))


async def closed(app: App, mail: Mail) -> Letter | None:
    """To who looks after the server: nobody was there for a week, so that nobody comes in unasked any more."""
    account = await _staff(mail, staff_mail.CLOSED)
    if account is None or not (await settings.current(app)).unattended_at:
        return None
    gettext = _tongue(app, mail, account).gettext
    return _notice(app, mail, account, gettext("{host} lets nobody in unasked any more."), "/admin/site", gettext(
        "Nobody who looks after this server was here for a week. So that nobody comes in unseen, whoever wants an"
        " account waits for an answer from now on. An admin can let everybody in at once again."
    ))  # fmt: skip


async def sanction(app: App, mail: Mail) -> Letter | None:
    """To a member: what was done about their account, why, and whom they can ask."""
    account = await storage.accounts.by_id(mail.account)
    made = (await sanctions.by_ids([mail.about])).get(mail.about)
    if account is None or not account.email_key or made is None:
        return None
    gettext = _tongue(app, mail, account).gettext
    said = {
        "warn": gettext("Who looks after this server warns you."),
        "freeze": gettext("Who looks after this server has closed signing in with your account for a while."),
        "sensitive": gettext("Who looks after this server has put all your pictures behind a warning."),
        "limit": gettext(
            "Who looks after this server has limited your account: only who follows you sees what you write."
        ),
        "suspend": gettext("Who looks after this server has suspended your account."),
    }[made.act]
    return _letter(app, mail, account, gettext("About your account"), [
        f"@{await storage.accounts.name_of(account.id)}: {said}",
        *(["\n".join(f"> {line}" for line in made.text.splitlines())] if made.text else []),
        gettext("You think that this is wrong? Say why here, within 30 days, and who looks after the server looks at it"
                " again:"),
        await _link(app, account, objections.purpose(made.id), account.email_key, objections.OPEN_FOR,
                    f"/auth/appeal/{made.id}.{{token}}"),
    ])  # fmt: skip


async def objection(app: App, mail: Mail) -> Letter | None:
    """To who has objected to what was done about their account: what came of it."""
    account = await storage.accounts.by_id(mail.account)
    ended = await stored_reports.by_id(mail.about)
    if account is None or not account.email_key or ended is None or ended.state != stored_reports.CLOSED:
        return None
    gettext = _tongue(app, mail, account).gettext
    said = {
        "acted": gettext("Your appeal was looked at, and something was changed."),
        "passed": gettext("Your appeal was passed on to others, who decide about it."),
    }.get(ended.outcome, gettext("Your appeal was looked at. What was decided stays."))
    alone = ended.acted_by and ended.closed_by == ended.acted_by
    return _letter(app, mail, account, gettext("About your account"), [
        f"@{await storage.accounts.name_of(account.id)}: {said}",
        *([gettext("It was decided by who had done it, for nobody else here may.")] if alone else []),
        *(["\n".join(f"> {line}" for line in ended.answer.splitlines())] if ended.answer else []),
    ])  # fmt: skip


async def new_terms(app: App, mail: Mail) -> Letter | None:
    """To a member: from when on there are which new terms of service, unless they were written anew since."""
    account = await storage.accounts.by_id(mail.account)
    newest = max(await stored_terms.versions(), key=lambda each: each.id, default=None)
    if account is None or not account.email_key or account.state != "active" or newest is None:
        return None
    if newest.id != mail.about or not newest.text:
        return None
    gettext, day = _tongue(app, mail, account).gettext, terms.day_of(newest)
    words = gettext("From {day} on there are new terms of service: {link}").replace("{day}", day)
    return _letter(app, mail, account, gettext("New terms of service"), [
        words.replace("{link}", f"{app.base_url}{terms.ADDRESS}/{day}"),
        gettext("Please read them. Earlier ones stand there as well."),
    ])  # fmt: skip


async def export_ready(app: App, mail: Mail) -> Letter | None:
    """To a member: the file with all of theirs that they asked for is there. The link is good for them alone."""
    account = await storage.accounts.by_id(mail.account)
    if account is None or account.state != "active" or not account.email_key:
        return None
    gettext = _tongue(app, mail, account).gettext
    return _letter(app, mail, account, gettext("Your file is ready"), [
        gettext("The file with what you have on {host} is ready. You find it here, signed in: {link}")
        .replace("{host}", app.host).replace("{link}", f"{app.base_url}/settings/data"),
    ])  # fmt: skip


async def address_old(app: App, mail: Mail) -> Letter | None:
    """To the present address: whether another one shall be that of the account."""
    account = await storage.accounts.by_id(mail.account)
    if account is None or not account.email_key:
        return None
    return await _of_address(app, mail, account, readdressing.OLD)


async def address_new(app: App, mail: Mail) -> Letter | None:
    """To the new address, unless it belongs to somebody here."""
    account = await storage.accounts.by_id(mail.account)
    if account is None or await storage.accounts.by_email(mail.address) is not None:
        return None
    return msgspec.structs.replace(await _of_address(app, mail, account, readdressing.NEW), to=mail.address)


async def _of_address(app: App, mail: Mail, account: Account, purpose: str) -> Letter:
    gettext = _tongue(app, mail, account).gettext
    link = await _link(app, account, purpose, mail.address, readdressing.LIFETIME, "/auth/address/{token}")
    return _letter(app, mail, account, gettext("Another address for your account"), [
        gettext("Somebody, probably you, wants {address} to be the address of the account @{name} on {host}.")
        .replace("{name}", await storage.accounts.name_of(account.id)).replace("{host}", app.host)
        .replace("{address}", mail.address),
        gettext("If you want that too, say so here, within two days. The link in the mail to the other address, if"
                " there is one, has to be followed as well:"),
        link,
        gettext("It was not you? Then do not follow the link, and choose another password."),
    ])  # fmt: skip


LETTERS: dict[str, Callable[[App, Mail], Awaitable[Letter | None]]] = {
    "confirm": confirm,
    "confirm_again": confirm_again,
    readdressing.OLD: address_old,
    readdressing.NEW: address_new,
    "password": password,
    "sanction": sanction,
    "objection": objection,
    "terms": new_terms,
    "export_ready": export_ready,
    staff_mail.REPORTS: reports,
    staff_mail.SIGN_UPS: sign_ups,
    staff_mail.CLOSED: closed,
    staff_mail.GROUPS: groups,
    "password_changed": password_changed,
}


async def _staff(mail: Mail, kind: str) -> Account | None:
    """Who gets a mail of this kind, if they still look after the server and want it."""
    account = await storage.accounts.by_id(mail.account)
    if account is None or account.role == "member" or account.state != "active" or not account.email_key:
        return None
    return account if staff_mail.wants(account, kind) else None


def _notice(app: App, mail: Mail, account: Account, subject: str, path: str, more: str = "") -> Letter:
    """With where to go, and where to say that one wants no more of this kind."""
    gettext = _tongue(app, mail, account).gettext
    words, kind = subject.replace("{host}", app.host), mail.letter
    end = (
        gettext("You get this since you have asked for it. Here you say which mail you want: {link}")
        if kind == staff_mail.GROUPS
        else gettext("You get this since you look after the server. Here you say which mail you want: {link}")
    )
    letter = _letter(app, mail, account, words, [
        more or words, gettext("Here you see to it: {link}").replace("{link}", f"{app.base_url}{path}"),
        end.replace("{link}", f"{app.base_url}/settings/mail"),
    ])  # fmt: skip
    token = staff_mail.stopping(app, account.id, kind)
    return msgspec.structs.replace(letter, subject=words, stop=f"{app.base_url}/auth/mail/{token}" if token else "")


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
