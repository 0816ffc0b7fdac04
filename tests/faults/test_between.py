"""A server that dies between any two writes: an activity has had its whole effect or none, and the repeat completes it.

Faults FLT-03 and, of the deliveries that follow, FLT-01.
"""

import os
import sys
from pathlib import Path

import pytest

from tests.faults.asking import ask, eventually, follow_all, post, waiting
from tests.faults.crowd import Crowd
from tests.server.running import Instance

EVERY = os.environ.get("FEDCOMM_TEST_FAULT_WRITES") == "all"
MOST = 200  # writes for one activity; far fewer are needed
STEPS = 5  # moments that are tried, unless all are
_EFFECTS = (
    "SELECT (SELECT COUNT(*) FROM post WHERE uri = ?), (SELECT replies_count FROM post WHERE uri = ?),"
    " (SELECT posts_count FROM actor WHERE uri = ?), (SELECT COUNT(*) FROM notification)"
)


@pytest.mark.parametrize("dialect", ["sqlite"])  # whose writes can be counted; on both a commit is one moment
def test_an_activity_has_its_whole_effect_or_none_wherever_the_server_dies(server: Instance, tmp_path: Path) -> None:
    crowd = Crowd(1)
    armed = tmp_path / "armed"
    (host,) = crowd.hosts
    sam, inbox = crowd.actor(host), f"http://{server.host}/inbox"
    try:
        token = follow_all(server, crowd)
        asked = post(server, token, "What grows in shade?").json["uri"]
        assert eventually(lambda: waiting(server)["idle"])
        server.stop()
        died, last, number = 0, 1, 0
        before = (0, 0, 0, 0)
        while last < MOST:
            number += 1
            reply = crowd.note(sam, number, inReplyTo=asked, tag=[_mention(server)])
            server.start(program=(sys.executable, "-m", "tests.faults.dying", str(armed), str(last)))
            armed.touch()
            taking = crowd.begin(crowd.insist(sam, inbox, reply))
            survived = not eventually(lambda: server.process is not None and server.process.poll() is not None, 3.0)
            server.kill()
            armed.unlink()
            found = _effects(server, reply["object"]["id"], asked, sam)
            whole = (1, before[1] + 1, before[2] + 1, before[3] + 1)
            assert found in ((0, *before[1:]), whole)
            if survived:
                assert found == whole
                break

            died += 1
            server.start()
            taking.result(30)
            assert eventually(lambda: waiting(server)["idle"])
            assert _effects(server, reply["object"]["id"], asked, sam) == whole
            server.stop()
            before = whole
            last += 1 if EVERY else max(1, last)
    finally:
        crowd.close()
    assert died >= STEPS - 1


def _effects(server: Instance, uri: str, asked: str, sam: str) -> tuple[int, ...]:
    """The reply, and what counts it: at what it answers, at its author, in notifications."""
    (found,) = ask(server, _EFFECTS, (uri, asked, sam))
    return tuple(found)


def _mention(server: Instance) -> dict[str, str]:
    return {"type": "Mention", "href": f"http://{server.host}/users/bob", "name": "@bob"}
