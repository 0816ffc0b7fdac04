"""The log that everybody may read: an addition of ours to the client API (docs/clients.md)."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.groups
from fedcomm import public_log
from fedcomm.app import App
from fedcomm.errors import NotFound
from fedcomm.public_log import About, Asked, Entry
from storage import visible
from storage.actors import Actor
from web import auth, paging, params, respond, state
from web.mastodon import subjects
from web.mastodon.entities.times import moment, moment_or_none
from web.pages import shown


class _Of(msgspec.Struct, frozen=True):
    group_id: str = ""


async def show(request: Request) -> Response:
    """`GET /api/v1/modlog`: for everybody; with a token also of private groups that its holder belongs to."""
    viewer = subjects.id_of(await auth.optional(request, "read"))
    app = state.app_of(request)
    group_id = await _group(viewer, params.query(request, _Of).group_id)
    wanted = await public_log.wanted_by(app, viewer, params.query(request, Asked), group_id)
    found, older = await public_log.read(wanted, paging.page_of(request))
    return respond.json(
        [_entry(app, each) for each in found], headers=paging.link(request, [e.id for e in found], older)
    )


async def taken(request: Request) -> Response:
    """`GET /api/v1/modlog/:id/posts`: every post that a ban took out."""
    viewer = subjects.id_of(await auth.optional(request, "read"))
    app = state.app_of(request)
    found, older = await public_log.taken(params.number(request), viewer, paging.page_of(request))
    return respond.json(
        [_post(app, each) for each in found], headers=paging.link(request, [e.id for e in found], older)
    )


async def _group(viewer: int, text: str) -> int:
    """The number of the group whose account has this id, 0 for none asked for.

    Raises:
        NotFound: there is none, or it is not for the viewer.
    """
    if not text:
        return 0
    face_id = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    group = await storage.groups.by_actor(face_id)
    seen = await visible.seen_actors(viewer, [face_id])
    if group is None or not seen or not await visible.inside(viewer, face_id):
        raise NotFound(subjects.MISSING)
    return group.id


def _entry(app: App, entry: Entry) -> dict[str, Any]:
    return {
        "id": str(entry.id), "created_at": moment(entry.at), "act": entry.act,
        "setting": entry.property if entry.act == "settings" else None,
        "by": "server" if entry.by_server else "moderators",
        "group": _account(app, entry.group), "account": _account(app, entry.person),
        "post": _post(app, entry.about) if entry.about is not None else None,
        "domain": entry.host or None, "domains_count": entry.servers, "expires_at": moment_or_none(entry.until),
        "rule": {"number": entry.rule, "text": entry.rule_text} if entry.rule else None, "reason": entry.reason,
        "titles": {"old": entry.titles[0], "new": entry.titles[1]} if entry.titles else None,
        "appeal": entry.appeal or None, "posts_count": entry.posts, "posts": [_post(app, each) for each in entry.taken],
    }  # fmt: skip


def _account(app: App, who: Actor | None) -> dict[str, str] | None:
    if who is None:
        return None
    return {"id": str(who.id), "acct": who.acct, "url": f"{app.base_url}{shown.profile(who)}"}


def _post(app: App, about: About) -> dict[str, Any]:
    """`status_id` and `url` are there while the asker may read it."""
    there = about.post is not None and about.author is not None
    return {
        "type": "thread" if about.starter else "answer", "written_at": moment(about.written),
        "status_id": str(about.id) if there else None,
        "url": f"{app.base_url}{shown.permalink(about.post, about.author)}" if about.post and about.author else None,
        "account": _account(app, about.author),
    }  # fmt: skip


routes = [
    Route("/api/v1/modlog", show),
    Route("/api/v1/modlog/{id}/posts", taken),
]
