"""No test passes whatever the code does, and the rule about it notices one that would."""

import pytest

from tests.architecture import asserting
from tests.architecture.rooms import Source

MEMBER = Source("tests.member", "class Member:\n    async def sees(self, post): assert post\n    def join(self): pass")
CHECKS = Source("tests.checks", "def right(x): assert x\ndef also(x): right(x)\ndef made(x): return x")
IMPORTS = "import pytest\nfrom tests import checks\nfrom tests.checks import also, made\n"

SILENT = (
    "def test_it(): made(1)",
    "def test_it():\n    try:\n        made(1)\n    except ValueError:\n        pass",
    "def test_it(): x = also(1)",  # its answer is what is tried
    "def test_it(): made(also(1))",
    "async def test_it(member): await member.join()",
    "def here(x): return x\ndef test_it(): here(1)",
    "class TestIt:\n    def test_it(self): made(1)",
)
SAYING = (
    "def test_it(): assert made(1)",
    "def test_it():\n    with pytest.raises(ValueError):\n        made(1)",
    "def test_it(): checks.right(1)",
    "def test_it(): also(1)",
    "def here(x):\n    if x: pytest.fail('it is')\ndef test_it(): here(1)",
    "async def test_it(member): await member.friend.sees(1)",
)


def test_every_test_asserts_something() -> None:
    assert list(asserting.silent(asserting.suite())) == []


@pytest.mark.parametrize("code", SILENT)
def test_a_test_that_asserts_nothing_is_caught(code: str) -> None:
    planted = Source("tests.test_planted", IMPORTS + code)

    (caught,) = asserting.silent((MEMBER, CHECKS, planted))

    assert caught.startswith("tests.test_planted:") and "test_it" in caught


@pytest.mark.parametrize("code", SAYING)
def test_a_test_that_asserts_by_itself_or_by_a_function_is_none(code: str) -> None:
    planted = Source("tests.test_planted", IMPORTS + code)

    assert list(asserting.silent((MEMBER, CHECKS, planted))) == []


def test_a_method_counts_only_when_all_of_its_name_assert() -> None:
    other = Source("tests.other", "class Other:\n    async def sees(self, post): return post")
    planted = Source("tests.test_planted", "async def test_it(member): await member.sees(1)")

    assert list(asserting.silent((MEMBER, planted))) == []
    assert list(asserting.silent((MEMBER, other, planted))) != []
