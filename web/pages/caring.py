"""What a moderator can do with one post, where a page with many of them has no room for it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.flairs
import storage.groups
from fedcomm import group_profile, relocating, rights
from fedcomm.errors import NotAllowed
from web import params, state
from web.pages import frame, threads
from web.pages.readers import Reader, members_only
from web.pages.thread import is_pinned, rights_of, seen


@members_only
async def show(request: Request, reader: Reader) -> Response:
    """`GET /moderate/{id}`"""
    post, author = await seen(reader.actor.id, params.number(request))
    may = await rights_of(reader.actor, post)
    if not may & {rights.REMOVE, rights.FLAIR}:
        raise NotAllowed("Only who moderates the group of this post can do that.")
    group, face = await storage.groups.with_face(post.group_id)
    return await frame.page(
        request,
        "moderate_post.html",
        face=face,
        author=author,
        movable=group is not None
        and face is not None
        and (group.local or face.host in state.app_of(request).peers.movers())
        and rights.REMOVE in may
        and relocating.movable(post, group, None),
        node=await threads.one(reader.actor.id, post),
        may=may,
        rules=await group_profile.rules_shown(group, face),
        pinned=await is_pinned(post),
        flairs=await storage.flairs.of_group(post.group_id) if post.starter and post.group_id else [],
    )


routes = [Route("/moderate/{id}", show)]
