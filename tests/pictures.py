"""Pictures as people send them, made on the spot."""

import io
from typing import Any

from PIL import Image

PLACE = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}  # of GPS
COMMENT = b"written by a camera"


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 30), colour: str = "teal", **options: Any) -> bytes:
    """A picture of one colour, with a red corner at its left upper end."""
    made = Image.new("RGBA" if colour == "clear" else "RGB", size, (0, 0, 0, 0) if colour == "clear" else colour)
    made.paste("red", (0, 0, size[0] // 4, size[1] // 4))
    return _file(made, kind, **options)


def located(kind: str = "JPEG") -> bytes:
    """One that says where it was taken, by what, and that it lies on its side."""
    told = Image.Exif()
    told[0x0112], told[0x010F], told[0x8825] = 6, "Camera of Anna", PLACE
    more: dict[str, Any] = {"comment": COMMENT} if kind == "JPEG" else {}
    return picture(kind, exif=told, xmp=b"<x:xmpmeta>Berlin</x:xmpmeta>", **more)


def moving(frames: int = 3, size: tuple[int, int] = (40, 30)) -> bytes:
    """A GIF that moves."""
    made = [Image.new("RGB", size, (20 * at % 256, 0, 90)) for at in range(frames)]
    return _file(made[0], "GIF", save_all=True, append_images=made[1:], duration=80)


def opened(content: bytes) -> Image.Image:
    """What such a file shows."""
    found = Image.open(io.BytesIO(content))
    found.load()
    return found


def _file(made: Image.Image, kind: str, **options: Any) -> bytes:
    held = io.BytesIO()
    made.save(held, kind, **options)
    return held.getvalue()
