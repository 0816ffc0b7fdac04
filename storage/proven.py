"""Activities of others as their authors proved them, so that they can be shown again as they came."""

from collections.abc import Sequence

from storage.connect import rows


async def creates(object_uris: Sequence[str]) -> dict[str, bytes]:
    """The compressed body of the proven activity by which each of these posts came, as far as there is one.

    Others may have proven something about them too: it stands beside it, under an id of their own.
    """
    sql = (
        "SELECT v.object_uri, v.raw FROM proven v JOIN post p ON p.uri = v.object_uri AND p.create_uri = v.uri"
        " WHERE v.object_uri IN (?texts)"
    )
    return {found[0]: bytes(found[1]) for found in await rows(sql, (list(object_uris),))}
