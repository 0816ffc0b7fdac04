"""Which of several versions of a post counts."""

from typing import Any

import pytest

import fedcomm.inbox
from activitypub.objects import Audience, Note
from fedcomm import fetching, recording
from fedcomm.inbox import facts
from storage import posts
from storage.connect import Writes, apply
from storage.errors import Collision
from tests import build
from tests.fediverse import Fediverse
from tests.forger import Host

pytestmark = pytest.mark.anyio
SECOND = 1_000  # ms


def version(uri: str, author: str, text: str, updated: int) -> Note:
    return Note(uri=uri, kind="Note", attributed_to=author, content=text, audience=Audience(), updated=updated)


async def test_an_edit_counts_whose_author_writes_whole_seconds(fediverse: Fediverse) -> None:
    a = await fediverse.instance("a.test")
    with a.here():
        author = await build.person("mona", "elsewhere.test")
        post = await build.post(author, "First", published=build.NOW + 300)  # when it came: it had no time of its own
        writes = Writes()

        edited = recording.edit(a.app, writes, post, author, version(post.uri, author.uri, "Second", build.NOW), ())
        await apply(writes)

        found = await posts.by_id(post.id)
    assert edited
    assert found is not None and found.content == "Second"


async def test_an_earlier_version_that_comes_late_changes_nothing(fediverse: Fediverse) -> None:
    a = await fediverse.instance("a.test")
    with a.here():
        author = await build.person("mona", "elsewhere.test")
        post = await build.post(author, "Third", author_updated=build.NOW + 2 * SECOND)
        writes = Writes()

        earlier = version(post.uri, author.uri, "Second", build.NOW + SECOND)
        edited = recording.edit(a.app, writes, post, author, earlier, ())
        await apply(writes)

        found = await posts.by_id(post.id)
    assert not edited
    assert found is not None and found.content == post.content


async def test_an_edit_that_the_database_put_off_has_had_its_effect_when_all_is_quiet(
    fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under load two transactions get into each other's way; whoever waits for quiet waits for the next try too."""
    a, b = await fediverse.instance("a.test"), await fediverse.instance("b.test")
    bob, bread = await b.person("bob"), await a.group("bread")
    await fediverse.join(bread, bob)
    post = await bob.post("Rye @bread@a.test")
    await fediverse.settle()
    gather, tries = facts.gather, []

    async def stumble(*asked: Any) -> facts.Facts:
        tries.append(asked)
        if len(tries) == 1:
            raise Collision("two in each other's way")
        return await gather(*asked)

    monkeypatch.setattr(facts, "gather", stumble)
    monkeypatch.setattr(fedcomm.inbox, "SOON", 200)
    await bob.edit(post, "Wheat @bread@a.test")
    await fediverse.settle()

    assert (await a.knows(post.uri)).title == "Wheat" and len(tries) > 1


@pytest.mark.attack("PRI-14")
async def test_who_is_named_by_an_edit_gets_the_post_before_it_and_who_is_not_any_more_hears_what_they_may(
    fediverse: Fediverse,
) -> None:
    """Of what is for followers somebody who is named no more hears nothing but the deletion."""
    a = await fediverse.instance("a.test")
    anna = await a.person("anna")
    hosts = [Host(fediverse, f"{name}.test") for name in ("first", "second")]
    first, second = [host.actor("mona") for host in hosts]
    with a.here():
        assert [await fetching.actor(a.app, who.uri) for who in (first, second)]

    for level, told in (("public", ["Update"]), ("private", [])):
        for host in hosts:
            host.received.clear()
        post = await anna.post("@mona@first.test Boats", visibility=level)
        await anna.edit(post, "@mona@second.test Boats and oars")
        await fediverse.settle()
        assert [each["type"] for each in hosts[0].received] == ["Create", *told], level
        assert [each["type"] for each in hosts[1].received] == ["Create", "Update"], level
        assert all("and oars" in str(each) for each in hosts[1].received), level
        await anna.edit(post, "@mona@second.test @mona@first.test Oars")
        await anna.delete(post)
        await fediverse.settle()
        assert [each["type"] for each in hosts[0].received] == ["Create", *told, "Update", "Delete"], level
        assert [each["type"] for each in hosts[1].received] == ["Create", "Update", "Update", "Delete"], level
