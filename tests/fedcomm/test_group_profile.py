"""Changing a group: each change is an act, has its effect and is told in two forms; a closed group takes in nothing."""

from collections.abc import Callable
from typing import Any

import pytest

import storage.actors
from activitypub import documents
from fedcomm import accounts, admit, clock, follows, group_profile, groups, members, posts, reactions
from fedcomm.app import App
from fedcomm.errors import Invalid, NotAllowed, NotFound
from fedcomm.group_profile import Change
from fedcomm.posts import Draft
from storage import groups as stored
from storage import members as membership
from storage import registers
from storage.actors import Actor
from storage.connect import rows

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ann(app: App) -> Actor:
    """The moderator of the group `bread`."""
    account = await accounts.create(app, "ann", "correct horse battery")
    await groups.create(app, "bread", "Bread", "", "ann")
    found = await storage.actors.by_id(account.actor_id)
    assert found
    return found


@pytest.fixture
async def bo(app: App) -> Actor:
    """Nobody in particular."""
    account = await accounts.create(app, "bo", "correct horse battery")
    found = await storage.actors.by_id(account.actor_id)
    assert found
    return found


async def said(app: App, form: str) -> list[dict[str, Any]]:
    """What the group published in one form."""
    _group, face = await groups.named("bread")
    found = await rows("SELECT body FROM outbox WHERE actor_id = ? AND form = ? ORDER BY seq", (face.id, form))
    return [documents.read(bytes(body)) for (body,) in found]


async def log() -> list[tuple[str, str | None]]:
    """(property, value) of the acts of the group, oldest first, without that of its founding."""
    group, _face = await groups.named("bread")
    return [(act.property, act.value) for act in reversed(await registers.log(group.id))][1:]


async def test_each_thing_that_differs_is_an_act_of_its_own(app: App, ann: Actor) -> None:
    change = Change(
        title=" Loaves ", summary="All of it", rules=("Be kind", " "), join_mode="approval", posting="members"
    )  # fmt: skip

    await group_profile.change(app, "bread", change, ann)
    await group_profile.change(app, "bread", change, ann)

    group, face = await groups.named("bread")
    assert (face.name, face.summary, face.locked) == ("Loaves", "<p>All of it</p>", 1)
    assert (group.join_mode, group.posting) == ("approval", "members")
    assert await group_profile.rules(group.id) == ["Be kind"]
    assert await log() == [
        ("profile:title", '"Loaves"'),
        ("profile:summary", '"<p>All of it</p>"'),
        ("join_mode", '"approval"'),
        ("posting", '"members"'),
        ("rules", '["Be kind"]'),
    ]


async def test_servers_with_groups_hear_of_the_moderator_and_microblogs_of_the_group(app: App, ann: Actor) -> None:
    await group_profile.change(app, "bread", Change(title="Loaves"), ann)

    (announce,), (update,) = await said(app, "wrapped"), await said(app, "plain")
    _group, face = await groups.named("bread")
    inner = announce["object"]
    assert (inner["type"], inner["actor"]) == ("Update", ann.uri)
    assert (inner["object"]["id"], inner["object"]["type"], inner["object"]["name"]) == (face.uri, "Group", "Loaves")
    assert (update["type"], update["actor"], update["object"]["name"]) == ("Update", face.uri, "Loaves")


@pytest.mark.attack("GRP-07")
async def test_who_does_not_moderate_the_group_does_not_change_it(app: App, ann: Actor, bo: Actor) -> None:
    with pytest.raises(NotAllowed):
        await group_profile.change(app, "bread", Change(title="Mine", closed=True), bo)

    assert await log() == [] and await said(app, "wrapped") == []
    assert (await groups.named("bread"))[1].name == "Bread"


@pytest.mark.parametrize(
    "bad",
    [
        Change(title=" "),
        Change(title="x" * 101),
        Change(summary="x" * 5_001),
        Change(join_mode="by lot"),
        Change(posting="nobody"),
        Change(rules=("x" * 501,)),
        Change(rules=("x",) * 51),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(app: App, ann: Actor, bad: Change) -> None:
    with pytest.raises(Invalid):
        await group_profile.change(app, "bread", bad, ann)

    assert await log() == [] and await said(app, "plain") == []


async def test_a_group_that_is_not_there_cannot_be_changed(app: App) -> None:
    with pytest.raises(NotFound):
        await group_profile.change(app, "bread", Change(title="Loaves"))


async def test_a_closed_group_is_read_and_takes_in_nothing_until_it_is_opened(app: App, ann: Actor, bo: Actor) -> None:
    post_id = await posts.create(app, ann, Draft(text="Rye @bread@here.example"))
    _group, face = await groups.named("bread")

    await group_profile.change(app, "bread", Change(closed=True), ann)

    for attempt in (
        posts.create(app, ann, Draft(text="More @bread@here.example")),
        posts.create(app, bo, Draft(text="Yes", in_reply_to_id=post_id)),
        reactions.like(app, bo, post_id),
        follows.follow(app, bo, face.id),
    ):
        with pytest.raises(NotAllowed):
            await attempt
    group, _ = await groups.named("bread")
    assert await membership.of(group.id, bo.id) is None
    assert (await said(app, "plain"))[-1]["object"]["postingRestrictedToMods"] is True

    await group_profile.change(app, "bread", Change(closed=False), ann)
    await posts.create(app, bo, Draft(text="At last @bread@here.example"))
    assert [p for p, _value in await log()] == ["closed", "closed"]
    assert (await stored.by_id(group.id)) != group


@pytest.mark.attack("GRP-02")
async def test_members_only_means_members_and_moderators_only_means_moderators(app: App, ann: Actor, bo: Actor) -> None:
    _group, face = await groups.named("bread")
    await group_profile.change(app, "bread", Change(posting="members"), ann)
    with pytest.raises(NotAllowed):
        await posts.create(app, bo, Draft(text="Rye @bread@here.example"))
    await follows.follow(app, bo, face.id)
    post_id = await posts.create(app, bo, Draft(text="Rye @bread@here.example"))

    await group_profile.change(app, "bread", Change(posting="moderators"), ann)

    with pytest.raises(NotAllowed):
        await posts.create(app, bo, Draft(text="Wheat @bread@here.example"))
    await posts.create(app, bo, Draft(text="But answers", in_reply_to_id=post_id))
    await posts.create(app, ann, Draft(text="Wheat @bread@here.example"))


async def test_who_asks_to_join_by_approval_waits_and_posts_only_when_let_in(app: App, ann: Actor, bo: Actor) -> None:
    group, face = await groups.named("bread")
    await group_profile.change(app, "bread", Change(join_mode="approval"), ann)
    group, face = await groups.named("bread")

    await follows.follow(app, bo, face.id)
    found = await membership.of(group.id, bo.id)
    assert found and found.state == "pending"
    with pytest.raises(NotAllowed):
        await posts.create(app, bo, Draft(text="Rye @bread@here.example"))
    assert not (await members.standing(group, bo)).member
    await follows.accept(app, face, bo.id)

    found = await membership.of(group.id, bo.id)
    assert found and (found.state, found.home_host) == ("joined", "") and found.joined_at > 0
    await posts.create(app, bo, Draft(text="Rye @bread@here.example"))


@pytest.mark.attack("GRP-01")
async def test_who_is_banned_neither_posts_votes_nor_joins_until_the_ban_runs_out(
    app: App, ann: Actor, bo: Actor, pass_time: Callable[[float], None]
) -> None:
    group, face = await groups.named("bread")
    post_id = await posts.create(app, ann, Draft(text="Rye @bread@here.example"))
    await follows.follow(app, bo, face.id)
    await members.ban(app, "bread", "bo", ann, until=clock.now_ms() + 60_000)

    for attempt in (
        posts.create(app, bo, Draft(text="More @bread@here.example")),
        posts.create(app, bo, Draft(text="Yes", in_reply_to_id=post_id)),
        reactions.like(app, bo, post_id),
        follows.follow(app, bo, face.id),
    ):
        with pytest.raises(NotAllowed):
            await attempt
    found = await membership.of(group.id, bo.id)
    assert found and found.state == "left"
    pass_time(61)

    assert not admit.banned(await registers.get(group.id, "ban", bo.uri))
    await reactions.like(app, bo, post_id)
    await follows.follow(app, bo, face.id)
    found = await membership.of(group.id, bo.id)
    assert found and found.state == "joined"
