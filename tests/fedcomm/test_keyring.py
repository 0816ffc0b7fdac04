"""Keys in memory are those that the database has: what another process changes meanwhile is never kept."""

import asyncio

import pytest

from activitypub import keys
from activitypub.keys import PrivateKey
from fedcomm.app import App
from storage import bus
from storage.actors import Actor
from storage.connect import Database, execute, rows, use
from tests import build

pytestmark = pytest.mark.anyio

KEY = "https://far.test/users/bob#main-key"
OLD, NEW = keys.make_ed25519(), keys.make_ed25519()


async def _bob() -> Actor:
    """Somebody elsewhere, with his old key."""
    bob = await build.person("bob", "far.test")
    await build.insert(
        "actor_key", key_id=KEY, actor_id=bob.id, algorithm="ed25519", fetched_at=build.NOW,
        public_der=keys.public_der(OLD.public),
    )  # fmt: skip
    return bob


async def _replace(key: PrivateKey) -> None:
    await execute("UPDATE actor_key SET public_der = ? WHERE key_id = ?", (keys.public_der(key.public), KEY))


async def test_a_key_is_read_once_and_again_when_its_owner_has_changed_it(app: App) -> None:
    bob = await _bob()
    first = await app.keyring.stored(KEY)
    await _replace(NEW)
    remembered = await app.keyring.stored(KEY)

    await bus.publish("keys", bob.uri)

    again = await app.keyring.stored(KEY)
    assert first and remembered and again
    assert (first.key, remembered.key, again.key) == (OLD.public, OLD.public, NEW.public)
    assert again.owner == bob.uri


@pytest.mark.attack("SIG-17")
async def test_a_key_that_is_replaced_while_it_is_read_is_not_kept(app: App) -> None:
    bob = await _bob()
    reading = asyncio.create_task(app.keyring.stored(KEY))
    await asyncio.sleep(0)  # the database has been asked, and its answer is not here yet

    app.keyring.forget_actor(bob.uri)

    assert not reading.done()
    found = await reading
    assert found and found.key == OLD.public
    assert app.keyring.lookup(KEY) is None
    await _replace(NEW)
    found = await app.keyring.stored(KEY)
    assert found and found.key == NEW.public


@pytest.mark.attack("SIG-17")
@pytest.mark.parametrize("dialect", ["postgres"])
async def test_a_process_that_may_have_missed_a_change_of_keys_reads_them_anew(app: App) -> None:
    bob = await _bob()
    assert await app.keyring.stored(KEY)
    other = await Database.open(app.config.database_url)
    with use(other):
        listeners = "application_name = 'fedcomm listener' AND datname = current_database()"
        await rows(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {listeners}")
        await _replace(NEW)
        await bus.publish("keys", bob.uri)  # nobody listens at this moment
    await other.close()

    async with asyncio.timeout(10):
        while app.keyring.lookup(KEY) is not None:  # noqa: ASYNC110 (nothing tells)
            await asyncio.sleep(0.01)

    found = await app.keyring.stored(KEY)
    assert found and found.key == NEW.public
