"""What an admin changes while the server runs: name, description, rules, who may sign up, whom to ask."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal
from weakref import WeakKeyDictionary

import msgspec

import storage.accounts
import storage.settings
import storage.terms
from fedcomm import audit, clock, emails
from fedcomm.app import App
from fedcomm.errors import Invalid, NotAllowed
from storage import bus, jobs
from storage.accounts import Account
from storage.connect import Writes, in_transaction, transaction, write
from storage.ids import next_id
from storage.terms import Terms

MODES = ("invite", "approval", "open")
LONGEST_NAME, LONGEST_DESCRIPTION, LONGEST_RULE, MOST_RULES = 100, 5000, 500, 50  # characters; rules
LONGEST_TEXT = 50_000  # characters of what one reads once
MOST_NUMBER = 10_000
LEAST_COPIES, MOST_COPIES = 64, 1_000_000  # MB; less would not hold one picture and what is made of it
SHOWN_TO = ("nobody", "members", "everybody")


class Settings(msgspec.Struct, frozen=True):
    """The settings in force. Texts are plain text; nobody signs up unasked until an admin says `open`."""

    name: str = ""  # the host, until it is given one
    description: str = ""
    rules: tuple[str, ...] = ()
    registration: Literal["invite", "approval", "open"] = "approval"
    unattended_at: int = 0  # when `registration` became approval by itself (ms since 1970), until an admin sets it
    members_invite: bool = True  # into groups that they belong to; Mastodon's members may invite as well
    contact_email: str = ""
    contact_account: str = ""  # local name of somebody here
    about: str = ""
    privacy_policy: str = ""
    terms: str = ""
    terms_from: str = ""  # the day (UTC) from which on they hold; '' or past: from when they were written
    terms_at: int = 0  # when terms were written last that members have to be told of (ms since 1970)
    imprint: str = ""  # who runs the server, and where authorities and people reach them
    blocks_shown: Literal["nobody", "members", "everybody"] = "nobody"  # which servers are blocked or limited
    # Of posts by whom nobody here knows to whom they do not know; 0: not for that reason (`inbox/contacts.py`).
    hold_contact: bool = False  # all of them wait
    hold_young: int = 0  # hours for which an account is young: then they wait if they name so many
    hold_mentions: int = 2
    hold_links: int = 0  # so many links
    hold_same: int = 5  # the same text, so often
    hold_within: int = 60  # within so many minutes
    read_only: bool = False  # nothing new is taken in from people and other servers (`web/app.py`), and why
    read_only_reason: str = ""
    copies_most: int = 2048  # MB of all copies of pictures of other servers together (`copying.py`)


class _Remembered:
    """The settings of one server, until somebody changes them; a read that a change overtook is not kept."""

    def __init__(self) -> None:
        self.settings: Settings | None = None
        self.last: Settings | None = None
        self.generation = 0

    def forget(self) -> None:
        self.settings = None
        self.generation += 1


_remembered: WeakKeyDictionary[App, _Remembered] = WeakKeyDictionary()


async def current(app: App) -> Settings:
    """The settings as they are now."""
    if in_transaction():
        return await _read(app)
    remembered = _remembered.get(app) or _remember(app)
    if remembered.settings is not None:
        return remembered.settings
    generation = remembered.generation
    found = await _read(app)
    if generation == remembered.generation:
        remembered.settings = remembered.last = found
    return found


def known(app: App) -> Settings:
    """The settings as they were when somebody last asked: for what cannot wait, such as the page of an error."""
    remembered = _remembered.get(app)
    return (remembered and remembered.last) or Settings(name=app.host)


async def change(app: App, by: Account | None, changes: Mapping[str, Any]) -> Settings:
    """The settings after a change of some of them, for everybody at once.

    Raises:
        NotAllowed: `by` is no admin.
        Invalid: a value that the setting cannot have; nothing is changed then.
    """
    if by and by.role != "admin":
        raise NotAllowed("Only admins can change the settings.")
    wanted = {key: await _checked(key, value) for key, value in changes.items()}
    async with transaction():
        before = await current(app)
        changed = {key: value for key, value in wanted.items() if value != getattr(before, key)}
        if "registration" in wanted and before.unattended_at:
            changed["unattended_at"] = 0  # an admin has seen it, whatever they decide
        if changed.get("terms") == "" and before.terms_from:
            changed.setdefault("terms_from", "")  # the day was that of the text: without it there are none from now on
        for key, value in changed.items():
            await storage.settings.store(key, value, clock.now_ms())
        if "terms" in changed or "terms_from" in changed:
            await _keep_terms(app, by, before, await current(app))
        if changed:
            await bus.publish("settings", "")
            await audit.record(by, "settings.change", ", ".join(changed), **changed)
    return await current(app)


async def _keep_terms(app: App, by: Account | None, before: Settings, new: Settings) -> None:
    """A version of the terms of service; whoever has an account is told of those that are not the first."""
    now, versions = clock.now_ms(), await storage.terms.versions()
    day = date.fromisoformat(new.terms_from) if new.terms_from else date(1970, 1, 1)
    effective_at = max(now, (day - date(1970, 1, 1)).days * 86_400_000)
    newest = max(versions, key=lambda each: each.id, default=None)
    if newest is not None and newest.text == new.terms and newest.effective_at <= now:
        return  # another day says nothing about what holds already
    made = Terms(next_id(), new.terms, effective_at, now)
    storage.terms.insert(writes := Writes(), made)
    if newest is not None and new.terms:
        if new.terms != before.terms:
            await storage.settings.store("terms_at", now, now)
        jobs.add(writes, next_id(), "tell_terms", {"language": (by.language if by else "") or "en"}, now)
        jobs.add(writes, next_id(), "mail_terms", {"terms": made.id}, now)
        app.jobs_added(writes)
    await write(writes)


def _remember(app: App) -> _Remembered:
    remembered = _remembered[app] = _Remembered()
    bus.subscribe("settings", lambda _payload: remembered.forget())
    bus.after_gap(remembered.forget)
    return remembered


async def _read(app: App) -> Settings:
    stored = await storage.settings.stored()
    known = {key: stored[key] for key in Settings.__struct_fields__ if key in stored}
    settings = msgspec.convert({key: msgspec.json.decode(raw) for key, raw in known.items()}, Settings)
    return settings if settings.name else msgspec.structs.replace(settings, name=app.host)


async def _checked(key: str, value: Any) -> Any:
    match key:
        case "name":
            return _text(value, LONGEST_NAME, key).replace("\n", " ")
        case "description":
            return _text(value, LONGEST_DESCRIPTION, key)
        case "about" | "privacy_policy" | "terms" | "imprint":
            return _text(value, LONGEST_TEXT, key)
        case "terms_from":
            return _date(value, key)
        case "blocks_shown" if value in SHOWN_TO:
            return value
        case "rules":
            return _rules(value)
        case "registration" if value in MODES:
            return value
        case "read_only_reason":
            return _text(value, LONGEST_RULE, key).replace("\n", " ")
        case "hold_contact" | "read_only" if isinstance(value, bool):
            return value
        case "hold_young" | "hold_mentions" | "hold_links" | "hold_same" | "hold_within":
            return _number(value, 1 if key in ("hold_mentions", "hold_within") else 0, key)
        case "copies_most":
            return _number(value, LEAST_COPIES, key, MOST_COPIES)
        case "members_invite" if isinstance(value, bool):
            return value
        case "contact_email":
            return emails.check(value)
        case "contact_account":
            return await _contact(value)
    raise Invalid("There is no such setting, or it cannot have this value.", field=key)


def _text(value: str, longest: int, key: str) -> str:
    text = "".join(c for c in value.replace("\r\n", "\n").strip() if c == "\n" or c.isprintable())
    if len(text) > longest:
        raise Invalid("This text is too long.", field=key)
    return text


def _date(value: str, key: str) -> str:
    try:
        return date.fromisoformat(value.strip()).isoformat() if value.strip() else ""
    except ValueError:
        raise Invalid("This is no day like 2027-01-31.", field=key) from None


def _number(value: Any, least: int, key: str, most: int = MOST_NUMBER) -> int:
    if not isinstance(value, int) or not least <= value <= most:
        raise Invalid("This is a number from {least} to {most}.", field=key, least=least, most=most)
    return value


def _rules(lines: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    rules = tuple(text for line in lines if (text := _text(line, LONGEST_RULE, "rules").replace("\n", " ")))
    if len(rules) > MOST_RULES:
        raise Invalid("There can be at most 50 rules.", field="rules")
    return rules


async def _contact(name: str) -> str:
    wanted = name.strip().removeprefix("@").lower()
    account = await storage.accounts.by_name(wanted) if wanted else None
    if wanted and (account is None or account.state != "active"):
        raise Invalid("There is no account of this name here.", field="contact_account")
    return wanted
