"""A page for who asks: looks up the reader, what waits for them and the settings, and gives a form its secret."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from fedcomm import settings
from fedcomm.errors import AppError
from storage import waiting
from web import auth, errors, respond, state
from web.pages import words
from web.pages.pictured import Named
from web.pages.readers import reader_of
from web.pages.values import WAITING


async def page(
    request: Request, template: str, status: int = 200, headers: Mapping[str, str] | None = None, /, **context: Any
) -> Response:
    """The template as a page. With `form=True` it has a form for people who are not signed in."""
    reader = await reader_of(request)
    if reader is not None and not reader.guest:
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


async def with_form(
    request: Request,
    template: str,
    refused: AppError | None,
    headers: Mapping[str, str] | None = None,
    /,
    **context: Any,
) -> Response:
    """A page with a form: with what is wrong in which `field` when it was refused, else with what was `done` before."""
    said = {"field": str(getattr(refused, "field", "")), "done": request.query_params.get("done", "")} | context
    status = errors.status_of(refused) if refused else 200
    return await page(request, template, status, headers, problem=refused, **said)
