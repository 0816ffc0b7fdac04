"""Who belongs to a group, since when, and from where."""

import pytest

from storage import members
from storage.connect import Database, Writes, apply, execute, value
from storage.members import Member
from tests import build

pytestmark = pytest.mark.anyio


async def test_since_when_somebody_belongs_is_kept_until_they_leave(database: Database) -> None:
    group, far = await build.group("bread"), await build.person("far", "far.test")

    async def put(state: str, at: int) -> Member | None:
        writes = Writes()
        members.put(writes, Member(group.id, far.id, state, far.host, at, None))
        await apply(writes)
        return await members.of(group.id, far.id)

    asked, joined, again = await put("pending", 1), await put("joined", 2), await put("joined", 3)
    writes = Writes()
    members.leave(writes, group.id, far.id, 4)
    await apply(writes)
    left, back = await members.of(group.id, far.id), await put("joined", 5)

    found = [(m.state, m.joined_at, m.left_at, m.home_host) for m in (asked, joined, again, left, back) if m]
    assert found == [
        ("pending", 1, None, "far.test"),
        ("joined", 2, None, "far.test"),
        ("joined", 2, None, "far.test"),
        ("left", 2, 4, "far.test"),
        ("joined", 5, None, "far.test"),
    ]
    assert await value("SELECT members_count FROM groups WHERE id = ?", (group.id,)) == 1
    assert await members.hosts(group.id, ["far.test", "near.test"]) == {"far.test"}
    await execute("UPDATE actor SET suspended_at = 1 WHERE id = ?", (far.id,))
    assert await members.hosts(group.id, ["far.test"]) == set()


async def test_lists_of_members_and_of_groups_name_those_who_belong(database: Database) -> None:
    group, other = await build.group("bread"), await build.group("wine")
    ann, bo, cy = [await build.person(name) for name in ("ann", "bo", "cy")]
    for number, (where, who, state) in enumerate(
        ((group, ann, "joined"), (group, bo, "joined"), (group, cy, "pending"), (other, ann, "joined"))
    ):
        writes = Writes()
        members.put(writes, Member(where.id, who.id, state, "", number, None))
        await apply(writes)

    assert [m.actor_id for m in await members.of_group(group.id)] == [bo.id, ann.id]
    assert [m.actor_id for m in await members.of_group(group.id, "pending")] == [cy.id]
    assert await members.groups_of(ann.id) == [group.id, other.id] and await members.groups_of(cy.id) == []
