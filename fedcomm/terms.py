"""The terms of service: which hold now, which held before and will hold, and that members are told of new ones."""

from collections.abc import Sequence
from datetime import UTC, datetime

import storage.bulletins
from fedcomm import bulletins, clock
from fedcomm.app import App
from fedcomm.errors import NotFound
from storage import terms
from storage.terms import Terms

ADDRESS = "/terms-of-service"


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
    versions = await terms.versions()
    found = next((each for each in versions if each.text and day_of(each) == day), None)
    if found is None:
        raise NotFound("Nothing has been written down yet.")
    return found, versions


async def tell(app: App, language: str) -> None:
    """The job: let everybody here know of terms that were written last, in the language of who wrote them."""
    versions = await terms.versions()
    newest = max(versions, key=lambda each: each.id, default=None)
    if newest is None or not newest.text:
        return
    day = day_of(newest)
    words = app.translations(language).gettext("From {day} on there are new terms of service: {link}")
    text = words.format(day=day, link=f"{app.base_url}{ADDRESS}/{day}")
    if text not in [each.text for each in await storage.bulletins.shown(clock.now_ms())]:
        await bulletins.publish(None, text)
