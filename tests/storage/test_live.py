"""For whom something that just happened is: the one question for all says what each home says by itself."""

import msgspec
import pytest

from storage import live, timelines
from storage.connect import Database, execute
from storage.ids import next_id
from storage.lists import List
from storage.paging import Page
from tests import build

pytestmark = pytest.mark.anyio

WISHES = (
    "none", "mutes the author", "mutes who boosts", "mutes who is named", "mutes the group", "blocks the author",
    "is blocked", "keeps the server away", "reads another language", "wants no boosts", "has an exclusive list",
    "has the group in one", "left the group", "follows nobody",
)  # fmt: skip


async def home_of_each(entry_id: int, viewers: list[int]) -> set[int]:
    """Those whose home shows the line, asked one by one."""
    page = Page(before=entry_id + 1, since=entry_id - 1, limit=1)
    return {viewer for viewer in viewers if (await timelines.home(viewer, page)).entries}


async def list_of_each(entry_id: int, found: list[List]) -> dict[int, int]:
    """Those of the lists that show the line, asked one by one."""
    page = Page(before=entry_id + 1, since=entry_id - 1, limit=1)
    return {each.id: each.owner_id for each in found if (await timelines.of_list(each, page)).entries}


async def keep(owner: int, *people: int) -> None:
    """An exclusive list with these in it."""
    made = next_id()
    await build.insert("list", id=made, owner_id=owner, title="Few", exclusive=1, created_at=build.NOW)
    for each in people:
        await build.insert("list_entry", list_id=made, actor_id=each)


async def mute(owner: int, target: int) -> None:
    """One mutes the other."""
    await build.insert("mute", actor_id=owner, target_id=target, created_at=build.NOW)


async def test_one_question_finds_every_home_that_shows_a_line(database: Database) -> None:
    ann, bea = await build.person("ann", "far.test"), await build.person("bea")
    mal = await build.person("mal")
    group = await build.group("baking")
    people = {wish: await build.person(f"reader{at}") for at, wish in enumerate(WISHES)}
    for wish, reader in people.items():
        if wish != "follows nobody":
            await build.follow(reader, ann)
            await build.follow(reader, bea, reblogs=int(wish != "wants no boosts"))
            await build.join(reader, group)
    ids = {wish: reader.id for wish, reader in people.items()}
    await mute(ids["mutes the author"], ann.id)
    await mute(ids["mutes who boosts"], bea.id)
    await mute(ids["mutes who is named"], mal.id)
    await mute(ids["mutes the group"], group.actor_id)
    await build.block(people["blocks the author"], ann)
    await build.block(ann, people["is blocked"])
    await build.insert("domain_block", actor_id=ids["keeps the server away"], host="far.test", id=next_id())
    tongue = "UPDATE follow SET languages = ' de ' WHERE follower_id = ?"
    await execute(tongue, (ids["reads another language"],))
    await keep(ids["has an exclusive list"], ann.id, bea.id)
    await keep(ids["has the group in one"], group.actor_id)
    away = "UPDATE follow SET state = 'pending' WHERE follower_id = ? AND target_id = ?"
    await execute(away, (ids["left the group"], group.actor_id))
    everybody = [reader.id for reader in people.values()]
    home = list(people.values())
    post = await build.post(ann, home=home, language="en")
    naming = await build.post(ann, home=home, mentions=[mal])
    private = await build.post(ann, home=home, visibility=build.FOLLOWERS)
    boost = await build.boost(bea, await build.post(ann, language="en"), home=home)
    begun = await build.post(ann, group=group, language="en")
    taken_in = await live.boost_of(group.actor_id, begun.id)

    for entry_id in (post.id, naming.id, private.id, boost):
        shown = await live.at_home(entry_id, everybody)
        assert set(shown) == await home_of_each(entry_id, everybody) and len(set(shown)) == len(shown)
        assert ids["none"] in shown and ids["blocks the author"] not in shown
    shown = await live.at_home_of_members(taken_in, everybody)
    assert set(shown) == await home_of_each(taken_in, everybody)
    assert len(shown) < len(everybody) - 6 and ids["none"] in shown
    assert await live.at_home(post.id, [ids["none"]]) == [ids["none"]]
    assert await live.at_home(post.id, []) == await live.at_home_of_members(taken_in, []) == []


async def test_one_question_finds_every_list_that_shows_a_line(database: Database) -> None:
    ann, bea, mal = [await build.person(name) for name in ("ann", "bea", "mal")]
    group = await build.group("baking")
    readers = [await build.person(f"reader{at}") for at in range(8)]
    wishes = ("followed", "list", "none", "list", "list", "list", "list", "list")
    made = []
    for at, (reader, wish) in enumerate(zip(readers, wishes, strict=True)):
        for each in (ann, bea, mal):
            await build.follow(reader, each)
        if at != 7:
            await build.join(reader, group)
        kept = List(next_id(), reader.id, "Bakers", wish, at % 2, build.NOW)
        await build.insert("list", **msgspec.structs.asdict(kept))
        for member in (ann.id, group.actor_id) if at == 3 else (ann.id, bea.id, group.actor_id) if at != 4 else ():
            await build.insert("list_entry", list_id=kept.id, actor_id=member)
        made.append(kept)
    await mute(readers[5].id, ann.id)
    await mute(readers[6].id, group.actor_id)
    post = await build.post(ann, home=readers)
    own = await build.post(ann, parent=post, home=readers)
    to_bea = await build.post(ann, parent=await build.post(bea), home=readers)
    to_mal = await build.post(ann, parent=await build.post(mal), home=readers)
    by_mal = await build.post(mal, home=readers)
    boost = await build.boost(bea, to_mal, home=readers)
    taken_in = await live.boost_of(group.actor_id, (await build.post(mal, group=group)).id)

    ids = [each.id for each in made]
    sizes = []
    for entry_id in (post.id, own.id, to_bea.id, to_mal.id, by_mal.id, boost):
        found = await live.in_lists(entry_id, ids)
        assert found == await list_of_each(entry_id, made)
        sizes.append(len(found))
    found = await live.in_lists_with_group(taken_in, ids)
    assert found == await list_of_each(taken_in, made)
    assert [*sizes, len(found)] == [6, 6, 4, 1, 0, 5, 5]
    assert await live.in_lists(post.id, []) == await live.in_lists_with_group(taken_in, []) == {}
