"""A thread goes into another group: with its answers, its counts and the lists in which it stands."""

from functools import partial

from fedcomm.app import App
from storage import relocations
from storage.connect import Writes
from storage.groups import Group
from storage.posts import UNLISTED, Post


def movable(begun: Post, old: Group, new: Group | None) -> bool:
    """Whether a thread can be in the other group: what was written for the members of one is for nobody else."""
    confined = begun.visibility > UNLISTED or old.visibility != "public"
    return begun.starter and begun.deleted_at is None and not (confined or (new and new.visibility != "public"))


async def record(app: App, writes: Writes, begun: Post, old: Group, new: Group | None) -> None:
    """A thread of one group is in another one from now on, or in none; nobody is told.

    Who may decide that was seen to before.
    """
    shown = await relocations.within(begun.id, old.id)
    relocations.move(writes, begun, old.id, new.id if new is not None else None)
    for post in shown:
        writes.after(partial(app.forget_post, post))
