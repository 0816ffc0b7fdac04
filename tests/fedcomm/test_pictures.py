"""Pictures are read by a process of their own, and keep nothing but their pixels."""

import asyncio
import sys
import time
from pathlib import Path

import pytest
from PIL import GifImagePlugin

from fedcomm import blurhash, picture_reader, pictures
from fedcomm.errors import Invalid
from tests.pictures import COMMENT, located, moving, opened, picture
from tests.web.test_uploads import PICTURES

pytestmark = pytest.mark.anyio


async def read(content: bytes, purpose: str = "attachment") -> pictures.Picture:
    """As the server reads it."""
    return await pictures.read(asyncio.Semaphore(1), content, purpose)


@pytest.mark.parametrize(
    ("kind", "mime"),
    [
        ("JPEG", "image/jpeg"), ("PNG", "image/png"), ("GIF", "image/png"), ("WEBP", "image/webp"),
        ("AVIF", "image/jpeg"),
    ],
)  # fmt: skip
async def test_every_kind_is_kept_as_one_that_everybody_can_show(kind: str, mime: str) -> None:
    found = await read(picture(kind))

    whole, small = opened(found.content), opened(found.preview)
    assert (found.mime, found.width, found.height) == (mime, 40, 30)
    assert whole.size == small.size == (40, 30)
    assert whole.get_format_mimetype() == mime and small.get_format_mimetype() == found.preview_mime
    red, green, blue = whole.convert("RGB").getpixel((30, 20))  # type: ignore[misc]
    assert red < 40 and abs(green - 128) < 40 and abs(blue - 128) < 40


@pytest.mark.attack("NET-25", "PRI-15")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_what_a_picture_tells_of_its_maker_is_gone_and_it_stands_upright(kind: str) -> None:
    sent = located(kind)
    assert b"Camera of Anna" in sent

    found = await read(sent)

    for content in (found.content, found.preview):
        made = opened(content)
        assert not made.getexif() and "xmp" not in made.info and "icc_profile" not in made.info
        assert not any(word in content for word in (b"Camera of Anna", b"Berlin", COMMENT, b"Exif", b"xmpmeta"))
        assert made.size == (30, 40)
        red, green, _ = made.convert("RGB").getpixel((28, 1))  # type: ignore[misc]
        assert red > 180 and green < 80  # the corner went from the left to the right


async def test_a_large_picture_is_made_smaller() -> None:
    found = await read(picture("JPEG", (5000, 2500)))

    assert found.width * found.height <= 8_294_400 and abs(found.width / found.height - 2) < 0.01
    assert found.preview_width * found.preview_height <= 230_400
    assert opened(found.preview).size == (found.preview_width, found.preview_height)


async def test_what_shines_through_stays_so() -> None:
    found = await read(picture("PNG", colour="clear"))

    assert opened(found.content).getpixel((30, 20)) == (0, 0, 0, 0)
    assert found.preview_mime == "image/webp" and opened(found.preview).mode == "RGBA"


async def test_what_moves_goes_on_moving() -> None:
    found = await read(moving(3))

    made = opened(found.content)
    assert (found.mime, made.n_frames, made.size) == ("image/webp", 3, (40, 30))  # type: ignore[attr-defined]
    assert getattr(opened(found.preview), "n_frames", 1) == 1


@pytest.mark.attack("NET-25")
@pytest.mark.parametrize("purpose", ["attachment", "avatar"])
def test_what_moves_for_too_long_is_refused_before_it_is_decoded(purpose: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_reader, "MOST_MOVING_PIXELS", 3 * 40 * 30)
    whole, long = moving(3), moving(4)
    decoded: list[int] = []
    load = GifImagePlugin.GifImageFile.load_prepare
    monkeypatch.setattr(
        GifImagePlugin.GifImageFile, "load_prepare", lambda self: (decoded.append(self.tell()), load(self))[1]
    )

    with pytest.raises(picture_reader.Refused, match="frames"):
        picture_reader.read(long, purpose)

    assert decoded == []
    assert picture_reader.read(whole, purpose)[0]["mime"] == ("image/webp" if purpose == "attachment" else "image/png")
    assert decoded != []


@pytest.mark.parametrize(("purpose", "size"), [("avatar", (400, 400)), ("header", (1500, 500))])
async def test_pictures_of_a_profile_are_cut_to_size(purpose: str, size: tuple[int, int]) -> None:
    found = await read(moving(2, (300, 100)), purpose)

    assert (found.width, found.height) == size and opened(found.content).size == size


@pytest.mark.attack("NET-25", "XSS-09")
@pytest.mark.parametrize("name", [*PICTURES, "text", "nothing", "script", "pdf"])
async def test_a_hostile_file_is_no_picture(name: str) -> None:
    more = {"text": b"Hello", "nothing": b"", "script": b"alert(1)", "pdf": b"%PDF-1.7\n"}

    with pytest.raises(Invalid):
        await read((PICTURES | more)[name])


@pytest.mark.attack("NET-25", "XSS-09")
async def test_what_hangs_behind_a_picture_is_cut_off() -> None:
    hidden = b"<script>alert(1)</script>"

    found = await read(picture("PNG") + hidden)

    assert hidden not in found.content + found.preview


async def test_a_file_that_is_too_large_is_not_looked_at() -> None:
    began = time.process_time()

    with pytest.raises(Invalid, match="16 MB"):
        await read(picture("PNG") + bytes(pictures.MOST_BYTES))

    assert time.process_time() - began < 0.5


@pytest.mark.attack("NET-25")
async def test_the_reader_ends_when_it_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "SECONDS", 0.001)

    with pytest.raises(Invalid):
        await read(picture())


@pytest.mark.attack("NET-27")
@pytest.mark.parametrize(
    "act",
    [
        "open('/etc/passwd')",
        "open('/tmp/written-by-a-picture', 'w')",
        "__import__('socket').socket()",
        "bytearray(2_000_000_000)",
    ],
)
async def test_the_reader_can_open_nothing_and_take_no_more_than_its_share(act: str, tmp_path: Path) -> None:
    taken_over = f"import socket, sys; from fedcomm import picture_reader as r\nr._be_small()\ntry:\n {act}\n"
    taken_over += "except (OSError, MemoryError): print('refused')\nelse: print('done')\n"
    program = ("-I", "-c", taken_over)

    running = await asyncio.create_subprocess_exec(
        sys.executable, *program, stdout=asyncio.subprocess.PIPE, cwd=tmp_path
    )
    said, _ = await running.communicate()

    assert said == b"refused\n"


def test_both_sides_know_the_same_limit() -> None:
    assert pictures.MOST_PIXELS == picture_reader.MOST_PIXELS


def test_a_blur_is_written_as_other_programs_write_it() -> None:
    halves = [(255, 0, 0) if x < 16 else (0, 0, 255) for _ in range(32) for x in range(32)]
    slope = [(x * 16, y * 30, 128) for y in range(8) for x in range(16)]

    assert blurhash.encode(halves, 32, 32) == "L~LjfL|TsRJro3n~jsa}fQfQfQfQ"
    assert blurhash.encode(slope, 16, 8) == "LsGuI22@wxozu^R-jtjIf7fQfQfQ"
