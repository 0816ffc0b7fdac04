"""Known holes of what the locks name are found, and said with what to do."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from scripts import audit

pytestmark = pytest.mark.attack("ADM-20")


@contextmanager
def database(holes: dict[str, str]) -> Iterator[str]:
    """A database that knows these holes, by package, for whatever version; and fails without `holes`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))["queries"]
            known = [holes.get(one["package"]["name"]) for one in asked if one["version"]]
            body = json.dumps({"results": [{"vulns": [{"id": hole}]} if hole else {} for hole in known]}).encode()
            self.send_response(200 if holes else 503)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_said: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run(url: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, audit.__file__]
    return subprocess.run(command, env=os.environ | {"FEDCOMM_AUDIT_URL": url}, capture_output=True, text=True)


def test_a_hole_in_a_locked_package_fails_and_is_named() -> None:
    version = dict(audit.locked())["starlette"]
    with database({"starlette": "GHSA-1234"}) as url:
        done = run(url)

    assert done.returncode == 1
    assert done.stdout == f"starlette {version}: GHSA-1234, see https://osv.dev/vulnerability/GHSA-1234\n"
    assert done.stderr == "fix: make lock UPGRADE=1\n"


def test_without_holes_all_is_well() -> None:
    with database({"something-else": "GHSA-1234"}) as url:
        done = run(url)

    assert (done.returncode, done.stdout) == (0, f"{len(audit.locked())} packages, no known holes\n")


def test_a_database_that_does_not_answer_is_said_and_fails_nothing() -> None:
    with database({}) as url:
        failing = run(url)
    gone = run(url)

    assert failing.returncode == gone.returncode == 0
    assert failing.stdout.startswith("not audited: ")
    assert gone.stdout.startswith("not audited: ")
