"""What members show on top of their profiles; those who follow them learn of it (Mastodon: `featured`)."""

from activitypub.contexts import PUBLIC
from fedcomm import admit, clock
from fedcomm.app import App
from fedcomm.errors import Invalid, NotFound
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage import pins, posts, visible
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.ids import next_id
from storage.outbox import Audience
from storage.posts import Post

MOST = 5  # Mastodon's limit


async def pin(app: App, actor: Actor, post_id: int) -> None:
    """A member pins a post of their own; once is enough.

    Raises:
        NotFound: there is no such post for the member.
        Invalid: somebody else's, a direct message, for the members of a group, or there are `MOST` already.
    """
    admit.acting(actor)
    post = await _seen(actor, post_id)
    if post.author_id != actor.id:
        raise Invalid("Only posts of your own can be pinned.")
    if post.visibility == posts.DIRECT:
        raise Invalid("What only those may see who are named in it cannot be pinned.")
    if post.visibility >= posts.MEMBERS:
        raise Invalid("What is said for those of a group stays there, and cannot be pinned to a profile.")
    if await pins.pinned(actor.id, post.id):
        return
    if await pins.count(actor.id) >= MOST:
        raise Invalid("You have pinned {limit} posts already. Take one down first.", limit=MOST)
    writes = Writes()
    pins.pin(writes, actor.id, post.id, MOST, clock.now_ms())
    _tell(app, writes, actor, post, "Add")
    await apply(writes)


async def unpin(app: App, actor: Actor, post_id: int) -> None:
    """A member takes a pinned post down; what is not pinned stays so.

    Raises:
        NotFound: there is no such post for the member.
    """
    post = await _seen(actor, post_id)
    if not await pins.pinned(actor.id, post.id):
        return
    writes = Writes()
    pins.unpin(writes, actor.id, post.id)
    _tell(app, writes, actor, post, "Remove")
    await apply(writes)


def _tell(app: App, writes: Writes, actor: Actor, post: Post, kind: str) -> None:
    to = [PUBLIC, actor.followers] if post.visibility <= posts.UNLISTED else [actor.followers]
    act = activities.activity(
        kind, app.urls.activity(next_id()), actor.uri, post.uri, to=to[:1], cc=to[1:], target=actor.featured
    )
    publish(app, writes, actor, act, Audience(followers=(actor.id,)), post_id=post.id)


async def _seen(actor: Actor, post_id: int) -> Post:
    post = await posts.by_id(post_id)
    if post is None or not await visible.sees(actor.id, post.id):
        raise NotFound("There is no such post.")
    return post
