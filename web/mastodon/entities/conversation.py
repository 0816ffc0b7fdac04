"""Conversation (Mastodon API: "Conversation")."""

from collections.abc import Sequence
from typing import Any

import msgspec

from storage.conversations import Conversation
from web.mastodon.entities import account, status


async def each(base: str, viewer: int, found: Sequence[Conversation]) -> list[dict[str, Any]]:
    """Conversations in order, each under the id of the post that began it."""
    people = await account.accounts(base, [actor for each in found for actor in each.people])
    posts = await status.by_id(base, viewer, [each.last_post_id for each in found])
    return [
        {
            "id": str(each.thread_id), "unread": each.unread,
            "accounts": [msgspec.Raw(people[actor]) for actor in each.people if actor in people],
            "last_status": msgspec.Raw(posts[each.last_post_id]),
        }
        for each in found
        if each.last_post_id in posts
    ]  # fmt: skip
