"""What people elsewhere show on top of their profiles: `featured`, read when a member looks at them."""

from activitypub import collections
from activitypub.client import Allowance
from activitypub.collections import Budget
from activitypub.errors import Gone, NotFound, ProtocolError, Unreachable
from activitypub.origins import same_origin
from fedcomm import clock, errors, fetching
from fedcomm.app import App
from storage import actors, jobs, pins, posts
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.ids import next_id

MOST = 10  # posts of one profile
_BUDGET = Budget(pages=2, items=MOST, seconds=20)


async def ask(app: App, who: Actor) -> None:
    """A member looks at somebody: what they feature is read soon, unless it was lately. Groups tell it themselves."""
    if who.local or who.gone or not who.featured or who.kind == "Group" or app.peers.blocked(who.host):
        return
    if app.featured_read.due(who.uri):
        writes = Writes()
        jobs.add(writes, next_id(), "learn_featured", {"actor": who.id}, clock.now_ms(), key=f"featured:{who.id}")
        app.jobs_added(writes)
        await apply(writes)


async def learn(app: App, actor: int) -> None:
    """Show on somebody's profile what their server says that they feature; only posts of their own.

    Raises:
        Unreachable: it does not answer now.
    """
    who = await actors.by_id(actor)
    if who is None or who.local or who.gone or not who.featured:
        return
    allowance, found = Allowance(), dict[int, None]()
    try:
        async for item in collections.walk(app.client, who.featured, _BUDGET, allowance=allowance):
            uri = item if isinstance(item, str) else item.get("id")
            if isinstance(uri, str) and same_origin(uri, who.uri):
                post_id = await _of(app, who, uri, allowance)
                found |= {} if post_id is None else {post_id: None}
    except Unreachable:
        raise
    except (Gone, NotFound):
        found.clear()
    except ProtocolError:
        return
    writes = Writes()
    pins.replace(writes, who.id, list(found), clock.now_ms())
    await apply(writes)


async def _of(app: App, who: Actor, uri: str, allowance: Allowance) -> int | None:
    """The post with this id, when it is theirs."""
    try:
        post = await posts.by_uri(uri) or await fetching.post(app, uri, allowance=allowance)
    except (ProtocolError, Unreachable, errors.AppError):
        return None
    return post.id if post.author_id == who.id and post.deleted_at is None else None
