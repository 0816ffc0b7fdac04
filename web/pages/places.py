"""Where the buttons of a post lead back to: the page on which they were pressed, and nowhere else."""

import msgspec

from fedcomm.errors import NotFound
from storage.actors import Actor
from storage.posts import Post
from web.pages import shown
from web.pages.thread import seen

# Lists of posts that have buttons, by the names that forms know them by.
LISTS = {"home": "/home", "bookmarks": "/bookmarks", "favourites": "/favourites", "notifications": "/notifications"}


class Place(msgspec.Struct, frozen=True):
    """A post by its id, on whose page the button was; or `where`, a list by its name, and where its page began."""

    page: int = 0
    where: str = ""
    max_id: int = 0


async def back(viewer: int, place: Place, post: Post, author: Actor) -> str:
    """The address of the place, at this post; its own page when it is nowhere else (attack XSS-13)."""
    if place.where in LISTS:
        beginning = f"?max_id={place.max_id}" if place.max_id > 0 else ""
        return f"{LISTS[place.where]}{beginning}#post-{post.id}"
    try:
        around = await seen(viewer, place.page) if place.page else (post, author)
    except NotFound:
        around = post, author
    return f"{shown.permalink(*around)}#post-{post.id}"


def hidden(name: str, before: int) -> dict[str, str | int]:
    """The fields of a form that stands in the page of a list that begins below `before` (0: with the newest)."""
    return ({"where": name} if name else {}) | ({"max_id": before} if before else {})
