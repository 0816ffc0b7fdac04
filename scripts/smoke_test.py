"""Does what the README says in a fresh clone: `make run`, then uses the server as a person would, and stops it.

Everything it makes lies in a folder of its own that is gone afterwards, and so is every process it started.
"""

import contextlib
import http.cookiejar
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SET_UP_SECONDS = 300.0  # for the first start, which downloads the packages
START_SECONDS = 20.0  # for the second
STOP_SECONDS = 30.0
PASSWORD = "correct horse battery staple"


class Failed(Exception):
    """The server did not do what the README says."""


class Server:
    """A clone, its data directory and the server that runs in it."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.listen = f"127.0.0.1:{free.getsockname()[1]}"
        self.clone, self.data, self.log = folder / "fedcomm", folder / "data", folder / "log"
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("FEDCOMM_", "MAKE", "MFLAGS"))
        }
        self.environment = kept | {"FEDCOMM_LISTEN": self.listen, "FEDCOMM_DATA_DIR": str(self.data)}

    @contextlib.contextmanager
    def running(self, seconds: float) -> Iterator[None]:
        """`make run`, ready within so many seconds; at the end SIGTERM, and everything ends with exit code 0."""
        with self.log.open("ab") as log:
            make = subprocess.Popen(
                ["make", "run"], cwd=self.clone, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        try:
            self._wait(make, seconds)
            yield
            process = int((self.data / "lock").read_text())
            os.kill(process, signal.SIGTERM)
            check("it stops on SIGTERM with exit code 0", make.wait(STOP_SECONDS) == 0)
            check("and leaves no process", not Path(f"/proc/{process}").exists())
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(make.pid, signal.SIGKILL)

    def command(self, *words: str, stdin: str = "", code: int = 0) -> str:
        """What `fedcomm …` prints; its exit code is the one expected."""
        done = subprocess.run(
            [".venv/bin/fedcomm", *words], cwd=self.clone, env=self.environment, input=stdin, text=True,
            capture_output=True, timeout=90,
        )  # fmt: skip
        if done.returncode != code:
            raise Failed(f"fedcomm {' '.join(words)} gave {done.returncode}: {done.stdout}{done.stderr}")
        return (done.stdout + done.stderr).strip()

    def get(self, path: str, token: str = "", form: dict[str, Any] | None = None) -> bytes:
        """The body of an answer with a status below 300."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        body = None if form is None else json.dumps(form).encode()
        asked = urllib.request.Request(f"http://{self.listen}{path}", data=body, headers=headers)
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            raise Failed(f"{path} gave {error.code}: {error.read()[:500]!r}") from None

    def _wait(self, make: subprocess.Popen[bytes], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and make.poll() is None:
            with contextlib.suppress(OSError, Failed):
                self.get("/readyz")
                return
            time.sleep(0.1)
        raise Failed(f"make run did not get ready in {seconds:g} seconds (exit code {make.poll()})")


class Form(HTMLParser):
    """The form of a page that asks for something: where it goes, and what is filled in already."""

    def __init__(self, page: str, path: str, field: str) -> None:
        super().__init__()
        self.action, self.values = "", {}
        self._default, self._field, self._found = path, field, False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form" and not self._found:
            self.action, self.values = given.get("action") or self._default, {}
        name = given.get("name")
        if tag in ("input", "textarea") and name and not self._found:
            self.values[name] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        self._found = self._found or (tag == "form" and self._field in self.values)


class Browser:
    """Somebody who reads pages, fills in forms and keeps cookies."""

    def __init__(self, server: Server) -> None:
        self._base = f"http://{server.listen}"
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)
        self._opener.addheaders = [("Accept", "text/html")]

    def open(self, path: str, form: dict[str, str] | None = None) -> str:
        """The page to which a path, or a form sent there, leads."""
        body = None if form is None else urllib.parse.urlencode(form).encode()
        try:
            with self._opener.open(urllib.parse.urljoin(self._base, path), body, timeout=20) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            raise Failed(f"{path} gave {error.code}: {error.read()[:500]!r}") from None

    def fill(self, path: str, **values: str) -> str:
        """The page that comes after the form at `path` was sent with these values."""
        form = Form(self.open(path), path, next(iter(values)))
        if not values.keys() <= form.values.keys():
            raise Failed(f"{path} has no form with {', '.join(values)}")
        return self.open(form.action, form.values | values)


def check(what: str, holds: bool) -> None:
    """One step, said aloud.

    Raises:
        Failed: it does not hold.
    """
    if not holds:
        raise Failed(f"not so: {what}")
    print(f"ok: {what}", flush=True)


def become_admin(server: Server) -> Browser:
    """The link that the server printed makes somebody its admin, once."""
    (link,) = re.findall(r"http://[^ ]+(/setup/[\w-]+)", server.log.read_text())
    browser = Browser(server)
    check("the printed link makes an admin", "/settings" in browser.fill(link, name="alice", password=PASSWORD))
    try:
        Browser(server).open(link)
    except Failed as refused:
        check("and works once", " gave 404" in str(refused))
    else:
        raise Failed("the link works twice")
    return browser


def visit(server: Server) -> None:
    """What somebody does who has just started a server."""
    check("the front page says that this is a try-out", b"try-out" in server.get("/"))
    (link, *_) = json.loads(server.get("/.well-known/nodeinfo"))["links"]
    software = json.loads(server.get(link["href"].split(server.listen)[1]))["software"]
    check("NodeInfo names the software", software["name"] == "fedcomm")
    browser = become_admin(server)
    found = json.loads(server.get(f"/.well-known/webfinger?resource=acct:alice@{server.listen}"))
    check("other servers find the account", found["subject"] == f"acct:alice@{server.listen}")
    server.command("account", "create", "bob", "--password-stdin", stdin=PASSWORD + "\n")
    token = server.command("account", "token", "bob", "--scopes", "read write follow")
    who = json.loads(server.get("/api/v1/accounts/verify_credentials", token))
    check("a token made while the server runs says who it is", who["username"] == "bob")
    server.command("group", "create", "rye", "--title", "Rye bread", "--steward", "alice")
    server.command("follow", "bob", f"rye@{server.listen}")
    written = json.loads(server.get("/api/v1/statuses", token, {"status": "Which flour do you take? @rye"}))
    server.command("queue", "--wait", "30")
    check(
        "a post is there for everybody",
        "Which flour" in json.loads(server.get(f"/api/v1/statuses/{written['id']}"))["content"],
    )
    check("and on the page of its group", "Which flour" in Browser(server).open("/c/rye"))
    browser.fill(f"/write?to={written['id']}", text="Rye, what else?")
    context = json.loads(server.get(f"/api/v1/statuses/{written['id']}/context", token))
    check("an answer from the page reaches the program", "what else" in context["descendants"][0]["content"])


def main() -> int:
    """Exit code 0 when all of it works, else 1 with the server's last words."""
    folder = Path(tempfile.mkdtemp(prefix="fedcomm-smoke-"))
    server = Server(folder)
    try:
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, server.clone], check=True)
        with server.running(SET_UP_SECONDS):
            visit(server)
            refused = server.command("serve", code=2)
            check("a second server on the same data is refused", "in use" in refused and "fix: " in refused)
            refused = server.command("account", "approve", "nobody", code=2)
            check("a mistake is told with what to do about it", "fix: " in refused)
        with server.running(START_SECONDS):
            check("a second start finds what was there", b"alice" in server.get("/api/v1/accounts/lookup?acct=alice"))
    except Failed as error:
        print(f"{error}\n\nThe server said:\n{server.log.read_text()[-4000:] if server.log.exists() else '(nothing)'}")
        return 1
    finally:
        shutil.rmtree(folder)
    print("The server works in a fresh clone.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
