"""Members who say that accounts elsewhere are theirs too."""

import asyncio

import msgspec
import pytest

from fedcomm import accounts, aliases, fetching
from fedcomm.errors import AppError, Conflict, Invalid, NotFound
from storage.connect import execute
from tests.fediverse import Fediverse
from tests.forger import Host
from tests.scenarios.test_moving_away import claim, go, now_of, with_a_follower

pytestmark = pytest.mark.anyio


async def test_an_alias_is_told_to_followers_and_taken_back(fediverse: Fediverse) -> None:
    ours, anna, carl, _new = await with_a_follower(fediverse)
    elsewhere = Host(fediverse, "old.test").actor("anna")

    await claim(anna, elsewhere.uri)
    await claim(anna, elsewhere.uri)  # once is enough
    await fediverse.settle()
    told = [thing["object"].get("alsoKnownAs") for thing in carl.host.received]
    actor = await now_of(anna)
    with ours.here():
        await aliases.remove(ours.app, actor, elsewhere.uri)
    await fediverse.settle()

    assert told == [[elsewhere.uri]]
    assert [thing["object"].get("alsoKnownAs") for thing in carl.host.received] == [[elsewhere.uri], None]
    assert aliases.of(await now_of(anna)) == [] and "alsoKnownAs" not in await ours.get("/users/anna")
    with ours.here(), pytest.raises(NotFound):
        await aliases.remove(ours.app, await now_of(anna), elsewhere.uri)


async def test_what_cannot_be_an_alias_is_refused(fediverse: Fediverse) -> None:
    ours, anna, carl, new = await with_a_follower(fediverse)
    group = new.host.actor("cats", "Group")

    for wrong in ("anna", "https://ours.test/@anna", group.uri, "nobody", "nobody@down.test", "https://new.test/no"):
        with pytest.raises(AppError):
            await claim(anna, wrong)
    full = msgspec.json.encode([f"https://old.test/users/{number}" for number in range(20)]).decode()
    with ours.here():
        await execute("UPDATE actor SET also_known_as = ? WHERE id = ?", (full, anna.actor.id))
    with pytest.raises(Invalid, match="20 other accounts"):
        await claim(anna, new.uri)

    assert carl.host.received == [] and (await now_of(anna)).also_known_as == full


async def test_of_two_aliases_given_at_once_none_is_lost_unsaid(fediverse: Fediverse) -> None:
    ours, anna, carl, new = await with_a_follower(fediverse)
    faces = [new.host.actor(f"old{number}") for number in range(2)]
    with ours.here():
        for face in faces:
            await fetching.actor(ours.app, face.uri)

    done = await asyncio.gather(*(claim(anna, face.uri) for face in faces), return_exceptions=True)
    await fediverse.settle()

    kept = aliases.of(await now_of(anna))
    assert [face.uri for face, outcome in zip(faces, done, strict=True) if outcome is None] == kept
    assert all(outcome is None or isinstance(outcome, Conflict) for outcome in done)
    assert carl.host.received[-1]["object"]["alsoKnownAs"] == kept


async def test_who_is_deleted_has_no_other_accounts_any_more(fediverse: Fediverse) -> None:
    ours, anna, _carl, new = await with_a_follower(fediverse)
    await claim(anna, new.uri)
    await go(anna, new.uri)

    with ours.here():
        await accounts.delete(ours.app, "anna")

    gone = await now_of(anna)
    assert (gone.also_known_as, gone.moved_to_id) == ("[]", None)
