"""Contexts are read by name and never fetched."""

import ast
from pathlib import Path

import pytest

from activitypub import contexts, parse
from activitypub.contexts import ACTIVITYSTREAMS, DATA_INTEGRITY, DID, MULTIKEY, SECURITY, context_for


def test_the_context_has_what_is_used_and_no_more() -> None:
    assert context_for([]) == ACTIVITYSTREAMS
    assert context_for(["id", "content"]) == ACTIVITYSTREAMS
    assert context_for(["publicKey"]) == [ACTIVITYSTREAMS, SECURITY]
    assert context_for(["assertionMethod", "Multikey", "publicKey"]) == [ACTIVITYSTREAMS, SECURITY, DID, MULTIKEY]
    assert context_for(["proof"]) == [ACTIVITYSTREAMS, DATA_INTEGRITY]
    assert context_for(["indexable"]) == [
        ACTIVITYSTREAMS,
        {"toot": "http://joinmastodon.org/ns#", "indexable": "toot:indexable"},
    ]


@pytest.mark.parametrize(
    ("long", "short"), [("as:Note", "Note"), (f"{ACTIVITYSTREAMS}#Note", "Note"), ("toot:Emoji", "toot:Emoji")]
)
def test_the_vocabulary_has_a_prefix(long: str, short: str) -> None:
    assert contexts.short_name(long) == short


@pytest.mark.attack("NET-15")
@pytest.mark.parametrize(
    "context",
    [
        "https://evil.test/context.json",
        ["https://evil.test/a", "http://127.0.0.1:6379/", "file:///etc/passwd"],
        [["https://evil.test/a", ["https://evil.test/b"]]],
        {"@import": "https://evil.test/context.json"},
        {"@base": "https://evil.test/", "@vocab": "https://evil.test/"},
        {"x": {"@context": {"x": {"@context": {}}}}},
        None,
        5,
        [None, 5, True],
        {},
    ],
)
def test_a_context_never_decides_what_is_read(context: object) -> None:
    raw = {
        "@context": context,
        "id": "https://a.test/1",
        "type": "Like",
        "actor": "https://a.test/u",
        "object": "https://b.test/1",
    }

    assert parse.activity(raw).object == "https://b.test/1"


@pytest.mark.attack("NET-15")
def test_nothing_that_reads_documents_can_connect() -> None:
    readers = ("contexts", "properties", "attached", "parse", "documents", "quirks", "objects", "actors", "activities")
    root = Path(contexts.__file__).parent
    for name in readers:
        tree = ast.parse((root / f"{name}.py").read_text())
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert not imported & {"httpx", "socket", "asyncio", "activitypub.client", "activitypub.transport"}, name
