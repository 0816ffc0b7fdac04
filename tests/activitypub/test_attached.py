"""What hangs on objects."""

import pytest

from activitypub import attached


@pytest.mark.parametrize(
    "content",
    [
        "👌", "👍🏽", "❤️", "👩\u200d👩\u200d👧", "🇫🇷", "1️⃣", "🏴\U000e0067\U000e007f", ":hanapog:",
        ":hanapog@there.test:",
    ],
)  # fmt: skip
def test_a_reaction_carries_one_emoji(content: str) -> None:
    assert attached.is_emoji(content)


@pytest.mark.parametrize("content", ["", "~", "x", "👌👌", "🇫🇷🇩🇪", "🇫", "::", ":", ":a b:", "👌 nice", "\ufe0f"])
def test_anything_else_is_no_reaction(content: str) -> None:
    assert not attached.is_emoji(content)
