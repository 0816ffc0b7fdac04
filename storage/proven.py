"""Activities of others as their authors proved them, so that they can be shown again as they came."""

from collections.abc import Sequence

from storage.connect import rows


async def creates(object_uris: Sequence[str]) -> dict[str, bytes]:
    """The compressed body of the proven activity that came first for each of these posts, as far as there is one."""
    sql = "SELECT object_uri, raw FROM proven WHERE object_uri IN (?texts) ORDER BY received_at DESC, uri DESC"
    return {found[0]: bytes(found[1]) for found in await rows(sql, (list(object_uris),))}
