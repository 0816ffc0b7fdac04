"""Whom a group of ours has welcomed, by which message, and what they answered: once for each member, for ever."""

import msgspec

from storage import jobs
from storage.connect import Writes, execute, row


class Welcome(msgspec.Struct, frozen=True):
    """One row of `welcome`; `shown_id` is the post in the thread of newcomers that shows the answer."""

    group_id: int
    actor_id: int
    due_at: int
    post_id: int | None
    answer_id: int | None
    shown_id: int | None


_COLUMNS = ", ".join(Welcome.__struct_fields__)
_NEVER = "NOT EXISTS (SELECT 1 FROM welcome WHERE group_id = ? AND actor_id = ?)"
_ANSWERED = "EXISTS (SELECT 1 FROM welcome WHERE answer_id = ?)"
_SHOWN_BY_GROUP = (
    "EXISTS (SELECT 1 FROM welcome WHERE answer_id = ? AND shown_id IS NOT NULL AND shown_id <> answer_id)"
)

_SHOWN_OF = (
    "EXISTS (SELECT 1 FROM welcome WHERE group_id = ? AND actor_id = ? AND shown_id IS NOT NULL"
    " AND shown_id <> answer_id)"
)


def fall_due(writes: Writes, group_id: int, actor_id: int, job_id: int, now: int) -> None:
    """Somebody is a member: if the group never welcomed them, a job does."""
    args: dict[str, object] = {"group": group_id, "actor": actor_id}
    jobs.add_if(writes, job_id, "welcome", args, now, _NEVER, group_id, actor_id)
    writes.add(
        "INSERT INTO welcome (group_id, actor_id, due_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (group_id, actor_id, now),
    )


async def take(group_id: int, actor_id: int, post_id: int) -> bool:
    """That post is the welcome; False when there has been one. Belongs in the transaction that writes the post."""
    sql = "UPDATE welcome SET post_id = ? WHERE group_id = ? AND actor_id = ? AND post_id IS NULL"
    return bool(await execute(sql, (post_id, group_id, actor_id)))


async def put_off(group_id: int, actor_id: int) -> None:
    """There is nothing to say, or nobody to say it to: the next time they join it is asked again."""
    await execute("DELETE FROM welcome WHERE group_id = ? AND actor_id = ? AND post_id IS NULL", (group_id, actor_id))


async def of(group_id: int, actor_id: int) -> Welcome | None:
    """How a group welcomed somebody, or will."""
    return _welcome(
        await row(f"SELECT {_COLUMNS} FROM welcome WHERE group_id = ? AND actor_id = ?", (group_id, actor_id))
    )


async def by_post(post_id: int) -> Welcome | None:
    """The welcome that was said by this post."""
    return _welcome(await row(f"SELECT {_COLUMNS} FROM welcome WHERE post_id = ?", (post_id,)))


async def by_answer(post_id: int) -> Welcome | None:
    """The welcome that this post answered first."""
    return _welcome(await row(f"SELECT {_COLUMNS} FROM welcome WHERE answer_id = ?", (post_id,)))


def answer_here(writes: Writes, post_id: int, answer_id: int) -> None:
    """A member here answers a welcome for the first time: the answer is in the thread of newcomers itself.

    The whole transaction fails when they have answered it meanwhile: a welcome is due at some time, always.
    """
    writes.add(
        "UPDATE welcome SET answer_id = ?, shown_id = ?, due_at = CASE WHEN answer_id IS NULL THEN due_at END"
        " WHERE post_id = ?",
        (answer_id, answer_id, post_id),
    )


def answer_elsewhere(writes: Writes, post_id: int, author_id: int, answer_id: int, job_id: int, now: int) -> None:
    """Somebody answers a post: if it is their welcome, and for the first time, a job shows it in the thread."""
    writes.add(
        "UPDATE welcome SET answer_id = ? WHERE post_id = ? AND actor_id = ? AND answer_id IS NULL",
        (answer_id, post_id, author_id),
    )
    jobs.add_if(writes, job_id, "show_answer", {"answer": answer_id}, now, _ANSWERED, answer_id)


async def show(answer_id: int, shown_id: int) -> bool:
    """That post shows the answer; False when one does. Belongs in the transaction that writes the post."""
    sql = "UPDATE welcome SET shown_id = ? WHERE answer_id = ? AND shown_id IS NULL"
    return bool(await execute(sql, (shown_id, answer_id)))


def take_back(writes: Writes, answer_id: int, job_id: int, now: int) -> None:
    """A post is gone: if a group shows it as the answer to its welcome, a job takes that away as well."""
    jobs.add_if(writes, job_id, "unshow_answer", {"answer": answer_id}, now, _SHOWN_BY_GROUP, answer_id)


def take_back_of(writes: Writes, group_id: int, actor_id: int, job_id: int, now: int) -> None:
    """As `take_back`, of somebody whose posts go out of the group."""
    args: dict[str, object] = {"group": group_id, "actor": actor_id}
    jobs.add_if(writes, job_id, "unshow_answer", args, now, _SHOWN_OF, group_id, actor_id)


async def forget_shown(answer_id: int) -> None:
    """The answer is not shown any more; there is no second one."""
    await execute("UPDATE welcome SET shown_id = NULL WHERE answer_id = ?", (answer_id,))


def _welcome(found: tuple[object, ...] | None) -> Welcome | None:
    return Welcome(*found) if found else None  # type: ignore[arg-type]
