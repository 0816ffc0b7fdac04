"""Tags that members follow, so that public posts with them come home, and tags that they show on their profile."""

from collections.abc import Callable

import storage.tags
from fedcomm.app import App
from fedcomm.errors import Invalid, NotFound
from storage.actors import Actor
from storage.connect import Writes, apply
from storage.ids import next_id

MAX_FOLLOWED = 500  # tags of one member
MAX_FEATURED = 10  # as with Mastodon
MAX_NAME = 100  # characters


def named(text: str) -> str:
    """The tag as it is kept, with or without '#' before it.

    Raises:
        Invalid: that cannot be a tag.
    """
    name = text.strip().lstrip("#").lower()
    plain = name.replace("_", "")
    if not plain.isalnum() or plain.isdigit() or len(name) > MAX_NAME:
        raise Invalid("That is no tag.", field="name")
    return name


async def follow(app: App, actor: Actor, text: str) -> str:
    """Public posts with the tag come into the member's home from now on; gives the tag.

    Raises:
        Invalid: no tag, or there are too many.
    """
    name = named(text)
    if await storage.tags.among("tag_follow", actor.id, [name]):
        return name
    if await storage.tags.count("tag_follow", actor.id) >= MAX_FOLLOWED:
        raise Invalid("You cannot follow more than {limit} tags.", field="name", limit=MAX_FOLLOWED)
    return await _add("tag_follow", actor, name)


async def unfollow(app: App, actor: Actor, text: str) -> str:
    """They do not come any more; gives the tag.

    Raises:
        Invalid: no tag.
    """
    return await _remove(actor, text, storage.tags.unfollow)


async def feature(app: App, actor: Actor, text: str) -> str:
    """The tag stands on the member's profile; gives it.

    Raises:
        Invalid: no tag, it stands there already, or there are too many.
    """
    name = named(text)
    if await storage.tags.among("featured_tag", actor.id, [name]):
        raise Invalid("This tag is on your profile already.", field="name")
    if await storage.tags.count("featured_tag", actor.id) >= MAX_FEATURED:
        raise Invalid("A profile may have {limit} tags.", field="name", limit=MAX_FEATURED)
    return await _add("featured_tag", actor, name)


async def unfeature(app: App, actor: Actor, text: str) -> str:
    """The tag stands on the member's profile no more; gives it.

    Raises:
        Invalid: no tag.
    """
    return await _remove(actor, text, storage.tags.unfeature)


async def unfeature_by_id(app: App, actor: Actor, featured_id: int) -> None:
    """As `unfeature`, by the id that it has on the profile.

    Raises:
        NotFound: nothing of the member's has it.
    """
    found = [each.name for each in await storage.tags.featured(actor.id) if each.id == featured_id]
    if not found:
        raise NotFound("Record not found")
    await unfeature(app, actor, found[0])


async def _add(table: str, actor: Actor, name: str) -> str:
    writes = Writes()
    storage.tags.put(writes, table, next_id(), next_id(), actor.id, name)
    await apply(writes)
    return name


async def _remove(actor: Actor, text: str, remove: Callable[[Writes, int, str], None]) -> str:
    name = named(text)
    writes = Writes()
    remove(writes, actor.id, name)
    await apply(writes)
    return name
