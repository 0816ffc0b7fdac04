"""`/api/v1/instance`, `/api/v2/instance` and what hangs below: what this server is. Always for everybody."""

from html import escape
from weakref import WeakKeyDictionary

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.accounts
import storage.actors
import storage.peers
import storage.stats
from fedcomm import clock, settings
from fedcomm.app import App
from fedcomm.settings import Settings
from storage.stats import Stats
from web import auth, respond, state
from web.mastodon.entities import account, instance, small
from web.mastodon.entities.times import moment_or_none

_COUNTED_FOR = 300_000  # ms


class _Counted(msgspec.Struct, frozen=True):
    stats: Stats
    at: int


_counted: WeakKeyDictionary[App, _Counted] = WeakKeyDictionary()


async def second(request: Request) -> Response:
    """`GET /api/v2/instance`"""
    app = state.app_of(request)
    current = await settings.current(app)
    return respond.json(instance.second(app.config, current, await stats_of(app), await _contact(app, current)))


async def first(request: Request) -> Response:
    """`GET /api/v1/instance`"""
    app = state.app_of(request)
    current = await settings.current(app)
    return respond.json(instance.first(app.config, current, await stats_of(app), await _contact(app, current)))


async def rules(request: Request) -> Response:
    """`GET /api/v1/instance/rules`"""
    return respond.json(small.rules((await settings.current(state.app_of(request))).rules))


async def extended_description(request: Request) -> Response:
    """`GET /api/v1/instance/extended_description`"""
    text = (await settings.current(state.app_of(request))).description
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n") if part.strip())
    return respond.json({"updated_at": moment_or_none(None), "content": paragraphs})


async def peers(request: Request) -> Response:
    """`GET /api/v1/instance/peers`: for members, since it says whom people here speak with (attack PRI-20)."""
    viewer = await auth.optional(request, "read")
    if viewer is None:
        return respond.json([])
    known = await storage.peers.everybody()
    heard = state.app_of(request).peers
    return respond.json([peer.host for peer in known if not heard.blocked(peer.host)])


async def activity(request: Request) -> Response:
    """`GET /api/v1/instance/activity`: nobody counts by week."""
    return respond.json([])


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
    Route("/api/v1/instance/peers", peers),
    Route("/api/v1/instance/activity", activity),
]
