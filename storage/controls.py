"""Who may like, answer and boost posts of other servers, where their authors say that not everybody may."""

import msgspec

from storage.connect import Writes, rows


class Known(msgspec.Struct, frozen=True):
    """What the author of a post says (JSON), and how they and somebody here stand to each other.

    `spoken_to` says that the post names them, or answers one of theirs.
    """

    post_id: int
    body: str
    who: str  # their id
    author: str  # their id, as those of the two collections
    followers: str
    following: str
    follows: int
    followed: int
    spoken_to: int


_FOLLOWS = (
    "EXISTS (SELECT 1 FROM follow WHERE follow.follower_id = {0} AND follow.target_id = {1}"
    " AND follow.state = 'accepted')"
)
_KNOWN = f"""
SELECT control.post_id, control.body, who.uri, author.uri, author.followers, author.following,
 CASE WHEN {_FOLLOWS.format("who.id", "author.id")} THEN 1 ELSE 0 END,
 CASE WHEN {_FOLLOWS.format("author.id", "who.id")} THEN 1 ELSE 0 END,
 CASE WHEN EXISTS (SELECT 1 FROM mention WHERE mention.post_id = post.id AND mention.actor_id = who.id)
  OR EXISTS (SELECT 1 FROM post parent WHERE parent.id = post.parent_id AND parent.author_id = who.id) THEN 1 ELSE 0 END
FROM control JOIN post ON post.id = control.post_id JOIN actor author ON author.id = post.author_id
JOIN actor who ON who.id = ? WHERE control.post_id IN (?ints)"""


async def known(actor_id: int, post_ids: list[int]) -> dict[int, Known]:
    """What limits somebody here, of those posts that have such limits, by post."""
    return {each[0]: Known(*each) for each in await rows(_KNOWN, (actor_id, post_ids))}


def put(writes: Writes, post_id: int, body: str) -> None:
    """The author of a post says who may do what with it; '' for everybody."""
    writes.add("DELETE FROM control WHERE post_id = ?", (post_id,))
    if body:
        writes.add("INSERT INTO control (post_id, body) VALUES (?, ?)", (post_id, body))
