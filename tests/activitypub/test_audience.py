"""Addresses say who may see something, and the other way round."""

import pytest

from activitypub.audience import Visibility, address, group_of, visibility
from activitypub.contexts import PUBLIC
from activitypub.objects import Audience

FOLLOWERS = "https://a.test/u/x/followers"
GROUP = "https://b.test/c/g"


@pytest.mark.parametrize(
    ("to", "cc", "seen"),
    [
        ((PUBLIC,), (FOLLOWERS,), "public"),
        ((FOLLOWERS,), (PUBLIC,), "unlisted"),
        ((FOLLOWERS,), (), "followers"),
        ((), (FOLLOWERS,), "followers"),
        (("https://b.test/u/y",), (), "direct"),
        ((), (), "direct"),
        (("https://victim.test/u/v/followers",), (), "direct"),
    ],
)
def test_the_narrowest_honest_reading_is_taken(to: tuple[str, ...], cc: tuple[str, ...], seen: str) -> None:
    assert visibility(Audience(to=to, cc=cc), FOLLOWERS) == seen


@pytest.mark.attack("ORI-24")
def test_without_followers_of_ones_own_nobody_elses_are_meant() -> None:
    assert visibility(Audience(to=(FOLLOWERS,)), None) == "direct"


@pytest.mark.parametrize("wanted", ["public", "unlisted", "followers", "direct"])
@pytest.mark.parametrize("group", [None, GROUP])
def test_what_is_addressed_is_read_back(wanted: Visibility, group: str | None) -> None:
    audience = address(wanted, followers=FOLLOWERS, mentions=["https://b.test/u/y"], group=group)

    assert visibility(audience, FOLLOWERS) == wanted
    assert "https://b.test/u/y" in audience.everyone
    assert (GROUP in audience.everyone) is (group is not None)


def test_the_group_comes_first_and_once() -> None:
    audience = address("public", followers=FOLLOWERS, mentions=[GROUP], group=GROUP)

    assert audience == Audience(to=(GROUP, PUBLIC), cc=(FOLLOWERS,), audience=(GROUP,))


def test_the_group_is_looked_for_where_it_is_meant_most() -> None:
    groups = {GROUP, "https://b.test/c/h"}

    assert group_of(Audience(audience=(GROUP,), to=("https://b.test/c/h",)), groups.__contains__) == GROUP
    assert group_of(Audience(to=("https://b.test/u/y",), cc=(GROUP,)), groups.__contains__) == GROUP
    assert group_of(Audience(to=("https://b.test/u/y",)), groups.__contains__) is None
