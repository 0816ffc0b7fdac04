"""The files that pages load: style, script and pictures, read once, with an address that changes with their content."""

import hashlib
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedcomm.errors import NotFound

FOLDER = Path(__file__).parent.parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_FOR_EVER = "public, max-age=31536000, immutable"
_FOR_A_DAY = "public, max-age=86400"


class _File(msgspec.Struct, frozen=True):
    content: bytes
    kind: str
    version: str


def _read(path: Path) -> _File:
    content = path.read_bytes()
    return _File(content, _TYPES[path.suffix], hashlib.sha256(content).hexdigest()[:12])


_files = {path.name: _read(path) for path in sorted(FOLDER.iterdir()) if path.suffix in _TYPES}


def address(name: str) -> str:
    """Where a file is found; caches may keep that address for ever."""
    return f"/static/{name}?v={_files[name].version}"


async def static(request: Request) -> Response:
    """`GET /static/{name}`"""
    return _answer(request, request.path_params["name"])


async def robots(request: Request) -> Response:
    """`GET /robots.txt`"""
    return _answer(request, "robots.txt")


async def icon(request: Request) -> Response:
    """`GET /favicon.ico`, which browsers ask for unasked."""
    return _answer(request, "icon.png")


def _answer(request: Request, name: str) -> Response:
    file = _files.get(name)
    if file is None:
        raise NotFound("There is no such file.")
    tag = f'"{file.version}"'
    current = request.query_params.get("v") == file.version
    headers = {"etag": tag, "cache-control": _FOR_EVER if current else _FOR_A_DAY, "access-control-allow-origin": "*"}
    if request.headers.get("if-none-match") == tag:
        return Response(b"", 304, headers)
    return Response(file.content, 200, headers, file.kind)


routes = [
    Route("/static/{name}", static),
    Route("/robots.txt", robots),
    Route("/favicon.ico", icon),
]
