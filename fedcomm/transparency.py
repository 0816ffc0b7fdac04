"""A year of looking after this server in numbers, made from what is kept anyway: what its transparency page shows.

It asks for what DSA art. 15 has servers report, as far as the software knows it. What was counted is kept for an hour.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from statistics import median
from weakref import WeakKeyDictionary

import msgspec

import storage.accounts
from fedcomm import clock
from fedcomm.app import App
from fedcomm.errors import NotFound
from storage import audit, transparency
from storage.transparency import FEWEST, Handled, Span

_KEPT_FOR = 3_600_000  # ms
# What is counted of acts in groups: its name -> the kind of the register, and whether it was taken back.
_OF_GROUPS = {
    "posts_removed": ("removed", False),
    "posts_restored": ("removed", True),
    "threads_locked": ("locked", False),
    "bans": ("ban", False),
    "bans_lifted": ("ban", True),
    "memberships_ended": ("taken_out", False),
}
_OF_ACCOUNTS = {
    "warned": "warn",
    "frozen": "freeze",
    "pictures_warned": "sensitive",
    "limited": "limit",
    "suspended": "suspend",
}
_POLICIES = {"suspend": "servers_suspended", "limit": "servers_limited"}
_OF_SERVER = {
    "files_blocked": "media.block",
    "sign_ups_let_in": "account.approve",
    "sign_ups_refused": "account.reject",
}


class Month(msgspec.Struct, frozen=True):
    """One month: its number in the year, the reports that came in it, the posts that moderators took out."""

    month: int
    reports: int
    removed: int


class Reports(msgspec.Struct, frozen=True):
    """The reports that came: how many in all, by category, from whom, and how they ended ('open': not yet).

    Of those with such a time, `first_minutes` is the median until first something was done, `close_minutes` until
    they were closed.
    """

    total: int
    by_category: dict[str, int]
    by_origin: dict[str, int]
    by_outcome: dict[str, int]
    first_minutes: int | None
    close_minutes: int | None


class Year(msgspec.Struct, frozen=True):
    """The figures of a year; `private_groups` says whether groups that are not for everybody are in the sums.

    `actions` are what people here decided, by its name; `automated` what rules held without them, and what became of
    it; `appeals` those that were asked, accepted and rejected. `sign_ups_waiting` is how many wait for an answer now,
    None of a year that is over.
    """

    year: int
    ended: bool
    counted_at: int
    private_groups: bool
    reports: Reports
    actions: dict[str, int]
    appeals: dict[str, int]
    automated: dict[str, int]
    orders: int
    sign_ups_waiting: int | None
    months: list[Month]

    @property
    def empty(self) -> bool:
        """Whether nothing of all this happened."""
        return not (
            self.reports.total or self.orders or any((*self.actions.values(), *self.appeals.values()))
            or any(self.automated.values()) or self.sign_ups_waiting
        )  # fmt: skip


_counted: WeakKeyDictionary[App, dict[int, Year]] = WeakKeyDictionary()


async def years() -> list[int]:
    """The years of which there are figures, the present one first."""
    now = _year_of(clock.now_ms())
    begun = await audit.begun()
    return list(range(now, min(now, _year_of(begun) if begun is not None else now) - 1, -1))


async def of(app: App, year: int) -> Year:
    """The figures of a year, at most an hour old.

    Raises:
        NotFound: the server was not there yet, or the year has not begun.
    """
    if year not in await years():
        raise NotFound("There are no figures of that year.")
    now, kept = clock.now_ms(), _counted.setdefault(app, {})
    known = kept.get(year)
    if known is None or not 0 <= now - known.counted_at < _KEPT_FOR:
        known = kept[year] = await count(year, now)
    return known


async def count(year: int, now: int) -> Year:
    """The figures of a year, counted now (ms since 1970)."""
    months = [(_beginning(year, month), _beginning(year, month + 1)) for month in range(1, 13)]
    span = (months[0][0], months[-1][1])
    # Fewer might be one, of which everybody then knew what was done in it.
    private = await transparency.private_groups(span) >= FEWEST
    monthly = await transparency.monthly(months, private=private)
    audited = ("contact.refuse", "contact.release", "account.purge", "peer.policy", "blocklist.apply")
    strangers = await transparency.audited(span, *audited, *_OF_SERVER.values())
    return Year(
        year=year, ended=span[1] <= now, counted_at=now, private_groups=private,
        reports=await _reports(span, private),
        actions={
            **await _actions(span, private, [*strangers["peer.policy"], *strangers["blocklist.apply"]]),
            **{name: len(strangers[act]) for name, act in _OF_SERVER.items()},
        },
        appeals={"asked": 0, "accepted": 0, "rejected": 0} | await transparency.appeals(span, private=private),
        automated=await _automated(span, private, strangers),
        orders=len(strangers["account.purge"]),
        sign_ups_waiting=await storage.accounts.count("pending") if span[1] > now else None,
        months=[Month(number, *counts) for number, counts in enumerate(monthly, start=1)],
    )  # fmt: skip


async def _reports(span: Span, private: bool) -> Reports:
    found = await transparency.reports(span, private=private)
    times = await transparency.handled(span, private=private)
    return Reports(
        total=sum(each.count for each in found),
        by_category=_sums((each.category, each.count) for each in found),
        by_origin=_sums(("elsewhere" if each.remote else "here", each.count) for each in found),
        by_outcome=_sums((each.outcome or "open", each.count) for each in found),
        first_minutes=_minutes(times, "first"),
        close_minutes=_minutes(times, "closed"),
    )


async def _actions(span: Span, private: bool, decided: list[str]) -> dict[str, int]:
    acts, done = await transparency.acts(span, private=private), await transparency.sanctions(span)
    policies = [_DECIDED.decode(each) for each in decided]  # each of one server, or of all that a list names
    return {
        **{name: acts.get(kind, 0) for name, kind in _OF_GROUPS.items()},
        "posts_removed_with_bans": await transparency.with_bans(span, private=private),
        **{f"accounts_{name}": done.get(act, 0) for name, act in _OF_ACCOUNTS.items()},
        **{
            name: sum((each.policy == policy) + getattr(each, policy) for each in policies)
            for policy, name in _POLICIES.items()
        },
    }


async def _automated(span: Span, private: bool, decided: dict[str, list[str]]) -> dict[str, int]:
    """Of posts that rules of groups held, and of strangers' first words, as far as somebody has decided about them."""
    waited = await transparency.waited(span, private=private)
    states = _sums((_WAIT.decode(value).state, count) for value, count in waited.items())
    over = states.pop("over", 0)
    released = states.pop("released", 0)
    return {
        "held_in_groups_taken_in": released + over,
        "held_in_groups_refused": sum(states.values()),
        "strangers_let_in": len(decided["contact.release"]),
        "strangers_posts_refused": sum(_REFUSAL.decode(each).posts for each in decided["contact.refuse"]),
    }


class _Wait(msgspec.Struct, frozen=True):
    state: str = ""


class _Refusal(msgspec.Struct, frozen=True):
    posts: int = 0


class _Policies(msgspec.Struct, frozen=True):
    policy: str = ""
    suspend: int = 0
    limit: int = 0


# Of each act its own: the same word counts servers in one, and is yes or no in another.
_WAIT = msgspec.json.Decoder(_Wait)
_REFUSAL = msgspec.json.Decoder(_Refusal)
_DECIDED = msgspec.json.Decoder(_Policies)


def _sums(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, count in pairs:
        found[name] = found.get(name, 0) + count
    return found


def _minutes(times: list[Handled], name: str) -> int | None:
    found = [max(0, at - each.came) for each in times if (at := getattr(each, name)) is not None]
    return round(median(found)) // 60_000 if found else None


def _beginning(year: int, month: int) -> int:
    """The first ms of a month (UTC); of the thirteenth, of the next year."""
    at = datetime(year + (month > 12), 1 if month > 12 else month, 1, tzinfo=UTC)
    return int(at.timestamp() * 1000)


def _year_of(ms: int) -> int:
    return datetime.fromtimestamp(ms / 1000, UTC).year
