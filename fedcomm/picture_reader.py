"""The program that decodes a stranger's picture, in a process of its own: what goes wrong in it hurts nobody else.

It reads the file from its input and writes what it made of it to its output: a line of JSON, then the picture and its
preview. It opens nothing, connects to nothing, and ends when it takes too long or too much memory.
"""

import io
import json
import resource
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from PIL import (
    AvifImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from fedcomm import blurhash

SECONDS = 25  # of CPU
MEMORY = 805_306_368  # bytes; the largest picture of each kind fits
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
PLUGINS = (
    JpegImagePlugin,
    PngImagePlugin,
    GifImagePlugin,
    WebPImagePlugin,
    AvifImagePlugin,
)  # loaded before the limits
MOST_PIXELS = 33_177_600  # of what is sent: 7680 × 4320, as Mastodon
MOST_SIDE = 16_383  # pixels; WebP holds no more
KEPT_PIXELS = 8_294_400  # of what is kept: 3840 × 2160, as Mastodon
SMALL_PIXELS = 230_400  # of a preview: 640 × 360, as Mastodon
MOVING_PIXELS = 921_600  # of each frame that is kept: 1280 × 720
MOST_FRAMES, MOST_MOVING_PIXELS = 600, 199_065_600  # of what moves: in number, and of all together
BLUR_SIDE = 32
FIXED = {"avatar": (400, 400), "header": (1500, 500)}  # sizes to which these are cut


class Refused(Exception):
    """Why it is not taken: `pixels`, `frames` or `broken`."""


def main(purpose: str) -> int:
    """What it is for: `attachment`, `avatar`, `header` or `still`. Always ends with 0 when it could say something."""
    _be_small()
    content = sys.stdin.buffer.read()
    try:
        told, parts = read(content, purpose)
    except Refused as refused:
        told, parts = {"refused": str(refused)}, ()
    except MemoryError:
        told, parts = {"refused": "pixels"}, ()
    except Exception:  # whatever a decoder makes of a broken file
        told, parts = {"refused": "broken"}, ()
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + b"".join(parts))
    return 0


def read(content: bytes, purpose: str) -> tuple[dict[str, Any], tuple[bytes, ...]]:
    """What was made of the file, and the bytes of picture and preview: nothing of the original but its pixels.

    Raises:
        Refused: too large, too long, or no picture.
    """
    Image.MAX_IMAGE_PIXELS = None  # asked here, before anything is decoded
    with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
        width, height = picture.size
        if width * height > MOST_PIXELS or max(width, height) > MOST_SIDE or not width or not height:
            raise Refused("pixels")
        kind = str(picture.format)
        moves = kind in ("GIF", "WEBP") and purpose != "still" and getattr(picture, "is_animated", False)
        if moves:
            _check_frames(picture)
        moving = moves and purpose == "attachment"
        times = _times(picture) if moving else []
        whole, mime = _moving(picture, times) if moving else (b"", "")
        picture.seek(0)
        still = _flat(picture, KEPT_PIXELS)
    if purpose in FIXED:
        still = ImageOps.fit(still, FIXED[purpose])
    shown = _smaller(still, MOVING_PIXELS) if moving else still
    if not moving:
        whole, mime = _written(still, "JPEG" if kind == "AVIF" else kind, 88)
    small = _smaller(still, SMALL_PIXELS)
    preview, preview_mime = _written(small, "WEBP" if small.mode == "RGBA" else "JPEG", 80)
    told = {
        "mime": mime, "width": shown.width, "height": shown.height, "size": len(whole),
        "preview_mime": preview_mime, "preview_width": small.width, "preview_height": small.height,
        "preview_size": len(preview), "blurhash": _blur(small),
    }  # fmt: skip
    return told, (whole, preview)


def _flat(picture: Image.Image, most: int) -> Image.Image:
    """Upright, of at most so many pixels, in sRGB, without anything but its pixels."""
    profile = picture.info.get("icc_profile")
    if picture.mode.startswith("I"):  # 16 bits of grey
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    elif picture.mode in ("1", "P", "PA", "LA", "La", "RGBa"):
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    factor = (most / (picture.width * picture.height)) ** 0.5
    if factor < 1:  # of a JPEG only as much is decoded as is needed
        picture.thumbnail((max(1, int(picture.width * factor)), max(1, int(picture.height * factor))))
    picture.load()
    picture = ImageOps.exif_transpose(picture)
    if profile and picture.mode in ("RGB", "RGBA", "CMYK", "L"):
        picture = _in_srgb(picture, profile)
    picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    picture.info = {}
    return picture


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    with suppress(Exception):  # a profile that makes no sense counts as none
        mode = "RGBA" if picture.mode == "RGBA" else "RGB"
        made = ImageCms.profileToProfile(
            picture, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode=mode
        )
        return made if made is not None else picture
    return picture


def _smaller(picture: Image.Image, most: int) -> Image.Image:
    factor = (most / (picture.width * picture.height)) ** 0.5
    if factor >= 1:
        return picture
    return picture.resize((max(1, int(picture.width * factor)), max(1, int(picture.height * factor))), reducing_gap=3.0)


def _written(picture: Image.Image, kind: str, quality: int) -> tuple[bytes, str]:
    """As a file of that kind: a GIF that does not move as PNG."""
    kind = "PNG" if kind == "GIF" else "WEBP" if kind == "JPEG" and picture.mode == "RGBA" else kind
    held = io.BytesIO()
    options: dict[str, Any] = {} if kind == "PNG" else {"quality": quality}
    picture.save(held, kind, **options)
    return held.getvalue(), f"image/{kind.lower()}"


def _check_frames(picture: Image.Image) -> None:
    """Nothing happens when it may move for so long; the frames are counted, which decodes none of them.

    Raises:
        Refused: there are too many, or too many pixels in all.
    """
    most = min(MOST_FRAMES, MOST_MOVING_PIXELS // (picture.width * picture.height))
    if getattr(picture, "n_frames", 1) > most:
        raise Refused("frames")


def _times(picture: Image.Image) -> list[int]:
    """How long each frame is shown, in ms."""
    times: list[int] = []
    for at in range(getattr(picture, "n_frames", 1)):
        picture.seek(at)
        picture.load()
        times.append(max(20, min(60_000, int(picture.info.get("duration") or 100))))
    return times


def _moving(picture: Image.Image, times: list[int]) -> tuple[bytes, str]:
    """All frames, smaller, as WebP."""
    loop = int(picture.info.get("loop") or 0)

    def frames() -> Iterator[Image.Image]:
        for at in range(len(times)):
            picture.seek(at)
            frame = _smaller(picture.convert("RGBA"), MOVING_PIXELS)
            frame.info = {}
            yield frame

    each = frames()
    held = io.BytesIO()
    next(each).save(
        held, "WEBP", save_all=True, append_images=each, duration=times, loop=loop, quality=75, method=1
    )  # fmt: skip
    return held.getvalue(), "image/webp"


def _blur(small: Image.Image) -> str:
    tiny = Image.new("RGB", small.size, "white")
    tiny.paste(small, mask=small.getchannel("A") if small.mode == "RGBA" else None)
    tiny.thumbnail((BLUR_SIDE, BLUR_SIDE))
    raw = tiny.tobytes()
    pixels = [tuple(raw[at : at + 3]) for at in range(0, len(raw), 3)]
    return blurhash.encode(pixels, tiny.width, tiny.height)


def _warm_up() -> None:
    """Load now what is loaded when it is first used: later no file can be opened."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    turned = Image.Exif()
    turned[0x0112] = 6
    first, second = Image.new("RGB", (4, 4)), Image.new("RGB", (4, 4), "red")
    for kind in FORMATS:
        held = io.BytesIO()
        more: dict[str, Any] = {"save_all": True, "append_images": [second]} if kind in ("GIF", "WEBP") else {}
        first.save(held, kind, icc_profile=profile, exif=turned, **more)
        read(held.getvalue(), "attachment")


def _be_small() -> None:
    """What this process may take from now on. It can open no file and no connection: the numbers for them are gone."""
    warnings.simplefilter("ignore")
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    _warm_up()
    for limit, most in (
        (resource.RLIMIT_CORE, 0), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_NPROC, 0), (resource.RLIMIT_NOFILE, 3),
    ):  # fmt: skip
        with suppress(ValueError, OSError):  # a stricter one is in force
            resource.setrlimit(limit, (most, most))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
