"""Posts that moderators took out of a group of ours until somebody has looked at them again: held for review.

Such a post is out as any other, here and on every server that heard of the group; its register alone says that nothing
is decided yet, and no message goes to its author. Whoever puts it back or takes it out, from wherever, has decided.
"""

from fedcomm import curation, members, moderation, rights
from fedcomm.app import App
from fedcomm.errors import NotAllowed, NotFound
from storage import actors, registers, reviews
from storage.actors import Actor
from storage.connect import Writes, transaction, write
from storage.groups import Group
from storage.ids import next_id
from storage.reviews import Review

TOLD = "Held for review"  # what other servers are told, before the reason: in a log, where they keep one


async def hold(app: App, moderator: Actor | None, post_id: int, reason: str = "", *, only: int = 0) -> bool:
    """Take a post out of a group of ours until somebody has looked at it again; with `only` one of that group alone.

    Gives whether it is hidden only, until somebody else agrees (`curation.remove`).

    Raises:
        NotFound: there is no such post in a group of ours.
        NotAllowed: no moderator of the group.
    """
    told = f"{TOLD}: {reason}" if reason else TOLD
    return await curation.remove(app, moderator, post_id, reason, only=only, review=told)


async def standing(group: Group, number: int) -> Review | None:
    """What is out of a group under that number, and not decided yet."""
    found = (await reviews.by_ids([number])).get(number)
    return found if found is not None and found.group_id == group.id else None


async def let_in(app: App, found: Review, by: Actor | None) -> None:
    """The post is in its group again, on all servers.

    Raises:
        NotAllowed: `by` may not decide that.
    """
    await curation.restore(app, by, found.post.id, only=found.group_id)


async def turn_away(app: App, group: Group, face: Actor, found: Review, by: Actor | None, reason: str) -> None:
    """The post stays out, and its author is told so as of every removal; other servers know it so already.

    Without a reason that of who took it out counts.

    Raises:
        NotAllowed: `by` may not decide that.
        NotFound: somebody has decided meanwhile.
    """
    moderator = await actors.by_uri(await members.who_acts(group, face, by, rights.REMOVE))
    if moderator is None:
        raise NotAllowed("Only moderators of the group can do this.")
    async with transaction():
        registers.hold(writes := Writes(), group.id, "removed", found.post.uri)
        await write(writes)
        if await standing(group, found.id) is None:
            raise NotFound("Nothing waits here any more: it was decided meanwhile.")
        writes, why = Writes(), reason.strip() or found.reason
        # Who held it took it out: of one post one act counts for how much somebody takes out (`seconding.py`).
        moderation.record_removal(
            app, writes, group, face, found.post, moderator, app.urls.activity(next_id()), why, proposer=found.by
        )
        await write(writes)
