"""What was reported, decided and appealed against in a span of time: numbers, of nobody and of no group by itself.

Times are ms since 1970; of each span the beginning is within, the end is not.
"""

from collections import Counter

import msgspec

from storage.connect import rows, value
from storage.public_log import OF_GROUPS

Span = tuple[int, int]
FEWEST = 3  # private groups in which something was done or reported, or none of them is counted

# In a row of `act` of the group `venue`: what others than those who belong to it may not know of.
_HIDDEN = """(venue.visibility <> 'public' OR act.id < COALESCE((SELECT now.act_id FROM register now
 WHERE now.group_id = venue.id AND now.property = 'visibility' AND now.subject = ''), 0))"""
_ACTS = """FROM act JOIN groups venue ON venue.id = act.group_id AND venue.local = 1
WHERE act.property IN (?texts) AND act.id >= ? AND act.id < ? AND act.effective = 1"""
_OBJECTS = "(report.reporter_id = report.target_id AND report.post_ids = '[]')"  # `Report.objects`
_REPORTS = f"""FROM report LEFT JOIN groups venue ON venue.id = report.group_id
WHERE report.id >= ? AND report.id < ? AND NOT {_OBJECTS}"""
_OF_ANYBODY = "(venue.id IS NULL OR venue.visibility = 'public')"
_TOLD = [name for names in OF_GROUPS.values() for name in names]


class Reported(msgspec.Struct, frozen=True):
    """So many reports of a category, from somebody here or elsewhere, with that outcome ('' while one is open)."""

    category: str
    remote: int
    outcome: str
    count: int


class Handled(msgspec.Struct, frozen=True):
    """When a report came and was closed, and when first something was done: a note, a sanction, its end."""

    came: int
    first: int | None
    closed: int | None


async def private_groups(span: Span) -> int:
    """In how many groups of ours that are not for everybody something was done or reported."""
    sql = (
        f"SELECT COUNT(*) FROM (SELECT act.group_id {_ACTS} AND {_HIDDEN}"
        f" UNION SELECT report.group_id {_REPORTS} AND NOT {_OF_ANYBODY}) each"
    )
    return int(await value(sql, (_TOLD, *_ids(span), *_ids(span))))


async def reports(span: Span, *, private: bool) -> list[Reported]:
    """The reports that came; those about private groups only with `private`."""
    sql = (
        "SELECT report.category, CASE WHEN EXISTS (SELECT 1 FROM actor who WHERE who.id = report.reporter_id"
        " AND who.host <> '') THEN 1 ELSE 0 END, CASE WHEN report.state = 'open' THEN '' ELSE report.outcome END,"
        f" COUNT(*) {_REPORTS}{_unless(private, _OF_ANYBODY)} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
    return [Reported(*each) for each in await rows(sql, _ids(span))]


async def handled(span: Span, *, private: bool) -> list[Handled]:
    """The same, one by one, with their times."""
    sql = (
        "SELECT report.created_at, (SELECT MIN(said.id) / 65536 FROM report_note said"
        " WHERE said.report_id = report.id), done.at, report.closed_at"
        " FROM report LEFT JOIN groups venue ON venue.id = report.group_id LEFT JOIN (SELECT report_id,"
        " MIN(created_at) AS at FROM sanction WHERE report_id IS NOT NULL GROUP BY report_id)"
        f" done ON done.report_id = report.id WHERE report.id >= ? AND report.id < ? AND NOT {_OBJECTS}"
        f"{_unless(private, _OF_ANYBODY)}"
    )
    found = await rows(sql, _ids(span))
    return [
        Handled(came, min((at for at in (said, done, closed) if at is not None), default=None), closed)
        for came, said, done, closed in found
    ]


async def acts(span: Span, *, private: bool) -> dict[tuple[str, bool], int]:
    """What was done for groups: kind of act, and whether it took one back -> how often."""
    sql = (
        f"SELECT act.property, CASE WHEN act.value IS NULL THEN 1 ELSE 0 END, COUNT(*) {_ACTS}"
        f"{_unless(private, f'NOT {_HIDDEN}')} GROUP BY 1, 2"
    )
    return {(name, bool(ended)): int(count) for name, ended, count in await rows(sql, (_TOLD, *_ids(span)))}


async def with_bans(span: Span, *, private: bool) -> int:
    """How many posts bans took out."""
    sql = (
        "SELECT COUNT(*) FROM act_post WHERE act_post.act_id IN"
        f" (SELECT act.id {_ACTS}{_unless(private, f'NOT {_HIDDEN}')})"
    )
    return int(await value(sql, (["ban"], *_ids(span))))


async def waited(span: Span, *, private: bool) -> dict[str, int]:
    """What became of posts that rules of groups held: as it is called in the act -> how often."""
    sql = f"SELECT act.value, COUNT(*) {_ACTS} AND act.value IS NOT NULL{_unless(private, f'NOT {_HIDDEN}')} GROUP BY 1"
    return {found: int(count) for found, count in await rows(sql, (["held"], *_ids(span)))}


async def monthly(spans: list[Span], *, private: bool) -> list[tuple[int, int]]:
    """For each of these spans, one after the other: the reports that came, and the posts taken out of groups."""
    counted: list[dict[int, int]] = []
    whole = (spans[0][0], spans[-1][1])
    at = "CASE " + " ".join(f"WHEN {{}} < ? THEN {number}" for number in range(len(spans))) + " END"
    ends = [end << 16 for _, end in spans]
    for column, rest, args in (
        ("report.id", f"{_REPORTS}{_unless(private, _OF_ANYBODY)}", _ids(whole)),
        (
            "act.id",
            f"{_ACTS} AND act.value IS NOT NULL{_unless(private, f'NOT {_HIDDEN}')}",
            (["removed"], *_ids(whole)),
        ),
    ):
        found = await rows(f"SELECT {at.replace('{}', column)} AS month, COUNT(*) {rest} GROUP BY 1", (*ends, *args))
        counted.append({int(month): int(count) for month, count in found})
    reported, removed = counted
    return [(reported.get(number, 0), removed.get(number, 0)) for number in range(len(spans))]


async def sanctions(span: Span) -> dict[str, int]:
    """What was done about accounts: act -> how often."""
    found = await rows("SELECT act, COUNT(*) FROM sanction WHERE id >= ? AND id < ? GROUP BY act", _ids(span))
    return {name: int(count) for name, count in found}


async def appeals(span: Span, *, private: bool) -> dict[str, int]:
    """How many appealed, also against the server (`asked`), and how that ended (`accepted`, `rejected`)."""
    of = "FROM appeal JOIN groups venue ON venue.id = appeal.group_id WHERE"
    unless = _unless(private, _OF_ANYBODY)
    found = await rows(
        f"SELECT 'asked', COUNT(*) {of} appeal.asked_at >= ? AND appeal.asked_at < ?{unless} UNION ALL"
        f" SELECT appeal.state, COUNT(*) {of} decided_at >= ? AND decided_at < ?{unless} GROUP BY appeal.state"
        f" UNION ALL SELECT 'asked', COUNT(*) FROM report WHERE created_at >= ? AND created_at < ? AND {_OBJECTS}"
        " UNION ALL SELECT CASE WHEN outcome = 'acted' THEN 'accepted' ELSE 'rejected' END, COUNT(*) FROM report"
        f" WHERE closed_at >= ? AND closed_at < ? AND outcome <> 'passed' AND {_OBJECTS} GROUP BY 1",
        span * 4,
    )
    counted: Counter[str] = Counter()
    for name, count in found:
        counted[name] += int(count)
    return dict(counted)


async def audited(span: Span, *names: str) -> dict[str, list[str]]:
    """The particulars (JSON) of what was done of these kinds by who looks after the server."""
    sql = "SELECT act, detail FROM audit WHERE act IN (?texts) AND at >= ? AND at < ? ORDER BY id"
    found: dict[str, list[str]] = {name: [] for name in names}
    for name, detail in await rows(sql, (list(names), *span)):
        found[name].append(detail)
    return found


def _ids(span: Span) -> tuple[int, int]:
    return span[0] << 16, span[1] << 16


def _unless(private: bool, condition: str) -> str:
    return "" if private else f" AND {condition}"
