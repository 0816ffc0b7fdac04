"""Real fedcomm processes and scripted servers of other programs, all of them over https, on names of this test only."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from fedcomm import control
from tests.netns.certificates import Authority
from tests.peers.network import Network
from tests.peers.server import Server
from tests.server.forking import ForkedInstance
from tests.server.front import Front
from tests.server.running import Instance, free_port
from tests.web.pages.browser import Browser

LOOPBACK = "127.0.0.1"
PASSWORD = "correct horse battery"
SECONDS = 30.0  # until something has arrived


class Member:
    """Somebody on a fedcomm server, who does what a client can do."""

    def __init__(self, home: "Home", name: str, token: str) -> None:
        self.home, self.name = home, name
        self.uri = f"https://{home.host}/users/{name.lower()}"
        self._token = token

    async def call(self, method: str, path: str, **form: Any) -> Any:
        """What the client API answers, which must be 200."""
        status, answer = await self.attempt(method, path, **form)
        assert status == 200, f"{method} {path} at {self.home.host}: {status} {answer!r}"
        return answer

    async def attempt(self, method: str, path: str, **form: Any) -> tuple[int, Any]:
        """The status and the answer of the client API."""
        body = json.dumps(form).encode() if form else None
        status, answer = await self.home.ask(method, path, body, authorization=f"Bearer {self._token}")
        return status, json.loads(answer)

    async def follow(self, handle: str) -> None:
        """Follow somebody, or join a group; done when it was granted."""
        await self.home.command("follow", account=self.name, whom=handle)

        async def granted() -> bool:
            found = await self.call("GET", f"/api/v1/accounts/lookup?acct={handle}")
            (how,) = await self.call("GET", f"/api/v1/accounts/relationships?id[]={found['id']}")
            return bool(how["following"])

        await eventually(granted, f"{self.name} follows {handle}")

    async def leave(self, handle: str) -> None:
        """Follow somebody no more, or leave a group."""
        found = await self.call("GET", f"/api/v1/accounts/lookup?acct={handle}")
        await self.call("POST", f"/api/v1/accounts/{found['id']}/unfollow")

    async def asked_by(self, handle: str) -> str:
        """The number of somebody who asks, once they do."""
        asker: dict[str, Any] = {}

        async def asked() -> bool:
            found = await self.call("GET", "/api/v1/follow_requests")
            asker.update(next((each for each in found if each["acct"] == handle), {}))
            return bool(asker)

        await eventually(asked, f"{handle} asks {self.name}")
        return str(asker["id"])

    async def decides(self, handle: str, act: str) -> None:
        """`authorize` or `reject` somebody who asks, once they do."""
        await self.call("POST", f"/api/v1/follow_requests/{await self.asked_by(handle)}/{act}")

    async def number(self, handle: str) -> str:
        """The number of somebody who is known here."""
        return str((await self.call("GET", f"/api/v1/accounts/lookup?acct={handle}"))["id"])

    async def write(self, text: str, answering: str = "") -> str:
        """Publish a post, perhaps an answer to one that has arrived; gives its id for other servers."""
        form = {"in_reply_to_id": await self.here(answering)} if answering else {}
        return str((await self.call("POST", "/api/v1/statuses", status=text, **form))["uri"])

    async def ask(self, text: str, *options: str) -> str:
        """Publish a poll; gives its id for other servers."""
        poll = {"options": options, "expires_in": 3_600}
        return str((await self.call("POST", "/api/v1/statuses", status=text, poll=poll))["uri"])

    async def show(self, text: str, picture: bytes, words: str) -> str:
        """Publish a post with a picture; gives its id for other servers."""
        parts = (("description", "", words.encode()), ("file", '; filename="it.jpg"', picture))
        body = b"".join(
            f'--it\r\ncontent-disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"
            for name, more, value in parts
        )
        status, kept = await self.home.ask(
            "POST", "/api/v2/media", body + b"--it--\r\n", authorization=f"Bearer {self._token}",
            content_type="multipart/form-data; boundary=it",
        )  # fmt: skip
        assert status == 200, kept
        form = {"status": text, "media_ids": [json.loads(kept)["id"]]}
        return str((await self.call("POST", "/api/v1/statuses", **form))["uri"])

    async def edit(self, uri: str, text: str) -> None:
        """Let a post of one's own say something else."""
        await self.call("PUT", f"/api/v1/statuses/{await self.here(uri)}", status=text)

    async def delete(self, uri: str) -> None:
        """Delete a post of one's own."""
        await self.call("DELETE", f"/api/v1/statuses/{await self.here(uri)}")

    async def act(self, verb: str, uri: str) -> None:
        """`favourite`, `unfavourite`, `reblog` or `unreblog` a post that has arrived."""
        await self.call("POST", f"/api/v1/statuses/{await self.here(uri)}/{verb}")

    async def find(self, uri: str) -> dict[str, Any] | None:
        """The post as clients see it here, None when it is not to be seen; nothing is fetched for this."""
        found = (await self.call("GET", f"/api/v2/search?type=statuses&q={uri}"))["statuses"]
        return found[0] if found else None

    async def here(self, uri: str) -> str:
        """The post's number here, once it has arrived."""

        async def arrived() -> bool:
            return await self.find(uri) is not None

        await eventually(arrived, f"{uri} is at {self.home.host}")
        found = await self.find(uri)
        assert found is not None
        return str(found["id"])

    async def sees(self, uri: str, **wanted: Any) -> dict[str, Any]:
        """The post, once it looks so here; of texts a part is enough."""
        await self.here(uri)
        post: dict[str, Any] = {}

        async def looks() -> bool:
            post.update(await self.find(uri) or {})
            return all(v in post[n] if isinstance(v, str) else post[n] == v for n, v in wanted.items())

        await eventually(looks, lambda: f"{uri} at {self.home.host} shows {wanted}: {post}")
        return post

    async def misses(self, uri: str) -> None:
        """Until the post is not to be seen here."""

        async def absent() -> bool:
            return await self.find(uri) is None

        await eventually(absent, f"{uri} is gone at {self.home.host}")

    async def reads(self, uri: str, answers: list[str]) -> None:
        """Until everything under a post is these, in the order in which clients show it.

        What a group passes on may be here a moment before the group has said that it is in it.
        """
        shown: list[str] = []

        async def so() -> bool:
            shown[:] = await self.thread(uri)
            return shown == answers

        await eventually(so, lambda: f"{self.name} reads {answers} under {uri}, and not {shown}")

    async def thread(self, uri: str) -> list[str]:
        """Ids of everything under a post, in the order in which clients show it."""
        found = await self.call("GET", f"/api/v1/statuses/{await self.here(uri)}/context")
        return [post["uri"] for post in found["descendants"]]


class _Door(httpx.AsyncBaseTransport):
    """Leads to a server as the proxy in front of it does."""

    def __init__(self, port: int) -> None:
        self._port, self._way = port, httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url.copy_with(scheme="http", host=LOOPBACK, port=self._port)
        headers = [*request.headers.raw, (b"x-forwarded-proto", b"https")]
        return await self._way.handle_async_request(
            httpx.Request(request.method, url, headers=headers, content=await request.aread())
        )

    async def aclose(self) -> None:
        await self._way.aclose()


class Home:
    """One fedcomm server with its process."""

    def __init__(self, host: str, instance: Instance) -> None:
        self.host, self.instance = host, instance

    async def ask(self, method: str, path: str, body: bytes | None = None, **fields: str) -> tuple[int, bytes]:
        """One request, as the proxy in front hands it on."""
        fields |= {"host": self.host, "x_forwarded_proto": "https"}
        if body is not None:
            fields.setdefault("content_type", "application/json")
        answer = await asyncio.to_thread(self.instance.ask, method, path, body, 20.0, **fields)
        return answer.status, answer.body

    async def command(self, command: str, **args: Any) -> dict[str, Any]:
        """What comes of a command, by the door in the data directory that `fedcomm …` uses too."""
        return await control.ask(self.instance.data, command, args)

    async def member(self, name: str) -> Member:
        """A new account."""
        await self.command("account.create", name=name, password=PASSWORD, email="", role="member")
        token = await self.command("account.token", name=name, scopes="read write follow push")
        return Member(self, name, token["token"])

    @asynccontextmanager
    async def browser(self, member: Member) -> AsyncIterator[Browser]:
        """A browser in which a member is signed in."""
        client = httpx.AsyncClient(transport=_Door(self.instance.port), base_url=f"https://{self.host}", timeout=20)
        async with client:
            browser = Browser(client)
            page = await browser.get("/sign_in")
            answer = await browser.send(page, "/sign_in", login=member.name, password=PASSWORD)
            assert answer.status == 303, answer.problem
            yield browser

    async def group(self, name: str, moderator: Member) -> str:
        """A new group, with its moderator in it; gives its handle."""
        await self.command("group.create", name=name, title=name.capitalize(), summary="", steward=moderator.name)
        await moderator.follow(f"{name}@{self.host}")
        return f"{name}@{self.host}"

    async def start(self) -> None:
        """Let it run; on PostgreSQL it is two processes, which are to be as one."""
        two = ("--processes", "2") if "DATABASE_URL" in self.instance.settings else ()
        await asyncio.to_thread(self.instance.start, *two)

    async def restart(self) -> None:
        """End it in the middle of whatever it does, and let it run again; two processes are ended as by their user."""
        several = "DATABASE_URL" in self.instance.settings
        await asyncio.to_thread(self.instance.stop if several else self.instance.kill)
        await self.start()

    async def quiet(self) -> None:
        """Until nothing waits there."""

        async def idle() -> bool:
            return bool((await self.command("queue"))["idle"])

        await eventually(idle, f"{self.host} has nothing left to do")


class Neighbourhood:
    """The names of a test, where they are, and who is there."""

    def __init__(self, folder: Path, *hosts: str) -> None:
        self.folder = folder
        self.authority = Authority(folder)
        self.places = {host: (LOOPBACK, free_port()) for host in hosts}
        self.homes: list[Home] = []
        self.servers: list[Server] = []
        self._fronts: dict[str, Front] = {}

    async def home(self, host: str, **settings: str) -> Home:
        """A fedcomm server at one of the names."""
        folder = self.folder / host
        folder.mkdir()
        places = ",".join(f"{name}={address}:{port}" for name, (address, port) in self.places.items())
        instance = ForkedInstance(
            folder, BASE_URL=f"https://{host}", TEST_MODE="1", ALLOWED_PRIVATE_NETWORKS="127.0.0.0/8",
            TEST_HOSTS=places, EXTRA_CA_FILE=str(self.authority.file), RATE_LIMITS="off", **settings,
        )  # fmt: skip
        self.homes.append(Home(host, instance))
        await self.homes[-1].start()
        await self._front(host, instance.port)
        return self.homes[-1]

    async def server(self, host: str, **how: Any) -> Server:
        """A scripted server at one of the names; its program is to be given to it before anybody asks."""
        made = Server(f"https://{host}", Network(self.places, self.authority.file), **how)
        port = free_port()
        await made.start(LOOPBACK, port)
        await self._front(host, port)
        self.servers.append(made)
        return made

    async def cut(self, host: str) -> None:
        """Nobody reaches that host any more."""
        await self._fronts[host].stop()

    async def mend(self, host: str) -> None:
        """The host can be reached again."""
        await self._fronts[host].start()

    async def quiet(self) -> None:
        """Until no fedcomm server has anything to do: twice, since what one sends keeps another busy."""
        for _ in range(2):
            await asyncio.gather(*(home.quiet() for home in self.homes))

    async def __aenter__(self) -> "Neighbourhood":
        return self

    async def __aexit__(self, kind: object, *_fault: object) -> None:
        """Stop everything, and see that whatever the scripts sent was taken, and read by them with ease."""
        try:
            if kind is None:
                await self.quiet()
        finally:
            await self._stop()
        if kind is None:
            for server in self.servers:
                assert not server.faults, "\n".join(server.faults)
                assert [(s.inbox, s.activity, s.status) for s in server.sent if s.status != 202] == []
                assert [r.headers for r in server.received if "signature-input" in r.headers] == []  # RFC 9421

    async def _stop(self) -> None:
        for home in self.homes:
            await asyncio.to_thread(home.instance.kill)
        for server in self.servers:
            await server.stop()
        for front in self._fronts.values():
            await front.stop()

    async def _front(self, host: str, port: int) -> None:
        address, outside = self.places[host]
        self._fronts[host] = Front(self.authority.serves(host), address, outside, (LOOPBACK, port))
        await self._fronts[host].start()


async def eventually(true: Callable[[], Awaitable[bool]] | Callable[[], bool], what: str | Callable[[], str]) -> None:
    """Until it is so."""
    end = time.monotonic() + SECONDS
    while True:
        found = true()
        if found if isinstance(found, bool) else await found:
            return
        assert time.monotonic() < end, f"not within {SECONDS:g} seconds: {what if isinstance(what, str) else what()}"
        await asyncio.sleep(0.05)
