"""Which other accounts are a member's own too: they can move here (FEP-7628 §Move activity)."""

import msgspec

import storage.actors
from fedcomm import clock, finding, profiles
from fedcomm.app import App
from fedcomm.errors import Conflict, Invalid, NotFound
from storage.actors import Actor
from storage.connect import Writes, transaction, write

MAX_ALIASES = 20  # more are read by nobody


def of(actor: Actor) -> list[str]:
    """The ids of the accounts that somebody says are theirs too."""
    found: list[str] = msgspec.json.decode(actor.also_known_as)
    return found


async def add(app: App, actor: Actor, handle_or_url: str) -> Actor:
    """A member says that another account is theirs too; once is enough. Gives the other one.

    Raises:
        NotFound: there is nobody of that name.
        Invalid: its server does not answer; it is the account itself, or a group; or there are too many.
        Conflict: the aliases were changed meanwhile.
    """
    other = await finding.somebody(app, handle_or_url)
    known = of(actor)
    if other.uri == actor.uri:
        raise Invalid("This is the account itself.", field="account")
    if other.kind == "Group":
        raise Invalid("A group is nobody's account.", field="account")
    if len(known) >= MAX_ALIASES:
        raise Invalid("One can have {limit} other accounts here.", field="account", limit=MAX_ALIASES)
    if other.uri not in known:
        await _change(app, actor, [*known, other.uri])
    return other


async def remove(app: App, actor: Actor, uri: str) -> None:
    """A member does not say any more that the account with this id is theirs.

    Raises:
        NotFound: they did not say so.
        Conflict: the aliases were changed meanwhile.
    """
    known = of(actor)
    if uri not in known:
        raise NotFound("This is none of the other accounts.", fix="name it as alsoKnownAs of the profile does")
    await _change(app, actor, [each for each in known if each != uri])


async def _change(app: App, actor: Actor, aliases: list[str]) -> None:
    text, now = msgspec.json.encode(aliases).decode(), clock.now_ms()
    writes = Writes()
    storage.actors.change_later(writes, actor.id, updated_at=now)
    await profiles.tell(app, writes, msgspec.structs.replace(actor, also_known_as=text, updated_at=now))
    async with transaction():
        if not await storage.actors.set_aliases(actor.id, actor.also_known_as, text):
            raise Conflict("The other accounts were changed a moment ago. Please try again.")
        await write(writes)
