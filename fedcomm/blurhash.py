"""A picture as some thirty characters, from which clients draw a blur until they have it (the BlurHash format)."""

from collections.abc import Sequence
from math import cos, pi

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"

Colour = tuple[float, float, float]


def encode(pixels: Sequence[Sequence[int]], width: int, height: int, across: int = 4, down: int = 3) -> str:
    """The hash of RGB pixels, given row by row; `across` and `down` are how much of it is told.

    The work is width × height × across × down: give it a picture of some thirty pixels.
    """
    light = [tuple(map(_to_linear, pixel)) for pixel in pixels]
    waves_x = [[cos(pi * wave * x / width) for x in range(width)] for wave in range(across)]
    waves_y = [[cos(pi * wave * y / height) for y in range(height)] for wave in range(down)]
    factors = [_factor(light, width, wave_x, wave_y) for wave_y in waves_y for wave_x in waves_x]
    rest = [tuple(2 * part for part in factor) for factor in factors[1:]]
    most = max((abs(part) for factor in rest for part in factor), default=0.0)
    step = max(0, min(82, int(most * 166 - 0.5)))
    scale = (step + 1) / 166
    average = _digits(_colour(factors[0]), 4)
    return (
        _digits(across - 1 + (down - 1) * 9, 1)
        + _digits(step if rest else 0, 1)
        + average
        + "".join(_digits(_wave(factor, scale), 2) for factor in rest)
    )


def _factor(light: Sequence[Sequence[float]], width: int, wave_x: list[float], wave_y: list[float]) -> Colour:
    red = green = blue = 0.0
    at = 0
    for by_row in wave_y:
        for by_column in wave_x:
            weight, pixel = by_row * by_column, light[at]
            red += weight * pixel[0]
            green += weight * pixel[1]
            blue += weight * pixel[2]
            at += 1
    return red / at, green / at, blue / at


def _colour(factor: Sequence[float]) -> int:
    red, green, blue = map(_to_srgb, factor)
    return (red << 16) + (green << 8) + blue


def _wave(factor: Sequence[float], scale: float) -> int:
    red, green, blue = (max(0, min(18, int(_root(part / scale) * 9 + 9.5))) for part in factor)
    return red * 19 * 19 + green * 19 + blue


def _root(value: float) -> float:
    return abs(value) ** 0.5 * (1 if value >= 0 else -1)


def _to_linear(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def _to_srgb(value: float) -> int:
    value = max(0.0, min(1.0, value))
    return int((value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055) * 255 + 0.5)


def _digits(value: int, length: int) -> str:
    return "".join(_DIGITS[value // 83 ** (length - place) % 83] for place in range(1, length + 1))
