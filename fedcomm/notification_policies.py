"""What members say about whom they want to hear from."""

from collections.abc import Sequence

from fedcomm import clock
from fedcomm.app import App
from fedcomm.errors import NotFound
from storage import events
from storage import notification_policies as stored
from storage.connect import Writes, apply
from storage.notification_policies import Policy

__all__ = ["Policy", "change", "dismiss", "let_in"]


async def change(app: App, owner_id: int, policy: Policy) -> None:
    """A member wants this from now on; what they were told before stays as it is."""
    await stored.put(owner_id, policy)


async def let_in(app: App, owner_id: int, actor_ids: Sequence[int]) -> None:
    """Show a member what waits of these people, now and later.

    Raises:
        NotFound: none of them waits, nor was let in before.
    """
    writes = Writes()
    for actor_id in await _known(owner_id, actor_ids):
        stored.let_in(writes, owner_id, actor_id, clock.now_ms())
    events.tell(writes, "merged", owner_id)
    await apply(writes)


async def dismiss(app: App, owner_id: int, actor_ids: Sequence[int]) -> None:
    """Forget what waits of these people; what comes next waits again.

    Raises:
        NotFound: none of them waits, nor was let in before.
    """
    writes = Writes()
    for actor_id in await _known(owner_id, actor_ids):
        stored.dismiss(writes, owner_id, actor_id)
    await apply(writes)


async def _known(owner_id: int, actor_ids: Sequence[int]) -> list[int]:
    known = await stored.among(owner_id, actor_ids)
    if not known:
        raise NotFound("There is no such request.")
    return sorted(known)
