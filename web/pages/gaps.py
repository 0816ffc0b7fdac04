"""Where posts were that are gone, in a list in the order of time: one line for those of a kind side by side."""

from collections.abc import Sequence
from itertools import groupby

import msgspec


class Gap(msgspec.Struct, frozen=True):
    """So many posts of a kind (`storage.threads.gone`), of which the first has this id."""

    id: int
    kind: str
    count: int


def before(shown: Sequence[int], gone: dict[int, str]) -> dict[int, list[Gap]]:
    """What is missing right before each of the posts that are shown; what comes behind the last leaves no line."""
    found: dict[int, list[Gap]] = {}
    above = 0
    for post_id in shown:
        between = [each for each in sorted(gone) if above < each < post_id]
        for kind, ids in ((kind, list(ids)) for kind, ids in groupby(between, key=gone.__getitem__)):
            found.setdefault(post_id, []).append(Gap(ids[0], kind, len(ids)))
        above = post_id
    return found
