"""Words are found where they stand, in all scripts and cases, and whatever is in them, soon."""

from time import process_time

import pytest

from fedcomm import filtering
from storage.filters import Filter, Keyword


def found(keyword: str, text: str, *, whole: bool = True) -> str | None:
    """The word as it stands in the text."""
    wanted = Filter(1, "T", ("home",), "warn", None, (Keyword(1, keyword, int(whole)),))
    matches = filtering.matches([wanted], 1, text)
    return matches[0].words[0] if matches else None


@pytest.mark.parametrize(
    ("keyword", "text", "as_word", "as_part"),
    [
        ("cat", "a Cat, sat", "Cat", "Cat"),
        ("cat", "concatenate", None, "cat"),
        ("cat", "concat cat", "cat", "cat"),
        ("cat", "#cat", "cat", "cat"),
        ("cat", "cat_food", None, "cat"),
        ("#cat", "dog#cats", None, "#cat"),
        ("#cat", "dog#cat", "#cat", "#cat"),
        ("C++", "I like c++17", "c++", "c++"),
        (".*", "anything", None, None),
        ("a.c", "abc a.c", "a.c", "a.c"),
        ("Äpfel", "gelbe ÄPFEL", "ÄPFEL", "ÄPFEL"),
        ("café", "Cafe\u0301!", "Café", "Café"),
        ("кот", "Котик", None, "Кот"),
        ("東京", "東京都", None, "東京"),
        ("कि", "किताब", None, "कि"),
        ("two words", "Two words", "Two words", "Two words"),
        ("🦊", "a🦊b", "🦊", "🦊"),
        ("x", "", None, None),
    ],
)
def test_words_are_found_as_the_rules_say(keyword: str, text: str, as_word: str | None, as_part: str | None) -> None:
    assert found(keyword, text) == as_word
    assert found(keyword, text, whole=False) == as_part


@pytest.mark.attack("NET-23")
def test_no_word_takes_long() -> None:
    words = tuple(Keyword(n, "a" * 511 + chr(98 + n % 20), n % 2) for n in range(500))
    wanted = Filter(1, "T", ("home",), "warn", None, words)

    began = process_time()
    for text in ("a" * 5000, "(a+)+" * 1000, "aB" * 2500):
        filtering.matches([wanted], 1, text)

    assert process_time() - began < 1.0
