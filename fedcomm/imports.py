"""Reading in what members bring along: CSV files as Mastodon writes them, row by row, in a job.

Each row may ask another server; servers that do not answer are asked no more than once.
"""

import asyncio
import csv
from collections.abc import Sequence
from time import monotonic

import msgspec

import storage.follows
import storage.lists
from activitypub.errors import ProtocolError, Unreachable
from fedcomm import blocks, bookmarks, clock, domain_blocks, exports, fetching, finding, follows, lists, mutes
from fedcomm.app import App
from fedcomm.errors import AppError, Conflict, Invalid, NotFound
from storage import actors, imports
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.ids import next_id

MAX_BYTES = 1_000_000  # of a file
MAX_ROWS = 5_000
MAX_CELL = 2_000  # characters
MAX_TOLD = 200  # rows of a report
SLICE = 15.0  # seconds, then others have their turn
_EACH = 20.0  # seconds that one row may take
_OFTEN = 10  # rows between notes of how far it is

# What can be read in, by the name of the file, with the headings that Mastodon gives it.
KINDS = ("following_accounts", "blocked_accounts", "muted_accounts", "blocked_domains", "lists", "bookmarks")
_FIRST = ("Account address", "#domain", "#uri", "List name")
_NO = frozenset({"false", "f", "0", "no", "off"})
SILENT = "Its server does not answer."


class Failure(msgspec.Struct, frozen=True):
    """A row that could not be done, and why: a sentence with `{name}` for its values."""

    row: str
    sentence: str
    values: dict[str, str] = {}


class Work(msgspec.Struct, frozen=True):
    """What is left to do of a file, and how it went so far; `failures` has no more than can be told."""

    actor_id: int
    kind: str
    rows: list[list[str]]
    total: int
    failed: int = 0
    failures: list[Failure] = []
    silent: list[str] = []  # servers

    @property
    def tried(self) -> int:
        """How many rows are behind it."""
        return self.total - len(self.rows)


_work = msgspec.json.Decoder(Work)


async def begin(app: App, actor: Actor, kind: str, content: bytes) -> None:
    """Read a member's file in, soon.

    Raises:
        Invalid: no such kind; the file is empty, too long or not to be understood.
        Conflict: another file is being read in.
    """
    rows = read(kind, content)
    running = await imports.of(actor.id)
    if running is not None and not running.done:
        raise Conflict("Another file is being read in. Please wait until that is done.")
    writes = Writes()
    work = Work(actor.id, kind, rows, len(rows))
    imports.begin(writes, next_id(), actor.id, msgspec.to_builtins(work), clock.now_ms())
    app.jobs_added(writes)
    await apply(writes)


async def of(actor: Actor) -> tuple[Work, bool] | None:
    """How far a member's file is, and whether it is done."""
    found = await imports.of(actor.id)
    return (_work.decode(found.args), found.done) if found else None


async def dismiss(app: App, actor: Actor) -> None:
    """The report about the last file has been read."""
    await imports.dismiss(actor.id)


def read(kind: str, content: bytes) -> list[list[str]]:
    """The rows of a file without its heading, each once.

    Raises:
        Invalid: as `begin`.
    """
    if kind not in KINDS:
        raise Invalid("Please say what is in the file.", field="kind")
    if len(content) > MAX_BYTES:
        raise Invalid("A file may have {most} bytes.", field="file", most=MAX_BYTES)
    try:
        text = content.decode("utf-8-sig")
        lines = list(csv.reader(text.splitlines(), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise Invalid("This is no CSV file in UTF-8.", field="file") from None
    if "\0" in text:
        raise Invalid("This is no CSV file in UTF-8.", field="file")
    rows = [[cell.strip() for cell in line] for line in lines if line and line[0].strip()]
    if rows and rows[0][0] in _FIRST:
        rows = rows[1:]
    rows = list({_once(kind, row): row[:4] for row in rows}.values())  # the last word counts
    if not rows:
        raise Invalid("There is nothing in this file.", field="file")
    if len(rows) > MAX_ROWS:
        raise Invalid("A file may have {most} rows. Please divide it.", field="file", most=MAX_ROWS)
    if any(len(cell) > MAX_CELL for row in rows for cell in row):
        raise Invalid("This is no CSV file in UTF-8.", field="file")
    return rows


async def work(app: App, **args: object) -> None:
    """The job: as many rows as fit into a slice of time, then a new job for the others, or the report."""
    at = msgspec.convert(args, Work)
    actor = await actors.by_id(at.actor_id)
    if actor is None or actor.gone:
        return
    until = monotonic() + SLICE
    while at.rows and monotonic() < until:
        row, failed, silent = at.rows[0], at.failed, at.silent
        failures = at.failures
        if failure := await _try(app, actor, at.kind, row, silent):
            failed += 1
            failures = [*failures, failure][:MAX_TOLD]
            if failure.sentence == SILENT and (host := _host(at.kind, row[0])) not in silent:
                silent = [*silent, host]
        at = msgspec.structs.replace(at, rows=at.rows[1:], failed=failed, failures=failures, silent=silent)
        if at.tried % _OFTEN == 0:
            await imports.keep(actor.id, msgspec.to_builtins(at))
    writes = Writes()
    then = imports.go_on if at.rows else imports.end
    then(writes, next_id(), actor.id, msgspec.to_builtins(at), clock.now_ms())
    app.jobs_added(writes)
    await apply(writes)


async def _try(app: App, actor: Actor, kind: str, row: Sequence[str], silent: Sequence[str]) -> Failure | None:
    """Do what one row says; the failure, if it cannot be done."""
    shown = row[0][:200]
    if kind == "lists" and len(row) > 1:
        shown = f"{shown} · {row[1][:200]}"
    if _host(kind, row) in silent:
        return Failure(shown, SILENT)
    try:
        async with asyncio.timeout(_EACH):
            await _do(app, actor, kind, row)
    except (Unreachable, TimeoutError):
        return Failure(shown, SILENT)
    except ProtocolError:
        return Failure(shown, _NOTHING)
    except AppError as refused:
        values = {name: str(value)[:200] for name, value in refused.values.items()}
        return Failure(shown, refused.sentence or _NOTHING, values)
    return None


_NOTHING = "Nothing was found at this address, or its server does not answer."


async def _do(app: App, actor: Actor, kind: str, row: Sequence[str]) -> None:
    if kind == "blocked_domains":
        return await domain_blocks.block(app, actor, row[0])
    if kind == "bookmarks":
        found = await finding.at(app, row[0]) if "://" in row[0] else None
        if found is None or found[0] != "post":
            raise NotFound(_NOTHING)
        return await bookmarks.add(app, actor, found[1])
    address = row[-1] if kind == "lists" else row[0]
    if "@" not in address.lstrip("@") or (kind == "lists" and len(row) < 2):
        raise NotFound(_NOTHING)
    target = await fetching.handle(app, address)
    match kind:
        case "following_accounts":
            languages = [code for code in _codes(row[3] if len(row) > 3 else "") if follows.is_language(code)]
            boosts, told = _yes(row, 1, True), _yes(row, 2, False)
            await follows.follow(app, actor, target.id, reblogs=boosts, notify=told, languages=languages)
        case "lists":
            await _into_list(app, actor, row[0], target)
        case "blocked_accounts":
            await blocks.block(app, actor, target.id)
        case "muted_accounts":
            if target.gone:
                raise NotFound(_NOTHING)
            await mutes.mute(app, actor, target, notifications=_yes(row, 1, True))
    return None


async def _into_list(app: App, actor: Actor, title: str, target: Actor) -> None:
    """Put somebody into the list of that title, which is made where there is none; who is in a list is followed."""
    title = title[1:] if title[:1] == "'" and title[1:2] in exports.FORMULA else title
    if await storage.follows.of(actor.id, target.id) is None:
        await follows.follow(app, actor, target.id)
    own = next((each for each in await storage.lists.of(actor.id) if each.title == title), None)
    made = own or await lists.create(app, actor, lists.Change(title=title))
    if target.id not in await storage.lists.members(made.id):
        await lists.add(app, actor, made.id, [target.id])


def _yes(row: Sequence[str], at: int, usual: bool) -> bool:
    return row[at].lower() not in _NO if len(row) > at and row[at] else usual


def _codes(cell: str) -> list[str]:
    return cell.replace(",", " ").split()[: follows.MAX_LANGUAGES]


def _once(kind: str, row: Sequence[str]) -> tuple[str, ...]:
    """What makes two rows the same."""
    return tuple(row[:2]) if kind == "lists" else (row[0].lower().lstrip("@"),)


def _host(kind: str, row: Sequence[str]) -> str:
    """The server that a row is about; of blocked ones none, since they are not asked."""
    if kind == "blocked_domains":
        return ""
    cell = row[1] if kind == "lists" and len(row) > 1 else row[0]
    return cell.partition("://")[2].partition("/")[0] if "://" in cell else cell.rpartition("@")[2].lower()
