"""An account that is deleted: closed at once, then erased bit by bit, and nothing of it left but its name."""

import hashlib
from contextlib import suppress
from pathlib import Path

import pytest

from fedcomm import accounts, boosts, erasing, follows, media, posts, reactions
from fedcomm.app import App
from fedcomm.posts import Draft
from storage import actors, erasures
from storage.actors import Actor
from storage.connect import current, execute, rows, transaction
from storage.errors import IntegrityError
from tests import build
from tests.people import person
from tests.pictures import picture
from tests.storage import schema

pytestmark = pytest.mark.anyio

PEOPLE = ("actor_id", "owner_id", "target_id", "follower_id", "author_id", "reporter_id", "boosted_by")
# What still names somebody who is gone: the row that keeps the name, what moderators did, gaps in threads of others,
# what others wrote, deliveries that are not done; and what goes with the account and with each post.
KEPT = {
    ("account", "actor_id"), ("actor_key", "actor_id"), ("appeal", "author_id"), ("consent", "actor_id"),
    ("erased_file", "actor_id"), ("erasure", "actor_id"), ("groups", "actor_id"), ("member", "actor_id"),
    ("mention", "actor_id"), ("outbox", "actor_id"), ("post", "author_id"), ("report", "reporter_id"),
    ("report", "target_id"), ("sanction", "target_id"), ("scheduled_post", "actor_id"), ("talker", "actor_id"),
}  # fmt: skip


async def naming(actor_id: int) -> set[tuple[str, str]]:
    """Every column for people that holds this one."""
    found = set()
    for table, columns in (await schema.tables(current())).items():
        for column in set(PEOPLE) & set(columns):
            if await rows(f"SELECT 1 FROM {table} WHERE {column} = ? LIMIT 1", (actor_id,)):
                found.add((table, column))
    return found


async def fill(actor: Actor) -> set[tuple[str, str]]:
    """Put a row about somebody into every column for people, where a row of simple values can be; gives which."""
    samples = {"number": 1, "text": "7", "bytes": b"7"}
    filled = set()
    for table, columns in (await schema.tables(current())).items():
        for column in sorted(set(PEOPLE) & set(columns)):
            if (table, column) in KEPT or table == "media":
                continue
            row = {name: samples[each.kind] for name, each in columns.items() if not each.nullable}
            row = {name: build.NOW + len(filled) if name == "id" else value for name, value in row.items()}
            with suppress(IntegrityError):
                await build.insert(table, **row | {column: actor.id})
                filled.add((table, column))
    return filled


@pytest.mark.attack("ADM-22", "ADM-23")
async def test_an_account_is_closed_at_once_and_erased_bit_by_bit_to_its_name(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "AT_ONCE", 1)
    monkeypatch.setattr(erasures, "AT_ONCE", 1)
    await accounts.create(app, "boss", "correct horse battery", role="admin")
    anna, bob = await person(app, "anna"), await person(app, "bob")
    said = [await posts.create(app, bob, Draft(text=f"Word {number}")) for number in range(2)]
    for post_id in said:
        await reactions.like(app, anna, post_id)
        await boosts.boost(app, anna, post_id)
    await follows.follow(app, bob, anna.id)
    await follows.follow(app, anna, bob.id)
    sent = await media.upload(app, anna, picture(), "A corner", "", None)
    await posts.create(app, anna, Draft(text="Look", media_ids=(sent.id,)))
    await posts.create(app, anna, Draft(text="@bob psst", visibility="direct"))
    assert len(await fill(anna)) > 20
    before = [path for path in (tmp_path / "media").rglob("*") if path.is_file()]
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in before}

    async with transaction():
        await erasing.close(app, anna, "@boss", noted=True)
    await execute("UPDATE job SET key = NULL, state = 3")  # it was tried too often, and nobody tries it any more
    await erasing.go_on(app)
    closed = await erasing.progress(anna.id)
    assert closed is not None and (closed.posts, closed.files, closed.done) == (2, 1, False)
    assert (closed.erasure.posts, closed.erasure.files, closed.erasure.made_by) == (2, 1, "@boss")
    assert len(await rows("SELECT 1 FROM job WHERE name = 'erase_account' AND state = 0")) == 1

    await erasing.erase(app, anna.id)
    await erasing.erase(app, anna.id)  # as after a process that ended before it noted that the job is done

    done = await erasing.progress(anna.id)
    assert done is not None and (done.posts, done.files, done.done) == (0, 0, True)
    assert await naming(anna.id) - KEPT == set(), "nothing else is about somebody who is gone"
    assert await rows("SELECT DISTINCT title, content, source FROM post WHERE author_id = ?", (anna.id,)) == [("",) * 3]
    assert [path for path in (tmp_path / "media").rglob("*") if path.is_file()] == []
    log = [
        (uri, bytes(body)) for uri, body in await rows("SELECT uri, body FROM outbox WHERE actor_id = ?", (anna.id,))
    ]
    assert f"{anna.uri}#delete" in dict(log)
    assert not [uri for uri, body in log if b"psst" in body or b"Look" in body]
    ((noted,),) = [await erasures.erased(anna.id, 0, 9)]
    assert {noted.digest, noted.preview_digest} == digests and noted.post_uri.startswith("https://here.example/posts/")
    assert await rows("SELECT DISTINCT likes_count, boosts_count FROM post WHERE author_id = ?", (bob.id,)) == [(0, 0)]
    left = await actors.by_id(bob.id)
    assert left is not None and (left.followers_count, left.following_count) == (0, 0)
