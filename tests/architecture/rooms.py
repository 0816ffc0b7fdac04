"""The rules of the house as functions from source files to breaches; `test_rooms.py` runs and tries them."""

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import msgspec

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("activitypub", "storage", "fedcomm", "web")
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

BELOW: Mapping[str, tuple[str, ...]] = {
    "activitypub": (),
    "storage": (),
    "fedcomm": ("storage", "activitypub"),
    "web": ("fedcomm", "storage", "activitypub"),
}
ASSEMBLY = "fedcomm.server"  # the one place where the rooms are put together

# Where a package of others may be imported: in this module and what lies below it.
HOMES: Mapping[str, tuple[str, ...]] = {
    "starlette": ("web",),
    "jinja2": ("web",),
    "markupsafe": ("web",),
    "tortoise": ("storage",),
    "pypika_tortoise": ("storage",),
    "asyncpg": ("storage",),
    "aiosqlite": ("storage",),
    "sqlite3": ("storage",),
    "httpx": ("activitypub", "fedcomm.app", "fedcomm.outbox"),  # deliveries go straight to the transport
    "httptools": ("activitypub",),
    "cryptography": ("activitypub",),
    "http_sf": ("activitypub",),
    "rfc8785": ("activitypub",),
    "nh3": ("fedcomm",),
    "markdown_it": ("fedcomm",),
    "argon2": ("fedcomm",),
    "PIL": ("fedcomm.picture_reader",),
    "click": ("fedcomm.cli",),
    "uvicorn": ("fedcomm.protocol", "fedcomm.listener", "fedcomm.upgrade"),
    "uvloop": (),
    "msgspec": ROOMS,
}
IN_ONE_MODULE = ("nh3", "markdown_it", "argon2")


class Source(msgspec.Struct, frozen=True):
    """One module: its dotted name and its text."""

    module: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """What it says."""
        return _parsed(self.text)

    @property
    def room(self) -> str:
        """The package it stands in."""
        return self.module.split(".")[0]


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """It and all that stands in it: every rule looks through the same trees."""
    return tuple(ast.walk(tree))


class Import(msgspec.Struct, frozen=True):
    """`target` is a module, or a name in one, as it is written."""

    target: str
    line: int


@cache
def house() -> tuple[Source, ...]:
    """Every module of the four packages."""
    found = []
    for path in sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append(Source(name, path.read_text()))
    return tuple(found)


@cache
def imports(source: Source) -> tuple[Import, ...]:
    """Everything a module imports, also by `importlib.import_module("…")`."""
    return tuple(_imports(source))


def _imports(source: Source) -> Iterator[Import]:
    for node in nodes(source.tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (Import(f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node).endswith("import_module"):
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant):
                yield Import(str(first.value), node.lineno)


def upward(sources: Sequence[Source]) -> Iterator[str]:
    """Imports go down only: `web` to `fedcomm` to `storage` and `activitypub`, which know nothing of ours."""
    for source in sources:
        allowed = ROOMS if source.module == ASSEMBLY else (source.room, *BELOW[source.room])
        for found in imports(source):
            room = found.target.split(".")[0]
            if room in (*ROOMS, "tests", "bench", "scripts") and room not in allowed:
                yield f"{source.module}:{found.line} imports {found.target}"


def homeless(sources: Sequence[Source]) -> Iterator[str]:
    """Packages of others are imported where they are at home, and a package without a home nowhere."""
    users: dict[str, set[str]] = {}
    for source in sources:
        for found in imports(source):
            package = found.target.split(".")[0]
            if package in ROOMS or (package in sys.stdlib_module_names and package not in HOMES):
                continue
            users.setdefault(package, set()).add(source.module)
            home = HOMES.get(package, ())
            if source.module != ASSEMBLY and not any(_within(source.module, place) for place in home):
                yield f"{source.module}:{found.line} imports {package}, whose home is {', '.join(home) or 'nowhere'}"
    for package in IN_ONE_MODULE:
        if len(users.get(package, ())) > 1:
            yield f"{package} is imported in {', '.join(sorted(users[package]))}: one module is enough"


def late(sources: Sequence[Source]) -> Iterator[str]:
    """Imports stand at the top, where they are seen."""
    for source in sources:
        for node in nodes(source.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                inner = (found for found in nodes(node) if isinstance(found, (ast.Import, ast.ImportFrom)))
                yield from (f"{source.module}:{found.lineno} imports inside {node.name}" for found in inner)


def circles(sources: Sequence[Source]) -> Iterator[str]:
    """No two modules need each other."""
    known = {source.module for source in sources}
    graph = {source.module: {_module(found.target, known) for found in imports(source)} - {""} for source in sources}
    for module, needed in graph.items():
        needed.discard(module)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield " needs ".join(reversed(error.args[1]))


def long(sources: Sequence[Source]) -> Iterator[str]:
    """A file has at most 400 lines, a function at most 60."""
    for source in sources:
        lines = len(source.text.splitlines())
        if lines > MAX_FILE_LINES:
            yield f"{source.module} has {lines} lines"
        for node in nodes(source.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno:
                size = node.end_lineno - node.lineno + 1
                if size > MAX_FUNCTION_LINES:
                    yield f"{source.module}:{node.lineno} {node.name} has {size} lines"


def undescribed(sources: Sequence[Source]) -> Iterator[str]:
    """Every module says in one sentence what it answers for."""
    for source in sources:
        if not ast.get_docstring(source.tree):
            yield f"{source.module} does not say what it is for"


def _within(module: str, place: str) -> bool:
    return module == place or module.startswith(place + ".")


def _module(target: str, known: set[str]) -> str:
    """The module that `a.b.name` leads to: `a.b.name` itself or `a.b`."""
    while target and target not in known:
        target = target.rpartition(".")[0]
    return target


def _called(node: ast.Call) -> str:
    return dotted(node.func)


def dotted(node: ast.AST, names: Mapping[str, str] = {}) -> str:
    """`a.b.c` for the expression that says so, its first part as `names` has it; `.c` of what is no name."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value, names)}.{node.attr}"
    return ""
