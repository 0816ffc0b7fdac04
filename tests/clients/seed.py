"""What the suites of client programs expect of a server: people, and a program with tokens that act for them.

The names and secrets are those that Mastodon.py's tests ask with. `python -m tests.clients.seed` makes all of it in the
instance that the environment names, which must not run meanwhile.
"""

import asyncio
import sys

import msgspec

import storage.actors
import storage.oauth
import storage.tokens
from fedcomm import accounts, clock, config, opening, preferences, profiles, settings, setup, tokens
from fedcomm.app import App
from fedcomm.profiles import Change
from storage.accounts import Account
from storage.actors import Actor
from storage.connect import use
from storage.ids import next_id
from storage.oauth import Program
from storage.tokens import Token
from tests.clients import entities

PASSWORD = "5fc638e0e53eafd9c4145b6bb852667d"
CLIENT = "__MASTODON_PY_TEST_CLIENT_ID"
CLIENT_SECRET = "__MASTODON_PY_TEST_CLIENT_SECRET"
TOKEN = "__MASTODON_PY_TEST_ACCESS_TOKEN"
MEMBER = "read write follow push profile"
ADMIN = f"{MEMBER} admin:read admin:write"


class Somebody(msgspec.Struct, frozen=True):
    """A person that a suite knows."""

    name: str
    email: str
    locale: str
    token: str
    scopes: str = MEMBER
    role: str = "member"
    change: Change = Change()


PEOPLE = (
    Somebody("admin3", "admin3@example.com", "en", f"{TOKEN}_4"),  # Mastodon has a second "admin…" from the start
    Somebody("admin2", "zerocool@example.com", "de", f"{TOKEN}_2", ADMIN, "admin"),
    Somebody("mastodonpy_test", "mastodonpy_test@example.com", "ja", TOKEN, change=Change(locked=True)),
    Somebody(
        "mastodonpy_test_2", "mastodonpy_test_2@example.com", "ja", f"{TOKEN}_3",
        change=Change(discoverable=True, indexable=True),
    ),
)  # fmt: skip


async def seed(app: App) -> None:
    """Everybody and everything that the suites expect. Anybody can sign up, as toot's suite does for each test."""
    await settings.change(app, None, {"registration": "open"})
    program = await _program()
    for person in PEOPLE:
        account = await accounts.create(app, person.name, PASSWORD, person.email, person.role)
        await preferences.set_place(account, person.locale, "")
        await profiles.change(app, await _actor(account), person.change)
        await _token(program, account, person)


async def _program() -> Program:
    program = Program(
        id=next_id(), client_id=CLIENT, secret_hash=tokens.hash_of(CLIENT_SECRET), name="Mastodon.py test suite",
        website=None, redirect_uris="urn:ietf:wg:oauth:2.0:oob", scopes=ADMIN, created_at=clock.now_ms(),
    )  # fmt: skip
    await storage.oauth.add_program(program)
    return program


async def _token(program: Program, account: Account, person: Somebody) -> None:
    """The service gives out secrets that nobody can guess; this one is written down in the suite."""
    await storage.tokens.insert(
        Token(
            id=next_id(), token_hash=tokens.hash_of(person.token), app_id=program.id, account_id=account.id,
            scopes=person.scopes, created_at=clock.now_ms(), last_used_at=None, revoked_at=None,
        )
    )  # fmt: skip


async def _actor(account: Account) -> Actor:
    found = await storage.actors.by_id(account.actor_id)
    assert found
    return found


async def main(more: list[str]) -> int:
    """Seed the instance of the environment, with `entities` also what those tests ask for; the exit code."""
    wanted = config.load()
    setup.prepare(wanted)
    app = await opening.opened(wanted)
    try:
        with use(app.db):
            await seed(app)
            if "entities" in more:
                await entities.seed(app)
    finally:
        await app.close()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
