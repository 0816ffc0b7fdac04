"""What somebody proves about a post of somebody else is theirs, and never passes for the author's word."""

from typing import Any

import pytest

from activitypub import keys, proofs, render
from fedcomm import clock
from storage.connect import rows
from tests.forger import PUBLIC, Json, followed
from tests.scenarios.town import Town

pytestmark = pytest.mark.anyio


@pytest.mark.attack("GRP-04")
@pytest.mark.attack("ORI-18")
@pytest.mark.parametrize("kind", ["Like", "Create"])
async def test_the_outbox_of_a_group_shows_nobodys_proof_about_the_post_of_somebody_else(town: Town, kind: str) -> None:
    face = await town.ours.group("bread", moderator=town.anna)
    key, mallory = keys.make_ed25519(), town.mallory
    key_id = f"{mallory.uri}#proofs"
    town.evil.serve(
        mallory.uri, mallory.document(assertionMethod=[render.multikey(mallory.uri, key_id, keys.multikey(key.public))])
    )
    note = town.bob.note("true", "<p>Wheat</p>", to=[face.uri, PUBLIC])
    await town.send(town.bob, town.bob.does("Create", note, to=note["to"]))
    forged = note | {"content": "<p>Buy watches</p>"}
    decoy = mallory.note("decoy", to=[face.uri, PUBLIC])
    about: Any = forged if kind == "Like" else [forged, decoy]

    said = proofs.sign(mallory.does(kind, about, to=[face.uri, PUBLIC]), key, key_id, clock.now())
    await town.send(mallory, said)

    with town.ours.here():
        kept = await rows("SELECT object_uri FROM proven")
    assert kept == [(note["id"],)]  # the attack got as far as that
    shown = await _threads(town, face.outbox)
    assert {create["object"]["id"]: create["object"]["content"] for create in shown}[note["id"]] == "<p>Wheat</p>"
    assert {create["actor"] for create in shown} <= {town.bob.uri, mallory.uri}
    assert all("watches" not in str(create) for create in shown)


async def _threads(town: Town, outbox: str) -> list[Json]:
    """The activities that the outbox of a group says began its threads."""
    page = await town.ours.get(f"{outbox.removeprefix('https://ours.test')}?page=1")
    items = page["orderedItems"]
    return [item["object"] for item in (items if isinstance(items, list) else [items])]


@pytest.mark.attack("ORI-18")
@pytest.mark.attack("GRP-05")
async def test_a_group_cannot_bring_an_earlier_version_back_by_its_proof(town: Town) -> None:
    wine = town.evil.actor("wine", "Group")
    await followed(town.fediverse, town.anna, wine)
    key, key_id = keys.make_ed25519(), f"{town.bob.uri}#proofs"
    listed = render.multikey(town.bob.uri, key_id, keys.multikey(key.public))
    town.theirs.serve(town.bob.uri, town.bob.document(assertionMethod=[listed]))
    note = town.bob.note("1", "<p>Draft</p>", audience=wine.uri)
    draft = proofs.sign(town.bob.does("Update", note), key, key_id, clock.now())
    town.theirs.serve(note["id"], note | {"content": "<p>Final</p>", "updated": "2026-11-21T13:00:00Z"})
    await town.send(wine, wine.does("Announce", note["id"]))
    final = (await town.here(note["id"])).content

    await town.send(wine, wine.does("Announce", draft))

    assert final == "<p>Final</p>"
    assert (await town.here(note["id"])).content == "<p>Final</p>"
