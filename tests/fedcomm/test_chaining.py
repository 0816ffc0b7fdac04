"""What moderators did for groups is in the chain of the audit log, and shows when somebody changed it."""

import asyncio

import pytest

import storage.audit
from fedcomm import audit, chaining, members
from fedcomm.app import App
from storage import chained
from storage.connect import dialect, execute, value
from tests import build
from tests.people import person

pytestmark = pytest.mark.anyio


async def _unguarded() -> None:
    """The database lets everything through from now on."""
    if dialect() == "postgres":
        await execute("ALTER TABLE act DISABLE TRIGGER ALL")
    else:
        for name in ("act_is_not_changed", "act_is_not_deleted", "act_is_to_be_chained"):
            await execute(f"DROP TRIGGER {name}")


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("UPDATE act SET summary = 'Friends' WHERE property = 'ban'", "changed"),
        ("DELETE FROM act WHERE property = 'ban' AND value IS NULL", "changed"),
        (
            "INSERT INTO act (id, group_id, property, subject, value, clock, actor_uri, face, uri, recorded_at)"
            " SELECT 1, group_id, property, subject, value, clock, actor_uri, face, 'https://x.test/1',"
            " recorded_at FROM act WHERE property = 'ban' AND value IS NULL",
            "unchained",
        ),
    ],
)
async def test_acts_for_groups_are_chained_soon_after_and_guarded(app: App, sql: str, fault: str) -> None:
    ann = await person(app, "ann")
    await person(app, "bo")
    await build.group("rye")
    await members.appoint(app, "rye", ann)
    before = await chained.count_waiting()
    await members.ban(app, "rye", "bo", ann, reason="Rule 2")
    await members.unban(app, "rye", "bo", ann)

    assert await chained.count_waiting() == before + 2 and (await audit.check()).well  # waiting is no fault
    await asyncio.gather(chaining.catch_up(app), chaining.catch_up(app))
    entries = await storage.audit.newest(50, wanted=storage.audit.Wanted("@ann", "moderate."))
    assert [entry.act for entry in entries] == ["moderate.ban.ended", "moderate.ban"]
    assert "bo" in entries[1].subject and '"reason":"Rule 2"' in entries[1].detail and "!rye" in entries[1].detail
    assert await value("SELECT COUNT(*) FROM audit WHERE act LIKE 'moderate.%'") == before + 2
    assert await chained.count_waiting() == 0 and (await audit.check()).well

    await _unguarded()
    assert await execute(sql) > 0

    state = await audit.check()
    assert not state.well and getattr(state, fault) and state.broken == 0
