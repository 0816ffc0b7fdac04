"""Single settings: what is said about each, and how its value is read from TOML or the environment."""

import math
import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec

Address = tuple[str, int]  # host and port
Network = IPv4Network | IPv6Network

_ON = frozenset({"1", "on", "true", "yes"})
_OFF = frozenset({"0", "off", "false", "no"})
_ADDRESS = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]\s]+):(\d{1,5})")


class About(msgspec.Struct, frozen=True):
    """What is said about one setting, for the sample file, the documentation and the messages."""

    text: str  # one sentence
    example: str  # as it would stand in the TOML file
    unit: str = ""
    least: float = -math.inf
    most: float = math.inf
    key: str = ""  # its name in the file, where that is not the attribute's
    secret: bool = False  # may come from a file named by …_FILE, and is never printed
    test_only: bool = False  # refused outside test mode


class Setting(msgspec.Struct, frozen=True):
    """One setting as it can be given: `section` is empty for the keys needed to start."""

    section: str
    attribute: str
    kind: Any  # its type
    default: Any
    about: About

    @property
    def key(self) -> str:
        """Its name in the file."""
        return self.about.key or self.attribute

    @property
    def name(self) -> str:
        """Its full name, `section.key` or `key`."""
        return f"{self.section}.{self.key}" if self.section else self.key

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return "FEDCOMM_" + self.name.replace(".", "_").upper()


def read(setting: Setting, given: Any, folder: Path) -> Any:
    """The value of a setting from what TOML or the environment gave; paths are taken from `folder`.

    Raises:
        ValueError: what was expected instead, as half a sentence.
    """
    kind = setting.kind
    if get_origin(kind) is Literal:
        return _choice(get_args(kind), given)
    if kind in (Path, Path | None):
        return _path(given, folder)
    value = _READERS[kind](given)
    if isinstance(value, (int, float)) and not setting.about.least <= value <= setting.about.most:
        raise ValueError(f"expected a number from {setting.about.least:g} to {setting.about.most:g}")
    return value


def show(value: Any) -> str:
    """A value as it would stand in the TOML file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{host}" = "{show_address(at)}"' for host, at in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{show_address(item) if isinstance(item, tuple) else item}"' for item in value) + "]"
    if isinstance(value, int):
        return str(value)
    return '"' + ("" if value is None else str(value)).replace("\\", "\\\\").replace('"', '\\"') + '"'


def show_address(address: Address) -> str:
    """`host:port`, with the brackets of IPv6."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise ValueError("expected a text in quotes")
    if any(character < " " or character == "\x7f" for character in given):
        raise ValueError("expected a text of one line, without control characters")
    return given.strip()


def _flag(given: Any) -> bool:
    word = given if isinstance(given, bool) else str(given).strip().lower()
    if word is True or word in _ON:
        return True
    if word is False or word in _OFF:
        return False
    raise ValueError("expected true or false (in the environment also 1, 0, on, off)")


def _number(given: Any) -> int:
    if isinstance(given, str) and re.fullmatch(r"-?\d{1,15}", given.strip()):
        return int(given)
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    raise ValueError("expected a whole number")


def _choice(allowed: tuple[str, ...], given: Any) -> str:
    if _text(given) not in allowed:
        raise ValueError("expected " + " or ".join(f'"{word}"' for word in allowed))
    return _text(given)


def _path(given: Any, folder: Path) -> Path:
    if not _text(given):
        raise ValueError("expected the path of a file or folder")
    return folder / Path(_text(given)).expanduser()


def _several(given: Any) -> list[str]:
    items = given.split(",") if isinstance(given, str) else given
    if not isinstance(items, list):
        raise ValueError("expected a list of texts")
    return [word for word in map(_text, items) if word]


def _addresses(given: Any) -> tuple[Address, ...]:
    return tuple(_address(word) for word in _several(given))


def _address(word: str) -> Address:
    found = _ADDRESS.fullmatch(word)
    if not found or not 1 <= int(found[2]) <= 65535:
        raise ValueError(f'expected host:port with a port from 1 to 65535, not "{word}"')
    return found[1].strip("[]").lower(), int(found[2])


def _networks(given: Any) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(word) for word in _several(given))
    except ValueError as error:
        raise ValueError(f"expected addresses or networks such as 10.0.0.0/8 ({error})") from None


def _hosts(given: Any) -> dict[str, Address]:
    pairs = given.items() if isinstance(given, dict) else [word.partition("=")[::2] for word in _several(given)]
    found = {}
    for host, word in pairs:
        name, (address, port) = host.strip().lower(), _address(_text(word))
        if not name:
            raise ValueError('expected pairs such as good.test=127.0.2.1:8443, not "' + word + '"')
        found[name] = (str(ip_address(address)), port)  # a name here would have to be resolved
    return found


_READERS: dict[Any, Callable[[Any], Any]] = {
    str: _text,
    bool: _flag,
    int: _number,
    tuple[Address, ...]: _addresses,
    tuple[Network, ...]: _networks,
    dict[str, Address]: _hosts,
}
