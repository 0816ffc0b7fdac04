"""Programs belong to families."""

import pytest

from activitypub import quirks


@pytest.mark.parametrize("name", ["lemmy", "piefed", "mbin", "NodeBB", "friendica", "fedcomm"])
def test_programs_with_groups_get_activities(name: str) -> None:
    assert quirks.family(name) == quirks.GROUPS


@pytest.mark.parametrize(
    "name",
    ["mastodon", "gotosocial", "misskey", "Sharkey", "pleroma", "snac", "takahe", "peertube", "wordpress"],
)
def test_microblogs_get_posts(name: str) -> None:
    assert quirks.family(name) == quirks.MICROBLOG


def test_a_forum_that_puts_boosts_into_its_threads_gets_those_of_answers_too() -> None:
    assert quirks.family("Discourse") == quirks.THREADS
    assert "signer" in quirks.about("discourse")


@pytest.mark.parametrize("name", [None, "", "something-new"])
def test_unknown_programs_belong_to_none(name: str | None) -> None:
    assert quirks.family(name) is None


@pytest.mark.parametrize(("name", "reads"), [("Lemmy", False), ("piefed", True), ("mastodon", True), ("", True)])
def test_some_programs_know_no_polls(name: str, reads: bool) -> None:
    assert quirks.reads_polls(name) is reads


def test_what_was_seen_is_told() -> None:
    assert "1.6.6" in quirks.about("PieFed")
    assert quirks.about("something-new") == ""


def test_no_type_is_read_in_two_ways() -> None:
    names = [name for family in quirks.FAMILIES.values() for name in family]

    assert len(names) == len(set(names))
