"""Many small servers on addresses of their own on this machine, in a thread: they follow, post, and count what arrives.

Each verifies the signature of everything it gets, with the key it fetched from where the signature says.
"""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

import httpx
import msgspec

from activitypub import keys, signatures
from activitypub.errors import ProtocolError
from activitypub.signatures import Request
from fedcomm import clock
from tests import rsa_keys

T = TypeVar("T")
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
TYPE = "application/activity+json"


class Arrival(msgspec.Struct, frozen=True):
    """One activity that came with a good signature."""

    host: str
    activity: str
    type: str
    document: dict[str, Any]


class Crowd:
    """`hosts` are `127.x.y.z:port`; on each lives `NAME`, by the URL that `actor` gives."""

    def __init__(self, count: int) -> None:
        self.arrivals: list[Arrival] = []
        self.wrong: list[str] = []  # what was not signed, or not by whom it should be
        self.on_arrival: Callable[[Arrival], None] = lambda arrival: None
        self.answers: dict[str, int] = {}  # statuses that hosts answer instead of taking anything
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._servers: list[asyncio.Server] = []
        self._public: dict[str, keys.PublicKey] = {}
        self._all = rsa_keys.called("the crowd")  # the key of everybody; each publishes it under an id of its own
        self._client: httpx.AsyncClient | None = None
        self.hosts: list[str] = self.run(self._listen(count))

    def close(self) -> None:
        """Everybody goes home."""
        self.run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def run(self, work: Coroutine[Any, Any, T], seconds: float = 120.0) -> T:
        """Do it in the crowd's thread and wait for it."""
        return self.begin(work).result(seconds)

    def begin(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Do it in the crowd's thread meanwhile."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def actor(self, host: str, name: str = "sam") -> str:
        """The id of somebody on that host."""
        return f"http://{host}/users/{name}"

    def posts(self, host: str) -> list[str]:
        """The ids of the posts that came to a host, in order, repeats included."""
        return [a.document["object"]["id"] for a in self.arrivals if a.host == host and a.type == "Create"]

    async def send(self, actor: str, inbox: str, activity: dict[str, Any]) -> int:
        """Deliver it, signed by the actor; the status, 0 when nobody answered."""
        body = json.dumps({"@context": "https://www.w3.org/ns/activitystreams", "actor": actor} | activity).encode()
        signed = signatures.sign("cavage", self._all, f"{actor}#main-key", "POST", inbox, {}, body, clock.now())
        assert self._client is not None
        try:
            answer = await self._client.post(inbox, content=body, headers=signed | {"Content-Type": TYPE})
        except httpx.TransportError:
            return 0
        if answer.status_code in (400, 401, 403):
            self.wrong.append(f"{actor} was answered {answer.status_code} {answer.text}")
        return answer.status_code

    async def insist(self, actor: str, inbox: str, activity: dict[str, Any]) -> int:
        """Deliver it again and again until it is taken; gives how often that was."""
        for attempt in range(1, 600):
            if 200 <= await self.send(actor, inbox, activity) < 300:
                return attempt
            await asyncio.sleep(0.05)
        raise AssertionError(f"never taken: {activity['id']}")

    async def follow(self, target: str, inbox: str) -> None:
        """One on each host follows somebody."""
        room = asyncio.Semaphore(20)

        async def one(host: str) -> None:
            async with room:
                who = self.actor(host)
                await self.insist(who, inbox, {"id": f"{who}/follow", "type": "Follow", "object": target})

        await asyncio.gather(*(one(host) for host in self.hosts))

    def note(self, actor: str, number: int, text: str = "Hello", **more: Any) -> dict[str, Any]:
        """A public Create of a note."""
        uri = f"{actor}/notes/{number}"
        note = {
            "id": uri, "type": "Note", "attributedTo": actor, "to": [PUBLIC], "cc": [f"{actor}/followers"],
            "content": f"<p>{text} {number}</p>", "published": "2026-01-01T00:00:00Z",
        } | more  # fmt: skip
        return {"id": f"{uri}/activity", "type": "Create", "to": note["to"], "cc": note["cc"], "object": note}

    async def _listen(self, count: int) -> list[str]:
        self._client = httpx.AsyncClient(timeout=15, trust_env=False, limits=httpx.Limits(max_connections=50))
        first = await asyncio.start_server(self._serve, "127.0.16.1", 0)
        port = first.sockets[0].getsockname()[1]
        self._servers.append(first)
        addresses = [f"127.0.{16 + number // 250}.{number % 250 + 1}" for number in range(count)]
        for address in addresses[1:]:
            self._servers.append(await asyncio.start_server(self._serve, address, port))
        return [f"{address}:{port}" for address in addresses]

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        assert self._client is not None
        await self._client.aclose()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address, port = writer.get_extra_info("sockname")
        host = f"{address}:{port}"
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, target, _version = head[0].split(" ")
                fields = [
                    (n.lower().encode(), v.strip().encode()) for n, _, v in (line.partition(":") for line in head[1:-2])
                ]
                body = await reader.readexactly(int(dict(fields).get(b"content-length", b"0")))
                status, answer = await self._answer(host, Request(method, target, fields, body))
                said = f"HTTP/1.1 {status} X\r\ncontent-type: {TYPE}\r\ncontent-length: {len(answer)}\r\n\r\n"
                writer.write(said.encode() + answer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, host: str, request: Request) -> tuple[int, bytes]:
        if request.method == "GET":
            return self._document(host, request.target)
        if host in self.answers:
            return self.answers[host], b""
        try:
            claim = signatures.parse(request, host=host, now=clock.now(), scheme="http")
            signatures.check(claim, await self._key(claim.key_id))
        except ProtocolError as fault:
            self.wrong.append(f"{host} {fault}")
            return 401, b""
        document = json.loads(request.body)
        if not claim.key_id.startswith(document["actor"]):
            self.wrong.append(f"{host} {document['actor']} signed by {claim.key_id}")
            return 401, b""
        arrival = Arrival(host, document["id"], document["type"], document)
        self.arrivals.append(arrival)
        self.on_arrival(arrival)
        return 202, b""

    async def _key(self, key_id: str) -> keys.PublicKey:
        known = self._public.get(key_id)
        if known is None:
            assert self._client is not None
            owner = (await self._client.get(key_id.partition("#")[0], headers={"Accept": TYPE})).json()
            assert owner["publicKey"]["id"] == key_id
            known = self._public[key_id] = keys.load_public_pem(owner["publicKey"]["publicKeyPem"])
        return known

    def _document(self, host: str, target: str) -> tuple[int, bytes]:
        if not target.startswith("/users/") or target.count("/") != 2:
            return 404, b"{}"
        uri = f"http://{host}{target}"
        actor = {
            "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
            "id": uri, "type": "Person", "preferredUsername": target.rsplit("/", 1)[1], "inbox": f"{uri}/inbox",
            "outbox": f"{uri}/outbox", "followers": f"{uri}/followers",
            "endpoints": {"sharedInbox": f"http://{host}/inbox"},
            "publicKey": {"id": f"{uri}#main-key", "owner": uri, "publicKeyPem": keys.public_pem(self._all.public)},
        }  # fmt: skip
        return 200, json.dumps(actor).encode()


def most(arrived: list[str]) -> int:
    """How often the one came that came most often."""
    return max(Counter(arrived).values())
