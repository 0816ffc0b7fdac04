"""What somebody forwards with its author's Linked Data Signature: that says nothing here, whatever it is like."""

from typing import Any

import pytest

from tests.forger import Json, followed, post
from tests.scenarios.town import Town

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]

# As Mastodon writes it. None is looked at, so that it need not fit either.
LD: Json = {
    "type": "RsaSignature2017", "creator": "https://theirs.test/users/bob#main-key",
    "created": "2026-11-21T12:00:00Z", "signatureValue": "bm8gbW9yZSB0aGFuIGEgZGVjb3JhdGlvbg==",
}  # fmt: skip


def _as_it_was(create: Json) -> Json:
    return create


def _rearranged(create: Json) -> Json:
    return dict(reversed([*create.items(), ("@graph", [create])]))


def _with_less_in_it(create: Json) -> Json:
    return {**create, "object": {name: said for name, said in create["object"].items() if name != "content"}}


def _with_a_term_that_nobody_defined(create: Json) -> Json:
    return {**create, "object": create["object"] | {"content": "<p>FORGED</p>", "undefined": "<p>Hello</p>"}}


def _with_a_context_that_renames(create: Json) -> Json:
    return {**create, "@context": [create["@context"], {"actor": "https://theirs.test/ns#nobody"}]}


CHANGES = [_as_it_was, _rearranged, _with_less_in_it, _with_a_term_that_nobody_defined, _with_a_context_that_renames]


def _signed(town: Town) -> tuple[Json, Json]:
    """A post of bob, served by his server, and its Create with his Linked Data Signature."""
    note = town.bob.note(1, cc=[town.anna.actor.uri])
    town.theirs.serve(note["id"], note)
    return note, town.bob.does("Create", note) | {"signature": LD}


@pytest.mark.attack("SIG-31")
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
async def test_what_is_forwarded_with_its_authors_signature_is_refused(town: Town, change: Any) -> None:
    note, create = _signed(town)

    answer = await post(town.ours, change(create), town.mallory)
    await town.fediverse.settle()

    assert answer.status_code in (400, 401)
    assert await town.ours.post(note["id"]) is None


@pytest.mark.attack("SIG-31")
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
async def test_what_a_group_passes_on_with_it_reads_as_its_origin_says(town: Town, change: Any) -> None:
    cats = town.evil.actor("cats", "Group")
    await followed(town.fediverse, town.anna, cats)
    note, create = _signed(town)

    answer = await post(town.ours, cats.does("Announce", change(create)), cats)
    await town.fediverse.settle()

    assert answer.status_code in (202, 400)
    found = await town.ours.post(note["id"])
    assert found is None or (found.content, found.truth) == ("<p>Hello</p>", "fetched")
    if change is _as_it_was:
        assert found is not None and town.theirs.asked.count(note["id"]) == 1


async def test_what_its_author_sends_may_carry_it(town: Town) -> None:
    note, create = _signed(town)

    await town.send(town.bob, create)

    assert (await town.here(note["id"])).truth == "signed"
