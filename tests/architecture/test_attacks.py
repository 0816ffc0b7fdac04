"""What is tried against the house is written down by name, and none of the names goes without a test that says so."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
# How many rows of the attack list there are in a group, and those that need no test here, with why.
GROUPS = {"ADM": 24, "GRP": 23}
ELSEWHERE = {
    "ADM-07": "two-factor sign-in is not offered",
    "ADM-08": "two-factor sign-in is not offered",
    "ADM-13": "signing in with LDAP or OpenID Connect is not offered",
    "GRP-19": "tried against running servers by hand",
}
_MARKS = re.compile(r"\bmark\.attack\(([^)]*)\)")
_NAME = re.compile(r"[A-Z]{3}-\d\d")


def named() -> set[str]:
    """The rows that a mark of a test names."""
    texts = (path.read_text() for path in TESTS.rglob("test_*.py"))
    return {name for text in texts for mark in _MARKS.findall(text) for name in _NAME.findall(mark)}


@pytest.mark.parametrize("group", GROUPS)
def test_each_row_is_named_by_a_test(group: str) -> None:
    rows = {f"{group}-{number:02}" for number in range(1, GROUPS[group] + 1)} - ELSEWHERE.keys()

    assert sorted(rows - named()) == []


def test_what_needs_no_test_has_none() -> None:
    assert sorted(ELSEWHERE.keys() & named()) == []
