"""`/api/fedcomm/v1/groups`: the directory of our groups for other servers; NodeInfo says where it is."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.actors
import storage.directory
import storage.groups
import storage.rankings
from fedcomm import sanitise
from storage import visible
from storage.directory import Sought
from web import params, respond
from web.state import app_of

PATH = "/api/fedcomm/v1/groups"
_MOST = 50  # groups of a page
_DEEPEST = 10_000
_LONGEST = 500  # characters of what a group says of itself


class Wanted(msgspec.Struct, frozen=True):
    """Which part of the directory."""

    topic: str = ""
    language: str = ""
    limit: int = _MOST
    offset: int = 0


async def show(request: Request) -> Response:
    """`GET /api/fedcomm/v1/groups`: the groups that everybody may find, those first in which somebody wrote last."""
    wanted = params.query(request, Wanted)
    limit, offset = max(1, min(wanted.limit, _MOST)), max(0, min(wanted.offset, _DEEPEST))
    sought = Sought(here=True, topic=wanted.topic.lstrip("#").lower()[:100], language=wanted.language[:100])
    found = await storage.directory.find(sought, limit + 1, offset)
    told: dict[str, Any] = {"groups": await _told(found[:limit])}
    if len(found) > limit and offset + limit <= _DEEPEST:
        narrowed = {name: value for name, value in (("topic", wanted.topic), ("language", wanted.language)) if value}
        query = urlencode(narrowed | {"limit": limit, "offset": offset + limit})
        told["next"] = f"{app_of(request).base_url}{PATH}?{query}"
    return respond.json(told)


async def _told(group_ids: list[int]) -> list[dict[str, Any]]:
    groups = await storage.groups.by_ids(group_ids)
    faces = await storage.actors.by_ids([group.actor_id for group in groups.values()])
    about = await storage.directory.about(group_ids)
    threads = await storage.rankings.counts(visible.ANYBODY, group_ids)
    told: list[dict[str, Any]] = []
    for group in (groups[group_id] for group_id in group_ids if group_id in groups):
        face, (topics, languages) = faces[group.actor_id], about[group.id]
        card: dict[str, Any] = {
            "id": face.uri, "name": face.username, "title": face.name or face.username, "url": face.url,
            "summary": sanitise.text_of(face.summary)[:_LONGEST], "topics": topics, "languages": languages,
        }  # fmt: skip
        if group.visibility == "public":  # of others no more than their card (attack PRI-26)
            card |= {"members": group.members_count, "threads": threads[group.id], "active": group.last_active_at}
        told.append(card)
    return told


routes = [Route(PATH, show)]
