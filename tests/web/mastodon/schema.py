"""The published description of the client API, and the part of JSON Schema that it is written in."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tests.corpus import ABSENT, ROOT

FILE = Path(ROOT.parent, "reference", "mastodon-openapi", "schema.fixed.json")
_TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float),
    "null": type(None),
}  # fmt: skip


class Schema:
    """What each address of the API answers. The test that asks is skipped where there is no such description."""

    def __init__(self) -> None:
        if not FILE.exists():
            pytest.skip(ABSENT)
        self._all = _read()

    def of(self, path: str, method: str, status: str = "200") -> Any:
        """The schema of one answer; names of parameters make no difference."""
        for known, methods in self._all["paths"].items():
            if _shape(known) == _shape(path) and method in methods:
                return methods[method]["responses"][status]["content"]["application/json"]["schema"]
        raise LookupError(f"{method} {path} is not described")

    def wrong(self, value: Any, schema: dict[str, Any], path: str = "") -> list[str]:
        """Where the value is not as described; [] when all is well."""
        if "$ref" in schema:
            return self.wrong(value, self._all["components"]["schemas"][schema["$ref"].rpartition("/")[2]], path)
        for word in ("anyOf", "oneOf"):
            if word in schema:
                tried = [self.wrong(value, each, path) for each in schema[word]]
                return min(tried, key=len)
        found = [fault for each in schema.get("allOf", ()) for fault in self.wrong(value, each, path)]
        kinds = schema.get("type", list(_TYPES))
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if not any(_is(value, kind) for kind in kinds):
            return [*found, f"{path}: {value!r:.60} is none of {kinds}"]
        if value is not None and "enum" in schema and value not in schema["enum"]:
            found.append(f"{path}: {value!r} is none of {schema['enum']}")
        return found + self._inside(value, schema, path)

    def _inside(self, value: Any, schema: dict[str, Any], path: str) -> list[str]:
        if isinstance(value, list) and "items" in schema:
            return [
                fault for at, each in enumerate(value) for fault in self.wrong(each, schema["items"], f"{path}[{at}]")
            ]
        if not isinstance(value, dict):
            return []
        found = [f"{path}.{name} is missing" for name in schema.get("required", ()) if name not in value]
        named = schema.get("properties", {})
        for name, each in value.items():
            inner = named.get(name, schema.get("additionalProperties"))
            if isinstance(inner, dict):
                found += self.wrong(each, inner, f"{path}.{name}")
        return found


@lru_cache(maxsize=1)
def _read() -> Any:
    return json.loads(FILE.read_text())


def _shape(path: str) -> str:
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])
