"""Pictures on their way into a post: sent, described, looked at, deleted; and what cannot be sent."""

import asyncio
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from fedcomm import clock, media, pictures
from fedcomm.app import App
from fedcomm.config import Config
from storage.connect import execute, rows, value
from tests.pictures import located, moving, opened, picture
from tests.web.client import whichever_database
from tests.web.mastodon.member import Member
from tests.web.mastodon.schema import Schema

pytestmark = pytest.mark.anyio

KEYS = {
    "id", "type", "url", "preview_url", "remote_url", "preview_remote_url", "text_url", "meta", "description",
    "blurhash",
}  # fmt: skip
SECOND, FIRST = "/api/v2/media", "/api/v1/media"


async def sent(member: Member, content: bytes = b"", path: str = SECOND, **words: str) -> dict[str, Any]:
    """The picture that was sent."""
    files = {"file": ("x.jpg", content or picture(), "image/jpeg")}
    answer = await member.ask("POST", path, files=files, data=words)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def files_in(folder: Path) -> set[str]:
    """What is kept, by name."""
    return {str(path.relative_to(folder / "media")) for path in (folder / "media").rglob("*") if path.is_file()}


@pytest.mark.contract(31)
@pytest.mark.parametrize("path", [FIRST, SECOND])
async def test_a_picture_is_kept_and_shown(alice: Member, client: httpx.AsyncClient, path: str) -> None:
    found = await sent(alice, path=path, description=" A red\ncorner ", focus="-0.5,0.25")

    assert set(found) == KEYS and found["type"] == "image" and found["description"] == "A red\ncorner"
    assert found["meta"]["focus"] == {"x": -0.5, "y": 0.25}
    assert found["meta"]["original"] == {"width": 40, "height": 30, "size": "40x30", "aspect": 40 / 30}
    assert found["meta"]["small"]["size"] == "40x30" and len(found["blurhash"]) > 20
    for address in (found["url"], found["preview_url"]):
        answer = await client.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert opened(answer.content).size == (40, 30)
        assert int(answer.headers["content-length"]) == len(answer.content)
    assert await alice.get(f"media/{found['id']}") == found


@whichever_database
async def test_what_is_answered_is_as_the_api_describes_it(alice: Member) -> None:
    schema = Schema()
    found = await sent(alice, description="A corner")

    for path, method in ((FIRST, "post"), (SECOND, "post"), (f"{FIRST}/{{id}}", "get"), (f"{FIRST}/{{id}}", "put")):
        assert schema.wrong(found, schema.of(path, method)) == []


async def test_words_and_focus_can_be_changed_until_it_is_in_a_post(alice: Member) -> None:
    found = await sent(alice, description="One", focus="0,0")
    address = f"media/{found['id']}"

    changed = await alice.do(address, "PUT", description="Two")
    focused = await alice.do(address, "PATCH", focus="1.0,-1.0")

    assert (changed["description"], changed["meta"]["focus"]) == ("Two", {"x": 0.0, "y": 0.0})
    assert (focused["description"], focused["meta"]["focus"]) == ("Two", {"x": 1.0, "y": -1.0})
    assert focused["meta"]["small"] == found["meta"]["small"]
    await alice.post("With it", media_ids=[found["id"]])
    assert (await alice.refused("PUT", address, description="Three"))[0] == 404
    assert (await alice.refused("DELETE", address))[0] == 422


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"description": "x" * 1501}, "1500"), ({"focus": "2,0"}, "focus"), ({"focus": "0"}, "focus"),
        ({"focus": "nan,0"}, "focus"), ({"focus": "a,b"}, "focus"),
    ],
)  # fmt: skip
@whichever_database
async def test_words_that_cannot_be_are_refused_and_nothing_is_kept(
    alice: Member, config: Config, words: dict[str, str], sentence: str
) -> None:
    answer = await alice.ask("POST", SECOND, files={"file": ("x.jpg", picture())}, data=words)

    assert answer.status_code == 422 and sentence in answer.json()["error"]
    assert await rows("SELECT id FROM media") == [] and files_in(config.data_dir) == set()


@pytest.mark.parametrize(
    "sent_instead",
    [
        {}, {"data": {"file": "text"}}, {"json": {"file": "text"}}, {"files": {"file": ("a.jpg", b"")}},
        {"files": {"file": ("a.mp4", b"\0\0\0 ftypisom" + bytes(99))}},
        {"files": {"file": ("a.ogg", b"OggS" + bytes(99), "audio/ogg")}},
    ],
)  # fmt: skip
@whichever_database
async def test_what_is_no_picture_is_refused_with_a_sentence(alice: Member, sent_instead: dict[str, Any]) -> None:
    answer = await alice.ask("POST", SECOND, **sent_instead)

    assert answer.status_code == 422 and answer.json()["error"].endswith(".")
    assert await rows("SELECT id FROM media") == []


@pytest.mark.attack("OAU-13")
async def test_pictures_of_others_are_not_there(alice: Member, bob: Member) -> None:
    found = await sent(alice, description="Mine")

    for method, more in (("GET", {}), ("PUT", {"description": "Yours"}), ("DELETE", {})):
        status, _ = await bob.refused(method, f"media/{found['id']}", **more)
        assert status == 404
    assert (await bob.refused("POST", "statuses", status="x", media_ids=[found["id"]]))[0] == 422
    assert await alice.get(f"media/{found['id']}") == found


async def test_a_deleted_picture_is_gone_with_its_files(
    alice: Member, client: httpx.AsyncClient, config: Config
) -> None:
    found = await sent(alice)
    assert len(files_in(config.data_dir)) == 2

    await alice.do(f"media/{found['id']}", "DELETE")

    assert files_in(config.data_dir) == set()
    assert (await client.get(found["url"])).status_code == 404
    assert (await alice.refused("GET", f"media/{found['id']}"))[0] == 404


@pytest.mark.contract(36)
async def test_what_takes_long_is_answered_before_it_is_ready(
    alice: Member, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "PATIENCE", 0.01)
    await app.picture_turn.acquire()

    answer = await alice.ask("POST", SECOND, files={"file": ("x.jpg", picture())})
    address = f"media/{answer.json()['id']}"
    meanwhile = await alice.ask("GET", address)
    refused = await alice.refused("POST", "statuses", status="x", media_ids=[answer.json()["id"]])
    app.picture_turn.release()
    for _ in range(200):
        ready = await alice.ask("GET", address)
        if ready.status_code != 206:
            break
        await asyncio.sleep(0.05)

    assert (answer.status_code, answer.json()["url"], meanwhile.status_code) == (202, None, 206)
    assert refused[0] == 422 and "worked on" in refused[1]
    assert ready.status_code == 200 and ready.json()["url"]


async def test_what_turned_out_to_be_none_is_said_to_who_asks(
    alice: Member, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "PATIENCE", 0.0)
    answer = await alice.ask("POST", SECOND, files={"file": ("x.png", picture("PNG")[:60])})
    address = f"media/{answer.json()['id']}"
    for _ in range(200):
        found = await alice.ask("GET", address)
        if found.status_code != 206:
            break
        await asyncio.sleep(0.05)

    assert answer.status_code == 202
    assert found.status_code == 422 and found.json()["error"]
    assert (await alice.refused("POST", "statuses", status="x", media_ids=[answer.json()["id"]]))[0] == 422


async def test_what_nobody_finished_is_not_waited_for(alice: Member) -> None:
    found = await sent(alice)
    await execute("UPDATE media SET state = 'working', created_at = ?", (clock.now_ms() - media.STALE - 1,))

    assert (await alice.refused("GET", f"media/{found['id']}"))[0] == 422


@pytest.mark.attack("NET-41")
async def test_nobody_fills_the_disk(
    alice: Member, bob: Member, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "MOST_LOOSE", 2)
    for _ in range(2):
        await sent(alice)
    before = files_in(config.data_dir)

    many = await alice.ask("POST", SECOND, files={"file": ("x.jpg", picture())})
    monkeypatch.setattr(media, "MOST_LOOSE", 40)
    monkeypatch.setattr(media, "MOST_BYTES", 1000)
    large = await alice.ask("POST", SECOND, files={"file": ("x.jpg", picture())})
    monkeypatch.setattr(media, "MOST_BYTES", 1_000_000)

    assert many.status_code == large.status_code == 422
    assert "2 pictures" in many.json()["error"] and "room" in large.json()["error"]
    assert files_in(config.data_dir) == before
    assert (await sent(bob))["url"]


@pytest.mark.attack("NET-41")
async def test_who_sends_many_at_once_is_told_to_wait(alice: Member, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "PATIENCE", 0.01)
    monkeypatch.setattr(media, "MOST_WAITING", 2)
    await app.picture_turn.acquire()

    answers = [await alice.ask("POST", SECOND, files={"file": ("x.jpg", picture())}) for _ in range(3)]
    app.picture_turn.release()
    for _ in range(200):
        waiting = [await alice.ask("GET", f"media/{answer.json()['id']}") for answer in answers[:2]]
        if all(answer.status_code == 200 for answer in waiting):
            break
        await asyncio.sleep(0.05)

    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert answers[2].headers["retry-after"] == "30" and answers[2].json()["error"]
    assert (await alice.ask("POST", FIRST, files={"file": ("x.jpg", picture())})).status_code == 200


@pytest.mark.attack("NET-41")
async def test_what_is_never_used_and_files_of_nobody_are_cleared_away(alice: Member, app: App, config: Config) -> None:
    used, unused, young = await sent(alice), await sent(alice), await sent(alice)
    await alice.post("Look", media_ids=[used["id"]])
    key = await app.blobs.put(b"of a process that ended before the row was written")
    an_age_ago = clock.now_ms() - media.DAY - 1000
    await execute("UPDATE media SET created_at = ? WHERE id <> ?", (an_age_ago, int(young["id"])))
    for path in (config.data_dir / "media").rglob("*"):
        if path.is_file():
            os.utime(path, (an_age_ago / 1000, an_age_ago / 1000))

    await media.clean_up(app)
    await media.sweep(app)

    left = {str(found[0]) for found in await rows("SELECT id FROM media")}
    assert left == {used["id"], young["id"]}
    assert len(files_in(config.data_dir)) == 4 and key not in files_in(config.data_dir)
    assert (await alice.refused("GET", f"media/{unused['id']}"))[0] == 404


async def test_what_is_put_into_a_post_at_the_last_moment_keeps_its_files(
    alice: Member, app: App, client: httpx.AsyncClient
) -> None:
    found = await sent(alice)
    await alice.post("Look", media_ids=[found["id"]])

    await media.erase(app, [int(found["id"])])

    assert (await client.get(found["url"])).status_code == 200


@pytest.mark.attack("PRI-15")
async def test_what_was_in_the_file_beside_the_picture_is_not_served(alice: Member, client: httpx.AsyncClient) -> None:
    found = await sent(alice, located())

    for address in (found["url"], found["preview_url"]):
        content = (await client.get(address)).content
        assert b"Camera of Anna" not in content and not opened(content).getexif()


async def test_what_moves_is_a_picture_too(alice: Member) -> None:
    found = await sent(alice, moving())

    assert found["type"] == "image" and found["url"].endswith(".webp") and found["preview_url"].endswith(".jpg")


async def test_the_instance_says_what_can_be_sent(alice: Member) -> None:
    said = (await alice.get("/api/v2/instance"))["configuration"]

    assert said["media_attachments"]["supported_mime_types"] == list(pictures.TYPES)
    assert said["media_attachments"]["image_size_limit"] == pictures.MOST_BYTES
    assert said["media_attachments"]["image_matrix_limit"] == pictures.MOST_PIXELS
    assert said["media_attachments"]["description_limit"] == media.MAX_DESCRIPTION
    assert said["statuses"]["max_media_attachments"] == media.MOST_ON_A_POST
    assert await value("SELECT COUNT(*) FROM media") == 0
