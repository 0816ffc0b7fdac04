"""Asking for documents as other servers do, unsigned or signed by one of their actors."""

from typing import Any

import httpx
import msgspec

from activitypub import keys, signatures
from fedcomm import clock
from storage import actors
from storage.actors import Actor, Key
from storage.connect import Writes, apply
from tests import build, rsa_keys

ACTIVITY = "application/activity+json"
LD = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


async def signs(actor: Actor) -> None:
    """Let an actor elsewhere have a key that is known here; all of them have the same one."""
    key, key_id = rsa_keys.called("who asks"), f"{actor.uri}#main-key"
    writes = Writes()
    public = keys.public_der(key.public)
    actors.put_key(writes, Key(key_id, actor.id, actor.uri, "rsa", public, None, clock.now_ms(), None))
    await apply(writes)


async def ask(
    client: httpx.AsyncClient, path: str, by: Actor | None = None, accept: str = ACTIVITY, **headers: str
) -> httpx.Response:
    """The answer to GET; `by` signs it."""
    path = path.removeprefix(build.BASE)
    sent = {"accept": accept, **headers}
    if by is not None:
        key, url = rsa_keys.called("who asks"), f"{build.BASE}{path}"
        sent |= signatures.sign("cavage", key, f"{by.uri}#main-key", "GET", url, {}, None, clock.now())
    return await client.get(path, headers=sent)


async def read(client: httpx.AsyncClient, path: str, by: Actor | None = None) -> dict[str, Any]:
    """The document there, which must be one."""
    answer = await ask(client, path, by)
    assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
    assert answer.headers["content-type"].startswith(ACTIVITY)
    found: dict[str, Any] = msgspec.json.decode(answer.content)
    return found
