"""`/api/v1/preferences`: how somebody likes to write and read (Mastodon API: "Preferences")."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import storage.accounts
from fedcomm import preferences
from web import auth, respond


async def read(request: Request) -> Response:
    """`GET /api/v1/preferences`"""
    viewer = await auth.require(request, "read:accounts")
    account = await storage.accounts.by_id(viewer.account_id)
    usual = preferences.of(account)
    return respond.json(
        {
            "posting:default:visibility": usual.visibility,
            "posting:default:sensitive": usual.sensitive,
            "posting:default:language": usual.language or None,
            "posting:default:quote_policy": "nobody",
            "reading:expand:media": "default",
            "reading:expand:spoilers": False,
            "reading:autoplay:gifs": False,
        }
    )


routes = [Route("/api/v1/preferences", read)]
