"""A new group, and its first steward in it."""

from fedcomm import follows, groups
from fedcomm.app import App
from storage import actors
from storage.accounts import Account
from storage.connect import transaction
from storage.groups import Group


async def found(
    app: App, name: str, title: str, summary: str = "", steward: str | None = None, join_mode: str = "open",
    by: Account | None = None, ladder: bool = False, visibility: str = "public",
) -> Group:  # fmt: skip
    """As `groups.create`; the steward is a member as well, who has the group in their lists and reads it at home.

    Raises:
        Invalid, Conflict, NotFound: as there. Nothing was made then.
    """
    async with transaction():
        group = await groups.create(app, name, title, summary, steward, join_mode, by, ladder, visibility)
        if steward and (follower := await actors.local(steward.strip().lstrip("@"))) is not None:
            await follows.follow(app, follower, group.actor_id, invited=True)
    return group
