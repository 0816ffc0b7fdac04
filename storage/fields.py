"""Columns of the ORM's models as our schema has them: whole numbers, text, bytes; nothing else."""

from typing import Any

import msgspec
from tortoise.fields import BigIntField, CharField, SmallIntField, TextField
from tortoise.models import Model


class IdField(BigIntField):
    """An id made by `storage.ids`; `INTEGER` on SQLite, where it is the row's own key (`BIGINT` is 3 times slower)."""

    class _db_sqlite:
        SQL_TYPE = "INTEGER"

    def __init__(self, primary_key: bool = False, **options: Any) -> None:
        if primary_key:
            options["generated"] = False
        super().__init__(primary_key=primary_key, **options)


class TimeField(BigIntField):
    """Milliseconds since 1970."""


class FlagField(SmallIntField):
    """0 or 1, in Python a bool."""

    def to_python_value(self, value: Any) -> bool | None:
        return None if value is None else bool(value)

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> int | None:
        return None if value is None else int(bool(value))


class UriField(CharField[str]):
    """A URI, or another name that may be a key: compared byte by byte."""

    def __init__(self, max_length: int = 4096, **options: Any) -> None:
        super().__init__(max_length=max_length, **options)

    @property
    def SQL_TYPE(self) -> str:  # type: ignore[override]
        """Plain text: limits are for who lets it in."""
        return "TEXT"


class JsonField(TextField):
    """A value kept as JSON text, opaque to the database."""

    def to_python_value(self, value: Any) -> Any:
        return msgspec.json.decode(value) if isinstance(value, str) else value

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> str | None:
        return None if value is None else msgspec.json.encode(value).decode()
