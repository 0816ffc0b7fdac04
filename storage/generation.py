"""What a copy that is put back in the place of a database does first: everything that counts upwards jumps.

Others may have seen what was made after the copy. So that nothing new is taken for that, ids, the heights of the log
and the clock of acts (which follows the ids) go on above it. `storage.backup` marks the copies it makes.
"""

from storage.ids import IdSource
from storage.session import Engine
from storage.writes import Writes

MARK = "copy"  # the key in `meta` by which a copy is known
JUMP_MS = 60_000  # beyond the present, in case the clock of this machine is behind that of the one before
_HEIGHTS = 1 << 40  # for each generation
_RAISE = "INSERT INTO meta (key, value) VALUES ('generation', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
_FLOOR = "INSERT INTO meta (key, value) VALUES ('id_floor', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"


async def advance(engine: Engine, known: dict[str, str], ids: IdSource) -> int:
    """Begin a new generation of the database; gives its number. `known` is what `meta` holds."""
    generation = int(known.get("generation", "0")) + 1
    floor = max(ids.last, int(known.get("id_floor", "0")), ids.now() << 16) + (JUMP_MS << 16)
    writes = Writes()
    writes.add(_RAISE, (str(generation),))
    writes.add(_FLOOR, (str(floor),))
    writes.add("DELETE FROM meta WHERE key = ?", (MARK,))
    if engine.dialect == "postgres":
        writes.add(
            "SELECT setval(pg_get_serial_sequence('outbox', 'seq'),"
            " GREATEST(CAST(? AS BIGINT), (SELECT COALESCE(MAX(seq), 0) FROM outbox)))",
            (generation * _HEIGHTS,),
        )
    else:
        writes.add(
            "INSERT INTO sqlite_sequence (name, seq) SELECT 'outbox', 0"
            " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'outbox')"
        )
        writes.add("UPDATE sqlite_sequence SET seq = MAX(seq, ?) WHERE name = 'outbox'", (generation * _HEIGHTS,))
    await engine.apply(writes)
    ids.raise_floor(floor)
    return generation
