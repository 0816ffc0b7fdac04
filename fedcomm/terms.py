"""The terms of service: which hold now, which held before and will hold, and that members are told of new ones.

They are told at once, by an announcement and by mail, and once more when the terms hold: then the next page that they
open is that with the terms. As on Mastodon (`terms_of_service.rb`), mail goes to who was there within a year.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import storage.accounts
import storage.bulletins
from fedcomm import bulletins, clock, mails, preferences, settings
from fedcomm.app import App
from fedcomm.errors import NotFound
from storage import jobs
from storage import terms as stored
from storage.accounts import Account
from storage.connect import Writes, transaction, write
from storage.ids import next_id
from storage.terms import Terms

ADDRESS = "/terms-of-service"
_YEAR = 366 * 86_400_000  # ms
_AT_ONCE = 200  # mails
_MAIL = "mail_terms"


def in_force(versions: Sequence[Terms]) -> Terms | None:
    """The version that holds now, None where there are no terms."""
    now = clock.now_ms()
    found = next((each for each in versions if each.effective_at <= now), None)
    return found if found is not None and found.text else None


def coming(versions: Sequence[Terms]) -> Terms | None:
    """The version that will hold next, if one was written already."""
    now = clock.now_ms()
    return next((each for each in reversed(versions) if each.effective_at > now and each.text), None)


def day_of(version: Terms) -> str:
    """The day (UTC) from which on it holds: as 2027-01-31."""
    return datetime.fromtimestamp(version.effective_at / 1000, UTC).date().isoformat()


def succeeded_by(version: Terms, versions: Sequence[Terms]) -> str | None:
    """The day on which a later version takes its place."""
    later = [
        each for each in versions if each.text and (each.effective_at, each.id) > (version.effective_at, version.id)
    ]
    return day_of(later[-1]) if later else None


async def on(day: str) -> tuple[Terms, list[Terms]]:
    """The version that holds from that day on, the last of it, and all versions.

    Raises:
        NotFound: there is none.
    """
    versions = await stored.versions()
    found = next((each for each in versions if each.text and day_of(each) == day), None)
    if found is None:
        raise NotFound("Nothing has been written down yet.")
    return found, versions


async def tell(app: App, language: str) -> None:
    """The job: let everybody here know of terms that were written last, in the language of who wrote them."""
    versions = await stored.versions()
    newest = max(versions, key=lambda each: each.id, default=None)
    if newest is None or not newest.text:
        return
    day = day_of(newest)
    words = app.translations(language).gettext("From {day} on there are new terms of service: {link}")
    text = words.format(day=day, link=f"{app.base_url}{ADDRESS}/{day}")
    if text not in [each.text for each in await storage.bulletins.shown(clock.now_ms())]:
        await bulletins.publish(None, text)


async def mail(app: App, terms: int, after: int = 0) -> None:
    """The job: have a mail about a version sent to some members, those behind the account `after`; then to the next.

    It is done with the transaction that has them sent, so that nobody gets two after a process that ended at once.
    """
    versions = await stored.versions()
    if not mails.on(app) or terms != max((each.id for each in versions), default=0):
        return  # written anew, which has a job of its own
    found = await storage.accounts.with_address(after, clock.now_ms() - _YEAR, _AT_ONCE)
    if not found:
        return
    this: dict[str, object] = {"terms": terms, "after": after} if after else {"terms": terms}
    async with transaction():
        if not await jobs.take(_MAIL, this):
            return
        writes = Writes()
        for account in found:
            mails.post(app, writes, "terms", account=account, about=terms, key=f"{terms}:{account}")
        jobs.add(writes, next_id(), _MAIL, {"terms": terms, "after": found[-1]}, clock.now_ms())
        app.jobs_added(writes)
        await write(writes)


async def unseen(app: App, account: Account) -> bool:
    """Whether terms hold that somebody has to be told of, and has not seen yet."""
    site = await settings.current(app)
    if not site.terms or site.terms_at <= max(account.created_at, preferences.terms_read(account)):
        return False
    return not site.terms_from or site.terms_from <= datetime.fromtimestamp(clock.now(), UTC).date().isoformat()


async def see(app: App, account: Account) -> bool:
    """Somebody sees the terms that hold: whether they have to be told of them, and had not seen them."""
    if not await unseen(app, account):
        return False
    await preferences.set_terms_read(account, (await settings.current(app)).terms_at)
    return True
