"""Who makes a group, or is named its steward, is in it."""

import pytest

from fedcomm import accounts, founding
from fedcomm.app import App
from fedcomm.errors import Conflict
from storage import follows, members
from storage.connect import value

pytestmark = pytest.mark.anyio


async def test_the_first_steward_is_a_member_and_nobody_when_there_is_no_group(app: App) -> None:
    ann = await accounts.create(app, "ann", "correct horse battery")

    private = await founding.found(app, "rye", "Rye", "", "@ann", "invite", visibility="members")

    follow = await follows.of(ann.actor_id, private.actor_id)
    assert follow is not None and follow.state == "accepted"
    member = await members.of(private.id, ann.actor_id)
    assert member is not None and member.state == "joined"
    with pytest.raises(Conflict):
        await founding.found(app, "rye", "Rye again", "", "ann")
    assert await value("SELECT COUNT(*) FROM member") == 1
