"""`make demo`: three servers on this machine that know each other, with people, a group and a conversation across them.

Scripted servers of other programs take part in it as guests (demo_guests.py), unless one asks for `--alone`. Everything
it makes lies in a folder of its own and is made anew each time; Ctrl-C stops all it has started.
"""

import argparse
import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from demo_guests import ADDRESSES, Dropped, Guests

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "correct horse battery staple"  # of everybody here; nobody outside this machine can try it
START_SECONDS = 30.0
ARRIVAL_SECONDS = 20.0
STOP_SECONDS = 35.0  # a server needs at most 30
MARK = ".fedcomm-demo"  # what lies in a folder that this program has made, and may empty

# Each its own address, so that a browser keeps three sessions apart: cookies do not tell ports apart.
SERVERS = (("garden", "127.0.0.1", "alice"), ("kitchen", "127.0.0.2", "bob"), ("harbour", "127.0.0.3", "carol"))


class Failed(Exception):
    """The demo cannot go on; says why, and perhaps what to do."""


class Server:
    """One of the three servers: its folder, its process, and the account that looks after it."""

    def __init__(self, folder: Path, name: str, address: str, port: int, admin: str) -> None:
        self.name, self.admin, self.host = name, admin, f"{address}:{port}"
        self.url = f"http://{self.host}"
        self.data, self.log = folder / name, folder / f"{name}.log"
        kept = {key: value for key, value in os.environ.items() if not key.startswith("FEDCOMM_")}
        self.environment = kept | {
            "FEDCOMM_DATA_DIR": str(self.data),
            "FEDCOMM_LISTEN": self.host,
            "FEDCOMM_RATE_LIMITS": "off",
        }
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Begin to start; Ctrl-C on the terminal reaches it only through this program."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "fedcomm", "serve", cwd=ROOT, env=self.environment,
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    async def ready(self, http: httpx.AsyncClient) -> None:
        """Until it answers.

        Raises:
            Failed: it has ended, or does not answer in time.
        """
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process is None or self.process.returncode is not None:
                break
            with contextlib.suppress(httpx.HTTPError):
                if (await http.get(f"{self.url}/readyz")).status_code == 200:
                    return
            await asyncio.sleep(0.05)
        raise Failed(f"{self.name} did not start. Its last words:\n{self.log.read_text(errors='replace')[-2000:]}")

    async def stop(self) -> None:
        """Ask it to end, and end it if it does not."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
        except TimeoutError:
            self.kill()
            await self.process.wait()

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            if self.process is not None:
                self.process.kill()

    async def command(self, *words: str, given: str = "") -> str:
        """What `fedcomm …` prints.

        Raises:
            Failed: it says no.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "fedcomm", *words, cwd=ROOT, env=self.environment, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        said, complained = await process.communicate(given.encode())
        if process.returncode:
            raise Failed(f"fedcomm {' '.join(words)} at {self.name}: {complained.decode(errors='replace').strip()}")
        return said.decode().strip()


class Person:
    """Somebody on one of the servers, who does what a client can do."""

    def __init__(self, server: Server, name: str, token: str, http: httpx.AsyncClient) -> None:
        self.server, self.name, self._http = server, name, http
        self.handle = f"@{name}@{server.host}"
        self._headers = {"Authorization": f"Bearer {token}"}

    @classmethod
    async def new(cls, server: Server, name: str, http: httpx.AsyncClient) -> "Person":
        """A new account; that of the server's own admin may everything."""
        role = "admin" if name == server.admin else "member"
        await server.command("account", "create", name, "--password-stdin", "--role", role, given=PASSWORD + "\n")
        token = await server.command("account", "token", name, "--scopes", "read write follow")
        return cls(server, name, token, http)

    async def call(self, method: str, path: str, **form: Any) -> Any:
        """What the client API answers.

        Raises:
            Failed: it says no.
        """
        answer = await self._http.request(
            method, f"{self.server.url}{path}", headers=self._headers, json=form if method != "GET" else None,
            params=form if method == "GET" else None,
        )  # fmt: skip
        if answer.status_code != 200:
            raise Failed(f"{method} {path} at {self.server.name}: {answer.status_code} {answer.text[:300]}")
        return answer.json()

    async def join(self, handle: str) -> None:
        """Follow somebody, or join a group; done when it is granted."""
        await self.server.command("follow", self.name, handle)

        async def granted() -> bool:
            found = await self.call("GET", "/api/v1/accounts/lookup", acct=handle)
            (how,) = await self.call("GET", "/api/v1/accounts/relationships", id=found["id"])
            return bool(how["following"])

        await _until(granted, f"{self.handle} is in {handle}")

    async def write(self, text: str, answering: str = "") -> str:
        """Publish a post, perhaps an answer to one that has arrived here; gives the post's id on every server."""
        form = {"in_reply_to_id": await self.here(answering)} if answering else {}
        written = await self.call("POST", "/api/v1/statuses", status=text, **form)
        return str(written["uri"])

    async def like(self, uri: str) -> None:
        """Like a post that has arrived here."""
        await self.call("POST", f"/api/v1/statuses/{await self.here(uri)}/favourite")

    async def edit(self, uri: str, text: str) -> None:
        """Let a post of one's own say something else."""
        await self.call("PUT", f"/api/v1/statuses/{await self.here(uri)}", status=text)

    async def here(self, uri: str) -> str:
        """The post's number on this server, once its own server has sent it: nothing is fetched for this."""
        seen: list[str] = []

        async def arrived() -> bool:
            found = await self.call("GET", "/api/v2/search", q=uri, type="statuses")
            seen.extend(str(post["id"]) for post in found["statuses"])
            return bool(seen)

        await _until(arrived, f"{uri} is at {self.server.name}")
        return seen[0]

    async def sees(self, uri: str, **wanted: Any) -> None:
        """Until the post looks so on this server."""
        number = await self.here(uri)

        async def looks() -> bool:
            post = await self.call("GET", f"/api/v1/statuses/{number}")
            return all(
                value in post[name] if type(value) is str else post[name] == value for name, value in wanted.items()
            )

        await _until(looks, f"{uri} at {self.server.name} shows {wanted}")


class Scene:
    """The three servers with everybody on them, guests if there are any, and the words of the demo."""

    def __init__(self, servers: list[Server], people: dict[str, Person], group: str, guests: Guests | None) -> None:
        self.servers, self.people, self.group, self.guests = servers, people, group, guests

    async def converse(self) -> str:
        """A conversation in the group, each word on another server than the one before; gives its first post."""
        alice, bob, carol = (self.people[name] for name in ("alice", "bob", "carol"))
        question = await bob.write(
            f"Which apple trees bear early?\n\nThe plot is small and faces north. @{self.group}\n\n#apples"
        )
        say(f"bob asks on {bob.server.name}")
        answer = await carol.write("White Transparent: ripe in July, and it forgives the shade.", question)
        say(f"carol answers on {carol.server.name}")
        advice = await alice.write("Plant a second sort nearby, or nobody pollinates it.", answer)
        await asyncio.gather(alice.like(question), carol.like(question), bob.like(answer))
        say(f"alice adds to it on {alice.server.name}, and they like what they read")
        await bob.write("Then Discovery comes beside it. Thank you both!", advice)
        await carol.edit(answer, "White Transparent: ripe in July, and it forgives the shade. Pick it before it falls.")
        say("bob thanks them, carol corrects herself")
        for person in self.people.values():
            await person.sees(question, favourites_count=2)
            await person.sees(answer, favourites_count=1, content="Pick it before")
            await person.sees(advice)
        return question

    async def receive_guests(self, question: str) -> None:
        """What guests say in the conversation is on all three servers, and one of ours is their guest in turn."""
        if self.guests is None:
            return
        answers = await self.guests.take_part(question, _until)
        say("mona (on a Mastodon), lena (on a Lemmy) and petra (on a PieFed) answer, as scripts have it")
        for person in self.people.values():
            await person.sees(question, favourites_count=4)
            for answer in answers:
                await person.here(answer)
        carol, community = self.people["carol"], f"pruning@{self.guests.lemmy.server.host}"
        await carol.join(community)
        thread = await carol.write(f"When does one prune White Transparent?\n\nIt stands in my way. @{community}")
        comment = await self.guests.lena.comment(await self._with_lena(thread), "In winter, when it sleeps.")
        await carol.sees(comment)
        say("carol asks in a community of the Lemmy, and lena answers there")

    async def _with_lena(self, uri: str) -> str:
        guests = self.guests
        assert guests is not None

        async def there() -> bool:
            return uri in guests.lemmy.posts

        await _until(there, f"{uri} is with lena")
        return uri


def say(words: str) -> None:
    """One step, said aloud."""
    print(f"  {words}", flush=True)


async def _until(true: Callable[[], Awaitable[bool]], what: str) -> None:
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while not await true():
        if time.monotonic() > deadline:
            raise Failed(f"this did not happen within {ARRIVAL_SECONDS:g} seconds: {what}")
        await asyncio.sleep(0.05)


def prepare(folder: Path, port: int, addresses: list[str]) -> None:
    """The folder is empty and ours, and the addresses are free.

    Raises:
        Failed: it holds something else, or another program listens there.
    """
    for address in addresses:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                fix = "stop the demo that runs already, or choose another port: make demo ARGS='--port 8531'"
                raise Failed(f"{address}:{port} cannot be used: {error.strerror}.\nfix: {fix}") from None
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        fix = "name another folder: make demo ARGS='--data FOLDER'"
        raise Failed(f"{folder} holds something that is not of an earlier demo.\nfix: {fix}")
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True)
    (folder / MARK).write_text("`make demo` empties this folder each time it starts.\n")


@contextlib.asynccontextmanager
async def running(servers: list[Server], guests: Guests | None, http: httpx.AsyncClient) -> AsyncIterator[None]:
    """The servers are up; stopped at the end, whatever happens in between."""
    try:
        if guests is not None:
            await guests.start()
        for server in servers:
            await server.start()
        await asyncio.gather(*(server.ready(http) for server in servers))
        yield
    finally:
        say("stopping the servers …")
        await asyncio.gather(*(server.stop() for server in servers))
        if guests is not None:
            await guests.stop()


async def stage(servers: list[Server], guests: Guests | None, http: httpx.AsyncClient) -> Scene:
    """People and a group, and everybody in it."""
    people = await asyncio.gather(*(Person.new(server, server.admin, http) for server in servers))
    home = servers[0]
    title, about = "Gardening", "What grows, and what to do about it."
    await home.command("group", "create", "gardening", "--title", title, "--summary", about, "--steward", home.admin)
    group = f"gardening@{home.host}"
    say(f"alice has made !{group}; bob and carol join it from their own servers")
    await asyncio.gather(*(person.join(group) for person in people))
    if guests is not None:
        await guests.join(group, _until)
    return Scene(servers, {person.name: person for person in people}, group, guests)


def invitation(scene: Scene, seconds: float) -> str:
    """What to look at, and how to sign in."""
    lines = ["", f"Everything is there after {seconds:.1f} seconds. The same conversation, on each server:", ""]
    for server in scene.servers:
        group = "/c/gardening" if server is scene.servers[0] else f"/@{scene.group}"
        lines += [
            f"  {server.name:8} {server.url}{group}",
            f"           sign in at {server.url}/sign_in as {server.admin} (admin there)",
        ]
    if scene.guests is not None:
        hosts = ", ".join(f"{name} at {server.base}" for name, server in scene.guests.servers.items())
        lines += ["", f"Guests, scripts that behave like other programs and have no pages: {hosts}."]
    lines += ["", f'The password of all of them: "{PASSWORD}"', "Ctrl-C stops the servers.", ""]
    return "\n".join(lines)


async def demo(servers: list[Server], guests: Guests | None) -> None:
    """Set everything up, say where it is, and wait to be stopped.

    Raises:
        Failed: something did not work.
    """
    began = time.monotonic()
    say(f"starting {len(servers)} servers, with their data in {servers[0].data.parent} …")
    async with httpx.AsyncClient(timeout=10, trust_env=False) as http, running(servers, guests, http):
        scene = await stage(servers, guests, http)
        await scene.receive_guests(await scene.converse())
        print(invitation(scene, time.monotonic() - began), flush=True)
        await _ended(servers)


async def _ended(servers: list[Server]) -> None:
    """Until a server ends, which none should.

    Raises:
        Failed: one has ended.
    """
    waiting = {asyncio.create_task(server.process.wait()): server for server in servers if server.process}
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    first = waiting[done.pop()]
    raise Failed(f"{first.name} has ended. Its last words:\n{first.log.read_text(errors='replace')[-2000:]}")


async def until_stopped(folder: Path, port: int, *, alone: bool) -> int:
    """Exit code 0 when somebody has stopped the demo, 1 when it stopped by itself, 2 when it could not start."""
    servers = [Server(folder, name, address, port, admin) for name, address, admin in SERVERS]
    try:
        prepare(folder, port, [address for _, address, _ in SERVERS] + ([] if alone else [*ADDRESSES.values()]))
        task = asyncio.create_task(demo(servers, None if alone else Guests(port)))
        _stop_on_signals(task, servers)
        await task
    except asyncio.CancelledError:
        say("all servers have stopped.")
        return 0
    except (Failed, Dropped) as error:
        print(error, file=sys.stderr)
        return 2 if "fix: " in str(error) else 1
    return 1


def _stop_on_signals(task: asyncio.Task[None], servers: list[Server]) -> None:
    """The first signal lets the servers finish what they have begun, the next one does not."""

    def stop() -> None:
        if task.cancelling():
            for server in servers:
                server.kill()
        else:
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop)


def main() -> int:
    """Exit code 0 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="make demo", description="Three servers on this machine that talk.")
    parser.add_argument("--data", type=Path, default=ROOT / "demo-data", help="the folder to use; it is emptied")
    parser.add_argument("--port", type=int, default=8431, help="of each server, on addresses of its own")
    parser.add_argument("--alone", action="store_true", help="without guests from other programs")
    given = parser.parse_args()
    return asyncio.run(until_stopped(given.data.resolve(), given.port, alone=given.alone))


if __name__ == "__main__":
    sys.exit(main())
