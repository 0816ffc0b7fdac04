"""`fedcomm group create` and `ban`: what they do, and that what is refused changes nothing."""

import asyncio
from typing import Any

import pytest

from activitypub import documents
from fedcomm import accounts, commands, erasing, follows, group_profile, groups, members
from fedcomm.app import App
from fedcomm.errors import AppError, Conflict, Invalid, NotFound
from storage import members as membership
from storage import registers
from storage.connect import rows, transaction, value
from tests.people import person

pytestmark = pytest.mark.anyio


async def create(app: App, name: str, **more: Any) -> dict[str, Any]:
    """`fedcomm group create`"""
    return await commands.run(
        app, "group.create", {"title": "Bread", "summary": "", "steward": ""} | more | {"name": name}
    )


async def test_a_group_is_made_with_a_moderator_who_can_act_at_once(app: App) -> None:
    ann = await person(app, "ann")

    made = await create(app, "Bread", title="Bread baking", summary="All <about> it", steward="@ann")

    group, face = await groups.named("bread")
    assert made == {"handle": "!bread@here.example", "url": "https://here.example/c/bread"}
    assert (face.uri, face.kind, face.name) == ("https://here.example/c/bread", "Group", "Bread baking")
    assert face.summary == "<p>All &lt;about&gt; it</p>"
    assert await members.leading(group) == [ann.uri]
    assert (await members.standing(group, ann)).role == "steward" and group.created_by == ann.id
    assert (group.fold_version, group.genesis) == (registers.FOLD_VERSION, None)  # nobody else has it, so no feed


@pytest.mark.attack("GRP-14")
async def test_a_name_that_somebody_has_had_or_may_not_have_is_refused(app: App) -> None:
    await person(app, "ann")
    bo = await person(app, "bo")
    async with transaction():
        await erasing.close(app, bo, "")
    await create(app, "bread")
    before = await value("SELECT COUNT(*) FROM actor")

    for taken in ("ann", "ANN", "bread", "Bread", "bo"):
        with pytest.raises(Conflict):
            await create(app, taken)
    for impossible in ("admin", "adm1n", "moderator", "here_example", "two words", "ä", "", "x" * 31, "a/b", "@"):
        with pytest.raises(Invalid):
            await create(app, impossible)

    assert await value("SELECT COUNT(*) FROM actor") == before
    assert await value("SELECT COUNT(*) FROM groups") == 1


async def test_a_person_cannot_have_the_name_of_a_group(app: App) -> None:
    await create(app, "bread")

    with pytest.raises(Conflict):
        await person(app, "bread")


@pytest.mark.parametrize(
    "bad",
    [{"title": " "}, {"title": "x" * 101}, {"summary": "x" * 5_001}, {"steward": "nobody"}, {"steward": "wine"}],
)
async def test_a_group_that_is_refused_leaves_nothing_behind(app: App, bad: dict[str, str]) -> None:
    await create(app, "wine")
    before = await value("SELECT COUNT(*) FROM actor"), await value("SELECT COUNT(*) FROM actor_key")

    with pytest.raises((Invalid, NotFound)):
        await create(app, "bread", **bad)

    assert (await value("SELECT COUNT(*) FROM actor"), await value("SELECT COUNT(*) FROM actor_key")) == before
    assert await value("SELECT COUNT(*) FROM groups") == 1


async def test_somebody_is_marked_as_promotional_in_a_group_and_no_more(app: App) -> None:
    ann = await person(app, "ann")
    await create(app, "bread")
    group, _face = await groups.named("bread")
    with pytest.raises(NotFound, match="never in this group"):
        await commands.run(app, "group.mark", {"group": "bread", "actor": "ann"})
    await follows.follow_handle(app, "ann", "bread@here.example")

    for act, marked in (("mark", True), ("mark", True), ("unmark", False)):
        assert await commands.run(app, f"group.{act}", {"group": "bread", "actor": "@ann"}) == {"handle": "@ann"}
        assert (await registers.get(group.id, "promotional", ann.uri) is not None) is marked


async def test_of_several_who_want_a_name_at_once_one_gets_it(app: App) -> None:
    outcomes = await asyncio.gather(*(create(app, "bread") for _ in range(4)), return_exceptions=True)

    assert [outcome for outcome in outcomes if not isinstance(outcome, AppError)] == [
        {"handle": "!bread@here.example", "url": "https://here.example/c/bread"}
    ]
    assert {type(outcome) for outcome in outcomes if isinstance(outcome, Exception)} == {Conflict}
    assert await value("SELECT COUNT(*) FROM groups") == 1


async def test_a_ban_by_who_runs_a_server_without_an_admin_is_the_groups_own_act(app: App) -> None:
    bo = await person(app, "bo")
    await create(app, "bread")
    group, face = await groups.named("bread")
    await follows.follow(app, bo, face.id)

    banned = await commands.run(app, "group.ban", {"group": "!bread", "actor": "@bo"})

    assert banned == {"handle": "@bo"}
    (act,) = [act for act in await registers.log(group.id) if act.property == "ban"]
    assert (act.subject, act.actor_uri, act.value) == (bo.uri, face.uri, "{}")
    member = await membership.of(group.id, bo.id)
    assert member and member.state == "left" and member.left_at
    assert await value("SELECT members_count FROM groups") == 0
    ((body,),) = await rows("SELECT body FROM outbox WHERE form = 'wrapped'")
    block = documents.read(bytes(body))["object"]
    assert (block["type"], block["object"], block["target"]) == ("Block", bo.uri, face.uri)


async def test_what_the_one_who_runs_the_server_does_is_said_by_an_admin_whom_lemmy_hears(app: App) -> None:
    """Lemmy and PieFed hear a ban or an appointment from a person only."""
    bo, ann = await person(app, "bo"), await person(app, "ann")
    await accounts.promote(app, "ann", "admin")
    await create(app, "bread")
    group, face = await groups.named("bread")
    await commands.run(app, "group.appoint", {"group": "bread", "actor": "bo"})
    await commands.run(app, "group.ban", {"group": "bread", "actor": "bo"})
    await commands.run(app, "group.unban", {"group": "bread", "actor": "bo"})
    await group_profile.change(app, "bread", group_profile.Change(title="Loaves"))

    log = [(act.property, act.actor_uri) for act in await registers.log(group.id)]
    bodies = await rows("SELECT body FROM outbox WHERE form = 'wrapped' ORDER BY seq")

    announced = [documents.read(bytes(body)) for (body,) in bodies]
    assert {announce["actor"] for announce in announced} == {face.uri}
    assert [(a["object"]["type"], a["object"]["actor"]) for a in announced] == [
        (kind, ann.uri) for kind in ("Add", "Remove", "Block", "Undo", "Update")
    ]
    assert announced[3]["object"]["object"]["id"] == announced[2]["object"]["id"]
    assert {by for property_, by in log} == {ann.uri} and bo.uri != ann.uri


@pytest.mark.parametrize(
    ("group", "actor", "fault"),
    [
        ("wine", "bo", NotFound),
        ("bread", "nobody", NotFound),
        ("bread", "nobody@far.example", Invalid),
        ("bread", "https://far.example/users/x", Invalid),
        ("bread", "not a name", NotFound),
        ("bo", "bo", NotFound),
    ],
)
async def test_a_ban_of_nobody_or_from_nowhere_is_refused(
    app: App, group: str, actor: str, fault: type[AppError]
) -> None:
    await person(app, "bo")
    await create(app, "bread")

    with pytest.raises(fault):
        await commands.run(app, "group.ban", {"group": group, "actor": actor})

    assert await value("SELECT COUNT(*) FROM act") == 0 and await value("SELECT COUNT(*) FROM outbox") == 0


async def test_who_is_banned_again_has_the_newer_ban(app: App) -> None:
    bo = await person(app, "bo")
    await create(app, "bread")
    group, _face = await groups.named("bread")

    for _ in range(2):
        await commands.run(app, "group.ban", {"group": "bread", "actor": "bo"})

    assert len([act for act in await registers.log(group.id) if act.property == "ban"]) == 2
    assert (await members.standing(group, bo)).ban == "{}"


async def test_the_ban_of_somebody_who_is_gone_is_lifted_by_their_id(app: App) -> None:
    bo = await person(app, "bo")
    await create(app, "bread")
    group, _face = await groups.named("bread")
    await commands.run(app, "group.ban", {"group": "bread", "actor": "bo"})
    async with transaction():
        await erasing.close(app, bo, "")

    await commands.run(app, "group.unban", {"group": "bread", "actor": bo.uri})

    assert (await members.standing(group, bo)).ban is None


@pytest.mark.attack("GRP-23")
async def test_what_somebody_did_is_undone_by_a_command_that_names_who_and_how_far_back(app: App) -> None:
    ann = await person(app, "ann")
    await person(app, "bo")
    await create(app, "bread", steward="ann")
    group, face = await groups.named("bread")
    await members.ban(app, "bread", "bo", ann)

    undone = await commands.run(app, "group.undo", {"group": "bread", "actor": "ann", "hours": 1})

    assert undone == {"handle": "@ann"} and await value("SELECT COUNT(*) FROM job WHERE name = 'roll_back'") == 1
    assert (await registers.log(group.id))[0].property == "rolled_back"
    with pytest.raises(NotFound):
        await commands.run(app, "group.undo", {"group": "bread", "actor": "bo", "hours": 1})
    with pytest.raises(NotFound):  # nobody takes its founder's charge from a group
        await commands.run(app, "group.undo", {"group": "bread", "actor": face.uri, "hours": 1})
