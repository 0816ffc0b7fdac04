"""What our outboxes show: posts as the activities that published them, a group's as its announcements."""

from typing import Any

from activitypub import render
from fedcomm import posts as service
from fedcomm.app import App
from fedcomm.mapping import activities
from fedcomm.mapping.posts import Shown, on_the_wire, to_note
from storage import actors, boosts, posts
from storage.actors import Actor
from storage.posts import Post


async def outbox_items(app: App, actor: Actor, found: list[Post]) -> list[dict[str, Any]]:
    """The activities for these posts of a person or group of ours."""
    if actor.kind != "Group":
        return [_bare(await service.create_document_of(app, post)) for post in found]
    return [await _announced(app, actor, post) for post in found]


async def _announced(app: App, face: Actor, post: Post) -> dict[str, Any]:
    """As it went to followers. PieFed 1.6.6 reads the newest threads of a group from here when it first hears of it."""
    boost = await boosts.of(face.id, post.id)
    uri = boost.uri if boost else f"{face.outbox}/{post.id}"
    inner = await service.create_document_of(app, post) if post.local else await _elsewhere(app, post)
    at = boost.published if boost else post.published
    return _bare(activities.announce(uri, face.uri, face.followers, _bare(inner), at))


async def _elsewhere(app: App, post: Post) -> dict[str, Any]:
    """A post of another server as we know it; who wants to be sure asks there."""
    author = await actors.by_id(post.author_id)
    assert author is not None
    named = await actors.by_ids(await posts.mentioned(post.id))
    shown = Shown(author=author, parent_uri=post.parent_uri, mentioned=tuple(named.values()))
    note = render.document(on_the_wire(to_note(app.urls, post, shown)))
    return activities.create(post.create_uri or f"{post.uri}#create", note)


def _bare(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "@context"}
