"""What nothing vouches for does not get past its id."""

from typing import Any

import pytest

from activitypub import authenticity, parse
from activitypub.activities import Activity
from activitypub.actors import Actor
from activitypub.errors import Forbidden
from activitypub.objects import Note
from tests.activitypub import spellings

MALLORY = "https://evil.test/users/mallory"
ALICE = "https://good.test/users/alice"
BOB = "https://good.test/users/bob"
GROUP = "https://good.test/c/cats"


def post(author: Any, uri: str = "https://good.test/notes/1", **more: Any) -> dict[str, Any]:
    return {"id": uri, "type": "Note", "attributedTo": author, "content": "<p>FORGED</p>", **more}


def act(kind: str, actor: str, thing: Any, **more: Any) -> dict[str, Any]:
    return {"id": f"{actor}/acts/{kind}", "type": kind, "actor": actor, "object": thing, **more}


def reduced(raw: dict[str, Any], signer: str, proven: Any = ()) -> Activity:
    return authenticity.reduce(parse.activity(raw), signer, frozenset(proven))


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_what_the_signer_wrote_is_kept(kind: str) -> None:
    activity = reduced(act(kind, ALICE, post(ALICE)), ALICE)

    assert isinstance(activity.object, Note)


@pytest.mark.attack("ORI-01")
@pytest.mark.parametrize(
    "uri", ["https://good.test/acts/1", "http://evil.test/acts/1", "https://evil.test:8443/acts/1"]
)
def test_the_id_of_an_activity_lies_where_its_actor_is(uri: str) -> None:
    with pytest.raises(Forbidden):
        reduced(act("Create", MALLORY, post(MALLORY, "https://evil.test/n/1"), id=uri), MALLORY)


@pytest.mark.attack("ORI-10", "ORI-15", "ORI-29")
@pytest.mark.parametrize("signer", [BOB, MALLORY, "https://good.test/users/alice/", "https://GOOD.test/users/alice2"])
def test_only_the_actor_can_have_signed(signer: str) -> None:
    with pytest.raises(Forbidden):
        reduced(act("Create", ALICE, post(ALICE)), signer)


@pytest.mark.attack("ORI-02")
def test_an_object_on_a_foreign_host_is_only_its_id() -> None:
    activity = reduced(act("Create", MALLORY, post(ALICE, "https://good.test/notes/5")), MALLORY)

    assert activity.object == "https://good.test/notes/5"
    assert activity.objects == ("https://good.test/notes/5",)


@pytest.mark.attack("ORI-02", "ORI-03")
@pytest.mark.parametrize(
    ("author", "uri"),
    [
        (MALLORY, "https://good.test/notes/5"),
        (ALICE, "https://evil.test/notes/5"),
        (None, "https://evil.test/notes/5"),
        ([ALICE], "https://evil.test/notes/5"),
        ({"id": ALICE, "type": "Person"}, "https://evil.test/notes/5"),
        ("https://evil.test/users/other", "https://evil.test/notes/5"),
    ],
)
def test_an_object_that_is_not_the_signers_is_only_its_id(author: Any, uri: str) -> None:
    assert reduced(act("Create", MALLORY, post(author, uri)), MALLORY).object == uri


@pytest.mark.attack("ORI-03", "ORI-11")
@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_neighbour_does_not_write_for_another(kind: str) -> None:
    assert reduced(act(kind, BOB, post(ALICE)), BOB).object == "https://good.test/notes/1"


@pytest.mark.attack("ORI-04")
def test_a_victim_among_the_authors_is_not_the_author() -> None:
    activity = reduced(
        act("Create", MALLORY, post([ALICE, 1, "1", None, {}, MALLORY], "https://evil.test/n/1")), MALLORY
    )

    assert isinstance(activity.object, Note)
    assert activity.object.attributed_to == MALLORY


@pytest.mark.attack("ORI-13")
def test_only_oneself_updates_ones_profile() -> None:
    ada = spellings.person()
    own = reduced(act("Update", ada["id"], ada), ada["id"])
    neighbour = reduced(act("Update", "https://micro.test/users/eve", ada), "https://micro.test/users/eve")
    stranger = reduced(act("Update", MALLORY, ada), MALLORY)

    assert isinstance(own.object, Actor)
    assert neighbour.object == stranger.object == ada["id"]


@pytest.mark.attack("ORI-15")
@pytest.mark.parametrize(
    "inner",
    [
        act("Like", ALICE, "https://b.test/n/1"),
        act("Like", MALLORY, "https://b.test/n/1", id="https://good.test/likes/1"),
        act("Follow", BOB, "https://b.test/u/y"),
    ],
)
def test_nobody_takes_back_what_another_did(inner: dict[str, Any]) -> None:
    assert reduced(act("Undo", MALLORY, inner), MALLORY).object == inner["id"]


@pytest.mark.attack("ORI-15")
def test_a_foreign_deed_without_an_id_cannot_be_taken_back() -> None:
    inner = {"type": "Like", "actor": ALICE, "object": "https://b.test/n/1"}

    assert reduced(act("Undo", MALLORY, inner), MALLORY).object is None


def test_what_one_did_oneself_can_be_taken_back() -> None:
    undo = reduced(act("Undo", ALICE, act("Like", ALICE, "https://b.test/n/1")), ALICE)

    assert isinstance(undo.object, Activity)
    assert undo.object.object == "https://b.test/n/1"


@pytest.mark.attack("ORI-16")
@pytest.mark.parametrize("kind", ["Accept", "Reject"])
def test_an_answer_is_about_a_request_made_of_the_one_who_answers(kind: str) -> None:
    follow = act("Follow", "https://ours.test/u/me", ALICE)
    own = reduced(act(kind, ALICE, follow), ALICE)
    forged = reduced(act(kind, MALLORY, follow), MALLORY)

    assert isinstance(own.object, Activity)
    assert forged.object == follow["id"]


@pytest.mark.attack("ORI-16")
def test_a_forged_request_without_an_id_is_nothing() -> None:
    follow = {"type": "Follow", "actor": "https://ours.test/u/me", "object": ALICE}

    assert reduced(act("Accept", MALLORY, follow), MALLORY).object is None


@pytest.mark.attack("ORI-18")
@pytest.mark.parametrize("author", [ALICE, MALLORY, GROUP])
def test_an_announced_post_is_only_its_id(author: str) -> None:
    assert reduced(act("Announce", MALLORY, post(author)), MALLORY).object == "https://good.test/notes/1"


@pytest.mark.attack("ORI-18", "ORI-02")
@pytest.mark.parametrize("kind", ["Create", "Update"])
@pytest.mark.parametrize("author", [ALICE, MALLORY])
def test_a_group_passes_on_who_did_what_but_not_what_was_written(kind: str, author: str) -> None:
    announce = reduced(act("Announce", GROUP, act(kind, author, post(author, f"{author}/n/1"))), GROUP)

    assert isinstance(announce.object, Activity)
    assert (announce.object.type, announce.object.actor) == (kind, author)
    assert announce.object.object == f"{author}/n/1"


def test_a_group_passes_on_its_own_profile() -> None:
    bees = spellings.lemmy_group()
    announce = reduced(act("Announce", bees["id"], act("Update", "https://link.test/u/mod", bees)), bees["id"])
    other = spellings.lemmy_group(name="wasps")
    forged = reduced(act("Announce", bees["id"], act("Update", "https://link.test/u/mod", other)), bees["id"])

    assert isinstance(announce.object, Activity)
    assert isinstance(announce.object.object, Actor)
    assert isinstance(forged.object, Activity)
    assert forged.object.object == other["id"]


@pytest.mark.attack("ORI-15")
def test_a_group_does_not_make_one_take_back_what_another_did() -> None:
    undo = act("Undo", BOB, act("Like", ALICE, "https://b.test/n/1"))
    announce = reduced(act("Announce", GROUP, undo), GROUP)

    assert isinstance(announce.object, Activity)
    assert announce.object.object == f"{ALICE}/acts/Like"


def test_an_announced_deed_whose_id_is_elsewhere_is_only_its_id() -> None:
    inner = act("Like", ALICE, "https://b.test/n/1", id="https://evil.test/likes/1")

    assert reduced(act("Announce", GROUP, inner), GROUP).object == "https://evil.test/likes/1"


def test_each_of_several_is_weighed() -> None:
    inner = [act("Like", ALICE, "https://b.test/n/1"), act("Like", BOB, "https://b.test/n/1", id="https://evil.test/1")]
    announce = reduced(act("Announce", GROUP, inner), GROUP)

    assert isinstance(announce.objects[0], Activity)
    assert announce.objects[1] == "https://evil.test/1"


def test_a_proof_vouches_for_what_is_passed_on() -> None:
    created = act("Create", ALICE, post(ALICE))
    by_activity = reduced(act("Announce", MALLORY, created), MALLORY, {created["id"]})
    by_object = reduced(act("Announce", MALLORY, created), MALLORY, {"https://good.test/notes/1"})
    without = reduced(act("Announce", MALLORY, created), MALLORY, {"https://good.test/notes/2"})

    for announce, kept in ((by_activity, True), (by_object, True), (without, False)):
        assert isinstance(announce.object, Activity)
        assert isinstance(announce.object.object, Note) is kept


def test_a_proof_does_not_vouch_for_another_origin() -> None:
    foreign = post(MALLORY, "https://good.test/notes/1")

    assert reduced(act("Create", MALLORY, foreign), MALLORY, {"https://good.test/notes/1"}).object == foreign["id"]


@pytest.mark.attack("ORI-18")
@pytest.mark.parametrize(
    "kind", ["Like", "Dislike", "Delete", "Follow", "Block", "Add", "Remove", "Lock", "Move", "EmojiReact"]
)
def test_where_only_the_id_matters_only_the_id_is_left(kind: str) -> None:
    for thing in (
        post(ALICE),
        spellings.person("good.test", "alice"),
        {"type": "Tombstone", "id": "https://good.test/notes/1"},
    ):
        assert reduced(act(kind, ALICE, thing), ALICE).object == thing["id"]


def test_a_report_keeps_the_ids_of_all_it_names() -> None:
    flag = reduced(act("Flag", ALICE, [MALLORY, post(MALLORY, "https://evil.test/n/1"), 7]), ALICE)

    assert flag.object_ids == (MALLORY, "https://evil.test/n/1")


@pytest.mark.parametrize(
    "raw", [spellings.nodebb_like(), spellings.nodebb_delete(), spellings.piefed_votes(), spellings.mastodon_create()]
)
def test_the_usual_documents_pass(raw: dict[str, Any]) -> None:
    assert reduced(raw, raw["actor"]).type == raw["type"]


@pytest.mark.attack("ORI-03", "ORI-04")
@pytest.mark.parametrize("author", [None, MALLORY, [MALLORY], 1, "http://good.test/users/alice"])
def test_a_fetched_post_belongs_to_somebody_of_its_origin(author: Any) -> None:
    with pytest.raises(Forbidden):
        authenticity.genuine(parse.object(post(author)))


def genuine(raw: dict[str, Any]) -> bool:
    value: Any = parse.document(raw)
    try:
        authenticity.genuine(value)
    except Forbidden:
        return False
    return True


@pytest.mark.parametrize(
    "raw",
    [
        post(ALICE),
        spellings.person(),
        act("Like", ALICE, "https://b.test/n/1"),
        {"type": "Collection", "id": "https://a.test/c"},
        {"type": "Collection", "id": "https://good.test/c", "attributedTo": ALICE},
        {"type": "Tombstone", "id": "https://good.test/n/1"},
    ],
)
def test_what_is_owned_at_home_is_genuine(raw: dict[str, Any]) -> None:
    assert genuine(raw)


@pytest.mark.parametrize(
    "raw",
    [
        act("Like", ALICE, "https://b.test/n/1", id="https://evil.test/1"),
        {"type": "Collection", "id": "https://evil.test/c", "attributedTo": ALICE},
    ],
)
def test_what_claims_a_foreign_owner_is_not(raw: dict[str, Any]) -> None:
    assert not genuine(raw)
