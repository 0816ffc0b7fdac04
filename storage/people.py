"""Everybody who is known here, as who looks after the server looks through them: members, and people elsewhere."""

import msgspec

from storage import accounts, actors
from storage.accounts import Account
from storage.actors import Actor
from storage.connect import rows
from storage.paging import Page

ORIGINS = ("local", "remote")
STATES = {
    "active": "a.suspended_at IS NULL AND (account.id IS NULL OR account.state = 'active')",
    "unconfirmed": "account.state = 'unconfirmed'",
    "pending": "account.state = 'pending'",
    "frozen": "account.state = 'frozen'",
    "sensitive": "a.sensitive_at IS NOT NULL",
    "limited": "a.limited_at IS NOT NULL",
    "suspended": "a.suspended_at IS NOT NULL AND (account.id IS NULL OR account.state = 'suspended')",
}


class Wanted(msgspec.Struct, frozen=True):
    """Which of them; '' is any. `text` is in the name, or begins the name by which one is called or the address."""

    origin: str = ""
    state: str = ""
    role: str = ""
    staff: bool = False
    host: str = ""
    text: str = ""
    username: str = ""
    name: str = ""
    email: str = ""


class Person(msgspec.Struct, frozen=True):
    """Somebody, with their account if they have one here."""

    actor: Actor
    account: Account | None

    @property
    def id(self) -> int:
        """Of the actor."""
        return self.actor.id


async def page(wanted: Wanted, page: Page) -> tuple[list[Person], bool]:
    """Some of them, who came last first; and whether there are older ones."""
    found = await _some(wanted, page, page.limit + 1)
    older, found = len(found) > page.limit, found[: page.limit]
    if page.forward and found:
        found.reverse()
        older = bool(await _some(wanted, page.under(found[-1]), 1))
    return await _people(found), older


async def one(actor_id: int) -> Person | None:
    """Somebody who can be acted upon: no group of ours, and not this server itself."""
    found = await actors.by_id(actor_id)
    if found is None or found.deleted_at is not None or found.kind == "Application":
        return None
    account = await accounts.of_actor(found.id) if found.local else None
    return Person(found, account) if account is not None or not found.local else None


async def suspended_before(at: int) -> list[str]:
    """The names of the accounts here that have been suspended since before that time (ms since 1970)."""
    sql = """
SELECT a.username FROM account JOIN actor a ON a.id = account.actor_id
WHERE account.state = 'suspended' AND a.suspended_at < ? AND a.deleted_at IS NULL ORDER BY a.id LIMIT 100"""
    return [found[0] for found in await rows(sql, (at,))]


async def _people(ids: list[int]) -> list[Person]:
    known, here = await actors.by_ids(ids), await accounts.of_actors(ids)
    return [Person(known[each], here.get(each)) for each in ids if each in known]


async def _some(wanted: Wanted, page: Page, limit: int) -> list[int]:
    conditions, args = _conditions(wanted)
    sql = f"""
SELECT a.id FROM actor a LEFT JOIN account ON account.actor_id = a.id
WHERE a.deleted_at IS NULL AND a.kind <> 'Application' AND (a.host <> '' OR account.id IS NOT NULL)
AND a.id < ? AND a.id > ? {"".join(f" AND ({each})" for each in conditions)} ORDER BY a.id {page.order} LIMIT ?"""
    return [found[0] for found in await rows(sql, (*page.bounds, *args, limit))]


def _conditions(wanted: Wanted) -> tuple[list[str], list[str]]:
    conditions: list[str] = []
    args: list[str] = []
    if wanted.origin in ORIGINS:
        conditions.append("a.host = ''" if wanted.origin == "local" else "a.host <> ''")
    if wanted.state in STATES:
        conditions.append(STATES[wanted.state])
    if wanted.staff:
        conditions.append("account.role <> 'member'")
    begins, within = f"{_escaped(wanted.text)}%", f"%{_escaped(wanted.text)}%"
    for given, condition, values in (
        (wanted.role, "account.role = ?", [wanted.role]),
        (wanted.host, "a.host = ?", [wanted.host.strip().lower()]),
        (wanted.username, "a.username_key LIKE ? ESCAPE '!'", [f"{_escaped(wanted.username)}%"]),
        (wanted.name, "LOWER(a.name) LIKE ? ESCAPE '!'", [f"%{_escaped(wanted.name)}%"]),
        (wanted.email, "LOWER(account.email) LIKE ? ESCAPE '!'", [f"%{_escaped(wanted.email)}%"]),
        (wanted.text, _TEXT, [begins, within, begins]),
    ):
        if given.strip():
            conditions.append(condition)
            args += values
    return conditions, args


_TEXT = "a.username_key LIKE ? ESCAPE '!' OR LOWER(a.name) LIKE ? ESCAPE '!' OR LOWER(account.email) LIKE ? ESCAPE '!'"


def _escaped(text: str) -> str:
    plain = text.strip().removeprefix("@").lower().replace("\0", "")
    return plain.replace("!", "!!").replace("%", "!%").replace("_", "!_")
