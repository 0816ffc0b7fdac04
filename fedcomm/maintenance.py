"""What whoever runs the server does in an emergency, or while it is worked on: new keys, no tokens, nothing new."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

import storage.accounts
import storage.sessions
import storage.tokens
from activitypub import keys
from activitypub.contexts import PUBLIC
from fedcomm import accounts, actors, audit, clock, settings
from fedcomm.app import App
from fedcomm.errors import Invalid, NotFound
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage import actors as rows
from storage import bus
from storage.actors import Actor, Key
from storage.connect import Writes, transaction, write
from storage.ids import next_id
from storage.outbox import Audience

RETIRED = 30 * 86_400_000  # ms for which an old key is kept, to sign what was published before the new one


async def rotate(app: App, name: str, by: str = audit.OPERATOR) -> Actor:
    """Give a member or group of ours new keys, and tell every server; that is still signed with the old ones, as is
    what was published before. Keys have new ids, so that servers which remember the old ones ask.

    Raises:
        NotFound: nobody of that name lives here.
        Invalid: it is the server's own account.
    """
    actor = await rows.local(name.removeprefix("@").removeprefix("!").lower())
    if actor is None or actor.gone:
        raise NotFound("Nobody called {name} lives here.", fix="see who does: fedcomm account list", name=name)
    if actor.username == actors.SERVICE:
        raise Invalid("The keys of the server itself stay.", field="name")
    made = [(make(), fragment) for make, fragment in actors.KEYS]
    async with transaction():
        now = clock.now_ms()
        writes = Writes()
        for key, fragment in made:
            public, private = keys.public_der(key.public), keys.private_der(key)
            name_of_key = f"{actor.uri}#{fragment}-{now}"
            rows.put_key(writes, Key(name_of_key, actor.id, actor.uri, key.algorithm, public, private, now, None))
        rows.change_later(writes, actor.id, updated_at=now)
        bus.add(writes, "own_keys", "")
        await write(writes)
        changed = msgspec.structs.replace(actor, updated_at=now)
        document, cc = await actors.document(app, changed), [actor.followers]
        update = activities.update(app.urls.activity(next_id()), actor.uri, document, to=[PUBLIC], cc=cc)
        publish(app, writes := Writes(), changed, update, Audience(everybody=True), now_ms=now)
        await write(writes)
        await audit.note(by, "keys.rotate", f"@{actor.username}")
    app.keyring.forget_own()
    return changed


async def forget_keys() -> int:
    """Our own keys that were replaced long ago; nobody signs with them any more."""
    return await rows.drop_replaced(clock.now_ms() - RETIRED)


async def revoke(app: App, name: str, by: str = audit.OPERATOR) -> None:
    """Sign somebody out of everything: browsers, programs, and codes and links for that.

    Raises:
        NotFound: no such account.
    """
    async with transaction():
        account = await accounts.named(name)
        await accounts.end_everything(account.id)
        await audit.note(by, "tokens.revoke", f"@{await storage.accounts.name_of(account.id)}")


async def revoke_all(app: App, by: str = audit.OPERATOR) -> tuple[int, int]:
    """Sign everybody out of everything; gives how many tokens and sessions ended."""
    async with transaction():
        tokens = await storage.tokens.revoke_everybodys(clock.now_ms())
        sessions = await storage.sessions.delete_everybodys()
        await audit.note(by, "tokens.revoke", "*", tokens=tokens, sessions=sessions)
    return tokens, sessions


async def close(app: App, reason: str) -> None:
    """Take nothing new from people and servers until `open_`; what was taken before is carried out."""
    await settings.change(app, None, {"read_only": True, "read_only_reason": reason})


async def open_(app: App) -> None:
    """Take in everything again."""
    await settings.change(app, None, {"read_only": False, "read_only_reason": ""})


async def _rotate(app: App, name: str) -> dict[str, Any]:
    return {"handle": f"@{(await rotate(app, name)).acct}"}


async def _revoke(app: App, name: str) -> dict[str, Any]:
    if name:
        await revoke(app, name)
        return {}
    tokens, sessions = await revoke_all(app)
    return {"tokens": tokens, "sessions": sessions}


async def _maintain(app: App, on: bool, reason: str) -> dict[str, Any]:
    await (close(app, reason) if on else open_(app))
    return {}


COMMANDS: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
    "account.rotate": _rotate,
    "account.revoke": _revoke,
    "maintenance": _maintain,
}
