"""The command-line client `toot`, with a configuration of its own that leaves that of whoever runs the tests alone."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import msgspec

from tests.server import forking
from tests.server.running import Instance
from tests.web.oauth.browser import form_of

SECONDS = 30.0


class Login(msgspec.Struct, frozen=True):
    """What came of signing in: the code that was carried to toot, and what toot said."""

    code: str
    output: str


class Toot:
    """One person's toot."""

    def __init__(self, server: Instance, folder: Path) -> None:
        self.server = server
        self.url = f"http://{server.host}"
        self.environment = os.environ | {
            "XDG_CONFIG_HOME": str(folder), "HOME": str(folder), "PYTHONUNBUFFERED": "1", "NO_PROXY": "*",
            "PAGER": "cat",
        }  # fmt: skip

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run one command."""
        return forking.run(self._command(*arguments)[2:], self.environment, seconds=SECONDS)

    def turning_pages(self, *arguments: str) -> str:
        """What a command says that waits for the space bar after each page, until it ends by itself."""
        terminal, keyboard = pty.openpty()
        process = subprocess.Popen(
            self._command(*arguments), env=self.environment, text=True, stdin=keyboard, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            for _ in range(200):
                try:
                    said, _ = process.communicate(timeout=0.15)
                except subprocess.TimeoutExpired:
                    os.write(terminal, b" ")
                else:
                    assert process.returncode == 0, said
                    return str(said)
            raise AssertionError("the pages never end")
        finally:
            process.kill()
            process.wait()
            os.close(terminal)
            os.close(keyboard)

    def __call__(self, *arguments: str) -> str:
        """What a command that succeeds says."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"toot {arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """As `toot --json` says it."""
        return json.loads(self(*arguments, "--json"))

    def login(self, name: str, password: str) -> Login:
        """Sign in as toot wants it: in a browser, from where a code is carried back by hand."""
        process = subprocess.Popen(
            self._command("login", "--instance", self.url), env=self.environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            said = ""
            while "Login URL:" not in said:
                line = process.stdout.readline()
                assert line, f"toot ended: {said}"
                said += line
            address = process.stdout.readline().strip()
            code = code_for(address, name, password)
            rest, _ = process.communicate(f"n\n{code}\n", SECONDS)
            assert process.returncode == 0, said + rest
            return Login(code, rest)
        finally:
            process.kill()
            process.wait()

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "toot", "--no-color", *arguments]


def code_for(address: str, name: str, password: str) -> str:
    """What somebody does in their browser: sign in, say yes, read the code."""
    base = str(httpx.URL(address).copy_with(raw_path=b"/"))
    with httpx.Client(
        base_url=base, headers={"accept": "text/html"}, follow_redirects=True, trust_env=False
    ) as browser:
        signing_in = form_of(browser.get(address))
        consent = browser.post(signing_in.action, data=signing_in.fields | {"login": name, "password": password})
        form = form_of(consent)
        assert form.action == "/oauth/authorize", consent.text
        shown = browser.post(form.action, data=form.fields | {"decision": "allow"})
        assert shown.status_code == 200, shown.text
        return shown.text.partition('id="code" value="')[2].partition('"')[0]
