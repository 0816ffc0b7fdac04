"""Publishing: one row of the log in the same transaction as what it speaks of."""

from typing import Any

from activitypub import documents
from fedcomm import clock
from fedcomm.app import App
from storage import bus, outbox
from storage.actors import Actor
from storage.connect import Writes
from storage.outbox import Audience


def publish(
    app: App,
    writes: Writes,
    actor: Actor,
    activity: dict[str, Any],
    audience: Audience,
    *,
    form: str = "",
    thread_id: int = 0,
    post_id: int | None = None,
    boost: int | None = None,
    now_ms: int | None = None,
) -> None:
    """Let `activity`, signed by `actor`, reach its audience once `writes` are durable.

    One that tells of a `boost` is told of only when that is made: of several at once one is.

    `form` is 'wrapped' for what servers with groups understand, 'plain' for what only others need, 'answer' for
    what is said in a thread and only programs show that put what a group boosts into threads, '' for all. Of threads of
    other groups it is 'relay' and 'beside' for what is 'wrapped' and '' else: not every program can show them so. And
    'aside' for what a group decides about such a thread for itself, for those alone that take it so. Programs that are
    not known get what is wrapped, but for what they are told 'plain' or by its author (`Audience.twin`, `both`).
    """
    if not audience:
        return
    outbox.publish(
        writes,
        uri=activity["id"],
        actor_id=actor.id,
        body=documents.write(activity),
        audience=audience,
        now_ms=clock.now_ms() if now_ms is None else now_ms,
        form=form,
        thread_id=thread_id,
        post_id=post_id,
        boost=boost,
    )
    if app.sender is None or not app.sender.delivering:
        bus.add(writes, "outbox", "")  # another process delivers
    writes.after(app.wake_delivery.set)
