"""How others find what is here: WebFinger, NodeInfo, host-meta, and what PieFed asks of a server."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.stats
from activitypub import documents, nodeinfo, webfinger
from fedcomm import SOURCE, __version__, clock, settings
from fedcomm.errors import NotFound
from storage import actors, collections
from storage.actors import Actor
from web import respond
from web.federation import directory
from web.federation.actors import stays_here
from web.state import app_of

JRD = "application/jrd+json; charset=utf-8"
HOUR = "max-age=3600"
# Where our members do what they were asked to do on a page elsewhere (FEP-3b86).
INTENTS = {
    "Follow": "/intents/follow?object={object}",
    "Like": "/intents/like?object={object}",
    "Announce": "/intents/announce?object={object}",
    "Object": "/intents/object?object={object}",
    "Create": "/share?title={name}&text={content}&warning={summary}",
}
DESCRIPTION = "Interest groups that federate with other servers."


async def finger(request: Request) -> Response:
    """`GET /.well-known/webfinger?resource=` (RFC 7033): people, groups, and the server itself (FEP-d556).

    Raises:
        Malformed: no resource that could be read.
        NotFound: nobody here.
    """
    app = app_of(request)
    rels = request.query_params.getlist("rel")
    wanted = webfinger.wanted(request.query_params.get("resource", ""), app.host)
    if wanted.server:
        return _jrd(webfinger.answer_for_server(app.urls.service, rels=rels))
    found = await _somebody(wanted)
    if found is None or found.gone or (found.kind == "Group" and await stays_here(found)):
        raise NotFound("There is nobody of that name here.")
    handle = webfinger.Handle(found.username, app.host)
    person = found.kind == "Person"
    described = webfinger.answer(
        handle,
        found.uri,
        kind=found.kind,
        page=found.url,
        subscribe=f"{app.base_url}/authorize_interaction?uri={{uri}}" if person else None,
        intents={act: app.base_url + place for act, place in INTENTS.items()} if person else {},
        rels=rels,
    )
    return _jrd(described)


async def index(request: Request) -> Response:
    """`GET /.well-known/nodeinfo`"""
    app = app_of(request)
    return _json(nodeinfo.well_known(app.base_url, app.urls.service), "application/json; charset=utf-8")


async def info_20(request: Request) -> Response:
    """`GET /nodeinfo/2.0`"""
    return _json(nodeinfo.document(await _facts(request), "2.0"), nodeinfo.content_type("2.0"))


async def info_21(request: Request) -> Response:
    """`GET /nodeinfo/2.1`"""
    return _json(nodeinfo.document(await _facts(request), "2.1"), nodeinfo.content_type("2.1"))


async def host_meta(request: Request) -> Response:
    """`GET /.well-known/host-meta` (RFC 6415): XRD, or JSON for who asks for it."""
    accepted = request.headers.get("accept", "")
    if "json" in accepted and "xml" not in accepted:
        return await host_meta_json(request)
    body = webfinger.host_meta(app_of(request).base_url)
    return Response(body, 200, {"cache-control": HOUR, "vary": "Accept"}, "application/xrd+xml; charset=utf-8")


async def host_meta_json(request: Request) -> Response:
    """`GET /.well-known/host-meta.json`"""
    found = webfinger.host_meta_json(app_of(request).base_url)
    return Response(msgspec.json.encode(found), 200, {"cache-control": HOUR, "vary": "Accept"}, JRD)


async def site(request: Request) -> Response:
    """`GET /api/v3/site`: who the admins are, which PieFed 1.6.6 reads there before it lets them moderate elsewhere."""
    app = app_of(request)
    here = await settings.current(app)
    admins = [
        {"person": {"id": admin.id, "name": admin.username, "actor_id": admin.uri, "local": True, "admin": True}}
        for admin in await collections.admins()
    ]
    view = {"site": {"id": 1, "name": here.name or app.host, "actor_id": f"{app.base_url}/"}}
    return respond.json({"site_view": view, "admins": admins, "version": f"fedcomm {__version__}"})


async def _somebody(wanted: webfinger.Wanted) -> Actor | None:
    if wanted.username is not None:
        return await actors.local(wanted.username)
    uri = wanted.uri or ""
    return await actors.by_uri(uri) or await actors.local(uri.rstrip("/").rsplit("/", 1)[-1].lstrip("@"))


async def _facts(request: Request) -> nodeinfo.Facts:
    app = app_of(request)
    here = await settings.current(app)
    counts = await storage.stats.counts(clock.now_ms())
    return nodeinfo.Facts(
        version=__version__,
        repository=SOURCE,
        open_registrations=here.registration == "open",
        title=here.name or app.host,
        description=here.description or DESCRIPTION,
        users=counts.people,
        active_month=counts.active_month,
        active_half_year=counts.active_half_year,
        posts=counts.posts,
        groups=app.base_url + directory.PATH,
    )


def _jrd(value: object) -> Response:
    return Response(msgspec.json.encode(value), 200, {"cache-control": "max-age=600"}, JRD)


def _json(value: object, content_type: str) -> Response:
    return Response(documents.write(value), 200, {"cache-control": "max-age=600"}, content_type)


async def change_password(request: Request) -> Response:
    """`GET /.well-known/change-password`: where a password manager leads who wants another one (W3C)."""
    return respond.redirect("/settings", 302)


routes = [
    Route("/.well-known/change-password", change_password),
    Route("/.well-known/webfinger", finger),
    Route("/.well-known/nodeinfo", index),
    Route("/nodeinfo/2.0", info_20),
    Route("/nodeinfo/2.0.json", info_20),
    Route("/nodeinfo/2.1", info_21),
    Route("/nodeinfo/2.1.json", info_21),
    Route("/.well-known/host-meta", host_meta),
    Route("/.well-known/host-meta.json", host_meta_json),
    Route("/api/v3/site", site),
]
