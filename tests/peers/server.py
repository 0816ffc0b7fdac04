"""One scripted server: what it serves, whom it knows, what came in, and what it sent. The programs build on it."""

import asyncio
import contextlib
import itertools
import json
import socket
import traceback
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import msgspec
import uvicorn

from tests.peers.network import Network
from tests.peers.signing import Claim, Key, Refused, claim

Json = dict[str, Any]
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
CONTEXT = ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"]
ACTIVITY = "application/activity+json"
LINKED = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'


class Dropped(Exception):
    """The program passes over what it was told, and its answer does not say so."""


class Received(msgspec.Struct):
    """An activity that somebody posted here, and what became of it: 'taken', or why not."""

    path: str
    headers: dict[str, str]
    activity: Json
    outcome: str = ""
    status: int = 0


class Sent(msgspec.Struct, frozen=True):
    """An activity that was posted to an inbox, and the status of the answer."""

    inbox: str
    activity: Json
    status: int


class Program(Protocol):
    """What tells one program from another."""

    software: tuple[str, str]  # name and version, as NodeInfo gives them
    inboxes: tuple[str, ...]  # ends of paths at which activities are taken
    hasty: bool  # keeps the id of an activity as seen before its signature is checked

    def check_actor(self, document: Json) -> None:
        """Nothing happens when the program can make an actor of it.

        Raises:
            Dropped: it cannot.
        """

    async def receive(self, activity: Json) -> None:
        """Give an activity its effect; its signer is its actor.

        Raises:
            Dropped: it has none.
            Refused: the program says no.
        """


class Server:
    """Listens, verifies, fetches and delivers for a program, which is set before `start`.

    `base` is its URL without a slash at the end. With `secure` documents are for those only who sign what they ask.
    """

    program: Program

    def __init__(self, base: str, network: Network, *, taken: int = 202, secure: bool = False) -> None:
        self.base, self.host = base, urlsplit(base).netloc
        self.name = self.host.partition(":")[0]  # by which the server itself goes as an actor
        self.network = network
        self.secure = secure
        self.documents: dict[str, Json | Callable[[], Json]] = {}  # by path
        self.content_types: dict[str, str] = {}  # where it is another than usual
        self.handles: dict[str, tuple[str, str]] = {}  # name → id and type of an actor
        self.received: list[Received] = []
        self.sent: list[Sent] = []
        self.asked: list[tuple[str, str]] = []  # path and signer ('' for nobody) of each document asked for
        self.actors: dict[str, Json] = {}  # of others, by id
        self.keys: dict[str, Key] = {}  # ours, by id of the owner
        self.key_form = "{}#main-key"  # how a key is called by its owner
        self.open = {"/actor"}  # paths that strangers may ask for: who needs its key to check ours must get it
        self.faults: list[str] = []  # what went wrong in here
        self._taken = taken
        self._aware: set[str] = set()
        self._numbers = itertools.count(1)
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self, address: str, port: int) -> None:
        """Listen there, without TLS."""
        config = uvicorn.Config(self._answer, interface="asgi3", lifespan="off", log_level="error", access_log=False)
        self._server = uvicorn.Server(config)
        self._server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign]  # the caller's affair
        self._task = asyncio.create_task(self._server.serve([socket.create_server((address, port), backlog=100)]))

    async def stop(self) -> None:
        """Answer no more."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = self._server.force_exit = True
            await self._task
        await self.network.close()

    def number(self) -> int:
        """One that was not given before."""
        return next(self._numbers)

    def key(self, owner: str) -> Key:
        """The key of one of ours, made when it is first asked for."""
        if owner not in self.keys:
            self.keys[owner] = Key(self.key_form.format(owner))
        return self.keys[owner]

    def public_key(self, owner: str) -> Json:
        """How an actor's document shows its key."""
        return {"id": self.key(owner).id, "owner": owner, "publicKeyPem": self.key(owner).pem}

    def announced(self, by: str) -> list[tuple[str, str]]:
        """What somebody announced here, in order: the type of the inner thing (of an id: "id"), and the outcome."""
        found = [r for r in self.received if (r.activity["type"], r.activity["actor"]) == ("Announce", by)]
        inner = [(r.activity["object"], r.outcome) for r in found]
        return [(thing["type"] if isinstance(thing, dict) else "id", outcome) for thing, outcome in inner]

    async def fetch(self, url: str) -> Json:
        """The document at its id, asked for in the name of the server.

        Raises:
            Dropped: there is none, or it has another id.
        """
        answer = await self._get(url, f"{ACTIVITY}, {LINKED}")
        kind = answer.headers.get("content-type", "")
        if not kind.startswith((ACTIVITY, "application/ld+json")):
            raise Dropped(f"{url} is served as {kind or 'nothing'}")
        document: Json = answer.json()
        if document.get("id") != url:
            raise Dropped(f"{url} has the id {document.get('id')}")
        return document

    async def actor(self, uri: str) -> Json:
        """An actor elsewhere, with everything that the program needs, and found by its handle too.

        Raises:
            Dropped: there is none.
        """
        if uri not in self.actors:
            document = await self.fetch(uri)
            self.program.check_actor(document)
            name = document["preferredUsername"]
            found = await self.finger(f"{name}@{urlsplit(uri).netloc}")
            if found != uri:
                raise Dropped(f"the handle of {uri} leads to {found}")
            self.actors[uri] = document
        return self.actors[uri]

    async def finger(self, handle: str) -> str:
        """The id behind a handle, whose host says the same handle.

        Raises:
            Dropped: nobody.
        """
        resource = f"acct:{handle}"
        where = f"{self.base.partition(':')[0]}://{handle.partition('@')[2]}/.well-known/webfinger"
        answer = await self._get(f"{where}?resource={quote(resource)}", "application/jrd+json", signed=False)
        found: Json = answer.json()
        if found.get("subject", "").lower() != resource.lower():
            raise Dropped(f"{resource} has the subject {found.get('subject')}")
        for link in found.get("links", []):
            if link.get("rel") == "self" and link.get("type") in (ACTIVITY, LINKED):
                return str(link["href"])
        raise Dropped(f"{resource} leads to no actor")

    async def deliver(self, sender: str, inbox: str, activity: Json) -> int:
        """Post an activity in the name of one of ours; gives the status of the answer."""
        body = json.dumps({"@context": CONTEXT, **activity}).encode()
        headers = self.key(sender).sign("POST", inbox, body) | {"content-type": ACTIVITY}
        try:
            status = (await self.network.send("POST", inbox, headers, body)).status_code
        except httpx.HTTPError:
            status = 0
        self.sent.append(Sent(inbox, activity, status))
        return status

    async def software_of(self, host: str) -> str:
        """What a host runs, as its NodeInfo says; '' when it does not."""
        with contextlib.suppress(Dropped, KeyError, IndexError):
            where = f"{self.base.partition(':')[0]}://{host}/.well-known/nodeinfo"
            links = (await self._get(where, "application/json", signed=False)).json()["links"]
            told = await self._get(links[0]["href"], "application/json", signed=False)
            return str(told.json()["software"]["name"])
        return ""

    async def look(self, url: str) -> Json:
        """What is served at a URL to servers, whatever its id; nothing when it is no document."""
        with contextlib.suppress(Dropped, ValueError):
            answer = await self._get(url, f"{ACTIVITY}, {LINKED}")
            if answer.headers.get("content-type", "").startswith((ACTIVITY, "application/ld+json")):
                return dict(answer.json())
        return {}

    async def _get(self, url: str, accept: str, *, signed: bool = True) -> httpx.Response:
        headers = {"accept": accept}
        if signed:
            headers |= self.key(f"{self.base}/actor").sign("GET", url, None)
        try:
            answer = await self.network.send("GET", url, headers)
        except httpx.HTTPError as error:
            raise Dropped(f"{url} does not answer: {error}") from error
        if answer.status_code != 200:
            raise Dropped(f"{url} answers {answer.status_code}")
        return answer

    async def _answer(self, scope: Json, receive: Callable[[], Awaitable[Json]], send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        target = scope["raw_path"].decode() + ("?" + scope["query_string"].decode() if scope["query_string"] else "")
        try:
            if scope["method"] == "POST":
                status, document, kind = await self._post(target, headers, body)
            else:
                status, document, kind = await self._document(target, scope["path"], headers)
        except Refused as no:
            status, document, kind = no.status, {"error": str(no)}, "application/json"
        except Exception:  # a mistake in the script, or something that the real program would stumble over too
            self.faults.append(traceback.format_exc())
            status, document, kind = 500, None, "text/plain"
        answer = json.dumps(document).encode() if document is not None else b""
        fields = [(b"content-type", kind.encode()), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": answer})

    async def _post(self, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Json | None, str]:
        if not target.endswith(self.program.inboxes):
            raise Refused(404, "Not found")
        arrived = Received(target, headers, json.loads(body))
        self.received.append(arrived)
        if self.program.hasty and arrived.activity["id"] in self._aware:
            arrived.outcome, arrived.status = "already aware of it", self._taken
            return self._taken, None, "text/plain"
        self._aware.add(arrived.activity["id"])
        try:
            said = claim("POST", target, headers, body, self.host)
            await self._verify(said, arrived.activity)
            await self.program.receive(arrived.activity)
        except Dropped as why:
            arrived.outcome, arrived.status = str(why), self._taken
        except Refused as no:
            arrived.outcome, arrived.status = str(no), no.status
            raise
        else:
            arrived.outcome, arrived.status = "taken", self._taken
        return self._taken, None, "text/plain"

    async def _verify(self, said: Claim, activity: Json | None) -> str:
        """Whose key made it, once it was compared.

        Raises:
            Refused: another's, or one that cannot be had.
        """
        owner = said.key_id.partition("#")[0]
        try:
            document = await self.actor(owner)
        except Dropped as why:
            raise Refused(401, f"Public key not found for key {said.key_id}: {why}") from None
        key = document["publicKey"]
        if key["id"] != said.key_id or key["owner"] != owner:
            raise Refused(401, f"Public key not found for key {said.key_id}")
        said.check(key["publicKeyPem"])
        if activity is not None and activity.get("actor") != owner:
            raise Dropped("it was signed by somebody else than its actor")
        return owner

    async def _document(self, target: str, path: str, headers: dict[str, str]) -> tuple[int, Json | None, str]:
        if path == "/.well-known/webfinger":
            return 200, self._finger(parse_qs(urlsplit(target).query)), "application/jrd+json"
        if path == "/.well-known/nodeinfo":
            schema = "http://nodeinfo.diaspora.software/ns/schema/2.1"
            return 200, {"links": [{"rel": schema, "href": f"{self.base}/nodeinfo/2.1"}]}, "application/json"
        if path == "/nodeinfo/2.1":
            name, version = self.program.software
            return 200, {"version": "2.1", "software": {"name": name, "version": version}}, "application/json"
        signer = ""
        if "signature" in headers and path not in self.open:
            signer = await self._verify(claim("GET", target, headers, b"", self.host), None)
        elif self.secure and path not in self.open:
            raise Refused(401, "Request not signed.")
        self.asked.append((path, signer))
        found = self.documents.get(target) or self.documents.get(path)
        if found is None:
            raise Refused(404, "Not found")
        document = found() if callable(found) else found
        gone = document.get("type") == "Tombstone"
        return 410 if gone else 200, {"@context": CONTEXT, **document}, self.content_types.get(path, ACTIVITY)

    def _finger(self, query: dict[str, list[str]]) -> Json:
        resource = query.get("resource", [""])[0]
        name, _, host = resource.removeprefix("acct:").partition("@")
        if host != self.host or name not in self.handles:
            raise Refused(404, "Not found")
        uri, kind = self.handles[name]
        link = {"rel": "self", "type": ACTIVITY, "href": uri}
        return {
            "subject": f"acct:{name}@{self.host}",
            "links": [{**link, "properties": {"https://www.w3.org/ns/activitystreams#type": kind}}],
        }


def ids(value: Any) -> list[str]:
    """The ids in a property that may hold one or several, each as id or as object."""
    found = value if isinstance(value, list) else [] if value is None else [value]
    return [each["id"] if isinstance(each, dict) else each for each in found]


def host_of(uri: str) -> str:
    """The host, with its port where there is one."""
    return urlsplit(uri).netloc
