"""Announcement and its reactions (Mastodon API: "Announcement", "Reaction")."""

from collections.abc import Sequence
from typing import Any

import storage.bulletins
from fedcomm import emojis, writing
from storage.bulletins import Bulletin, Reaction
from storage.emojis import Emoji
from web.mastodon.entities import emoji
from web.mastodon.entities.times import moment, moment_or_none


async def several(base: str, viewer: int, found: Sequence[Bulletin]) -> list[dict[str, Any]]:
    """Announcements as the viewer sees them."""
    ids = [each.id for each in found]
    read, reactions = await storage.bulletins.around(viewer, ids) if ids else (set(), [])
    pictures = await emoji.named_in(base, {each.id: ("", each.text) for each in found})
    ours = await emojis.ours() if reactions else {}
    return [
        _one(base, each) | {
            "read": each.id in read, "emojis": pictures.get(each.id, []),
            "reactions": [
                reaction(base, answer, ours.get(answer.name)) for answer in reactions if answer.bulletin_id == each.id
            ],
        }
        for each in found
    ]  # fmt: skip


def reaction(base: str, found: Reaction, picture: Emoji | None) -> dict[str, Any]:
    """How many answered with an emoji; one of ours has a picture."""
    entity: dict[str, Any] = {"name": found.name, "count": found.count, "me": bool(found.me)}
    if picture is not None:
        shown = emoji.shown(base, picture)
        entity |= {"url": shown["url"], "static_url": shown["static_url"]}
    return entity


def _one(base: str, found: Bulletin) -> dict[str, Any]:
    written = writing.write(found.text, {}, base)
    return {
        "id": str(found.id), "content": written.html, "starts_at": moment_or_none(found.starts_at),
        "ends_at": moment_or_none(found.ends_at), "all_day": bool(found.all_day),
        "published_at": moment(found.shown_at), "updated_at": moment(found.updated_at), "mentions": [],
        "statuses": [], "tags": [{"name": name, "url": f"{base}/tags/{name}"} for name in written.tags],
    }  # fmt: skip
