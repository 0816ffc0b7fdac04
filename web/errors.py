"""Which answer an exception becomes: a status and a sentence, as JSON or as a page."""

import logging
from collections.abc import Mapping
from types import MappingProxyType

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

import activitypub.errors
from fedcomm.errors import AppError, Conflict, Invalid, NotAllowed, NotFound, TooMany
from storage.errors import Collision, Unavailable
from web import languages, respond
from web.languages import later

_log = logging.getLogger(__name__)

NOT_FOUND = later("There is nothing here, or it is not for you.")
BROKEN = later("Something went wrong here. It has been noted.")
WRONG_METHOD = later("This address answers {allowed} only.")
BROKEN_OFF = "The request was broken off."
READ_ONLY = later("This server is being worked on and takes nothing new at the moment. Please try again later.")
READ_ONLY_FOR = later(
    "This server is being worked on and takes nothing new at the moment. Please try again later. {reason}"
)
BUSY = later("The server cannot reach its data at the moment. Please try again soon.")


class Refusal(Exception):
    """An answer decided while reading the request; `code` is one of OAuth's words (RFC 6749 §5.2).

    The sentence may have `{name}` for each of `values`, as those of the app.
    """

    def __init__(
        self, status: int, sentence: str, *, code: str = "", headers: dict[str, str] | None = None, **values: object
    ) -> None:
        super().__init__(sentence.format(**values) if values else sentence)
        self.status = status
        self.sentence = sentence
        self.values = values
        self.code = code
        self.headers = headers or {}


_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (NotFound, 404),
    (NotAllowed, 403),
    (Invalid, 422),
    (Conflict, 409),
    (TooMany, 429),
    (AppError, 422),
    (activitypub.errors.Malformed, 400),
    (activitypub.errors.BadSignature, 401),
    (activitypub.errors.NotFound, 404),
    (activitypub.errors.Gone, 404),
    (activitypub.errors.ProtocolError, 403),
    (activitypub.errors.Unreachable, 503),
    (Unavailable, 503),
    (Collision, 503),
)


def answer(request: Request, error: Exception) -> Response:
    """The answer for `error`; one that nobody foresaw is logged and becomes 500."""
    if isinstance(error, Refusal):
        return _said(request, error.status, error.sentence, error.code, error.headers, error.values)
    if isinstance(error, ClientDisconnect):
        return _said(request, 400, BROKEN_OFF, "", {})  # nobody reads it, and it is no fault of ours
    if isinstance(error, HTTPException):
        return _said(request, error.status_code, str(error.detail), "", dict(error.headers or {}))
    if isinstance(error, AppError):
        return _said(request, status_of(error), error.sentence or NOT_FOUND, "", _headers(error), error.values)
    for kind, status in _STATUS:
        if isinstance(error, kind):
            sentence = BUSY if kind in (Unavailable, Collision) else str(error)
            return _said(request, status, sentence or NOT_FOUND, "", _headers(error))
    _log.error("a request failed: method=%s route=%s", request.method, request.scope.get("route", "-"), exc_info=error)
    return _said(request, 500, BROKEN, "", {})


def status_of(error: AppError) -> int:
    """The status for something that was refused."""
    return next(status for kind, status in _STATUS if isinstance(error, kind))


def missing(request: Request) -> Response:
    """404 for a path that leads nowhere."""
    return _said(request, 404, NOT_FOUND, "", {})


def wrong_method(request: Request, allowed: str) -> Response:
    """405 with the methods that would do."""
    return _said(request, 405, WRONG_METHOD, "", {"allow": allowed}, {"allowed": allowed})


def _headers(error: Exception) -> dict[str, str]:
    after = getattr(error, "retry_after", None)
    return {} if after is None else {"retry-after": str(max(1, round(after)))}


def _said(
    request: Request,
    status: int,
    sentence: str,
    code: str,
    headers: dict[str, str],
    values: Mapping[str, object] = MappingProxyType({}),
) -> Response:
    if respond.wants_page(request):
        return respond.page(request, "error.html", status, headers, status=status, sentence=sentence, values=values)
    plain = languages.told(languages.words(languages.asked(request)), sentence, values)
    value = {"error": code, "error_description": plain} if code else {"error": plain}
    return respond.json(value, status, headers)
