"""Pictures and files of posts, as pages list them."""

from collections import defaultdict

import msgspec

from storage.connect import rows


class Attached(msgspec.Struct, frozen=True):
    """One picture or file: what it shows in words, and where its author's server has it ('' when we have it)."""

    kind: str
    description: str
    url: str
    key: str | None
    mime: str
    preview_key: str | None
    preview_mime: str
    id: int
    size: int = 0  # bytes, where that is known


_OF = """
SELECT post_id, kind, description, remote_url, key, mime, preview_key, preview_mime, id, size
FROM media
WHERE post_id IN (?ints) ORDER BY post_id, position LIMIT 2000"""


async def of(post_ids: list[int]) -> dict[int, list[Attached]]:
    """The attachments of each of the posts that has any."""
    found: defaultdict[int, list[Attached]] = defaultdict(list)
    for post_id, *columns in await rows(_OF, (post_ids,)):
        found[post_id].append(Attached(*columns))
    return dict(found)
