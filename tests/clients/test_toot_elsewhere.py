"""toot in a group of another server: what is posted with it is seen there, and the answers come back, in order."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.toot import Toot
from tests.server.forking import ForkedInstance
from tests.server.running import Instance

PASSWORD = "correct horse battery staple"
SECONDS = 30.0


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    """By how many seconds the clocks of the servers are ahead. What one of them could not tell or ask another that was
    down is tried again after a minute, for which nobody has to wait here.
    """
    made = tmp_path / "clock"
    made.write_text("0")
    return made


@pytest.fixture
def servers(tmp_path: Path, clock: Path) -> Iterator[tuple[Instance, Instance]]:
    """Where alice lives, and where the group is."""
    settings = {"RATE_LIMITS": "off", "TEST_MODE": "1", "TEST_CLOCK": str(clock)}
    made = [ForkedInstance(_folder(tmp_path / name), **settings).start() for name in ("here", "there")]
    yield made[0], made[1]
    for each in made:
        each.kill()


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def eventually(found: Callable[[], Any]) -> Any:
    """What is there in the end, and is not nothing."""
    end = time.monotonic() + SECONDS
    while not (what := found()) and time.monotonic() < end:
        time.sleep(0.2)
    assert what
    return what


class Member:
    """Somebody on a server, with a token."""

    def __init__(self, server: Instance, name: str) -> None:
        self.server, self.token = server, f"Bearer {server.person(name)}"

    def get(self, path: str) -> Any:
        """What the API answers."""
        return self.server.get(path, authorization=self.token).json

    def answer(self, post: str, text: str) -> str:
        """Answer a post, by its number here; gives the id of the answer."""
        body = json.dumps({"status": text, "in_reply_to_id": post}).encode()
        said = self.server.ask(
            "POST", "/api/v1/statuses", body, authorization=self.token, content_type="application/json"
        )
        assert said.status == 200, said.body
        return str(said.json["uri"])


def test_what_toot_posts_in_a_group_elsewhere_is_answered_there_and_here_though_servers_are_killed(
    servers: tuple[Instance, Instance], clock: Path, tmp_path: Path
) -> None:
    here, there = servers
    here.person("alice")
    made = there.command("group", "create", "gardening", "--title", "Gardening", "--no-ladder")
    assert made.returncode == 0, made.stderr
    bob = Member(there, "bob")
    assert there.command("follow", "bob", "gardening").returncode == 0
    toot = Toot(here, tmp_path)
    toot.login("alice", PASSWORD)

    toot("follow", f"gardening@{there.host}")
    joined = eventually(lambda: toot.json("lists", "list"))
    begun = toot.json("post", f"@gardening@{there.host} Which soil for tomatoes?")
    here.kill()
    here.start()
    clock.write_text("70")
    (group,) = bob.get("/api/v1/lists")
    listed = eventually(lambda: bob.get(f"/api/v1/timelines/list/{group['id']}"))
    answers = [bob.answer(listed[0]["id"], "Not too wet.")]
    there.kill()
    there.start()
    answers.append(bob.answer(listed[0]["id"], "And not too dry."))
    clock.write_text("140")
    eventually(lambda: len(toot.json("thread", begun["id"])["descendants"]) == 2)

    assert [each["title"] for each in joined] == ["Gardening"]
    assert [each["uri"] for each in listed] == [begun["uri"]]
    assert [each["uri"] for each in toot.json("thread", begun["id"])["descendants"]] == answers
    in_list = toot.json("timelines", "list", joined[0]["id"])
    assert [(each["reblog"] or each)["id"] for each in in_list] == [begun["id"]]
