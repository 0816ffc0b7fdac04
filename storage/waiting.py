"""What waits for a member: what they have not looked at, people who ask to follow them or to join, unread messages.

Groups of other servers that invite them are among those who ask.
"""

from collections.abc import Sequence

import msgspec

from storage import memberships, notifications, visible
from storage.connect import read_many

MOST = 100  # that are counted of each, so that a page costs the same whoever waits


class Waiting(msgspec.Struct, frozen=True):
    """How many of each there are, at most `MOST`."""

    notices: int = 0
    requests: int = 0
    messages: int = 0


_NOTICES = f"""
SELECT COUNT(*) FROM ({notifications.SHOWN} AND n.kind IN (?texts) AND n.id > COALESCE(
 (SELECT last_read_id FROM marker WHERE account_id = ? AND timeline = 'notifications'), 0) LIMIT ?) counted"""
_REQUESTS = f"""
SELECT COUNT(*) FROM (SELECT 1 FROM follow WHERE target_id = ? AND state = 'pending'
 AND {visible.asking("follow.follower_id")}
 UNION ALL SELECT 1 FROM register role JOIN groups ON groups.id = role.group_id AND groups.local = 1
 JOIN follow ON follow.target_id = groups.actor_id AND follow.state = 'pending'
 WHERE role.subject = (SELECT uri FROM actor WHERE id = ?) AND role.property = 'role' AND role.value IS NOT NULL
 UNION ALL SELECT 1 FROM ({memberships.STANDING}) invited LIMIT ?) counted"""
_MESSAGES = f"""
SELECT COUNT(*) FROM (SELECT thread_id, last_post_id, unread FROM conversation WHERE owner_id = ?
 ORDER BY last_post_id DESC LIMIT ?) c JOIN post ON post.id = c.last_post_id
WHERE c.unread = 1 AND {visible.TO_VIEWER}"""


async def of(owner: int, account_id: int, kinds: Sequence[str]) -> Waiting:
    """What waits for a member, whose account this is; `kinds` are those of notices that count."""
    seen = visible.actor_args(owner)
    counted = await read_many(
        [
            (_NOTICES, (*notifications.shown_to(owner), list(kinds), account_id, MOST)),
            (_REQUESTS, (owner, *visible.asking_args(owner), owner, owner, *seen, MOST)),
            (_MESSAGES, (owner, MOST, *visible.args(owner))),
        ]
    )
    return Waiting(*(int(found[0][0]) for found in counted))
