"""What was there before notifications could wait is there afterwards: notices, direct messages, profiles."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage import migrate
from storage.connect import Database, execute, rows, use
from storage.errors import IntegrityError
from storage.ids import next_id
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
    alice, bob, far = await _actor("alice"), await _actor("bob"), await _actor("carol", "far.test")
    first = await _message(alice, bob, far)
    last = await _message(far, alice, parent=first)
    gone = await _message(bob, alice, parent=first, deleted_at=build.NOW)
    await _message(alice, bob, visibility=build.PUBLIC)
    notice = next_id()
    await build.insert(
        "notification", id=notice, owner_id=bob, kind="mention", actor_id=alice, post_id=first, created_at=build.NOW
    )  # fmt: skip

    await migrate.run(database, backups=tmp_path)

    assert await rows("SELECT id, owner_id, kind, actor_id, post_id, report_id, filtered FROM notification") == [
        (notice, bob, "mention", alice, first, 0, 0)
    ]
    assert await rows("SELECT owner_id, thread_id, last_post_id, unread FROM conversation ORDER BY owner_id") == [
        (alice, first, last, 0), (bob, first, first, 0)
    ]  # fmt: skip
    assert gone > last
    featured: dict[str, str] = dict(await rows("SELECT username, featured FROM actor"))
    assert featured == {"alice": f"{_uri('alice')}/featured", "bob": f"{_uri('bob')}/featured", "carol": ""}
    with pytest.raises(IntegrityError):
        await execute(
            "INSERT INTO notification (id, owner_id, kind, actor_id, post_id, created_at) VALUES (1, ?, ?, ?, ?, 0)",
            (bob, "mention", alice, first),
        )


def _uri(name: str, host: str = "") -> str:
    return f"https://{host}/users/{name}" if host else f"{build.BASE}/users/{name}"


async def _actor(name: str, host: str = "") -> int:
    """A row of the old schema: what `build` makes has columns that came later."""
    actor_id, uri = next_id(), _uri(name, host)
    await build.insert(
        "actor", id=actor_id, uri=uri, kind="Person", host=host, username=name, username_key=name, inbox=f"{uri}/inbox",
        created_at=build.NOW, updated_at=build.NOW,
    )  # fmt: skip
    if not host:
        await build.insert(
            "account", id=next_id(), actor_id=actor_id, password_hash="", role="member", state="active",
            created_at=build.NOW,
        )  # fmt: skip
    return actor_id


async def _message(
    author: int, *named: int, parent: int | None = None, visibility: int = build.DIRECT, **columns: int
) -> int:
    """A post of the old schema; its id."""
    post_id = next_id()
    uri = f"https://any.test/posts/{post_id}"
    await build.insert(
        "post", id=post_id, uri=uri, kind="note", local=1, author_id=author, parent_id=parent,
        parent_uri=f"https://any.test/posts/{parent}" if parent else None, thread_id=parent or post_id, content="psst",
        visibility=visibility, published=build.NOW, received_at=build.NOW, truth="home", **columns,
    )  # fmt: skip
    for each in named:
        await build.insert("mention", post_id=post_id, actor_id=each)
    return post_id
