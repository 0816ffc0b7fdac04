"""Activities of ours: what they are called is defined in what they carry, for those who read JSON-LD."""

from typing import Any

import pytest

from activitypub.contexts import ACTIVITYSTREAMS
from fedcomm.mapping import activities

ANN, FACE = "https://here.example/users/ann", "https://here.example/c/bread"


@pytest.mark.parametrize(
    ("kind", "more", "terms"),
    [
        ("Like", {"audience": FACE}, {}),
        ("Lock", {"audience": FACE, "summary": "enough"}, {"Lock": "lemmy:Lock"}),
        ("Block", {"target": FACE, "removeData": True, "expires": None}, {"removeData": "lemmy:removeData"}),
    ],
)
def test_each_word_of_an_activity_has_its_meaning_in_its_context(
    kind: str, more: dict[str, Any], terms: dict[str, str]
) -> None:
    said = activities.activity(kind, f"{ANN}#1", ANN, "https://far.example/1", **more)
    undone = activities.undo(f"{ANN}#2", ANN, said)
    announced = activities.announce(f"{FACE}#3", FACE, f"{FACE}/followers", undone, 0)

    contexts = [activity["@context"] for activity in (said, undone, announced)]

    whole = [ACTIVITYSTREAMS, {"lemmy": "https://join-lemmy.org/ns#", **terms}] if terms else ACTIVITYSTREAMS
    assert contexts == [whole] * 3
    assert "expires" not in said
