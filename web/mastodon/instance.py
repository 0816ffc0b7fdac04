"""`/api/v1/instance`, `/api/v2/instance` and what hangs below: what this server is. Always for everybody."""

from weakref import WeakKeyDictionary

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.accounts
import storage.actors
import storage.audit
import storage.peers
import storage.settings
import storage.stats
import storage.terms
from fedcomm import actors, clock, sanitise, settings, terms
from fedcomm.app import App
from fedcomm.errors import NotFound
from fedcomm.settings import Settings
from storage.stats import Stats, Week
from web import auth, respond, state, tongues
from web.mastodon import subjects
from web.mastodon.entities import account, instance, small
from web.mastodon.entities.times import moment_or_none
from web.pages import papers

_COUNTED_FOR = 300_000  # ms
_WEEKLY_FOR = 3_600_000  # ms
_WEEKS = 12


class _Counted(msgspec.Struct, frozen=True):
    stats: Stats
    at: int


_counted: WeakKeyDictionary[App, _Counted] = WeakKeyDictionary()
_weekly: WeakKeyDictionary[App, tuple[list[Week], int]] = WeakKeyDictionary()


async def second(request: Request) -> Response:
    """`GET /api/v2/instance`"""
    app = state.app_of(request)
    current = await settings.current(app)
    return respond.json(instance.second(app.config, current, await stats_of(app), await _contact(app, current)))


async def first(request: Request) -> Response:
    """`GET /api/v1/instance`"""
    app = state.app_of(request)
    current = await settings.current(app)
    found = instance.first(app.config, current, await stats_of(app), await _contact(app, current))
    return respond.json(found, headers={"deprecation": "@1668384000"})  # when Mastodon 4.0 came (RFC 9745)


async def rules(request: Request) -> Response:
    """`GET /api/v1/instance/rules`"""
    return respond.json(small.rules((await settings.current(state.app_of(request))).rules))


async def extended_description(request: Request) -> Response:
    """`GET /api/v1/instance/extended_description`; the short one where an admin has written no other."""
    current = await settings.current(state.app_of(request))
    written = await storage.settings.changed_at("about") if current.about else None
    content = sanitise.from_text(current.about or current.description)
    return respond.json({"updated_at": moment_or_none(written), "content": content})


async def privacy_policy(request: Request) -> Response:
    """`GET /api/v1/instance/privacy_policy`; until an admin has written one, what this server does by itself."""
    text = (await settings.current(state.app_of(request))).privacy_policy
    written = await storage.settings.changed_at("privacy_policy") if text else None
    content = sanitise.from_text(text) if text else papers.by_itself(request)
    updated = written or await storage.audit.begun() or (await actors.service(state.app_of(request))).created_at
    return respond.json({"updated_at": moment_or_none(updated), "content": content})


async def terms_of_service(request: Request) -> Response:
    """`GET /api/v1/instance/terms_of_service` and `…/:date`: those in force, else the next; those from that day on."""
    if "date" in request.path_params:
        found, versions = await terms.on(request.path_params["date"])
    else:
        versions = await storage.terms.versions()
        now = terms.in_force(versions) or terms.coming(versions)
        if now is None:
            raise NotFound(subjects.MISSING)
        found = now
    return respond.json(
        {"effective_date": terms.day_of(found), "effective": found == terms.in_force(versions),
         "content": sanitise.from_text(found.text), "succeeded_by": terms.succeeded_by(found, versions)}
    )  # fmt: skip


async def domain_blocks(request: Request) -> Response:
    """`GET /api/v1/instance/domain_blocks`: for whom an admin opened it; others find none (attack PRI-20)."""
    viewer = await auth.optional(request, "read")
    shown_to = (await settings.current(state.app_of(request))).blocks_shown
    if shown_to == "nobody" or (shown_to == "members" and viewer is None):
        raise NotFound(subjects.MISSING)  # as on Mastodon: an empty list would say that nobody is blocked
    found = [each for each in await storage.peers.decided() if each.decision.policy in ("limit", "suspend")]
    return respond.json([small.domain_block(each.host, each.decision) for each in found])


async def spoken(request: Request) -> Response:
    """`GET /api/v1/instance/languages`: in which posts can be said to be written."""
    return respond.json([{"code": code, "name": name} for code, name in tongues.NAMES.items()])


async def peers(request: Request) -> Response:
    """`GET /api/v1/instance/peers`: for members, since it says whom people here speak with (attack PRI-20)."""
    viewer = await auth.optional(request, "read")
    if viewer is None:
        return respond.json([])
    known = await storage.peers.everybody()
    heard = state.app_of(request).peers
    return respond.json([peer.host for peer in known if not heard.blocked(peer.host)])


async def activity(request: Request) -> Response:
    """`GET /api/v1/instance/activity`: the last twelve weeks, at most an hour old."""
    app, now = state.app_of(request), clock.now_ms()
    known = _weekly.get(app)
    if known is None or not 0 <= now - known[1] < _WEEKLY_FOR:
        known = _weekly[app] = (await storage.stats.weeks(now, _WEEKS), now)
    return respond.json(
        [
            {
                "week": str(week.began), "statuses": str(week.posts), "logins": str(week.active),
                "registrations": str(week.registrations),
            }
            for week in known[0]
        ]
    )  # fmt: skip


async def stats_of(app: App) -> Stats:
    """The counts of this server, at most five minutes old."""
    now, known = clock.now_ms(), _counted.get(app)
    if known is None or not 0 <= now - known.at < _COUNTED_FOR:
        known = _counted[app] = _Counted(await storage.stats.counts(now), now)
    return known.stats


async def _contact(app: App, current: Settings) -> bytes:
    """Somebody to ask: whom the admins named, else the server itself; null only before its first start."""
    named = await storage.actors.local(current.contact_account) if current.contact_account else None
    actor = named if named and not named.gone else await storage.actors.by_uri(app.urls.service)
    if actor is None:
        return b"null"
    return (await account.accounts(app.base_url, [actor.id]))[actor.id]


routes = [
    Route("/api/v2/instance", second),
    Route("/api/v1/instance", first),
    Route("/api/v1/instance/rules", rules),
    Route("/api/v1/instance/extended_description", extended_description),
    Route("/api/v1/instance/privacy_policy", privacy_policy),
    Route("/api/v1/instance/terms_of_service", terms_of_service),
    Route("/api/v1/instance/terms_of_service/{date}", terms_of_service),
    Route("/api/v1/instance/domain_blocks", domain_blocks),
    Route("/api/v1/instance/languages", spoken),
    Route("/api/v1/instance/peers", peers),
    Route("/api/v1/instance/activity", activity),
]
