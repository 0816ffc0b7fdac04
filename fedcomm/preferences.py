"""How members like to read; and to write, where a post does not say it itself (Mastodon API: "Preferences")."""

from collections.abc import Callable, Collection
from functools import cache
from zoneinfo import available_timezones

import msgspec

import storage.accounts
from activitypub import properties
from fedcomm.app import App
from fedcomm.errors import Invalid
from storage.accounts import Account
from storage.connect import Writes, transaction, write
from storage.counting import hold

VISIBILITIES = ("public", "unlisted", "private")


class Preferences(msgspec.Struct, frozen=True):
    """For whom a post is, whether it is sensitive and in which language, unless it says so itself."""

    visibility: str = "public"
    sensitive: bool = False
    language: str = ""
    no_mail: tuple[str, ...] = ()  # of these kinds (`staff_mail.OF_STAFF`)
    mail: tuple[str, ...] = ()  # of these kinds, of which nobody gets any unasked (`staff_mail.GROUPS`)
    terms_read: int = 0  # when the terms were written that they saw last (`Settings.terms_at`)


class Wish(msgspec.Struct, frozen=True):
    """What is to be otherwise; '' and None leave a thing as it is, except that no language can be wished."""

    visibility: str = ""
    sensitive: bool | None = None
    language: str | None = None


@cache
def time_zones() -> frozenset[str]:
    """The time zones that there are on this machine; looking for them takes 60 ms."""
    return frozenset(available_timezones())


async def set_place(account: Account, language: str, time_zone: str) -> None:
    """Keep in which language and time zone somebody reads; '' is what the browser says, and UTC.

    Raises:
        Invalid: no such time zone.
    """
    if time_zone and time_zone not in time_zones():
        raise Invalid("There is no such time zone.", field="time_zone")
    await storage.accounts.set_place(account.id, language[:20], time_zone)


def of(account: Account | None) -> Preferences:
    """Those of an account; the usual ones where nothing was said, and the language that they read in."""
    found = _kept(account)
    return found if found.language or account is None else msgspec.structs.replace(found, language=account.language)


def check(account: Account, wish: Wish) -> Preferences:
    """What the preferences would be.

    Raises:
        Invalid: no such visibility, or no language.
    """
    if wish.visibility and wish.visibility not in VISIBILITIES:
        raise Invalid("Posts are public, unlisted or private unless they say otherwise.", field="source[privacy]")
    if wish.language and not properties.language(wish.language):
        raise Invalid("Languages are given by their codes, such as “de”.", field="source[language]")
    return _wished(_kept(account), wish)


def _wished(before: Preferences, wish: Wish) -> Preferences:
    return msgspec.structs.replace(
        before,
        visibility=wish.visibility or before.visibility,
        sensitive=before.sensitive if wish.sensitive is None else wish.sensitive,
        language=before.language if wish.language is None else wish.language,
    )


async def change(app: App, account: Account, wish: Wish) -> None:
    """Keep what is said.

    Raises:
        Invalid: as `check`.
    """
    check(account, wish)
    if wish != Wish():
        await _keep(account, lambda now: _wished(_kept(now), wish))


def without_mail(account: Account) -> tuple[str, ...]:
    """The kinds of mail that somebody who looks after the server does not want."""
    return _kept(account).no_mail


def with_mail(account: Account) -> tuple[str, ...]:
    """The kinds of mail that somebody has asked for."""
    return _kept(account).mail


async def set_mail(
    account: Account, choose: Callable[[Account], tuple[Collection[str], Collection[str]]]
) -> None:  # fmt: skip
    """Keep without which kinds of mail they want to be, and which they ask for: `choose` gives both, of the account as
    it is when nobody else changes it."""

    def chosen(now: Account) -> Preferences:
        without, kinds = choose(now)
        return msgspec.structs.replace(_kept(now), no_mail=tuple(without), mail=tuple(kinds))

    await _keep(account, chosen)


def terms_read(account: Account) -> int:
    """When the terms were written (ms) that somebody saw last, 0 for none that they had to be told of."""
    return _kept(account).terms_read


async def set_terms_read(account: Account, written_at: int) -> None:
    """Keep which terms they have seen."""
    await _keep(account, lambda now: msgspec.structs.replace(_kept(now), terms_read=written_at))


async def _keep(account: Account, choose: Callable[[Account], Preferences]) -> None:
    """All of them are one text, so that of two who change some at once the second goes on from what the first kept."""
    async with transaction():
        hold(writes := Writes(), "account", account.id)
        await write(writes)
        now = await storage.accounts.by_id(account.id)
        if now is not None:
            await storage.accounts.set_preferences(account.id, msgspec.json.encode(choose(now)).decode())


def _kept(account: Account | None) -> Preferences:
    try:
        return msgspec.json.decode(account.preferences if account else "{}", type=Preferences)
    except msgspec.MsgspecError:
        return Preferences()
