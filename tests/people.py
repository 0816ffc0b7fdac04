"""People of a server as its own service makes them: with a password that is right, keys and a profile."""

import storage.actors
from fedcomm import accounts
from fedcomm.app import App
from storage.actors import Actor

PASSWORD = "correct horse battery"


async def person(app: App, name: str, role: str = "member") -> Actor:
    """A new member with everything a member has."""
    account = await accounts.create(app, name, PASSWORD, role=role)
    found = await storage.actors.by_id(account.actor_id)
    assert found
    return found
