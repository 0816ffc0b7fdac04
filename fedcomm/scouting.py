"""Groups of other servers that are followed for everybody here, so that a new server is no empty room.

Who follows them is an actor of its own, of the type `Service`: Lemmy takes people and services into its communities and
no applications, as the instance actor is one (docs/decisions/0028).
"""

from storage import actors

NAME = "group_scout"


async def scout_id() -> int:
    """The id of who follows groups for everybody; 0 when nobody does."""
    found = await actors.local(NAME)
    return found.id if found is not None and not found.gone else 0
