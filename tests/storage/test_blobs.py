"""Files under keys of our own making."""

import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.blobs import CHUNK, Blobs
from storage.errors import Unavailable

pytestmark = pytest.mark.anyio


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    """A folder that is not there yet."""
    return Blobs(tmp_path / "media")


async def whole(blobs: Blobs, key: str, *span: int) -> bytes:
    """What is kept under the key."""
    return b"".join([chunk async for chunk in blobs.read(key, *span)])


async def test_what_is_put_can_be_read_and_deleted(blobs: Blobs) -> None:
    content = os.urandom(CHUNK * 2 + 17)
    key = await blobs.put(content)

    assert await whole(blobs, key) == content
    assert await whole(blobs, key, 10, 20) == content[10:20]
    assert await whole(blobs, key, CHUNK - 5, CHUNK * 2 + 5) == content[CHUNK - 5 : CHUNK * 2 + 5]
    assert await whole(blobs, key, len(content) + 1) == b""
    assert await blobs.size(key) == len(content)

    await blobs.delete(key)
    await blobs.delete(key)
    with pytest.raises(FileNotFoundError):
        await whole(blobs, key)
    with pytest.raises(FileNotFoundError):
        await blobs.size(key)


async def test_what_comes_in_pieces_is_put_together(blobs: Blobs) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"one ", b"", b"two"):
            yield piece

    assert await whole(blobs, await blobs.put(pieces())) == b"one two"


async def test_what_breaks_off_leaves_nothing(blobs: Blobs, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"one "
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await blobs.put(broken())

    assert [path for path in (tmp_path / "media").rglob("*") if path.is_file()] == []


@pytest.mark.attack("NET-26")
async def test_keys_are_random_and_files_closed_to_others(blobs: Blobs, tmp_path: Path) -> None:
    keys = [await blobs.put(b"the same") for _ in range(20)]

    assert len(set(keys)) == 20
    for key in keys:
        path = tmp_path / "media" / key
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.attack("NET-26")
@pytest.mark.parametrize(
    "key",
    [
        "../secret",
        "ab/../../secret",
        "/etc/passwd",
        "",
        ".",
        "ab/" + "c" * 29 + "/",
        "ab/" + "c" * 30 + "\n",
        "AB/" + "c" * 30,
        "ab/" + "c" * 29 + "\0",
        "part/" + "c" * 32,
    ],
)
async def test_no_key_leads_out_of_the_folder(blobs: Blobs, tmp_path: Path, key: str) -> None:
    await blobs.put(b"something")
    (tmp_path / "secret").write_text("secret")

    with pytest.raises(FileNotFoundError):
        await whole(blobs, key)
    with pytest.raises(FileNotFoundError):
        await blobs.size(key)
    with pytest.raises(FileNotFoundError):
        await blobs.delete(key)

    assert (tmp_path / "secret").exists()


@pytest.mark.attack("NET-26")
async def test_a_link_in_the_folder_is_not_followed(blobs: Blobs, tmp_path: Path) -> None:
    key = await blobs.put(b"something")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "media" / key).unlink()
    (tmp_path / "media" / key).symlink_to(tmp_path / "secret")

    with pytest.raises(Unavailable):
        await whole(blobs, key)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("a file")

    with pytest.raises(Unavailable):
        await Blobs(tmp_path / "media").put(b"x")
