"""The rules about ways round: who may write, connect, say that a signature holds, show a post, let somebody act."""

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache

from tests.architecture.rooms import Source, dotted, nodes

_WRITING_SQL = re.compile(r"\b(INSERT\s+INTO|DELETE\s+FROM|UPDATE\s+\w+\s+SET|REPLACE\s+INTO|DROP|CREATE|ALTER)\b")
_READING_SQL = re.compile(r"\bSELECT\s.+\sFROM\s", re.DOTALL)
_WRITING_CALLS = frozenset({"execute", "execute_many", "apply", "apply_each", "write", "transaction", "after_commit"})
_WRITING_METHODS = frozenset({"save", "bulk_create", "bulk_update", "update_or_create", "get_or_create"})
_FROM_CONNECT = frozenset({"storage.connect.use", "storage.connect.Database"})  # all that web needs of it

_CONNECTING = frozenset({
    "asyncio.open_connection", "socket.create_connection", "socket.getaddrinfo", "urllib.request.urlopen",
    "httpx.get", "httpx.post", "httpx.request", "httpx.stream", "httpx.Client", "httpx.AsyncClient",
    "httpx.HTTPTransport", "httpx.AsyncHTTPTransport", "socket.socket",
})  # fmt: skip
_CONNECTING_METHODS = frozenset({"create_connection", "getaddrinfo", "sock_connect", "open_connection"})
_SENDING = "handle_async_request"  # past `activitypub.client`, which asks the policy and what a stranger may cost
_CONNECTING_MODULES = frozenset(
    {"urllib.request", "http.client", "ftplib", "smtplib", "socketserver", "xmlrpc", "poplib"}
)
_TRANSPORT = frozenset({"activitypub.transport", "activitypub.connection"})
_LISTENING = "fedcomm.sockets"  # resolves the names the admin wrote, to listen there
_MAIL = "fedcomm.smtp"  # speaks to the mail server that the admin named
_HERE = "fedcomm.control"  # the command line asks the server of this machine

_VERIFYING = re.compile(r"activitypub\.(signatures(\.\w+)?\.(parse|check\w*|claim|read\w*)|proofs\.(verify|read))")
_FROM_POST = re.compile(r"(\b(FROM|JOIN)\s+|,\s*)post\b(?!\s+parent\b)(?![.,])", re.IGNORECASE)
_SHOWING = frozenset(
    {
        "timelines", "threads", "search", "notifications", "lists", "bookmarks", "rankings", "unanswered",
        "syndication", "collections", "interests",
    }
)  # fmt: skip
_OWN_POSTS = re.compile(r"FROM\s+post\s+WHERE\s+(post\.)?author_id = \?")
_HELD = re.compile(r"\{([A-Z_]+)\}")  # a constant of the module in a piece of SQL
_ONE_POST = re.compile(r"storage\.posts\.by_(id|uri)")
_POSTS = re.compile(r"storage\.posts\.by_(ids|uris)")
_LISTING = re.compile(r"storage\.(visible|timelines|threads|search|notifications)\.\w+")
_BY_ADDRESS = {"web.pages.mail.stop"}
_CHECKING = re.compile(r"web\.(pages\.readers\.form|auth\.check_form)")
_ENTERING = re.compile(
    r"fedcomm\.(recording\.record|groups\.(accept_post|show_thread|pass_on)|moderation\.record_\w+|showing\.record|acts\.record)"
    r"|storage\.(posts\.(insert|change)|boosts\.insert|registers\.write|held\.(let_in|take_up)|orphans\.adopt"
    r"|follows\.(put|accept)|reactions\.put|members\.put|shares\.put|admissions\.grant|completions\.enter"
    r"|flairs\.decide|polls\.cast\w*)"
)
_ASKING = re.compile(
    r"fedcomm\.((admit|ways)\.\w+|members\.who_acts)"
)  # the second asks for a right in somebody's name
_DECIDED_BEFORE = {  # why these do not ask `admit` themselves
    "fedcomm.recording": "the record half of an act: whoever calls it has asked",
    "fedcomm.groups": "what a group does with what was let in, and how it begins",
    "fedcomm.retouching": "takes off what admins have blocked: `blocked_files` has asked `powers`",
    "fedcomm.showing": "the record half of sharing a thread: whoever calls it has asked",
    "fedcomm.moderation": "the record half of moderators' acts: whoever calls it has asked",
    "fedcomm.acts": "the record half of every act: whoever calls it has asked",
    "fedcomm.group_pictures": "the record half of a change of the group, which `group_profile` has asked for",
    "fedcomm.topics": "the record half of a change of the group, which `group_profile` has asked for",
    "fedcomm.fetching": "what is fetched is shown as found; it enters no group of ours",
    "fedcomm.leaders": "a group elsewhere says who looks after it, and its word counts for itself only",
    "fedcomm.attesting": "what a group elsewhere told of somebody goes; nothing enters by that",
    "fedcomm.exile": "a group or site elsewhere has decided about itself, and its word counts for itself only",
    "fedcomm.inbox.announce": "a group elsewhere has decided about itself, and its word counts for itself only",
}


def writing_in_web(sources: Sequence[Source]) -> Iterator[str]:
    """`web` changes nothing: it holds no SQL and calls nothing of `storage` that, however indirectly, writes."""
    writers = _writers(sources)
    for source in (source for source in sources if source.room == "web"):
        names = imported(source)
        for line, text in _texts(source.tree):
            if _WRITING_SQL.search(text):
                yield f"{source.module}:{line} holds SQL that writes"
        for line, called in _calls(source, names):
            last = called.rpartition(".")[2]
            if called in writers or (called.startswith("storage.") and last in _WRITING_CALLS | {"create", "delete"}):
                yield f"{source.module}:{line} calls {called}, which writes"
            elif last in _WRITING_METHODS:
                yield f"{source.module}:{line} calls .{last}()"
        for line, used in _uses(source, names):
            if used.startswith("storage.connect.") and used not in _FROM_CONNECT:
                yield f"{source.module}:{line} uses {used}"


def connecting(sources: Sequence[Source]) -> Iterator[str]:
    """Every connection to an address a stranger can influence is made by `activitypub/transport.py`."""
    for source in (source for source in sources if source.module not in _TRANSPORT | {_LISTENING}):
        names = imported(source)
        for line, called in _calls(source, names):
            method = called.rpartition(".")[2] in _CONNECTING_METHODS and source.room != "storage"
            guarded = called == "httpx.AsyncClient" and source.module == "activitypub.client"
            guarded = guarded or (called == "socket.socket" and source.module == _HERE)
            past = called.endswith(f".{_SENDING}") and source.room != "activitypub"
            if (called in _CONNECTING and not guarded) or method or past:
                yield f"{source.module}:{line} connects by {called}"
        for full in names.values():
            mail = full == "smtplib" and source.module == _MAIL
            if not mail and any(full == module or full.startswith(module + ".") for module in _CONNECTING_MODULES):
                yield f"{source.module} imports {full}"


def asking_the_database(sources: Sequence[Source]) -> Iterator[str]:
    """SQL is written in `storage`; besides, the inbox names what it looks up for a batch, and changes nothing by it."""
    for source in (source for source in sources if source.room in ("activitypub", "fedcomm")):
        for line, text in _texts(source.tree):
            reads = _READING_SQL.search(text) is not None and source.module != "fedcomm.inbox.facts"
            if _WRITING_SQL.search(text) or reads:
                yield f"{source.module}:{line} holds SQL"


def verifying(sources: Sequence[Source]) -> Iterator[str]:
    """Outside the library nobody looks at a signature: `activitypub/verify.py` says who vouches for what."""
    for source in (source for source in sources if source.room in ("fedcomm", "web")):
        for line, used in _uses(source, imported(source)):
            if _VERIFYING.fullmatch(used):
                yield f"{source.module}:{line} uses {used} instead of activitypub.verify"


def showing(sources: Sequence[Source]) -> Iterator[str]:
    """Queries that show posts are built with `storage/visible.py`.

    In the modules of `storage` that make lists for viewers, each piece of SQL that reads `post` holds a condition of
    `visible`; elsewhere in `storage` the functions that are told a `viewer` do, in what they use of their module,
    unless it is about the viewer's own posts. In `web` a function that asks for a post by its id also asks `visible`,
    or for a list that was made with it, itself or by another function of `web`; likewise a module, for several.
    """
    for source in (source for source in sources if source.room == "storage" and source.module != "storage.visible"):
        if source.module.rpartition(".")[2] in _SHOWING:
            constants = dict(_constants(source.tree))
            for line, text in _texts(source.tree):
                if _shows(_filled(text, constants)):
                    yield f"{source.module}:{line} reads posts without asking visible"
        yield from _told_a_viewer(source)
    asking = _reaching(sources, _LISTING)
    for source in (source for source in sources if source.room == "web"):
        names = imported(source)
        for function in _functions(source.tree):
            called = {dotted(node.func, names) for node in nodes(function) if isinstance(node, ast.Call)}
            if any(map(_ONE_POST.fullmatch, called)) and f"{source.module}.{function.name}" not in asking:
                yield f"{source.module}:{function.lineno} {function.name} shows a post without asking visible"
        calls = {called for _, called in _calls(source, names)}
        if any(map(_POSTS.fullmatch, calls)) and not any(map(_LISTING.fullmatch, calls)):
            yield f"{source.module} shows posts without asking visible"


def deciding(sources: Sequence[Source]) -> Iterator[str]:
    """What members and moderators do enters only where `fedcomm/admit.py` was asked.

    A module of `fedcomm` that records a post, a vote, a membership, a share or an act of a group calls `admit` as well,
    by itself or by `members.who_acts`. Few need not; they are listed with the reason.
    """
    for source in (source for source in sources if source.room == "fedcomm" and source.module not in _DECIDED_BEFORE):
        calls = list(_calls(source, imported(source)))
        if not any(_ASKING.fullmatch(called) for _, called in calls):
            for line, called in calls:
                if _ENTERING.fullmatch(called):
                    yield f"{source.module}:{line} calls {called} without asking admit"


def forging(sources: Sequence[Source]) -> Iterator[str]:
    """Whatever a page of ours sends is known by its secret (`readers.form`): no other site makes a browser send it.

    Mail programs have no such secret: what they send says all in its address (`_BY_ADDRESS`).
    """
    checking = _reaching(sources, _CHECKING)
    for source in (each for each in sources if each.module.startswith(("web.pages.", "web.admin."))):
        for node in nodes(source.tree):
            if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "Route" and len(node.args) > 1):
                continue
            endpoint = node.args[1].func if isinstance(node.args[1], ast.Call) else node.args[1]
            changes = any(word.arg == "methods" and "GET" not in ast.unparse(word.value) for word in node.keywords)
            if changes and f"{source.module}.{ast.unparse(endpoint)}" not in checking | _BY_ADDRESS:
                yield f"{source.module}:{node.lineno} changes something without asking for the secret of the form"


def _told_a_viewer(source: Source) -> Iterator[str]:
    constants = dict(_constants(source.tree))
    for function in _functions(source.tree):
        if "viewer" in {argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)}:
            text = "\n".join(found for _, found in _texts(function))
            used = {node.id for node in nodes(function) if isinstance(node, ast.Name)}
            text += "\n".join(constants.get(name, "") for name in used)
            if _shows(text):
                yield f"{source.module}:{function.lineno} {function.name} reads posts without asking visible"


def _reaching(sources: Sequence[Source], wanted: re.Pattern[str]) -> set[str]:
    """Every function of `web` that calls what is wanted, by itself or by calling one that does."""
    calls: dict[str, set[str]] = {}
    for source in (source for source in sources if source.room == "web"):
        names = {found.name: f"{source.module}.{found.name}" for found in _functions(source.tree)} | imported(source)
        for function in _functions(source.tree):
            called = {dotted(node.func, names) for node in nodes(function) if isinstance(node, ast.Call)}
            calls.setdefault(f"{source.module}.{function.name}", set()).update(called)
    reaching = {name for name, called in calls.items() if any(map(wanted.fullmatch, called))}
    while more := {name for name, called in calls.items() if name not in reaching and called & reaching}:
        reaching |= more
    return reaching


def _filled(sql: str, constants: dict[str, str]) -> str:
    """The text with the constants of its module in their places."""
    return _HELD.sub(lambda found: constants.get(found[1], found[0]), sql)


def _shows(sql: str) -> bool:
    return bool(_FROM_POST.search(_OWN_POSTS.sub("", sql))) and "{visible." not in sql


def _writers(sources: Sequence[Source]) -> set[str]:
    """Every function of `storage` that writes, by itself or by calling one that does."""
    calls: dict[str, set[str]] = {}
    writers: set[str] = set()
    for source in (source for source in sources if source.room == "storage"):
        names = imported(source) | {
            function.name: f"{source.module}.{function.name}" for function in _functions(source.tree)
        }
        constants = {name for name, text in _constants(source.tree) if _WRITING_SQL.search(text)}
        for function in _functions(source.tree):
            full = f"{source.module}.{function.name}"
            calls[full] = {dotted(node.func, names) for node in nodes(function) if isinstance(node, ast.Call)}
            held = {node.id for node in nodes(function) if isinstance(node, ast.Name)} & constants
            told = any(_WRITING_SQL.search(text) for _, text in _texts(function))
            by_call = {f"storage.connect.{name}" for name in _WRITING_CALLS} & calls[full]
            if held or told or by_call:
                writers.add(full)
    while more := {name for name, called in calls.items() if name not in writers and called & writers}:
        writers |= more
    return writers


@cache
def imported(source: Source) -> dict[str, str]:
    """What each imported name of a module leads to."""
    found = {}
    for node in nodes(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
                if not alias.asname and "." in alias.name:
                    found[f"import {alias.name}"] = alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def _calls(source: Source, names: dict[str, str]) -> Iterator[tuple[int, str]]:
    for node in nodes(source.tree):
        if isinstance(node, ast.Call):
            yield node.lineno, dotted(node.func, names)


def _uses(source: Source, names: dict[str, str]) -> Iterator[tuple[int, str]]:
    for node in nodes(source.tree):
        if isinstance(node, (ast.Attribute, ast.Name)):
            yield node.lineno, dotted(node, names)


@cache
def _functions(tree: ast.AST) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, ...]:
    return tuple(node for node in nodes(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, "\n".join(text for _, text in _texts(node))


@cache
def _texts(tree: ast.AST) -> tuple[tuple[int, str], ...]:
    """Every text that is no docstring, with `{…}` for what is put into it."""
    return tuple(_texts_in(tree))


def _texts_in(tree: ast.AST) -> Iterator[tuple[int, str]]:
    inner, quiet = set(), set()
    for node in nodes(tree):
        if isinstance(node, ast.JoinedStr):
            inner |= {id(part) for part in nodes(node)} - {id(node)}
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            quiet.add(id(node.value))
    for node in nodes(tree):
        if id(node) in inner or id(node) in quiet:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(_part(part) for part in node.values)


def _part(part: ast.expr) -> str:
    if isinstance(part, ast.FormattedValue):
        return f"{{{ast.unparse(part.value)}}}"
    return str(part.value) if isinstance(part, ast.Constant) else ""
