"""What was there before notifications could wait is there afterwards: notices, direct messages, profiles."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage import migrate
from storage.connect import Database, execute, rows, use
from storage.errors import IntegrityError
from tests import build
from tests.databases import Databases

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(databases: Databases, dialect: str) -> AsyncIterator[Database]:
    """One without a schema."""
    url = await databases.empty(dialect)
    opened = await Database.open(url)
    with use(opened):
        yield opened
    await opened.close()
    databases.drop(url)


async def test_what_was_there_before_stays(database: Database, tmp_path: Path) -> None:
    before = tmp_path / database.dialect
    before.mkdir()
    for path in sorted((migrate.FOLDER / database.dialect).glob("000[123]_*.sql")):
        shutil.copy(path, before)
    await migrate.run(database, folder=tmp_path, backups=tmp_path)
    alice, bob = await build.person("alice"), await build.person("bob")
    far = await build.person("carol", "far.test")
    first = await build.post(alice, "psst", visibility=build.DIRECT, mentions=[bob, far])
    last = await build.post(far, "what?", visibility=build.DIRECT, mentions=[alice], parent=first)
    gone = await build.post(bob, "?", visibility=build.DIRECT, mentions=[alice], parent=first, deleted_at=build.NOW)
    await build.post(alice, "for all", mentions=[bob])
    notice = await build.notice(bob, "mention", alice, first)

    await migrate.run(database, backups=tmp_path)

    assert await rows("SELECT id, owner_id, kind, actor_id, post_id, report_id, filtered FROM notification") == [
        (notice, bob.id, "mention", alice.id, first.id, 0, 0)
    ]
    assert await rows("SELECT owner_id, thread_id, last_post_id, unread FROM conversation ORDER BY owner_id") == [
        (alice.id, first.id, last.id, 0), (bob.id, first.id, first.id, 0)
    ]  # fmt: skip
    assert gone.id > last.id
    featured: dict[str, str] = dict(await rows("SELECT username, featured FROM actor"))
    assert featured == {"alice": f"{alice.uri}/featured", "bob": f"{bob.uri}/featured", "carol": ""}
    with pytest.raises(IntegrityError):
        await execute(
            "INSERT INTO notification (id, owner_id, kind, actor_id, post_id, created_at) VALUES (1, ?, ?, ?, ?, 0)",
            (bob.id, "mention", alice.id, first.id),
        )
