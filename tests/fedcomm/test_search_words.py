"""Words of texts: plain ASCII goes a shorter way, to the same words."""

import pytest

from fedcomm import search_words


@pytest.mark.parametrize(
    "text",
    ["Crust and CRUMB, 2 loaves_of rye-bread; C++ & O'Neill\t", "".join(map(chr, range(128))), "a" * 70, "", " _ "],
)
def test_plain_text_has_the_words_that_it_has_beside_other_letters(text: str) -> None:
    assert search_words.words([text])[:-1] == search_words.words([f"{text} é"])[:-2]
    assert search_words.phrases(text) == search_words.phrases(f"{text} é")[:-1]
