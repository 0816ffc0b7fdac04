"""Reports, who works on them, what those tell each other, and what came of it."""

from collections.abc import Sequence

import msgspec

from storage.connect import Writes, row, rows, value
from storage.paging import Page
from storage.session import Row

OPEN, CLOSED = "open", "closed"


class Broken(msgspec.Struct, frozen=True):
    """A rule that is said to be broken, as it read then: of the `group`, or of the server; the first has number 1."""

    group: bool
    number: int
    text: str


class Report(msgspec.Struct, frozen=True):
    """One report; `post_ids` name the posts it is about, `state` is open or closed.

    `for_group` and `for_admins` say who is to know of it: those who look after the group, and the admins here.
    `assigned` and `closed_by` are ids of actors, wherever they live, '' for nobody; so is `acted_by`, of who did what
    somebody objects to (`objections.py`).
    """

    id: int
    uri: str
    reporter_id: int
    target_id: int
    group_id: int | None
    post_ids: list[int]
    comment: str
    category: str
    state: str
    created_at: int
    closed_at: int | None
    for_group: int = 0
    for_admins: int = 1
    forwarded: int = 0
    rules: list[Broken] = []
    assigned: str = ""
    closed_by: str = ""
    outcome: str = ""
    answer: str = ""
    acted_by: str = ""

    @property
    def objects(self) -> bool:
        """Whether somebody objects to what was done about their account (`objections.py`), who alone makes such ones.

        Whoever lives elsewhere can report themselves, but only by a post.
        """
        return self.reporter_id == self.target_id and not self.post_ids

    @property
    def words(self) -> str:
        """What is said of it: the rules that are broken, and the comment of who reported."""
        return "\n".join([*map(said, self.rules), *([self.comment] if self.comment else [])])


class Note(msgspec.Struct, frozen=True):
    """What somebody who works on a report tells the others; `author` is the id of an actor."""

    id: int
    report_id: int
    author: str
    text: str


class Wanted(msgspec.Struct, frozen=True):
    """Which reports: those for who looks after a group, without one those for who looks after this server.

    `reader` sees none about themselves. None and 0: whichever.
    """

    reader: int
    group: int = 0
    state: str | None = None
    reporter: int = 0
    target: int = 0


def said(rule: Broken) -> str:
    """A rule as a reason names it."""
    return f"({rule.number}) {rule.text}"


COLUMNS = ", ".join(Report.__struct_fields__)
_PLACES = {name: place for place, name in enumerate(Report.__struct_fields__)}
_SELECT = f"SELECT {COLUMNS} FROM report "
_RULES = msgspec.json.Decoder(list[Broken])
_IDS = msgspec.json.Decoder(list[int])
# Whoever alone looks after this server hears what is said about them: nobody else could.
NOT_THEMSELVES = (
    "(target_id <> ? OR NOT EXISTS (SELECT 1 FROM account WHERE account.role <> 'member' AND account.state = 'active'"
    " AND account.actor_id <> report.target_id))"
)
# Who else than the one who did what a report objects to may look at that again, and act about it (`powers.py`).
ANOTHER = (
    "SELECT 1 FROM account s JOIN actor a ON a.id = s.actor_id AND a.deleted_at IS NULL AND a.suspended_at IS NULL"
    " WHERE s.role <> 'member' AND s.state = 'active' AND a.id <> report.target_id AND a.uri <> report.acted_by"
    " AND (s.role = 'admin' OR NOT EXISTS (SELECT 1 FROM account whom WHERE whom.actor_id = report.target_id"
    " AND whom.role <> 'member'))"
)


def insert(writes: Writes, report: Report) -> None:
    """Keep a report; one that came before changes nothing."""
    values = msgspec.structs.asdict(report)
    values |= {name: msgspec.json.encode(values[name]).decode() for name in ("post_ids", "rules")}
    writes.add(
        f"INSERT INTO report ({COLUMNS}) VALUES ({', '.join('?' * len(values))}) ON CONFLICT DO NOTHING",
        tuple(values.values()),
    )


async def count_from(host: str, since_ms: int) -> int:
    """How many reports people of one server made since then."""
    sql = "SELECT COUNT(*) FROM report r JOIN actor a ON a.id = r.reporter_id WHERE r.created_at > ? AND a.host = ?"
    found = await row(sql, (since_ms, host))
    return found[0] if found else 0


async def count_by(reporter_id: int, since_ms: int) -> int:
    """How many reports somebody made since then."""
    found = await row("SELECT COUNT(*) FROM report WHERE created_at > ? AND reporter_id = ?", (since_ms, reporter_id))
    return found[0] if found else 0


async def count(wanted: Wanted) -> int:
    """How many there are."""
    condition, args = _condition(wanted)
    return int(await value(f"SELECT COUNT(*) FROM report WHERE {condition}", args))


async def by_id(report_id: int) -> Report | None:
    """The report."""
    found = await row(_SELECT + "WHERE id = ?", (report_id,))
    return _report(found) if found else None


async def by_uri(uri: str) -> Report | None:
    """The report that came, or was sent, under that id."""
    found = await row(_SELECT + "WHERE uri = ?", (uri,))
    return _report(found) if found else None


async def about(target_id: int, limit: int) -> list[Report]:
    """The last reports about somebody, newest first."""
    found = await rows(_SELECT + "WHERE target_id = ? ORDER BY id DESC LIMIT ?", (target_id, limit))
    return [_report(each) for each in found]


async def by_ids(report_ids: Sequence[int]) -> list[Report]:
    """The reports with these ids."""
    return [_report(found) for found in await rows(_SELECT + "WHERE id IN (?ints)", (list(report_ids),))]


async def one(report_id: int, wanted: Wanted) -> Report | None:
    """The report with this id, if it is one of those."""
    condition, args = _condition(wanted)
    found = await row(f"{_SELECT}WHERE id = ? AND {condition}", (report_id, *args))
    return _report(found) if found else None


async def another(report_id: int) -> bool:
    """Whether somebody else may decide about what a report objects to than who did it."""
    return await value(f"SELECT 1 FROM report WHERE id = ? AND EXISTS ({ANOTHER})", (report_id,)) is not None


async def listed(wanted: Wanted, page: Page) -> tuple[list[Report], bool]:
    """A page of them, newest first, and whether there are older ones."""
    found = await _fetch(wanted, page, page.limit + 1)
    older, found = len(found) > page.limit, found[: page.limit]
    if page.forward and found:
        found.reverse()
        older = bool(await _fetch(wanted, page.under(found[-1].id), 1))
    return found, older


def change(writes: Writes, report_id: int, *, only: str = "", **columns: object) -> None:
    """Set columns of a report; with `only` of one that is in that state."""
    assignments = ", ".join(f"{name} = ?" for name in columns)
    state, args = (" AND state = ?", (only,)) if only else ("", ())
    writes.add(f"UPDATE report SET {assignments} WHERE id = ?{state}", (*columns.values(), report_id, *args))


def written(rules: Sequence[Broken]) -> str:
    """Rules as the column keeps them."""
    return msgspec.json.encode(rules).decode()


def note(writes: Writes, said: Note) -> None:
    """Keep what somebody tells the others."""
    writes.add(
        "INSERT INTO report_note (id, report_id, author, text) VALUES (?, ?, ?, ?)", msgspec.structs.astuple(said)
    )


async def notes(report_ids: Sequence[int]) -> list[Note]:
    """What was said about these reports, the first first."""
    sql = "SELECT id, report_id, author, text FROM report_note WHERE report_id IN (?ints) ORDER BY id"
    return [Note(*found) for found in await rows(sql, (list(report_ids),))] if report_ids else []


def _condition(wanted: Wanted) -> tuple[str, tuple[int | str, ...]]:
    said: list[tuple[str, int | str]] = [(NOT_THEMSELVES, wanted.reader)]
    said.append(("for_group = 1 AND group_id = ?", wanted.group) if wanted.group else ("for_admins = ?", 1))
    if wanted.state is not None:
        said.append(("state = ?", wanted.state))
    if wanted.reporter:
        said.append(("reporter_id = ?", wanted.reporter))
    if wanted.target:
        said.append(("target_id = ?", wanted.target))
    return " AND ".join(text for text, _arg in said), tuple(arg for _text, arg in said)


async def _fetch(wanted: Wanted, page: Page, limit: int) -> list[Report]:
    condition, args = _condition(wanted)
    sql = f"{_SELECT}WHERE {condition} AND id < ? AND id > ? ORDER BY id {page.order} LIMIT ?"
    return [_report(found) for found in await rows(sql, (*args, *page.bounds, limit))]


def _report(found: Row) -> Report:
    values = dict(zip(Report.__struct_fields__, found, strict=True))
    read = {"post_ids": _IDS.decode(found[_PLACES["post_ids"]]), "rules": _RULES.decode(found[_PLACES["rules"]])}
    return Report(**values | read)
