"""Custom emojis: small pictures that texts name as `:shortcode:`, ours and those of other servers."""

from collections.abc import Iterable, Sequence

import msgspec

from storage import bus
from storage.connect import Writes, row, rows

CHANNEL = "emojis"  # on which it is told that ours have changed


class Emoji(msgspec.Struct, frozen=True):
    """One row without its picture; host '' = ours. Of others `url` is where the picture is."""

    id: int
    host: str
    shortcode: str
    uri: str
    url: str
    mime: str
    category: str
    in_picker: int
    updated_at: int


_COLUMNS = ", ".join(Emoji.__struct_fields__)
_SELECT = f"SELECT {_COLUMNS} FROM emoji "
_LEARN = (
    "INSERT INTO emoji (id, host, shortcode, uri, url, mime, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (host, shortcode) DO UPDATE SET uri = excluded.uri, url = excluded.url, mime = excluded.mime,"
    " updated_at = excluded.updated_at WHERE emoji.url <> excluded.url"
)


async def ours() -> list[Emoji]:
    """Those of this server, in the order of their categories and names."""
    sql = _SELECT + "WHERE host = '' ORDER BY category, shortcode"
    return [Emoji(*found) for found in await rows(sql)]


async def named(hosts: Iterable[str], shortcodes: Sequence[str]) -> dict[tuple[str, str], Emoji]:
    """Those of these names on these servers, by (host, shortcode)."""
    sql = _SELECT + "WHERE host IN (?texts) AND shortcode IN (?texts)"
    found = [Emoji(*each) for each in await rows(sql, (list(hosts), list(shortcodes)))]
    return {(each.host, each.shortcode): each for each in found}


async def picture(emoji_id: int) -> tuple[str, bytes] | None:
    """(kind, bytes) of one of ours."""
    found = await row("SELECT mime, body FROM emoji WHERE id = ? AND host = '' AND body IS NOT NULL", (emoji_id,))
    return (found[0], bytes(found[1])) if found else None


async def elsewhere(emoji_id: int) -> Emoji | None:
    """One of another server."""
    found = await row(_SELECT + "WHERE id = ? AND host <> ''", (emoji_id,))
    return Emoji(*found) if found else None


def put(writes: Writes, made: Emoji, body: bytes) -> None:
    """Keep one of ours; another picture of the same name has another id, and so another address."""
    writes.add("DELETE FROM emoji WHERE host = '' AND shortcode = ?", (made.shortcode,))
    marks = ", ".join("?" * (len(Emoji.__struct_fields__) + 1))
    writes.add(f"INSERT INTO emoji ({_COLUMNS}, body) VALUES ({marks})", (*msgspec.structs.astuple(made), body))
    bus.add(writes, CHANNEL, "")


def change(writes: Writes, emoji_id: int, category: str, in_picker: bool) -> None:
    """Put one of ours elsewhere in the picker, or out of it."""
    sql = "UPDATE emoji SET category = ?, in_picker = ? WHERE id = ? AND host = ''"
    writes.add(sql, (category, int(in_picker), emoji_id))
    bus.add(writes, CHANNEL, "")


def drop(writes: Writes, emoji_id: int) -> None:
    """Delete one of ours; texts that name it show its name then."""
    writes.add("DELETE FROM emoji WHERE id = ? AND host = ''", (emoji_id,))
    bus.add(writes, CHANNEL, "")


def learn(writes: Writes, found: Emoji) -> None:
    """Another server says what it calls so."""
    args = (found.id, found.host, found.shortcode, found.uri, found.url, found.mime, found.updated_at)
    writes.add(_LEARN, args)
