"""Maintenance, step by step: one step that fails never stops the rest."""

import logging
from collections.abc import Awaitable, Callable

from fedcomm import audit, clock, completing, confirming, erasing, guests, mail_domains, maintenance
from fedcomm.app import App
from fedcomm.peer_days import KEPT
from storage import (
    admissions,
    caught,
    erasures,
    held,
    idempotency,
    imports,
    inbox,
    mail_links,
    mutes,
    oauth,
    outbox,
    peer_days,
    sessions,
    stats,
    tombstones,
)

LOG = logging.getLogger("fedcomm.nightly")
DAY = 86_400_000  # ms
REPEATS = 30 * DAY  # longer than any peer repeats a delivery
EARLY = 7 * DAY  # what an answer answers comes sooner, or nobody waits for it: no peer tries for longer
PUBLISHED = 30 * DAY
WEEKS = 14 * 7 * DAY  # twelve are told
REPORTS = 30 * DAY
HELD = 30 * DAY
KEYS = DAY  # a client repeats a request within minutes; Mastodon keeps its keys for an hour
UNUSED = 7 * DAY  # time for somebody to say yes to a program
IDLE = 30 * DAY  # a program that acts for nobody gets another token when it comes back


async def run(app: App) -> None:
    """Every step once."""
    for name, step in STEPS:
        try:
            count = await step()
        except Exception:  # the next night tries again; the other steps are done today
            LOG.exception("nightly step=%s failed", name)
        else:
            LOG.info("nightly step=%s rows=%d", name, count)


async def _forget_marks() -> int:
    """Marks against repeats of what was settled long ago."""
    return await inbox.forget((clock.now_ms() - REPEATS) << 16)


async def _let_go() -> int:
    """How answers read that came before what they answer; of those let go earlier nothing is looked at."""
    now = clock.now_ms()
    return await inbox.let_go_between((now - 2 * EARLY) << 16, (now - EARLY) << 16)


async def _trim_outbox() -> int:
    """What every peer has got."""
    return await outbox.forget(clock.now_ms() - PUBLISHED)


async def _forget_notes() -> int:
    """How deliveries ended that nobody took."""
    return await outbox.forget_notes(clock.now_ms() - PUBLISHED)


async def _forget_undone() -> int:
    """Ids of votes and boosts that were taken back; those of posts are kept for ever."""
    return await tombstones.forget_undone(clock.now_ms() - REPEATS)


async def _forget_keys() -> int:
    """Keys of requests that nobody repeats any more."""
    return await idempotency.forget(clock.now_ms() - KEYS)


async def _forget_reports() -> int:
    """How files of members were read in: they have had time to look."""
    return await imports.forget(clock.now_ms() - REPORTS)


async def _forget_erasures() -> int:
    """Of accounts that were erased, what there was: how deliveries ended is forgotten after as long."""
    return await erasures.forget(clock.now_ms() - erasing.KEPT)


async def _forget_held() -> int:
    """Posts that waited for so long that nobody will let them in, and what was decided about others."""
    return await held.forget(clock.now_ms() - HELD)


async def _forget_caught() -> int:
    """First words of strangers that nobody looked at for so long; and texts that came often or did not."""
    now = clock.now_ms()
    return await caught.forget(now - UNUSED, now - HELD)


async def _forget_mutes() -> int:
    """Mutes that were to last until now."""
    return await mutes.forget_expired(clock.now_ms())


async def _forget_weeks() -> int:
    """Who was here in which week, once the weeks are counted no more."""
    return await stats.forget_weeks(clock.now_ms() - WEEKS)


async def _forget_sessions() -> int:
    """Browsers that were signed in for so long that they are not any more."""
    return await sessions.delete_expired(clock.now_ms())


async def _forget_guests() -> int:
    """Browsers and links of who looked after a group from elsewhere."""
    return await guests.forget()


async def _forget_days() -> int:
    """What passed between here and other servers long ago."""
    return await peer_days.forget(clock.now_ms() // DAY - KEPT)


async def _forget_admissions() -> int:
    """Who could have come into a group on an invitation, and has not."""
    return await admissions.forget(clock.now_ms())


async def _forget_links() -> int:
    """Links in mails that are good no more."""
    return await mail_links.forget(clock.now_ms())


async def _forget_unconfirmed() -> int:
    """Sign-ups of who has never confirmed their address."""
    return await confirming.forget(clock.now_ms() - confirming.LIFETIME)


async def _forget_programs() -> int:
    """Old codes, tokens of programs that rest, programs nobody let in: anybody can have them (attack OAU-12)."""
    now = clock.now_ms()
    forgotten = await oauth.forget_old_codes(now - DAY) + await oauth.forget_idle_tokens(now - IDLE)
    return forgotten + await oauth.forget_unused_programs(now - UNUSED)


STEPS: tuple[tuple[str, Callable[[], Awaitable[int]]], ...] = (
    ("inbox", _forget_marks),
    ("early", _let_go),
    ("weeks", _forget_weeks),
    ("notes", _forget_notes),
    ("outbox", _trim_outbox),
    ("undone", _forget_undone),
    ("keys", _forget_keys),
    ("held", _forget_held),
    ("caught", _forget_caught),
    ("mutes", _forget_mutes),
    ("reports", _forget_reports),
    ("erasures", _forget_erasures),
    ("sessions", _forget_sessions),
    ("guests", _forget_guests),
    ("unconfirmed", _forget_unconfirmed),
    ("links", _forget_links),
    ("programs", _forget_programs),
    ("admissions", _forget_admissions),
    ("threads", completing.forget),
    ("days", _forget_days),
    ("mail_domains", mail_domains.forget),
    ("old_keys", maintenance.forget_keys),
    ("audit", audit.watch),
)
