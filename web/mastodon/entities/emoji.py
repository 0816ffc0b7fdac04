"""CustomEmoji, and which of them texts name (Mastodon API: "CustomEmoji")."""

from collections.abc import Mapping
from typing import Any

import storage.emojis
from fedcomm import emojis
from storage.emojis import Emoji


async def named_in(base: str, texts: Mapping[int, tuple[str, str]]) -> dict[int, list[dict[str, Any]]]:
    """The emojis that each text names, by its key; a text is (host of its author, text), and host '' is here."""
    names = {key: (host, found) for key, (host, text) in texts.items() if (found := emojis.names_in(text))}
    if not names:
        return {}
    hosts = {host for host, _ in names.values()}
    known = await storage.emojis.named(hosts, sorted({name for _, found in names.values() for name in found}))
    return {
        key: [shown(base, known[host, name]) for name in found if (host, name) in known]
        for key, (host, found) in names.items()
    }


def shown(base: str, found: Emoji) -> dict[str, Any]:
    """One emoji as a text shows it."""
    url, still = emojis.addresses(base, found)
    return {
        "shortcode": found.shortcode, "url": url, "static_url": still, "visible_in_picker": bool(found.in_picker)
    }  # fmt: skip


def in_picker(base: str, found: Emoji) -> dict[str, Any]:
    """One of ours, as it is chosen."""
    return shown(base, found) | {"category": found.category or None}
