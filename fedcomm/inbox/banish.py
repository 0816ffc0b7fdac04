"""Block of a site: who runs a server elsewhere bans somebody from it, or lifts that (Lemmy, PieFed, fedcomm).

Lemmy hears anybody of that server, PieFed who it says runs it; so is it here, as else everybody who can make their
server send what they like could do it. One of its own people is banned altogether, anybody else from its groups alone.
"""

from urllib.parse import urlsplit

from activitypub.activities import Activity, id_of
from activitypub.contexts import PUBLIC
from activitypub.errors import Forbidden
from activitypub.origins import same_origin
from fedcomm import clock, exile, home_verdicts
from fedcomm.deputies import MAX_REASON
from fedcomm.inbox.hand import Hand, Ignored, Wants
from storage.actors import Actor
from storage.connect import Writes, write


async def banned(hand: Hand, activity: Activity) -> None:
    """Who runs a site bans somebody from it."""
    subject = _subject(hand, activity)
    by = _who_runs_it(hand, activity, subject, activity.target or "")
    if activity.ends is not None and activity.ends <= clock.now_ms():
        raise Ignored("the ban is over")
    reason, writes = activity.summary[:MAX_REASON], Writes()
    if same_origin(subject.uri, by.uri):
        await home_verdicts.ban(
            hand.app, writes, subject, by, reason, activity.ends, hidden=activity.remove_data
        )  # fmt: skip
    elif not await exile.from_site(
        hand.app, writes, by.host, subject, by.uri, activity.uri or "", until=activity.ends, reason=reason,
        remove=activity.remove_data,
    ):  # fmt: skip
        raise Ignored("they are in no group of that site that is known here")
    await write(writes)


async def lifted(hand: Hand, activity: Activity, block: Activity) -> None:
    """Who runs a site lifts a ban from it; what it took out of sight is there again."""
    subject = _subject(hand, block)
    by, writes = _who_runs_it(hand, activity, subject, block.target or ""), Writes()
    if same_origin(subject.uri, by.uri):
        ended = await home_verdicts.lift(hand.app, writes, subject, f"@{by.acct}")
    else:
        ended = bool(await exile.end(hand.app, writes, by.host, subject, by.uri, activity.uri or ""))
    if not ended:
        raise Ignored("no such ban is known here")
    await write(writes)


def _subject(hand: Hand, block: Activity) -> Actor:
    """Who is banned.

    Raises:
        Ignored: nobody who is known here, or nobody who writes.
    """
    found = hand.facts.actors.get(id_of(block.object) or "")
    if found is None or found.deleted_at is not None or found.kind in ("Group", "Application"):
        raise Ignored("it is about nobody here")
    return found


def _who_runs_it(hand: Hand, activity: Activity, subject: Actor, site: str) -> Actor:
    """Who bans, if the site is theirs to ban from.

    Raises:
        Forbidden: it is another's, or its server does not say that they run it.
        Ignored: it is no site.
        Wants: nobody knows yet what it is, or who runs it.
    """
    by = hand.actor(activity.actor)
    if not same_origin(by.uri, site) or by.id == subject.id:
        raise Forbidden("Who runs a site bans others from it, and from no other.")
    if PUBLIC not in activity.audience.everyone:
        raise Forbidden("A ban from a site is told to everybody.")
    if not _is_site(hand, site):
        raise Ignored("it is about no site or group that is known here")
    known = by.uri in hand.app.peers.admins.get(by.host, ())
    if site not in hand.refreshed and (hand.app.moderators_read.due(site) or not known):  # or it was silent before
        raise Wants(staff=(site,))
    if not known:
        raise Forbidden("The server does not say that they run it.")
    return by


def _is_site(hand: Hand, uri: str) -> bool:
    """By its root, as in Lemmy and PieFed, or by the id of the server's own actor."""
    if urlsplit(uri).path in ("", "/"):
        return True
    known = hand.facts.actors.get(uri)
    if known is None and uri not in hand.fetched:
        raise Wants(actors=(uri,))
    return known is not None and known.kind == "Application"
