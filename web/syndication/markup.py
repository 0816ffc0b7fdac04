"""XML for feeds, written by the standard library: it escapes what is text, and characters XML has none for go out."""

import re
from datetime import UTC, datetime
from xml.etree import ElementTree

Element = ElementTree.Element
# Everything that XML 1.0 has no place for, escaped or not (XML 1.0, 2.2).
_IMPOSSIBLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def element(parent: Element | None, name: str, text: str = "", /, **attributes: str) -> Element:
    """A new element, the last one of `parent`; `__` in the name of an attribute stands for `:`."""
    clean = {key.replace("__", ":").rstrip("_"): legible(value) for key, value in attributes.items()}
    made = Element(name, clean) if parent is None else ElementTree.SubElement(parent, name, clean)
    if text:
        made.text = legible(text)
    return made


def legible(text: str) -> str:
    """The text without characters that XML cannot carry."""
    return _IMPOSSIBLE.sub("", text)


def written(root: Element) -> bytes:
    """The document."""
    body: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return body


def moment(ms: int) -> str:
    """A time as in RFC 3339: `2026-11-21T10:00:00Z`."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
