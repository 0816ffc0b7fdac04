"""What public lists of servers ask of one before they name it, and how it is here.

The covenant of joinmastodon.org is what most go by: moderation, backups each day, a second person who can get at the
server, and notice before it closes. What only people can know is said to be so.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

import storage.accounts
import storage.stats
from fedcomm import clock, settings, smtp, unattended
from fedcomm.app import App

YES, NO, ASK = "yes", "no", "ask"  # ASK: nobody but you knows


class Item(msgspec.Struct, frozen=True):
    """One thing that is asked, how it is, and what to do about it where it is not so or not known."""

    name: str
    state: str
    said: str
    fix: str = ""


async def items(app: App) -> list[Item]:
    """All of them."""
    here, counts = await settings.current(app), await storage.stats.counts(clock.now_ms())
    admins = await storage.accounts.count_admins()
    seen = await storage.accounts.last_attended()
    attended = seen is not None and seen > clock.now_ms() - unattended.WEEK
    public = app.base_url.startswith("https://") and not app.config.try_out
    page = "say it on the page Settings of the server (/admin/site)"
    return [
        _item("public", public, "it is reached from everywhere by https", "give it a domain: see docs/host"),
        _item("sign-up", here.registration in ("open", "approval"), f"who can have an account: {here.registration}",
              "lists name only servers where people can ask for an account: let them, on /admin/site"),
        _item("description", bool(here.description.strip()), "it says what it is and for whom", page),
        _item("rules", bool(here.rules), f"rules: {len(here.rules)}; they say what is not taken", page),
        _item("contact", bool(here.contact_email or here.contact_account), "it says whom to ask", page),
        _item("privacy", bool(here.privacy_policy.strip()), "it says what becomes of what people entrust to it", page),
        _item("moderation", attended, "somebody who looks after it was here within the week", "sign in and look"),
        _item("second admin", admins > 1, f"admins who can sign in: {admins}",
              "let somebody else get at it in need: fedcomm account promote NAME --role admin"),
        await _mail(app),
        Item("numbers", YES, f"NodeInfo tells what the database counts: people {counts.people}, posts {counts.posts},"
             f" active in a month {counts.active_month}"),
        Item("backups", ASK, "each day, kept elsewhere", "what copies the database and the folder of files is yours"),
        Item("notice", ASK, "at least three months before it closes", "promise it in the terms, on /admin/site"),
    ]  # fmt: skip


async def _mail(app: App) -> Item:
    if not app.config.mail.url:
        return Item("mail", ASK, "off: who forgets their password needs an admin", "see docs/host/mail.md")
    try:
        await smtp.reached(app.config)
    except smtp.Unsent as why:
        return Item("mail", NO, f"the mail server does not let us in: {why}", "compare [mail] with docs/host/mail.md")
    return Item("mail", YES, "the mail server answers and lets us in; try it: fedcomm mail test ADDRESS")


def _item(name: str, so: bool, said: str, fix: str) -> Item:
    return Item(name, YES if so else NO, said, "" if so else fix)


async def _listing(app: App) -> dict[str, Any]:
    return {"items": msgspec.to_builtins(await items(app))}


COMMANDS: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {"doctor.listing": _listing}
