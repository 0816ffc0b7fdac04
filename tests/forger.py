"""Servers that say whatever a test wants. They own their hosts and keys, and what they send is not checked before.

A forger signs as any actor of any host it owns, serves documents that it makes up, and remembers what it was asked for
and sent. What it signs with and how is the product's own code: the signatures are real.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import msgspec

from activitypub import keys, signatures
from activitypub.keys import PrivateKey
from fedcomm import clock
from tests import rsa_keys
from tests.fediverse import Fediverse, Instance, Person

AS = "https://www.w3.org/ns/activitystreams"
PUBLIC = f"{AS}#Public"
ACTIVITY = "application/activity+json"
Json = dict[str, Any]


class Served(msgspec.Struct, frozen=True):
    """An answer to GET."""

    status: int
    body: bytes
    content_type: str = ACTIVITY
    location: str = ""


class Face:
    """An actor of a forger's host: what it is, and what it signs with."""

    def __init__(self, host: "Host", name: str, kind: str, key: PrivateKey) -> None:
        self.host = host
        self.name = name
        self.kind = kind
        self.key = key
        folder = "c" if kind == "Group" else "users"
        self.uri = f"https://{host.name}/{folder}/{name}"
        self.key_id = f"{self.uri}#main-key"
        self.followers = f"{self.uri}/followers"

    def document(self, **more: Any) -> Json:
        """The actor's document; what is None in `more` is left out."""
        base: Json = {
            "@context": [AS, "https://w3id.org/security/v1"],
            "id": self.uri,
            "type": self.kind,
            "preferredUsername": self.name,
            "name": self.name.title(),
            "inbox": f"{self.uri}/inbox",
            "outbox": f"{self.uri}/outbox",
            "followers": self.followers,
            "endpoints": {"sharedInbox": f"https://{self.host.name}/inbox"},
            "publicKey": {
                "id": self.key_id,
                "owner": self.uri,
                "publicKeyPem": keys.public_pem(self.key.public),
            },
        }
        return {name: value for name, value in (base | more).items() if value is not None}

    def note(self, slug: object = 1, content: str | None = "<p>Hello</p>", /, **more: Any) -> Json:
        """A public post of this actor; `more` replaces what it says, None leaves it out."""
        base: Json = {
            "id": f"https://{self.host.name}/notes/{slug}",
            "type": "Note",
            "attributedTo": self.uri,
            "content": content,
            "published": "2026-11-21T12:00:00Z",
            "to": [PUBLIC],
            "cc": [self.followers],
        }
        return {name: value for name, value in (base | more).items() if value is not None}

    def does(self, kind: str, thing: Any, name: object | None = None, **more: Any) -> Json:
        """An activity of this actor, with an id of its own unless `name` says which."""
        self.host.made += 1
        base: Json = {
            "@context": AS,
            "id": f"https://{self.host.name}/activities/{name or self.host.made}",
            "type": kind,
            "actor": self.uri,
            "object": thing,
            "to": [PUBLIC],
        }
        return {name: value for name, value in (base | more).items() if value is not None}


class Host:
    """A server of a forger."""

    def __init__(self, fediverse: Fediverse, name: str) -> None:
        self.name = name
        self.made = 0
        self.served: dict[str, Served] = {}  # by URL without its scheme and host
        self.made_up: dict[str, Callable[[str], Json]] = {}  # by beginning of a path: what stands at the rest of it
        self.closed: dict[str, asyncio.Event] = {}  # by URL: what an answer waits for
        self.asked: list[str] = []  # every URL that was asked for
        self.signatures: list[str] = []  # with which it was asked, "" when unsigned
        self.received: list[Json] = []  # what was posted to it
        self.inboxes: list[str] = []  # where that was posted
        self.statuses: list[int] = []  # with which POST is answered first; then 202
        self.secure = False  # answers only to signed requests, except for its own service actor
        fediverse.wire.hosts[name] = self._answer

    def actor(self, name: str, kind: str = "Person", **more: Any) -> Face:
        """An actor that is served at its id."""
        face = Face(self, name, kind, rsa_keys.called(f"{name}@{self.name}"))
        self.serve(face.uri, face.document(**more))
        return face

    def serve(self, url: str, document: Any, status: int = 200, content_type: str = ACTIVITY) -> None:
        """Answer to GET of that URL."""
        body = document if isinstance(document, bytes) else msgspec.json.encode(document)
        self.served[url.removeprefix(f"https://{self.name}")] = Served(status, body, content_type)

    def runs(self, software: str) -> None:
        """Let NodeInfo say so."""
        base, schema = f"https://{self.name}", "http://nodeinfo.diaspora.software/ns/schema/2.0"
        self.serve("/.well-known/nodeinfo", {"links": [{"rel": schema, "href": f"{base}/nodeinfo/2.0"}]})
        self.serve("/nodeinfo/2.0", {"version": "2.0", "software": {"name": software, "version": "1"}})

    def redirect(self, url: str, to: str, status: int = 302) -> None:
        """Send who asks for that URL elsewhere."""
        self.served[url.removeprefix(f"https://{self.name}")] = Served(status, b"", "", to)

    def gone(self, url: str, status: int = 410) -> None:
        """Nothing is there any more."""
        self.serve(url, {"error": "gone"}, status, "application/json")

    def close(self, url: str) -> asyncio.Event:
        """Let nobody have an answer for that URL until the event that is given is set."""
        opened = self.closed[url] = asyncio.Event()
        return opened

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.received.append(msgspec.json.decode(request.content))
            self.inboxes.append(request.url.path)
            return httpx.Response(self.statuses.pop(0) if self.statuses else 202, request=request)
        path = request.url.raw_path.decode()
        self.asked.append(str(request.url))
        self.signatures.append(request.headers.get("signature", ""))
        if str(request.url) in self.closed:
            await self.closed[str(request.url)].wait()
        if self.secure and "signature" not in request.headers:
            return httpx.Response(401, json={"error": "Request not signed"}, request=request)
        beginning = next((known for known in self.made_up if path.startswith(known)), None)
        if beginning is not None:
            document = self.made_up[beginning](path.removeprefix(beginning))
            return httpx.Response(200, json=document, headers={"content-type": ACTIVITY}, request=request)
        found = self.served.get(path, Served(404, b'{"error": "not found"}', "application/json"))
        said = {"content-type": found.content_type, "location": found.location}
        headers = {name: value for name, value in said.items() if value}
        return httpx.Response(found.status, content=found.body, headers=headers, request=request)


async def post(
    instance: Instance,
    body: Json | bytes,
    by: Face | None,
    inbox: str = "/inbox",
    *,
    key_id: str = "",
    scheme: signatures.Scheme = "cavage",
    at: float | None = None,
) -> httpx.Response:
    """Send to an inbox, signed `by` somebody (unsigned when None), and give the answer."""
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    url = f"{instance.app.base_url}{inbox}"
    headers = {"content-type": ACTIVITY}
    if by is not None:
        now = clock.now() if at is None else at
        headers |= signatures.sign(scheme, by.key, key_id or by.key_id, "POST", url, {}, content, now)
    async with httpx.AsyncClient(transport=instance.asgi, base_url=instance.app.base_url) as client:
        return await client.post(inbox, content=content, headers=headers)


async def get(
    instance: Instance, path: str, by: Face | None, *, at: float | None = None, scheme: signatures.Scheme = "cavage"
) -> httpx.Response:
    """Ask for a document, signed `by` somebody (unsigned when None)."""
    headers = {"accept": ACTIVITY}
    if by is not None:
        now = clock.now() if at is None else at
        url = f"{instance.app.base_url}{path}"
        headers |= signatures.sign(scheme, by.key, by.key_id, "GET", url, {}, None, now)
    async with httpx.AsyncClient(transport=instance.asgi, base_url=instance.app.base_url) as client:
        return await client.get(path, headers=headers)


async def send(fediverse: Fediverse, instance: Instance, by: Face, *activities: Json, inbox: str = "/inbox") -> None:
    """Deliver activities one after the other, each taken with 202, and wait for their effects."""
    for activity in activities:
        answer = await post(instance, activity, by, inbox)
        assert answer.status_code == 202, answer.text
        await fediverse.settle()


async def followed(fediverse: Fediverse, person: Person, face: Face) -> None:
    """Let a member of ours follow a forger's actor, which accepts it."""
    await person.follow(face.uri)
    await fediverse.settle()
    asked = next(thing for thing in reversed(face.host.received) if thing["type"] == "Follow")
    await send(fediverse, person.instance, face, face.does("Accept", asked, to=[person.actor.uri]))


async def together(instance: Instance, by: Face, *activities: Json, inbox: str = "/inbox") -> list[int]:
    """Deliver activities at the same time; gives the statuses."""
    answers = await asyncio.gather(*(post(instance, activity, by, inbox) for activity in activities))
    return [answer.status_code for answer in answers]
