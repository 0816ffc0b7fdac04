"""Flairs: the labels that a group has for its threads, and which posts have which.

A post keeps the ids of its flairs whatever is known of its group; those count which the group has.
"""

from collections.abc import Sequence

import msgspec

from storage.connect import Writes, rows
from storage.registers import Act

_COLUMNS = "id, group_id, uri, name, name_key, text_color, background_color, position"


class Flair(msgspec.Struct, frozen=True):
    """One row of `flair`; colours are `#rrggbb`, '' where they are not told."""

    id: int
    group_id: int
    uri: str
    name: str
    name_key: str
    text_color: str
    background_color: str
    position: int


def key(name: str) -> str:
    """By which a name is found, as a hashtag too: in lower case, letters and digits only."""
    return "".join(character for character in name.casefold() if character.isalnum())


async def of_group(group_id: int) -> list[Flair]:
    """The flairs of a group, in its order."""
    sql = f"SELECT {_COLUMNS} FROM flair WHERE group_id = ? ORDER BY position, id"
    return [Flair(*found) for found in await rows(sql, (group_id,))]


async def of_posts(post_ids: Sequence[int]) -> dict[int, list[Flair]]:
    """The flairs of posts, of those that their groups have, by the id of the post."""
    if not post_ids:
        return {}
    sql = (
        f"SELECT pf.post_id, {', '.join('f.' + name for name in Flair.__struct_fields__)} FROM post_flair pf"
        " JOIN post ON post.id = pf.post_id JOIN flair f ON f.group_id = post.group_id AND f.uri = pf.uri"
        " WHERE pf.post_id IN (?ints) ORDER BY f.position, f.id"
    )
    found: dict[int, list[Flair]] = {}
    for post_id, *flair in await rows(sql, (list(post_ids),)):
        found.setdefault(post_id, []).append(Flair(*flair))
    return found


async def decided(post_id: int) -> set[str]:
    """Ids of the flairs that moderators gave a post."""
    sql = "SELECT uri FROM post_flair WHERE post_id = ? AND decided = 1"
    return {found[0] for found in await rows(sql, (post_id,))}


def put(writes: Writes, group_id: int, flairs: Sequence[Flair]) -> None:
    """A group has these flairs and no others."""
    uris = [flair.uri for flair in flairs]
    writes.add("DELETE FROM flair WHERE group_id = ? AND uri NOT IN (?texts)", (group_id, uris))
    for flair in flairs:
        writes.add(
            f"INSERT INTO flair ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (group_id, uri) DO UPDATE SET"
            " name = excluded.name, name_key = excluded.name_key, text_color = excluded.text_color,"
            " background_color = excluded.background_color, position = excluded.position",
            msgspec.structs.astuple(flair),
        )


def choose(writes: Writes, post_id: int, uris: Sequence[str], *, anew: bool = False) -> None:
    """The author gives a post these flairs, and `anew` no others, unless moderators have decided about it."""
    if anew:
        writes.add("DELETE FROM post_flair WHERE post_id = ? AND decided = 0", (post_id,))
    for uri in uris:
        writes.add(
            "INSERT INTO post_flair (uri, post_id, decided) SELECT ?, id, 0 FROM post WHERE id = ?"
            " AND NOT EXISTS (SELECT 1 FROM post_flair d WHERE d.post_id = post.id AND d.decided = 1)"
            " ON CONFLICT DO NOTHING",
            (uri, post_id),
        )


def decide(writes: Writes, act: Act, post_id: int, uris: Sequence[str]) -> None:
    """Moderators give a post these flairs and no others, when their act has become the value of its register."""
    latest = "EXISTS (SELECT 1 FROM register WHERE group_id = ? AND property = ? AND subject = ? AND act_id = ?)"
    named = (act.group_id, act.property, act.subject, act.id)
    writes.add(f"DELETE FROM post_flair WHERE post_id = ? AND {latest}", (post_id, *named))
    for uri in uris:
        writes.add(
            f"INSERT INTO post_flair (uri, post_id, decided) SELECT ?, id, 1 FROM post WHERE id = ? AND {latest}",
            (uri, post_id, *named),
        )


def tag(writes: Writes, post_id: int, group_id: int, keys: Sequence[str]) -> None:
    """A post without a flair gets those of the group whose names its hashtags are."""
    writes.add(
        "INSERT INTO post_flair (uri, post_id, decided) SELECT f.uri, ?, 0 FROM flair f WHERE f.group_id = ?"
        " AND f.name_key IN (?texts) AND NOT EXISTS (SELECT 1 FROM post_flair o WHERE o.post_id = ?)"
        " ON CONFLICT DO NOTHING",
        (post_id, group_id, list(keys), post_id),
    )
