"""`/oauth/userinfo`: who somebody is, for sites that let people sign in with their account here."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web import auth, respond, state


async def userinfo(request: Request) -> Response:
    """The claims of who asks, as Mastodon tells them; their program needs the scope `profile`."""
    viewer = await auth.require(request, "profile")
    actor = await auth.actor_of(viewer)
    base = state.app_of(request).base_url
    return respond.json(
        {
            "iss": f"{base}/", "sub": actor.uri, "name": actor.name or actor.username,
            "preferred_username": actor.username, "profile": actor.url,
            "picture": actor.icon or f"{base}/static/person.png",
        }
    )  # fmt: skip


routes = [Route("/oauth/userinfo", userinfo, methods=["GET", "POST"])]
