"""What an admin changes while the server runs, and the log of that."""

import pytest

import storage.audit
from fedcomm import accounts, settings
from fedcomm.app import App
from fedcomm.errors import Invalid
from storage.connect import execute, transaction
from storage.errors import IntegrityError, OperationalError

pytestmark = pytest.mark.anyio

GOOD = "correct horse battery"


async def test_a_new_server_has_its_host_as_name_and_lets_nobody_in_unasked(app: App) -> None:
    found = await settings.current(app)

    assert found.name == "here.example" and found.registration == "approval" and found.rules == ()


async def test_a_change_is_in_force_at_once_and_in_the_log(app: App) -> None:
    await accounts.create(app, "ann", GOOD)
    boss = await accounts.create(app, "boss", GOOD, role="admin")

    await settings.change(app, boss, {
        "name": " Our\nplace ", "description": "For\r\neverybody", "rules": ["Be kind. ", "", "No\x07 ads."],
        "registration": "invite", "contact_email": "a@b.example", "contact_account": "@Ann",
    })  # fmt: skip

    found = await settings.current(app)
    assert found.name == "Our place" and found.description == "For\neverybody"
    assert found.rules == ("Be kind.", "No ads.") and found.registration == "invite" and found.contact_account == "ann"
    (entry, *_) = await storage.audit.newest()
    assert (entry.actor, entry.act) == ("@boss", "settings.change") and "Be kind." in entry.detail


async def test_a_change_is_seen_by_who_asked_before(app: App) -> None:
    assert (await settings.current(app)).name == "here.example"

    await settings.change(app, None, {"name": "A"})
    assert (await settings.current(app)).name == "A"
    with pytest.raises(RuntimeError, match="undone"):
        async with transaction():
            await settings.change(app, None, {"name": "B"})
            raise RuntimeError("undone")
    assert (await settings.current(app)).name == "A"


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("name", "x" * 101), ("description", "x" * 5001), ("rules", ["x"] * 51), ("rules", ["x" * 501]),
        ("registration", "closed"), ("registration", ["open"]), ("contact_email", "a@b@c"),
        ("contact_account", "nobody"), ("base_url", "https://evil.example"), ("role", "admin"),
    ],
)  # fmt: skip
async def test_a_value_that_cannot_be_changes_nothing(app: App, key: str, wrong: object) -> None:
    before = await settings.current(app)

    with pytest.raises(Invalid):
        await settings.change(app, None, {"name": "New", key: wrong})

    assert await settings.current(app) == before


@pytest.mark.attack("ADM-12")
async def test_the_log_cannot_be_changed_and_shows_when_it_was(app: App) -> None:
    for name in ("A", "B", "C"):
        await settings.change(app, None, {"name": name})

    for statement in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit"):
        with pytest.raises((IntegrityError, OperationalError)):
            await execute(statement)
    assert await storage.audit.first_broken() is None

    for trigger in ("audit_is_not_changed", "audit_is_not_deleted"):
        await execute(_drop(app, trigger))
    await execute("UPDATE audit SET detail = '{}' WHERE id = 2")
    assert await storage.audit.first_broken() == 2


@pytest.mark.attack("ADM-12")
async def test_an_entry_taken_out_of_the_log_is_missed(app: App) -> None:
    for name in ("A", "B", "C"):
        await settings.change(app, None, {"name": name})
    for trigger in ("audit_is_not_changed", "audit_is_not_deleted"):
        await execute(_drop(app, trigger))

    await execute("DELETE FROM audit WHERE id = 1")

    assert await storage.audit.first_broken() == 1


def _drop(app: App, trigger: str) -> str:
    return f"DROP TRIGGER IF EXISTS {trigger}{' ON audit' if app.db.dialect == 'postgres' else ''}"
