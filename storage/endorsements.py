"""People whom members recommend on their profile."""

from storage.connect import execute, value
from storage.paging import Page
from storage.relationships import People, people


async def of(viewer: int, actor_id: int, page: Page) -> People:
    """Whom somebody recommends, as the viewer may see them."""
    return await people(viewer, "endorsement.id", "endorsement.target_id", "endorsement",
                        "endorsement.actor_id = ?", (actor_id,), page)  # fmt: skip


async def count(actor_id: int) -> int:
    """How many people somebody recommends."""
    return int(await value("SELECT COUNT(*) FROM endorsement WHERE actor_id = ?", (actor_id,)))


async def put(endorsement_id: int, actor_id: int, target_id: int) -> None:
    """Recommend somebody; once is enough."""
    sql = "INSERT INTO endorsement (id, actor_id, target_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    await execute(sql, (endorsement_id, actor_id, target_id))


async def remove(actor_id: int, target_id: int) -> None:
    """Recommend them no more."""
    await execute("DELETE FROM endorsement WHERE actor_id = ? AND target_id = ?", (actor_id, target_id))
