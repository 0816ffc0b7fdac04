"""`/api/v1/custom_emojis`: the small pictures that one can name in a text."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm import emojis
from web import respond, state
from web.mastodon.entities import emoji


async def everything(request: Request) -> Response:
    """`GET /api/v1/custom_emojis`; those that are not to be chosen are told too, as `visible_in_picker` says."""
    base = state.app_of(request).base_url
    return respond.json([emoji.in_picker(base, found) for found in (await emojis.ours()).values()])


routes = [Route("/api/v1/custom_emojis", everything)]
