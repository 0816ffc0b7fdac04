"""Reads what an admin kept of a request: the request as it was sent, a record of it in JSON, or a document alone."""

import re
from typing import Any

import msgspec

from activitypub import documents
from activitypub.errors import Malformed
from activitypub.verify import Request
from fedcomm.errors import Invalid

_HEAD = re.compile(rb"(?P<method>[A-Z]+) (?P<target>\S+) HTTP/[0-9.]+")
FORMS = "give a request as it was sent (its first line, headers, an empty line, the body), or the JSON of a document"


class Recorded(msgspec.Struct, frozen=True):
    """What was kept; `request` is None for a document alone, and `exact` says whether the body is as it came."""

    request: Request | None
    body: bytes
    exact: bool = True


class _Request(msgspec.Struct, frozen=True):
    headers: dict[str, str]
    method: str = "POST"
    path: str = "/inbox"


class _Record(msgspec.Struct, frozen=True):
    request: _Request
    body: Any = ""


def read(text: bytes) -> Recorded:
    """What the file holds.

    Raises:
        Invalid: none of the forms that are understood.
    """
    if _HEAD.match(text.lstrip()):
        return _message(text.lstrip())
    try:
        raw = documents.read(text)
    except Malformed as fault:
        raise Invalid("This cannot be read: {fault}", fault=fault, fix=FORMS) from fault
    if "request" not in raw or "type" in raw:
        return Recorded(None, text)
    try:
        record = msgspec.convert(raw, _Record)
    except msgspec.ValidationError as fault:
        raise Invalid("This record of a request cannot be read: {fault}", fault=fault, fix=FORMS) from fault
    exact = isinstance(record.body, str)
    body = record.body.encode() if isinstance(record.body, str) else documents.write(record.body)
    headers = [(name.lower().encode(), value.encode()) for name, value in record.request.headers.items()]
    return Recorded(Request(record.request.method, record.request.path, headers, body), body, exact)


def _message(text: bytes) -> Recorded:
    """A request as it is on the wire; lines may end as editors end them."""
    ending = b"\r\n" if b"\r\n\r\n" in text else b"\n"
    head, _blank, body = text.partition(ending * 2)
    first, *lines = head.split(ending)
    found = _HEAD.fullmatch(first)
    if found is None:
        raise Invalid("The first line is none of a request.", fix=FORMS)
    headers = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name.strip():
            raise Invalid("“{line}” is no header.", line=line.decode(errors="replace")[:80], fix=FORMS)
        headers.append((name.strip().lower(), value.strip()))
    length = dict(headers).get(b"content-length", b"")
    exact = not length.isdigit() or len(body) == int(length)
    if not exact and body.endswith(b"\n") and len(body.rstrip(b"\r\n")) == int(length):
        body, exact = body.rstrip(b"\r\n"), True  # an editor has ended the file with a line break
    return Recorded(Request(found["method"].decode(), found["target"].decode("latin-1"), headers, body), body, exact)
