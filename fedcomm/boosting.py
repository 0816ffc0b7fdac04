"""What is told of a boost of a member here, and to whom."""

from activitypub.contexts import PUBLIC
from fedcomm.app import App
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from fedcomm.reach import inbox_of
from storage import actors, posts
from storage.actors import Actor
from storage.connect import Writes
from storage.outbox import Audience
from storage.posts import Post


def announce(uri: str, actor: Actor, post: Post, visibility: int, at_ms: int) -> activities.Json:
    """The activity by which a member here passes a post on to those for whom they do."""
    to, cc = {
        posts.PUBLIC: ([PUBLIC], [actor.followers]),
        posts.UNLISTED: ([actor.followers], [PUBLIC]),
    }.get(visibility, ([actor.followers], []))
    return activities.activity(
        "Announce", uri, actor.uri, post.uri, to=to, cc=cc, published=activities.timestamp(at_ms)
    )


async def tell(
    app: App, writes: Writes, actor: Actor, post: Post, activity: activities.Json, boost: int | None = None
) -> None:
    """Followers and the author of a post hear of a boost, by its number, or of the end of one."""
    author = await actors.by_id(post.author_id)
    public = post.visibility <= posts.UNLISTED
    inboxes = (inbox_of(author, public=public),) if author is not None and not author.local and not author.gone else ()
    audience = Audience(followers=(actor.id,), inboxes=inboxes)
    publish(app, writes, actor, activity, audience, thread_id=post.thread_id, boost=boost)
