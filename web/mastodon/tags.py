"""`/api/v1/tags`: a tag by its name."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web import auth, respond, state
from web.mastodon.entities import small


async def one(request: Request) -> Response:
    """`GET /api/v1/tags/:name`: any tag exists, whether or not somebody used it."""
    await auth.optional(request, "read:follows", "read")
    name = request.path_params["name"].lstrip("#").lower()
    return respond.json(small.tag(state.app_of(request).base_url, name))


routes = [Route("/api/v1/tags/{name}", one)]
