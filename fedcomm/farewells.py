"""Actors elsewhere that are gone: at once nothing of them is shown, and then what is kept is erased bit by bit."""

from fedcomm import clock, elsewhere, recording
from fedcomm.app import App
from storage import actors, bus, events, jobs, posts
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.ids import next_id

AT_ONCE = 100  # posts erased in one transaction; somebody may have written a hundred thousand


def record(app: App, writes: Writes, who: Actor) -> None:
    """An actor elsewhere is gone; the rest is a job (`erase`)."""
    now = clock.now_ms()
    actors.change_later(writes, who.id, deleted_at=now)
    bus.add(writes, "keys", who.uri)
    events.tell(writes, "hidden", who.id)
    jobs.add(writes, next_id(), "erase_actor", {"actor": who.id}, now, key=f"erase_actor:{who.id}")
    app.jobs_added(writes)


async def erase(app: App, actor: int) -> None:
    """Erase the relations and posts of an actor that is gone, by the number of its row."""
    writes = Writes()
    for target in await actors.followed_by(actor):
        app.followers_changed(writes, target)
    await apply(writes)
    while some := await posts.some_by(actor, AT_ONCE):
        writes = Writes()
        for post in some:
            recording.erase(app, writes, post, told=False)
        await apply(writes)
    who = await actors.by_id(actor)
    writes = Writes()
    actors.erase(writes, actor, clock.now_ms())
    await apply(writes)
    await elsewhere.erase(app, [url for url in (who.icon, who.image) if url] if who is not None else [])
