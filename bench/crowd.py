"""Peers: a process that plays many servers at once, each on an address of its own, and keeps what they are sent.

A server of the crowd is well, or answers late, hangs, answers 503, or is away (nobody listens).
"""

import asyncio
import base64
import json
import multiprocessing
import os
import re
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, Literal

import httptools
import msgspec
import uvloop
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.serialization import load_pem_public_key

Health = Literal["well", "hanging", "refusing", "away"]
_TAKEN = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
_ABSENT = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"
_BAD = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


class Delivery(msgspec.Struct, frozen=True):
    """A POST that a server of the crowd took, whole; `at` is when its answer is back, by `time.monotonic`."""

    host: int
    at: float
    path: str
    fields: dict[str, str]
    body: bytes

    @property
    def activity(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    def signed_by(self, pem: str) -> bool:
        """Whether it is signed by draft-cavage with this key, and its digest is that of its body."""
        said = dict(_PARAMETER.findall(self.fields["signature"]))
        target = {"(request-target)": f"post {self.path}"}
        lines = [f"{name}: {(target | self.fields)[name]}" for name in said["headers"].split()]
        sha = Hash(SHA256())
        sha.update(self.body)
        if self.fields["digest"] != "SHA-256=" + base64.b64encode(sha.finalize()).decode():
            return False
        key = load_pem_public_key(pem.encode())
        assert isinstance(key, RSAPublicKey)
        try:
            key.verify(base64.b64decode(said["signature"]), "\n".join(lines).encode(), PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return {"(request-target)", "host", "date", "digest"} <= set(said["headers"].split())


class Crowd:
    """The crowd as seen from outside its process."""

    def __init__(self, size: int, pem: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_main, args=(theirs, size, pem), daemon=True)
        self._process.start()
        theirs.close()
        self.size = size
        self.port = int(self._ask("port"))

    def host(self, index: int) -> str:
        """The name of one server."""
        return f"{_address(index)}:{self.port}"

    def actor(self, index: int) -> str:
        """The id of the one actor there."""
        return _actor(self.host(index))

    def behave(self, health: Health, hosts: Sequence[int] = (), delay: float = 0.0) -> None:
        """From now on these servers (all, when none is named) are like this; `delay` is in seconds."""
        self._ask("behave", (health, list(hosts or range(self.size)), delay))

    def count(self, kind: str) -> int:
        """How many activities of a type have been taken since the last `forget`."""
        return int(self._ask("count", kind))

    def taken(self) -> list[Delivery]:
        """What has been taken since the last `forget`."""
        found: list[Delivery] = self._ask("taken")
        return found

    def tries(self) -> int:
        """How many POSTs came since the last `forget`, taken or not."""
        return int(self._ask("tries"))

    def forget(self) -> None:
        """What was taken until now does not count."""
        self._ask("forget")

    def wait(self, kind: str, number: int, seconds: float) -> bool:
        """Wait until so many activities of a type have been taken; False when time is up."""
        deadline = time.monotonic() + seconds
        while self.count(kind) < number:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.terminate()
        self._process.join()

    def _ask(self, what: str, about: Any = None) -> Any:
        self._pipe.send((what, about))
        answer = self._pipe.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextmanager
def gathered(size: int, pem: str) -> Iterator[Crowd]:
    """A crowd of so many servers, whose actors all have this public key; gone at the end of the block."""
    crowd = Crowd(size, pem)
    try:
        yield crowd
    finally:
        crowd.close()


class _Host:
    def __init__(self, crowd: "_Crowd", index: int, port: int, pem: str) -> None:
        self.crowd = crowd
        self.index = index
        self.address = (_address(index), port)
        self.health: Health = "well"
        self.delay = 0.0
        self.open: set[_Served] = set()
        self.documents = _documents(f"{self.address[0]}:{port}", pem)
        self._server: asyncio.Server | None = None

    async def behave(self, health: Health, delay: float) -> None:
        self.health, self.delay = health, delay
        if health != "away" and self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: _Served(self), *self.address, backlog=64)
        elif health == "away" and self._server is not None:
            self._server.close()
            self._server = None
            for each in list(self.open):
                each.abort()

    def answer(self, served: "_Served", path: str, fields: dict[str, str], body: bytes, method: bytes) -> bytes | None:
        if method == b"GET":
            return self.documents.get(path, _ABSENT)
        self.crowd.tries += 1
        if self.health == "hanging":
            return None
        if self.health == "refusing":
            return _BUSY
        if "signature" not in fields:
            return _BAD
        self.crowd.taken.append(Delivery(self.index, time.monotonic() + served.wait, path, fields, body))
        return _TAKEN


class _Served(asyncio.Protocol):
    """One connection to a server of the crowd."""

    def __init__(self, host: _Host) -> None:
        self._host = host
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._answered = False
        self.on_message_begin()

    @property
    def wait(self) -> float:
        """Seconds until an answer is back at the sender: one way there and back, and once more for a new connection."""
        return self._host.delay * (1 if self._answered else 2)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self._host.open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._host.open.discard(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._path, self._body = "", b""
        self._fields: dict[str, str] = {}

    def on_url(self, url: bytes) -> None:
        self._path += url.decode()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields[name.decode().lower()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        answer = self._host.answer(self, self._path, self._fields, self._body, self._parser.get_method())
        if answer is None or self._transport is None:
            return
        wait, self._answered = self.wait, True
        if wait:
            asyncio.get_running_loop().call_later(wait, self._transport.write, answer)
        else:
            self._transport.write(answer)


class _Crowd:
    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.hosts: list[_Host] = []
        self.taken: list[Delivery] = []
        self.tries = 0
        self.kinds: dict[str, int] = {}
        self.counted = 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answering: set[asyncio.Task[None]] = set()

    async def live(self, size: int, pem: str) -> None:
        port = _free_port(size)
        self.hosts = [_Host(self, index, port, pem) for index in range(size)]
        for host in self.hosts:
            await host.behave("well", 0.0)
        asyncio.get_running_loop().add_reader(self.pipe.fileno(), self._asked)
        os.set_blocking(self.pipe.fileno(), True)  # uvloop has changed that, and a pipe is written to as a whole
        await self.over

    def _asked(self) -> None:
        try:
            what, about = self.pipe.recv()
        except (EOFError, OSError):
            asyncio.get_running_loop().remove_reader(self.pipe.fileno())
            self.over.set_result(None)
            return
        task = asyncio.get_running_loop().create_task(self._answer(what, about))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, what: str, about: Any) -> None:
        try:
            self.pipe.send(await self._do(what, about))
        except Exception as error:  # told to whoever asked
            self.pipe.send(error)

    async def _do(self, what: str, about: Any) -> Any:
        if what == "port":
            return self.hosts[0].address[1]
        if what == "behave":
            health, hosts, delay = about
            for index in hosts:
                await self.hosts[index].behave(health, delay)
        elif what == "count":
            for each in self.taken[self.counted :]:
                kind = each.activity["type"]
                self.kinds[kind] = self.kinds.get(kind, 0) + 1
            self.counted = len(self.taken)
            return self.kinds.get(about, 0)
        elif what == "taken":
            return self.taken
        elif what == "tries":
            return self.tries
        elif what == "forget":
            self.taken, self.kinds, self.counted, self.tries = [], {}, 0, 0
        return None


def _main(pipe: Connection, size: int, pem: str) -> None:
    async def live() -> None:
        await _Crowd(pipe).live(size, pem)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(live())


def _address(index: int) -> str:
    return f"127.1.{index // 250}.{index % 250 + 1}"


def _actor(host: str) -> str:
    return f"http://{host}/users/peer"


def _documents(host: str, pem: str) -> dict[str, bytes]:
    """What a Mastodon serves about itself and its one user, shortened to what is read."""
    actor = _actor(host)
    person = {
        "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
        "id": actor,
        "type": "Person",
        "preferredUsername": "peer",
        "name": "Peer",
        "url": f"http://{host}/@peer",
        "inbox": f"{actor}/inbox",
        "outbox": f"{actor}/outbox",
        "followers": f"{actor}/followers",
        "endpoints": {"sharedInbox": f"http://{host}/inbox"},
        "publicKey": {"id": f"{actor}#main-key", "owner": actor, "publicKeyPem": pem},
    }
    nodeinfo = {"version": "2.0", "software": {"name": "mastodon", "version": "4.5.0"}, "protocols": ["activitypub"],
                "services": {"inbound": [], "outbound": []}, "openRegistrations": False, "usage": {"users": {}},
                "metadata": {}}  # fmt: skip
    link = {"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": f"http://{host}/nodeinfo/2.0"}
    return {
        "/users/peer": _served(person, "application/activity+json"),
        "/.well-known/nodeinfo": _served({"links": [link]}),
        "/nodeinfo/2.0": _served(nodeinfo),
    }


def _served(document: dict[str, Any], kind: str = "application/json") -> bytes:
    body = json.dumps(document).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b" % (kind.encode(), len(body), body)


def _free_port(size: int) -> int:
    """A port that is free on every address of the crowd."""
    for _ in range(50):
        with socket.socket() as probe:
            probe.bind((_address(0), 0))
            port = int(probe.getsockname()[1])
        try:
            for index in range(size):
                with socket.socket() as each:
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    each.bind((_address(index), port))
            return port
        except OSError:
            continue
    raise RuntimeError("no port is free on all addresses of the crowd")
