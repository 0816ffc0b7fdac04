"""Leads to the documents and vectors of other programs beside the project, which are not part of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2] / "shared" / "corpus"
ABSENT = "../shared/corpus is not there"


def present() -> bool:
    """Whether there is a corpus to test with."""
    return ROOT.is_dir()


def corpus(path: str = "") -> Path:
    """A file or folder of the corpus; the test that asks is skipped where there is none."""
    found = ROOT / path
    if not found.exists():
        pytest.skip(ABSENT)
    return found


def folders() -> list[str]:
    """The folders with documents, vectors left out; one name for "none" where there is no corpus."""
    if not present():
        return ["absent"]
    return sorted(entry.name for entry in ROOT.iterdir() if entry.is_dir() and entry.name != "vectors")


def bodies(path: str) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each document below a folder; of a recorded request, its body."""
    top = corpus(path)
    for file in sorted(top.rglob("*.json*")):  # some are called .jsonld
        yield str(file.relative_to(ROOT)), _body(file.read_bytes())


def _body(content: bytes) -> bytes:
    try:
        value: Any = json.loads(content)
    except ValueError:
        return content
    if not isinstance(value, dict) or "body" not in value or not {"headers", "request"} & value.keys():
        return content
    body = value["body"]
    return body.encode() if isinstance(body, str) else json.dumps(body, ensure_ascii=False).encode()
