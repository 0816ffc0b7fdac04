"""Stories of what is believed from somebody else because its author has proven it (FEP-8b32)."""

import zlib
from typing import Any

import pytest

from activitypub import documents
from storage.connect import row, rows, use
from tests.fediverse import Fediverse, Instance

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]


async def test_what_a_group_passes_on_is_believed_by_its_authors_proof(fediverse: Fediverse) -> None:
    a, b, c = [await fediverse.instance(f"{name}.test") for name in "abc"]
    gardening = await a.group("gardening")
    alice, bob, carol = await a.person("alice"), await b.person("bob"), await c.person("carol")
    await fediverse.join(gardening, alice, bob, carol)

    post = await bob.post("Which apple trees bear early? @gardening@a.test")
    await fediverse.settle()
    await carol.like(post)
    await alice.like(post)
    await fediverse.settle()

    there = await c.knows(post.uri)
    assert (there.truth, there.entered_by) == ("proof", "a.test")
    assert ("GET", post.uri) not in {(method, url) for method, url, _status in fediverse.wire.log}
    assert await votes(c, post.uri) == {alice.actor.uri: ("proof", "a.test"), carol.actor.uri: ("home", "c.test")}
    kept = await proven(c, post.create_uri)
    assert kept["object"]["id"] == post.uri and kept["proof"]["verificationMethod"].startswith(bob.actor.uri)


async def test_an_edit_and_a_deletion_with_proof_need_no_question_to_the_author(fediverse: Fediverse) -> None:
    a, b, c = [await fediverse.instance(f"{name}.test") for name in "abc"]
    gardening = await a.group("gardening")
    bob, carol = await b.person("bob"), await c.person("carol")
    await fediverse.join(gardening, bob, carol)
    post = await bob.post("Pears @gardening@a.test")
    await fediverse.settle()

    await bob.edit(post, "Pears, early ones @gardening@a.test")
    await fediverse.settle()
    edited = (await c.knows(post.uri)).title
    await bob.delete(post)
    await fediverse.settle()

    assert "early ones" in edited
    assert await c.lacks(post.uri)
    assert ("GET", post.uri) not in {(method, url) for method, url, _status in fediverse.wire.log}


async def test_what_was_said_to_a_few_carries_no_proof(fediverse: Fediverse) -> None:
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    alice, bob = await a.person("alice"), await b.person("bob")
    await bob.follow(alice.handle)
    await fediverse.settle()

    post = await alice.post("Only for you", visibility="private")
    await fediverse.settle()

    assert (await b.knows(post.uri)).truth == "signed"
    with use(b.app.db):
        assert await row("SELECT 1 FROM proven") is None
    with use(a.app.db):
        found = await row("SELECT body FROM outbox WHERE post_id = ?", (post.id,))
    assert found is not None and b'"proof"' not in found[0]


@pytest.mark.attack("ORI-18", "SIG-32")
@pytest.mark.parametrize("hidden", [False, True], ids=["altered", "hidden behind the real one"])
async def test_a_group_cannot_alter_what_an_author_has_proven(fediverse: Fediverse, hidden: bool) -> None:
    a, b, c = [await fediverse.instance(f"{name}.test") for name in "abc"]
    gardening = await a.group("gardening")
    bob, carol = await b.person("bob"), await c.person("carol")
    await fediverse.join(gardening, bob, carol)
    fediverse.wire.down.add("c.test")
    post = await bob.post("Pears @gardening@a.test")
    await fediverse.settle()
    fediverse.wire.down.clear()
    with use(a.app.db):
        found = await row("SELECT body FROM outbox WHERE form = 'wrapped' AND post_id IS NOT NULL ORDER BY seq DESC")
    assert found is not None
    announce = documents.read(found[0])
    real = announce["object"]
    forged = {**real, "object": {**real["object"], "content": "Buy watches"}}
    announce |= {"id": "https://a.test/activities/forged", "object": [real, forged] if hidden else forged}

    with use(c.app.db):
        await c.app.intake.take(gardening.uri, announce["id"], documents.write(announce))
    await fediverse.settle()

    there = await c.knows(post.uri)
    assert "Pears" in there.title and there.truth == "fetched" and "watches" not in there.content
    with use(c.app.db):
        assert await row("SELECT 1 FROM proven") is None


async def votes(instance: Instance, uri: str) -> dict[str, tuple[str, str]]:
    """By voter: how the vote was verified, and through whom it came."""
    sql = (
        "SELECT a.uri, r.truth, r.entered_by FROM reaction r JOIN actor a ON a.id = r.actor_id"
        " JOIN post p ON p.id = r.post_id WHERE p.uri = ?"
    )
    with use(instance.app.db):
        return {found[0]: (found[1], found[2]) for found in await rows(sql, (uri,))}


async def proven(instance: Instance, uri: str) -> dict[str, Any]:
    """The activity that was kept with its proof."""
    with use(instance.app.db):
        found = await row("SELECT raw FROM proven WHERE uri = ?", (uri,))
    assert found is not None
    return documents.read(zlib.decompress(found[0]))
