"""Who follows groups of other servers for everybody here, so that a new server is no empty room.

It is an actor of its own, of the type `Service`: Lemmy takes people and services into its communities and no
applications, as the instance actor is one (docs/decisions/0028).
"""

import msgspec

import storage.settings
from fedcomm import actors as made
from fedcomm import clock, names
from fedcomm.app import App
from storage import actors, backfills
from storage.actors import Actor
from storage.connect import Writes, transaction, write

MOST = 10  # groups
TOPICS = ("gardening", "cooking", "books", "music", "photography", "cycling", "science", "technology", "games")
SERVERS = ("lemmy.world", "piefed.social", "fedia.io", "community.nodebb.org")
BUDGET, MOST_BUDGET = 50, 10_000  # MB that all of them may bring
BEGINNING = 3_600_000  # ms in which what the disk takes is theirs; later it may as well be what members write
_KEY = "neighbours"


class Wish(msgspec.Struct, frozen=True):
    """Where to look for groups, about what, and how many MB all of them may bring; `told` is what servers answered."""

    servers: tuple[str, ...] = SERVERS
    topics: tuple[str, ...] = ()
    budget: int = BUDGET
    told: tuple[tuple[str, str], ...] = ()
    asked: bool = False  # and nothing has come of it yet
    begun: int = 0  # when (ms), and how many bytes the database took on the disk then
    disk: int = 0


async def wish() -> Wish:
    """What was wished last."""
    stored = (await storage.settings.stored()).get(_KEY)
    return msgspec.json.decode(stored, type=Wish) if stored is not None else Wish()


async def keep(wish: Wish, now_ms: int) -> None:
    """This is wished from now on."""
    await storage.settings.store(_KEY, wish, now_ms)


async def known() -> Actor | None:
    """Who follows for everybody; None when nobody does."""
    found = await actors.local(names.SCOUT)
    return found if found is not None and not found.gone else None


async def scout_id() -> int:
    """The id of who follows for everybody, or 0."""
    found = await known()
    return found.id if found is not None else 0


async def make(app: App) -> Actor:
    """Who follows for everybody, made when there is nobody yet.

    Raises:
        Conflict: a member has had its name for long.
    """
    if (found := await known()) is not None:
        return found
    async with transaction():
        summary = f"<p>This account follows groups for everybody on {app.host}. It writes nothing.</p>"
        scout = await made.create_local(app, "Person", names.SCOUT, app.host, summary)
        writes = Writes()
        actors.change_later(writes, scout.id, bot=1, discoverable=0)
        await write(writes)
    return (await actors.by_id(scout.id)) or scout


async def left(face_id: int) -> int | None:
    """How many bytes a group may bring that is followed for everybody alone; None when members here are in it."""
    scout = await scout_id()
    if not scout or not await backfills.only_for(scout, face_id):
        return None
    budget = (await wish()).budget * 1_000_000
    return max(0, min(budget // MOST, budget - await used(scout)))


async def used(scout: int) -> int:
    """How many bytes the groups have brought that `scout` follows for everybody: what was read for them, or by what
    the database and the copied pictures have grown while their threads came, whichever is more.
    """
    told = await wish()
    grown = await backfills.disk() - told.disk if clock.now_ms() - told.begun < BEGINNING else 0
    return max(await backfills.spent(scout), grown)
