"""What a request is about: the post, actor or list that an id in it names, if its asker may know of it."""

from collections.abc import Iterable

from starlette.requests import Request

import storage.actors
import storage.groups
import storage.posts
from fedcomm.errors import NotFound
from storage import timelines, visible
from storage.actors import Actor
from storage.posts import Post
from storage.timelines import Entry
from web import params, state
from web.auth import Viewer

MISSING = "Record not found"  # the same for what is not there and what is not for the asker (attack PRI-02)


def id_of(viewer: Viewer | None) -> int:
    """The viewer as an actor's id; 0 for nobody."""
    return viewer.actor_id if viewer else visible.ANYBODY


async def entry(request: Request, viewer: Viewer | None, name: str = "id") -> Entry:
    """The post, or the boost of one, that the path names.

    Raises:
        NotFound: there is none for this viewer.
    """
    found = await timelines.entry(id_of(viewer), params.number(request, name))
    if found is None:
        raise NotFound(MISSING)
    return found


async def post(request: Request, viewer: Viewer | None) -> Post:
    """The post that the path names, itself or by a boost of it.

    Raises:
        NotFound: there is none for this viewer.
    """
    found = await storage.posts.by_id((await entry(request, viewer)).post_id)
    if found is None:
        raise NotFound(MISSING)
    return found


async def actor(request: Request) -> Actor:
    """The actor that the path names.

    Raises:
        NotFound: there is none, or they are gone.
    """
    found = await storage.actors.by_id(params.number(request))
    if found is None or found.gone:
        raise NotFound(MISSING)
    return found


async def show(viewer: Viewer | None, actors: Iterable[Actor]) -> list[Actor]:
    """Those of the actors of whom the viewer may know: of groups for this server alone only who is signed in does."""
    known = list(actors)
    if viewer is not None:
        return known
    hidden = await storage.groups.stay_here([actor.id for actor in known if actor.kind == "Group"])
    return [actor for actor in known if actor.id not in hidden]


def unheard(request: Request, actor: Actor) -> bool:
    """Whether the actor is of a server that admins suspended: nothing of it is shown."""
    return bool(actor.host) and state.app_of(request).peers.blocked(actor.host)


def identifier(text: str) -> int:
    """An id given as a parameter; 0, which nothing has, when it is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
