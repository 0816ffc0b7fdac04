"""Entities of a few lines: Tag, Marker, Rule."""

import hashlib
from typing import Any

from storage.markers import Marker
from web.mastodon.entities.times import moment


def tag(base: str, name: str) -> dict[str, Any]:
    """A tag by itself; nobody counts how it is used (Mastodon API: "Tag")."""
    return {
        "id": name, "name": name, "url": f"{base}/tags/{name}", "history": [], "following": False, "featuring": False
    }  # fmt: skip


def marker(found: Marker) -> dict[str, Any]:
    """How far somebody has read (Mastodon API: "Marker")."""
    return {
        "last_read_id": str(found.last_read_id), "version": found.version, "updated_at": moment(found.updated_at)
    }  # fmt: skip


def domain_block(host: str, policy: str, comment: str) -> dict[str, Any]:
    """A server that is blocked or limited (Mastodon API: "DomainBlock")."""
    return {
        "domain": host, "digest": hashlib.sha256(host.encode()).hexdigest(),
        "severity": "suspend" if policy == "suspend" else "silence", "comment": comment,
    }  # fmt: skip


def rules(texts: tuple[str, ...]) -> list[dict[str, Any]]:
    """The rules of the server, numbered (Mastodon API: "Rule")."""
    return [
        {"id": str(number), "text": text, "hint": "", "translations": {}} for number, text in enumerate(texts, start=1)
    ]
