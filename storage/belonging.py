"""Whose database this is."""

from storage.connect import row


async def anybody_here() -> str:
    """The ActivityPub id of somebody who lives here, and so begins with the base URL; empty when nobody does yet."""
    found = await row("SELECT uri FROM actor WHERE host = '' ORDER BY id LIMIT 1")
    return str(found[0]) if found else ""
