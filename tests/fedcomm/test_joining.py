"""Coming into a group: by whom it is asked, and what an invitation is good for."""

import asyncio
from collections.abc import Callable

import pytest

from fedcomm import accounts, follows, group_profile, groups, invites, joining, members
from fedcomm.app import App
from fedcomm.errors import AppError, NotAllowed, NotFound
from fedcomm.group_profile import Change
from storage import admissions
from storage import members as stored
from storage.accounts import Account
from storage.actors import Actor
from storage.actors import by_id as actor_by_id
from storage.admissions import Admission
from storage.connect import Writes, apply, value
from storage.groups import Group
from tests import build

pytestmark = pytest.mark.anyio

GOOD = "correct horse battery"


async def club(app: App, join_mode: str = "invite") -> tuple[Group, Actor, Actor]:
    """A group, its face, and its moderator, who belongs to it."""
    ann = await build.person("ann")
    await groups.create(app, "club", "Club", steward="ann", join_mode=join_mode)
    group, face = await groups.named("club")
    await follows.follow(app, ann, face.id)
    return group, face, ann


async def state(group: Group, actor: Actor) -> str:
    """Whether somebody is in a group: joined, pending, left or ''."""
    found = await stored.of(group.id, actor.id)
    return found.state if found else ""


def token_of(link: str) -> str:
    """The last part of a link."""
    return link.rpartition("/")[2]


@pytest.mark.attack("GRP-17")
async def test_into_a_group_by_invitation_nobody_comes_without_one(app: App) -> None:
    group, face, ann = await club(app)
    bob, far = await build.person("bob"), await build.person("far", "far.example")
    other = await groups.create(app, "other", "Other")
    elsewhere = token_of(await invites.create(app, None, group_id=other.id))
    used = token_of(await invites.create(app, None, group_id=group.id))
    eve = await build.person("eve")
    await joining.join(app, eve, group, "", used)

    with pytest.raises(NotAllowed, match="by invitation"):
        await follows.follow(app, bob, face.id)
    for forged in ("forged", elsewhere, used):
        with pytest.raises(NotFound, match="not valid"):
            await joining.join(app, bob, group, "", forged)
    await follows.record_follow(app, far, face, "https://far.example/follow")

    assert [await state(group, who) for who in (ann, bob, far, eve)] == ["joined", "", "", "joined"]
    assert face.locked


@pytest.mark.parametrize("join_mode", ["approval", "invite"])
async def test_an_invitation_lets_in_at_once_and_counts(app: App, join_mode: str) -> None:
    group, face, ann = await club(app, join_mode)
    bob = await build.person("bob")
    maker = await accounts.named("ann")
    token = token_of(await invites.create(app, maker, group_id=group.id, max_uses=2))

    if join_mode == "approval":
        await follows.follow(app, bob, face.id)  # has asked before
    for _twice in range(2):
        await joining.join(app, bob, group, "", token)
    carol = await accounts.sign_up(app, "carol", GOOD, invite=token)

    newcomer = await actor_by_id(carol.actor_id)
    assert newcomer and [await state(group, who) for who in (bob, newcomer)] == ["joined", "joined"]
    with pytest.raises(NotFound):
        await invites.find(app, token)
    await members.ban(app, "club", "bob", ann)
    again = token_of(await invites.create(app, maker, group_id=group.id))
    with pytest.raises(NotAllowed, match="banned"):
        await joining.join(app, bob, group, "", again)
    assert (await invites.find(app, again)).uses == 0


@pytest.mark.attack("GRP-17")
@pytest.mark.parametrize("late", [False, True], ids=["one place", "its time is over"])
async def test_of_all_who_come_at_once_with_an_invitation_for_one_one_comes_in(
    app: App, late: bool, pass_time: Callable[[float], None]
) -> None:
    group, face, _ann = await club(app, "invite")
    maker = await accounts.named("ann")
    token = token_of(await invites.create(app, maker, group_id=group.id, max_uses=1, days=1))
    here, far = [await build.person(name) for name in ("bob", "eve", "olaf")], await build.person("far", "far.example")
    invite = await invites.find(app, token)
    admissions.grant(admitted := Writes(), Admission(group.id, far.uri, invite.id, invite.expires_at or 0))
    await apply(admitted)
    if late:
        pass_time(86_401)

    came = await asyncio.gather(
        *(joining.join(app, each, group, "", token) for each in here),
        accounts.sign_up(app, "carol", GOOD, invite=token),
        follows.record_follow(app, far, face, "https://far.example/follow"),
        return_exceptions=True,
    )

    assert [each for each in came if each is not None and not isinstance(each, AppError | Account)] == []
    inside = await value("SELECT COUNT(*) FROM member WHERE state = 'joined'")
    assert inside == (1 if late else 2)  # who looks after it is in already
    assert await value("SELECT uses FROM invite") == (0 if late else 1)


async def test_into_a_group_that_is_not_open_only_its_moderators_invite(app: App) -> None:
    group, face, _ann = await club(app, "open")
    bob = await build.person("bob")
    await follows.follow(app, bob, face.id)
    by_member = await accounts.named("bob")
    token = token_of(await invites.create(app, by_member, group_id=group.id))

    await group_profile.change(app, "club", Change(join_mode="approval"))

    with pytest.raises(NotAllowed, match="You can invite"):
        await invites.create(app, by_member, group_id=group.id)
    with pytest.raises(NotFound):
        await invites.find(app, token)
