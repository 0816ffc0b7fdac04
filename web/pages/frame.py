"""A page for who asks: looks up the reader, what waits for them and the settings, and gives a form its secret."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from fedcomm import settings
from storage import waiting
from web import auth, respond, state
from web.pages import words
from web.pages.pictured import Named
from web.pages.readers import reader_of
from web.pages.values import WAITING


async def page(
    request: Request, template: str, status: int = 200, headers: Mapping[str, str] | None = None, /, **context: Any
) -> Response:
    """The template as a page. With `form=True` it has a form for people who are not signed in."""
    reader = await reader_of(request)
    if reader is not None:
        request.scope[WAITING] = await waiting.of(reader.actor.id, reader.account.id, list(words.NOTICES))
    context["site"] = await settings.current(state.app_of(request))
    context["pictured"] = names = Named()
    if reader is None and context.get("form"):
        token = auth.form_token(request)
        response = respond.page(request, template, status, headers, **context, csrf=token)
        auth.keep_form_token(request, response, token)
    else:
        response = respond.page(request, template, status, headers, **context)
    await names.complete(response)
    return response
