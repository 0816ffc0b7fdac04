"""`/api/v1/polls`: what was asked, and what people said."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import polls
from fedcomm.errors import NotFound
from storage import shown
from web import auth, params, respond, state
from web.auth import Viewer
from web.mastodon import subjects
from web.mastodon.entities.poll import poll
from web.mastodon.entities.status import emojis_of


class Vote(msgspec.Struct, frozen=True):
    """The chosen answers, by their places."""

    choices: list[int] = []


async def one(request: Request) -> Response:
    """`GET /api/v1/polls/:id`; the id is that of the post."""
    viewer = await auth.optional(request, "read:statuses")
    return respond.json(await _poll(request, viewer))


async def vote(request: Request) -> Response:
    """`POST /api/v1/polls/:id/votes`"""
    viewer = await auth.require(request, "write:statuses")
    post = await subjects.post(request, viewer)
    wish = await params.read(request, Vote)
    await polls.vote(state.app_of(request), await auth.actor_of(viewer), post.id, wish.choices)
    return respond.json(await _poll(request, viewer))


async def _poll(request: Request, viewer: Viewer | None) -> dict[str, object]:
    post = await subjects.post(request, viewer)
    found, chosen = await shown.polls([post.id], subjects.id_of(viewer))
    if post.id not in found:
        raise NotFound(subjects.MISSING)
    asked = found[post.id]
    pictures = await emojis_of(state.app_of(request).base_url, post, asked.options)
    return poll(asked, chosen.get(post.id, []) if viewer else None, pictures)


routes = [
    Route("/api/v1/polls/{id}", one),
    Route("/api/v1/polls/{id}/votes", vote, methods=["POST"]),
]
