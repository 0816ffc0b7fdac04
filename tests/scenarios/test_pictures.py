"""Pictures between servers: how they are told of, read, described anew, and gone; and those of people."""

from pathlib import Path

import msgspec
import pytest

import storage.actors
import storage.media
from fedcomm import accounts, media, pictures, posts, profiles
from fedcomm.posts import Draft
from storage.connect import execute, rows
from tests.fediverse import Fediverse, Instance, Person
from tests.pictures import picture

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]


@pytest.fixture
async def a(fediverse: Fediverse, tmp_path: Path) -> Instance:
    """A server with a folder for pictures."""
    return await fediverse.instance("a.test", data_dir=tmp_path)


async def posted(author: Person, instance: Instance, description: str) -> tuple[int, int]:
    """A post with a picture; the ids of both."""
    with instance.here():
        sent = await media.upload(instance.app, author.actor, picture(), description, "0.5,-0.5", None)
        draft = Draft(text="Look", media_ids=(sent.id,))
        return await posts.create(instance.app, author.actor, draft), sent.id


async def test_a_picture_is_shown_elsewhere_described_anew_and_gone(fediverse: Fediverse, a: Instance) -> None:
    b = await fediverse.instance("b.test")
    anna, bob = await a.person("anna"), await b.person("bob")
    await bob.follow("anna@a.test")
    await fediverse.settle()
    post_id, media_id = await posted(anna, a, "A corner")
    await fediverse.settle()

    (there,) = await bob.home()
    with b.here():
        (file,) = await storage.media.of_post(there.id)
    assert (file.kind, file.mime, file.description) == ("image", "image/jpeg", "A corner")
    assert (file.width, file.height, len(file.blurhash)) == (40, 30, 28)
    assert msgspec.json.decode(file.meta) == {"focus": {"x": 0.5, "y": -0.5}}
    assert file.remote_url.startswith("https://a.test/media/") and file.remote_url.endswith(".jpg")
    assert there.attachments_count == 1

    with a.here():
        words = (posts.Words(media_id, "A red corner"),)
        await posts.edit(a.app, anna.actor, post_id, Draft(text="Look", media_words=words))
    await fediverse.settle()
    with b.here():
        (file,) = await storage.media.of_post(there.id)
    assert file.description == "A red corner"

    with a.here():
        await posts.delete(a.app, anna.actor, post_id)
        assert await storage.media.own(anna.actor.id, media_id) is None
    await fediverse.settle()
    with b.here():
        assert await storage.media.of_post(there.id) == []


async def test_the_face_of_a_member_is_shown_elsewhere(fediverse: Fediverse, a: Instance) -> None:
    b = await fediverse.instance("b.test")
    anna, bob = await a.person("anna"), await b.person("bob")
    await bob.follow("anna@a.test")
    await fediverse.settle()

    with a.here():
        made = await pictures.read(a.app.picture_turn, picture(), "avatar")
        changed = await profiles.change(a.app, anna.actor, profiles.Change(pictures={"icon": made}))
    await fediverse.settle()

    with b.here():
        seen = await storage.actors.by_uri(anna.actor.uri)
    assert seen is not None and seen.icon == changed.icon and seen.icon.startswith("https://a.test/media/")


@pytest.mark.attack("ADM-22")
async def test_nothing_of_who_is_deleted_is_served(fediverse: Fediverse, a: Instance, tmp_path: Path) -> None:
    anna = await a.person("anna")
    await posted(anna, a, "")
    with a.here():
        made = await pictures.read(a.app.picture_turn, picture(), "avatar")
        await profiles.change(a.app, anna.actor, profiles.Change(pictures={"icon": made}))
        keys = [row[0] for row in await rows("SELECT key FROM media WHERE owner_id = ?", (anna.actor.id,))]
        assert len(keys) == 2 and all([await storage.media.served(key) for key in keys])

        await accounts.delete(a.app, "anna")

        assert not any([await storage.media.served(key) for key in keys])
    await fediverse.settle()

    with a.here():
        await execute("UPDATE media SET created_at = 0")
        await media.clean_up(a.app)
        assert await rows("SELECT id FROM media") == []
    assert [path for path in (tmp_path / "media").rglob("*") if path.is_file()] == []


@pytest.mark.attack("ADM-22")
async def test_nothing_of_who_is_suspended_is_served_until_they_are_let_in_again(
    fediverse: Fediverse, a: Instance
) -> None:
    anna = await a.person("anna")
    await posted(anna, a, "")
    with a.here():
        ((key,),) = await rows("SELECT key FROM media")
        await accounts.set_suspended(a.app, "anna", True)
        assert await storage.media.served(key) is None
        await accounts.set_suspended(a.app, "anna", False)
        assert await storage.media.served(key) is not None
