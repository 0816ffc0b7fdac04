"""Activities find their rule by shape."""

from typing import Any

import pytest

from activitypub import dispatch, parse
from activitypub.activities import Activity
from activitypub.dispatch import ACTOR, COLLECTION, LINK, OTHER, POST, TOMBSTONE, Rule
from tests.activitypub import spellings


def done(kind: str, thing: Any) -> dict[str, Any]:
    return {"id": "https://a.test/1", "type": kind, "actor": "https://a.test/u/x", "object": thing}


@pytest.mark.parametrize(
    ("raw", "shape"),
    [
        (spellings.mastodon_create(), ("Create", POST)),
        (spellings.friendica_create(), ("Create", POST)),
        (spellings.lemmy_announce(spellings.lemmy_like()), ("Announce", "Like", LINK)),
        (spellings.lemmy_announce(spellings.mastodon_create()), ("Announce", "Create", POST)),
        (spellings.lemmy_announce(done("Undo", spellings.lemmy_like())), ("Announce", "Undo", "Like", LINK)),
        (spellings.piefed_votes(), ("Announce", "Like", LINK)),
        (spellings.mbin_delete_by_moderator(), ("Announce", "Delete", TOMBSTONE)),
        (spellings.mastodon_delete(), ("Delete", TOMBSTONE)),
        (spellings.nodebb_delete(), ("Announce", "Delete")),
        (spellings.nodebb_reject_flag(), ("Reject",)),
        (done("Update", spellings.person()), ("Update", ACTOR)),
        (done("Create", spellings.gotosocial_question()), ("Create", POST)),
        (done("Create", spellings.peertube_video()), ("Create", POST)),
        (done("Announce", "https://b.test/n/1"), ("Announce", LINK)),
        (done("Announce", spellings.lemmy_page()), ("Announce", POST)),
        (done("Add", {"type": "OrderedCollection", "id": "https://a.test/c", "totalItems": 0}), ("Add", COLLECTION)),
        (done("Accept", {"type": "Place", "id": "https://a.test/p", "name": "here"}), ("Accept", OTHER)),
        (done("Undo", done("Follow", "https://b.test/u/y")), ("Undo", "Follow", LINK)),
        (done("Arrive", None), ("Arrive",)),
    ],
)
def test_a_shape_is_the_types_from_outside_in_and_the_innermost_object(
    raw: dict[str, Any], shape: tuple[str, ...]
) -> None:
    assert dispatch.shape_of(parse.activity(raw)) == shape


def test_a_batch_is_one_announce_for_each_vote() -> None:
    batch = parse.activity(spellings.piefed_votes())

    one, two = dispatch.each(batch)

    assert [dispatch.shape_of(single) for single in (one, two)] == [
        ("Announce", "Like", LINK),
        ("Announce", "Dislike", LINK),
    ]
    assert one.uri == two.uri == batch.uri
    assert isinstance(two.object, Activity)
    assert two.object.actor == "https://pie.test/u/di"


def test_a_ballot_may_come_as_a_list() -> None:
    votes = [
        {"id": f"https://a.test/v/{n}", "type": "Note", "attributedTo": "https://a.test/u/x", "name": f"{n}"}
        for n in (1, 2)
    ]

    assert len(dispatch.each(parse.activity(done("Create", votes)))) == 2


def test_a_report_of_several_things_stays_one() -> None:
    flag = parse.activity(done("Flag", ["https://b.test/u/y", "https://b.test/n/1"]))

    assert dispatch.each(flag) == (flag,)
    assert flag.object_ids == ("https://b.test/u/y", "https://b.test/n/1")


def test_a_rule_is_found_by_shape() -> None:
    rule = Rule(("Announce", "Like", LINK), handler=print, authority=print, fetch=("object.object",))
    rules = dispatch.index((rule, Rule(("Create", POST), handler=print, authority=print)))

    assert dispatch.find(rules, parse.activity(spellings.lemmy_announce(spellings.lemmy_like()))) is rule
    assert dispatch.find(rules, parse.activity(done("Travel", None))) is None


def test_two_rules_for_one_shape_are_a_mistake() -> None:
    rule = Rule(("Create", POST), handler=print, authority=print)

    with pytest.raises(ValueError, match="Create"):
        dispatch.index((rule, rule))
