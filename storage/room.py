"""How much room the database and the files take, and of what kind they are."""

import msgspec

from storage.connect import current, rows, value

MOST_HOSTS = 10


class Part(msgspec.Struct, frozen=True):
    """What is alike: files of a kind, or of one server."""

    name: str
    number: int
    bytes: int


_SENT = "SELECT origin, COUNT(*), COALESCE(SUM(size), 0) FROM media WHERE key IS NOT NULL GROUP BY origin"
_COPIES = "SELECT kind, COUNT(*), SUM(size) FROM copy WHERE key IS NOT NULL GROUP BY kind ORDER BY kind"
_HOSTS = """
SELECT host, COUNT(*), SUM(size) AS taken FROM copy WHERE key IS NOT NULL AND host <> '' GROUP BY host
ORDER BY taken DESC, host LIMIT ?"""


async def sent() -> list[Part]:
    """What members sent: `upload` for posts, `profile` for people and groups."""
    return _parts(await rows(_SENT))


async def copied() -> list[Part]:
    """Copies by their kind (`copies.KINDS`)."""
    return _parts(await rows(_COPIES))


async def hosts() -> list[Part]:
    """The servers whose pictures take most, these first."""
    return _parts(await rows(_HOSTS, (MOST_HOSTS,)))


async def database_bytes() -> int:
    """How much the database takes, with what it has not put into place yet."""
    path = current().path
    if path is None:
        return int(await value("SELECT pg_database_size(current_database())"))
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def _parts(found: list[tuple[object, ...]]) -> list[Part]:
    return [Part(str(name), int(str(number)), int(str(taken))) for name, number, taken in found]
