"""One compiled router of every module's `routes`, collected from the folders; any route is found in about 1 µs."""

import functools
import importlib
import pkgutil
import re
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FOLDERS = ("federation", "mastodon", "oauth", "pages", "admin")
Endpoint = Callable[[Request], Awaitable[Response]]

_PARAMETER = re.compile(r"([^{}]*)\{([a-z_]+)(:path)?\}([^{}]*)")


class Handler(msgspec.Struct, frozen=True):
    """What answers one method of one path."""

    method: str
    pattern: str
    names: tuple[str, ...]
    endpoint: Endpoint


class Found(msgspec.Struct, frozen=True):
    """Where a path leads: the handlers by method, and the values of its parameters in order."""

    methods: dict[str, Handler]
    values: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        """The methods, as in an `Allow` header."""
        return ", ".join(sorted({*self.methods, "OPTIONS"}))


class _Node:
    """One segment of the paths: what may follow it."""

    __slots__ = ("fixed", "methods", "rest", "shaped")

    def __init__(self) -> None:
        self.fixed: dict[str, _Node] = {}
        self.shaped: list[tuple[str, str, _Node]] = []  # (prefix, suffix, node), the most specific first
        self.rest: dict[str, Handler] = {}  # takes everything that follows
        self.methods: dict[str, Handler] = {}


class Router:
    """Finds the handler of a path: fixed segments before parameters, whatever the order of the routes."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Compile the routes.

        Raises:
            ValueError: two routes answer the same method of the same path, or a pattern makes no sense.
        """
        self.handlers: list[Handler] = []
        self._root = _Node()
        self._exact: dict[str, Found] = {}
        for route in routes:
            self._add(route)
        for methods in self._leaves(self._root):
            _complete(methods)

    def find(self, path: str) -> Found | None:
        """What answers `path`; one slash at its end makes no difference."""
        if len(path) > 1 and path[-1] == "/":
            path = path[:-1]
        found = self._exact.get(path)
        if found is not None or "\0" in path:
            return found
        return _walk(self._root, path.split("/")[1:], 0, ())

    def _add(self, route: Route) -> None:
        parts = [_part(segment) for segment in route.path.split("/")[1:]]
        names = tuple(part[1] for part in parts if part[1])
        rest = bool(parts) and parts[-1][3]
        node = self._place(route.path, parts[:-1] if rest else parts)
        methods = node.rest if rest else node.methods
        for method in sorted(route.methods or {"GET"}):
            if method == "HEAD" and "GET" in (route.methods or {"GET"}):
                continue
            if method in methods:
                raise ValueError(f"{method} {route.path} is hidden by {methods[method].pattern}")
            methods[method] = handler = Handler(method, route.path, names, route.endpoint)
            self.handlers.append(handler)
        if not names:
            self._exact[route.path] = Found(methods)

    def _place(self, pattern: str, parts: "list[tuple[str, str, str, bool]]") -> _Node:
        node = self._root
        for prefix, name, suffix, rest in parts:
            if rest:
                raise ValueError(f"{pattern}: only the last segment can take the rest of a path")
            node = node.fixed.setdefault(prefix, _Node()) if not name else _shaped(node, prefix, suffix)
        return node

    def _leaves(self, node: _Node) -> "Iterable[dict[str, Handler]]":
        yield node.methods
        yield node.rest
        for following in (*node.fixed.values(), *(shape[2] for shape in node.shaped)):
            yield from self._leaves(following)


@functools.cache
def compiled(name: str = "routes") -> Router:
    """The router of what `collect` finds, compiled once for all applications of the process: nothing changes in it."""
    return Router(collect(name))


def collect(name: str = "routes") -> list[Route]:
    """The `routes` (or another list of that kind) of every module in the folders of this room."""
    found: list[Route] = []
    for folder in FOLDERS:
        place = Path(__file__).parent / folder
        if place.is_dir():
            for module in sorted(pkgutil.iter_modules([str(place)])):
                found += getattr(importlib.import_module(f"web.{folder}.{module.name}"), name, [])
    return found


def _part(segment: str) -> tuple[str, str, str, bool]:
    """(prefix, name, suffix, whether it takes the rest of the path); without a name the prefix is the segment."""
    match = _PARAMETER.fullmatch(segment)
    if match is None:
        if "{" in segment or "}" in segment:
            raise ValueError(f"cannot read the segment {segment}")
        return segment, "", "", False
    return match[1], match[2], match[4], bool(match[3])


def _shaped(node: _Node, prefix: str, suffix: str) -> _Node:
    for known_prefix, known_suffix, following in node.shaped:
        if (known_prefix, known_suffix) == (prefix, suffix):
            return following
    following = _Node()
    node.shaped.append((prefix, suffix, following))
    node.shaped.sort(key=lambda shape: -len(shape[0]) - len(shape[1]))
    return following


def _complete(methods: dict[str, Handler]) -> None:
    """Clients treat PUT and PATCH alike, as the original does, and HEAD is GET without a body."""
    for one, other in (("PUT", "PATCH"), ("PATCH", "PUT"), ("GET", "HEAD")):
        if one in methods and other not in methods and (other == "HEAD" or methods[one].pattern.startswith("/api/")):
            methods[other] = methods[one]


def _walk(node: _Node, segments: list[str], at: int, values: tuple[str, ...]) -> Found | None:
    if at == len(segments):
        return Found(node.methods, values) if node.methods else None
    segment = segments[at]
    following = node.fixed.get(segment)
    if following is not None and (found := _walk(following, segments, at + 1, values)):
        return found
    for prefix, suffix, following in node.shaped:
        if len(segment) > len(prefix) + len(suffix) and segment.startswith(prefix) and segment.endswith(suffix):
            value = segment[len(prefix) : len(segment) - len(suffix)]
            if found := _walk(following, segments, at + 1, (*values, value)):
                return found
    return Found(node.rest, (*values, "/".join(segments[at:]))) if node.rest else None
