"""What a schema really is, in words that are the same for both databases."""

from collections.abc import Iterable
from typing import Any

import msgspec

from storage.connect import Database, rows

KINDS = {
    "INTEGER": "number", "BIGINT": "number", "SMALLINT": "number", "TEXT": "text", "BLOB": "bytes",
    "bigint": "number", "smallint": "number", "integer": "number", "text": "text", "bytea": "bytes",
}  # fmt: skip


class Column(msgspec.Struct, frozen=True):
    """One column: what it holds, whether it may hold nothing."""

    kind: str
    nullable: bool
    key: bool


Tables = dict[str, dict[str, Column]]


async def tables(database: Database) -> Tables:
    """The tables of the database in use, but for the one of migrations and the index of words, which differs."""
    found: Tables = {}
    sql = _SQLITE if database.dialect == "sqlite" else _POSTGRES
    for table, column, kind, nullable, key in await rows(sql):
        found.setdefault(table, {})[column] = Column(KINDS[kind], bool(nullable) and not key, bool(key))
    return found


async def uniques(database: Database) -> set[tuple[str, tuple[str, ...], bool]]:
    """(table, columns, whether only some rows count) of every unique index; primary keys are columns' own."""
    found = await rows(_SQLITE_UNIQUE if database.dialect == "sqlite" else _POSTGRES_UNIQUE)
    return {(table, tuple(columns.split(",")), bool(partial)) for table, columns, partial in found}


async def references(database: Database) -> set[tuple[str, str, str]]:
    """(table, column, table it points into)."""
    found = await rows(_SQLITE_REFERENCES if database.dialect == "sqlite" else _POSTGRES_REFERENCES)
    return {(table, column, target) for table, column, target in found}


async def indexes(database: Database) -> set[str]:
    """Names of the indexes we named."""
    sql = "SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_%'"
    if database.dialect == "postgres":
        named = "indexname !~ '_(key|pkey)$|^post_text'"
        sql = f"SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND {named}"
    return {name for (name,) in await rows(sql)}


def differences(models: Iterable[Any], schema: Tables) -> list[str]:
    """Where models of the ORM are not what the schema is."""
    found = []
    for model in models:
        columns = schema.get(model._meta.db_table)
        if columns is None:
            found.append(f"{model.__name__}: there is no table {model._meta.db_table}")
            continue
        declared = {
            field.source_field or name: Column(_kind(field), field.null, field.pk)
            for name, field in model._meta.fields_map.items()
            if name in model._meta.db_fields
        }
        for name in sorted(declared.keys() | columns.keys()):
            if declared.get(name) != columns.get(name):
                found.append(
                    f"{model.__name__}.{name}: {declared.get(name)} in the model, {columns.get(name)} in the schema"
                )
    return found


def _kind(field: Any) -> str:
    return {"BIGINT": "number", "SMALLINT": "number", "INT": "number", "TEXT": "text", "BLOB": "bytes"}[field.SQL_TYPE]


_SQLITE = """
SELECT t.name, c.name, upper(c.type), c."notnull" = 0, c.pk > 0
FROM sqlite_master t JOIN pragma_table_info(t.name) c
WHERE t.type = 'table' AND t.name <> 'schema_migration' AND t.name NOT LIKE 'sqlite_%'
AND t.name NOT LIKE 'post_text%' ORDER BY t.name, c.cid"""
_POSTGRES = """
SELECT c.relname, a.attname, format_type(a.atttypid, NULL), NOT a.attnotnull,
       COALESCE(a.attnum = ANY(k.indkey), FALSE)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_index k ON k.indrelid = c.oid AND k.indisprimary
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND c.relname <> 'schema_migration'
  AND c.relname <> 'post_text'
ORDER BY c.relname, a.attnum"""
_SQLITE_UNIQUE = """
SELECT t.name, (SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)), i.partial
FROM sqlite_master t JOIN pragma_index_list(t.name) i
WHERE t.type = 'table' AND t.name <> 'schema_migration' AND i."unique" = 1 AND i.origin <> 'pk'"""
_POSTGRES_UNIQUE = """
SELECT c.relname, (SELECT string_agg(a.attname, ',' ORDER BY k.place)
       FROM unnest(i.indkey) WITH ORDINALITY AS k(number, place)
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number), i.indpred IS NOT NULL
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE i.indisunique AND NOT i.indisprimary AND c.relnamespace = current_schema()::regnamespace
  AND c.relname <> 'schema_migration'"""
_SQLITE_REFERENCES = """
SELECT t.name, f."from", f."table" FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table'"""
_POSTGRES_REFERENCES = """
SELECT c.relname, a.attname, f.relname
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
WHERE k.contype = 'f' AND c.relnamespace = current_schema()::regnamespace"""
