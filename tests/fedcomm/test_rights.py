"""Roles as sets of named rights, and who is steward of a group when none is there."""

import pytest

from fedcomm import admit, rights
from fedcomm.errors import NotAllowed
from fedcomm.standing import Standing


def test_each_role_has_the_rights_of_the_one_before_it_and_more() -> None:
    member, moderator, steward = (rights.of(role) for role in ("member", "moderator", "steward"))

    assert member < moderator < steward
    assert steward - moderator == {"settings", "appoint", "stewards"}
    assert rights.of("owner") == rights.of("") == frozenset()


@pytest.mark.parametrize(
    ("holders", "expected"),
    [
        ([], {}),
        ([("ann", "moderator"), ("bo", "moderator")], {"ann": "steward", "bo": "moderator"}),
        ([("ann", "moderator"), ("bo", "steward")], {"ann": "moderator", "bo": "steward"}),
        ([("eve", "ex-moderator"), ("bo", "moderator")], {"bo": "steward"}),
        ([("eve", "member")], {}),
    ],
)
def test_a_group_with_anybody_who_looks_after_it_has_a_steward(
    holders: list[tuple[str, str]], expected: dict[str, str]
) -> None:
    assert rights.in_force(holders) == expected
    assert list(rights.in_force(holders)) == list(expected)


@pytest.mark.parametrize(
    ("standing", "may"),
    [
        (Standing(), set()),
        (Standing(member=True), {"write"}),
        (Standing(role="ex-moderator"), set()),
        (Standing(role="moderator"), rights.of("moderator")),
        (Standing(role="steward"), rights.of("steward")),
    ],
)
def test_a_right_is_had_or_asked_for_in_vain(standing: Standing, may: set[str]) -> None:
    for right in rights.of("steward"):
        if right in may:
            admit.right(standing, right)
        else:
            with pytest.raises(NotAllowed, match="stewards" if right not in rights.of("moderator") else "moderators"):
                admit.right(standing, right)


@pytest.mark.parametrize(
    ("role", "program", "without"),
    [
        (
            "moderator",
            "lemmy",
            {"stewards", "approve"},
        ),  # where every moderator appoints others, and nobody is called steward
        ("moderator", "mbin", {"stewards", "approve", "restore", "clear", "flair"}),
        ("moderator", "fedcomm", {"stewards", "appoint", "settings"}),
        ("steward", "fedcomm", set()),
        ("moderator", "nodebb", rights.of("steward") - {"write", "speak", "oversee"}),
        ("moderator", "", {"stewards", "approve"}),
        ("", "lemmy", rights.of("steward")),  # nobody there
    ],
)
def test_in_a_group_elsewhere_somebody_may_what_its_server_takes_from_here(
    role: str, program: str, without: set[str]
) -> None:
    ours = {"settings", "hold", "invite", "welcome", "title"}  # what servers of ours take
    here = {"fedcomm": set(), "lemmy": ours - {"settings"}}.get(program, ours)
    standing = Standing(role=role, program=program)

    assert standing.rights == rights.of("steward") - here - without
    for right in rights.of("steward") - standing.rights:
        with pytest.raises(NotAllowed):
            admit.right(standing, right)
