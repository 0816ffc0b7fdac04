"""Answers: JSON, documents of ActivityPub, pages, redirects."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from activitypub import documents, render
from activitypub.objects import Tombstone
from web import templates

JSON = "application/json; charset=utf-8"
ACTIVITY = "application/activity+json; charset=utf-8"
HTML = "text/html; charset=utf-8"
_FOR_PROGRAMS = ("/api/", "/.well-known/", "/nodeinfo", "/oauth/token", "/oauth/revoke", "/oauth/userinfo", "/inbox")

_encoder = msgspec.json.Encoder()


def json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`value` as JSON."""
    return Response(_encoder.encode(value), status, headers, JSON)


def json_bytes(body: bytes, headers: Mapping[str, str] | None = None) -> Response:
    """JSON that is encoded already."""
    return Response(body, 200, headers, JSON)


def document(request: Request, body: bytes, content_type: str = ACTIVITY, cache: str = "max-age=60") -> Response:
    """A document for everybody, with an `ETag`: 304 without a body for who has it."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    headers = {"etag": tag, "cache-control": cache, "vary": "Accept, Signature, Authorization"}
    known = request.headers.get("if-none-match", "")
    if known and tag in (part.strip().removeprefix("W/") for part in known.split(",")):
        return Response(b"", 304, headers)
    return Response(body, 200, headers, content_type)


def tombstone(uri: str, former_type: str, deleted_at: int) -> Response:
    """What is served for good where something was deleted."""
    gone = Tombstone(uri=uri, former_type=former_type, deleted=deleted_at)
    return Response(documents.write(render.document(gone)), 410, {"cache-control": "max-age=60"}, ACTIVITY)


def page(
    request: Request, template: str, status_code: int = 200, headers: Mapping[str, str] | None = None, /, **context: Any
) -> Response:
    """The template as an HTML page, in the language of the request."""
    return Response(templates.render(request, template, context), status_code, headers, HTML)


def redirect(url: str, status: int = 303) -> Response:
    """Send the asker to another address; the caller vouches for it."""
    return Response(b"", status, {"location": url, "cache-control": "no-store"})


def wants_document(request: Request) -> bool:
    """Whether another server asks for an ActivityPub document (AP §3.2), at an address that also has a page."""
    accepted = [value for name, value in request.scope["headers"] if name == b"accept"]  # each request asks this
    return any(b"application/activity+json" in value or b"application/ld+json" in value for value in accepted)


def wants_page(request: Request) -> bool:
    """Whether a person with a browser asks, not a program."""
    if request.scope["path"].startswith(_FOR_PROGRAMS):
        return False
    accepted = request.headers.get("accept", "")
    return "text/html" in accepted and "application/activity+json" not in accepted
