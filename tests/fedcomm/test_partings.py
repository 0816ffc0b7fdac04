"""A group that is for its own server from now on says goodbye to many, some at a time."""

import msgspec
import pytest

from fedcomm import group_profile, groups, partings
from fedcomm.app import App
from fedcomm.group_profile import Change
from storage.connect import execute, rows
from tests import build
from tests.people import person

pytestmark = pytest.mark.anyio


@pytest.mark.attack("GRP-20")
async def test_each_of_many_is_told_once_and_another_job_goes_on_where_one_ends(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partings, "AT_ONCE", 3)
    monkeypatch.setattr(partings, "IN_A_ROW", 6)
    berta = await person(app, "berta")
    await groups.create(app, "rye", "Rye", "", "berta")
    group, face = await groups.named("rye")
    far = [await build.person(f"far{number}", f"h{number}.test", following_count=1) for number in range(8)]
    for who in (berta, *far):
        await build.join(who, group)
    asker = await build.person("asker", "h1.test")
    await build.follow(asker, face, "pending")
    await build.insert("peer", host="h0.test", software="fedcomm", first_seen_at=build.NOW)
    await execute("UPDATE actor SET followers_count = 9 WHERE id = ?", (face.id,))
    await execute("UPDATE groups SET members_count = 9")
    await group_profile.change(app, "rye", Change(visibility="local"))

    for left in (4, 1, 1):
        for (job,) in await rows("SELECT id FROM job WHERE name = 'part_group'"):
            await execute("DELETE FROM job WHERE id = ?", (job,))
            await partings.part(app, group.id)
        assert len(await rows("SELECT 1 FROM follow WHERE target_id = ?", (face.id,))) == left
    await partings.part(app, group.id)  # as after a process that ended before it noted that the job is done

    told = [msgspec.json.decode(body) for (body,) in await rows("SELECT body FROM outbox")]
    refused = {each["to"][0]: "only for people" in each.get("summary", "") for each in told if each["type"] == "Reject"}
    letters = [each["to"][0] for each in told if each["type"] == "Create" and "only for people" in str(each)]
    assert refused == {who.uri: True for who in far} | {asker.uri: False}, "who waits only is told no more than that"
    assert sum(each["type"] == "Reject" for each in told) == len(refused)
    assert sorted(letters) == sorted(who.uri for who in far[1:]), "the server of one of them tells them itself"
    assert await rows("SELECT followers_count FROM actor WHERE id = ?", (face.id,)) == [(1,)]
    assert await rows("SELECT members_count FROM groups") == [(1,)], "who lives here stays"
    assert await rows("SELECT SUM(following_count) FROM actor WHERE host <> ''") == [(0,)]
