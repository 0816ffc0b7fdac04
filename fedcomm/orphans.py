"""Answers that missed what they answer: two processes took both in at the same moment, and neither saw the other's."""

from fedcomm import admit, clock, members
from fedcomm.app import App
from fedcomm.errors import NotAllowed
from storage import actors, groups, posts
from storage.connect import Writes, apply

LATELY = 3_600_000  # ms: who came together came not long ago
AT_ONCE = 100  # posts whose answers are tied to them in one look


async def adopt(app: App) -> None:
    """Tie answers that came lately to the post they answer, when that is here and they were not tied to it."""
    for post_id, uri, thread_id, group_id in await posts.with_orphans(clock.now_ms() - LATELY, AT_ONCE):
        left_out = await _left_out(uri, group_id)
        writes = Writes()
        posts.adopt(writes, post_id, uri, thread_id, group_id, left_out)
        await apply(writes)
        app.forget_post(post_id)


async def _left_out(uri: str, group_id: int | None) -> list[int]:
    """Whose answers are not in a group of ours with what they answer (attack GRP-01)."""
    group = await groups.by_id(group_id) if group_id is not None else None
    if group is None or not group.local:
        return []
    found = []
    for author in (await actors.by_ids(await posts.early_authors(uri))).values():
        try:
            admit.belated(group, await members.standing(group, author))
        except NotAllowed:
            found.append(author.id)
    return found
