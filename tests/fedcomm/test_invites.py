"""Invitations, and how the first admin comes in."""

import asyncio

import pytest

import storage.accounts
from fedcomm import accounts, invites, settings
from fedcomm.app import App
from fedcomm.errors import AppError, Invalid, NotFound

pytestmark = pytest.mark.anyio

GOOD = "correct horse battery"
DAY = 86_400


def token_of(link: str) -> str:
    """The last part of a link."""
    return link.rpartition("/")[2]


async def test_who_is_invited_comes_in_at_once_and_only_so_often(app: App) -> None:
    await settings.change(app, None, {"registration": "invite"})
    link = await invites.create(app, None, role="moderator", max_uses=2)
    assert link.startswith("https://here.example/invite/")

    first = await accounts.sign_up(app, "ann", GOOD, invite=token_of(link))
    await accounts.sign_up(app, "bob", GOOD, invite=token_of(link))

    assert (first.state, first.role) == ("active", "moderator")
    with pytest.raises(NotFound):
        await accounts.sign_up(app, "eve", GOOD, invite=token_of(link))


@pytest.mark.attack("ADM-11")
async def test_of_many_who_use_the_last_place_at_once_one_comes_in(app: App) -> None:
    token = token_of(await invites.create(app, None, max_uses=1))

    tries = [accounts.sign_up(app, f"ann{n}x", GOOD, invite=token) for n in range(5)]
    results = await asyncio.gather(*tries, return_exceptions=True)

    assert sum(not isinstance(result, AppError) for result in results) == 1, results
    assert await storage.accounts.count("pending") == 0


@pytest.mark.attack("ADM-11")
async def test_an_invitation_ends_when_its_time_is_over_or_it_is_taken_back(app: App, pass_time) -> None:
    boss = await accounts.create(app, "boss", GOOD, role="admin")
    late, taken = [token_of(await invites.create(app, boss, days=3)) for _ in range(2)]
    invite = await invites.find(app, taken)
    await invites.revoke(app, boss, invite.id)
    with pytest.raises(NotFound):
        await accounts.sign_up(app, "eve", GOOD, invite=taken)

    pass_time(3 * DAY + 1)

    with pytest.raises(NotFound):
        await accounts.sign_up(app, "eve", GOOD, invite=late)


async def test_a_failed_sign_up_does_not_use_an_invitation_up(app: App) -> None:
    token = token_of(await invites.create(app, None))
    with pytest.raises(Invalid):
        await accounts.sign_up(app, "ann", "short", invite=token)

    assert (await accounts.sign_up(app, "ann", GOOD, invite=token)).state == "active"


@pytest.mark.attack("ADM-09")
async def test_the_printed_link_makes_one_person_admin_and_is_closed_for_ever(app: App) -> None:
    link = await invites.first_admin_link(app)
    assert link and link.startswith("https://here.example/setup/")
    token = token_of(link)

    boss = await accounts.set_up(app, token, "ann", GOOD)

    assert (boss.role, boss.state) == ("admin", "active")
    with pytest.raises(NotFound):
        await accounts.set_up(app, token, "eve", GOOD)
    assert await invites.first_admin_link(app) is None


@pytest.mark.attack("ADM-09")
async def test_of_two_set_ups_at_once_one_wins(app: App) -> None:
    token = token_of(await invites.first_admin_link(app) or "")

    tries = [accounts.set_up(app, token, name, GOOD) for name in ("ann", "eve", "mallory")]
    results = await asyncio.gather(*tries, return_exceptions=True)

    assert sum(not isinstance(result, AppError) for result in results) == 1, results
    assert await storage.accounts.count_admins() == 1


@pytest.mark.attack("ADM-09")
async def test_a_new_start_ends_the_link_of_the_one_before(app: App) -> None:
    old = token_of(await invites.first_admin_link(app) or "")
    new = token_of(await invites.first_admin_link(app) or "")

    with pytest.raises(NotFound):
        await accounts.set_up(app, old, "eve", GOOD)
    assert await accounts.set_up(app, new, "ann", GOOD)


@pytest.mark.attack("ADM-09")
async def test_the_link_is_of_no_use_once_there_is_an_admin_or_as_invitation(app: App) -> None:
    token = token_of(await invites.first_admin_link(app) or "")
    invitation = token_of(await invites.create(app, None, role="admin"))

    with pytest.raises(NotFound):
        await accounts.sign_up(app, "eve", GOOD, invite=token)
    with pytest.raises(NotFound):
        await accounts.set_up(app, invitation, "eve", GOOD)
    await accounts.create(app, "ann", GOOD, role="admin")
    with pytest.raises(NotFound):
        await accounts.set_up(app, token, "eve", GOOD)


async def test_nobody_is_invited_into_a_group_that_is_not_there(app: App) -> None:
    with pytest.raises(NotFound, match="no such group"):
        await invites.create(app, None, group_id=0)
