"""Commands for single posts, actors and pictures, and for who may sign up, with a server that runs."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.forking import ForkedInstance
from tests.server.running import Instance
from tests.server.test_commands import command, done, other

__all__ = ["other"]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Instance]:
    """An instance that runs, with an admin, anna, and two groups, rye and oats."""
    made = ForkedInstance(tmp_path).start()
    done(made, "account", "create", "anna", "--password-stdin", "--role", "admin")
    for name in ("rye", "oats"):
        done(made, "group", "create", name, "--title", name, "--steward", "anna", "--no-ladder")
    yield made
    made.kill()


def test_posts_actors_pictures_and_sign_ups_are_looked_after(running: Instance, other: Instance) -> None:
    done(other, "account", "create", "bob", "--password-stdin")
    bob = f"bob@{other.host}"
    done(running, "follow", "anna", bob)
    done(other, "follow", "bob", f"anna@{running.host}")
    done(other, "queue", "--wait", "10")
    key = done(running, "account", "token", "anna", "--scopes", "read write")
    token = {"authorization": f"Bearer {key}", "content_type": "application/json"}
    said = json.dumps({"status": f"Sowing @rye@{running.host}"}).encode()
    thread = running.ask("POST", "/api/v1/statuses", said, **token).json
    done(running, "queue", "--wait", "10")

    assert f"{other.host}: delivered" in done(running, "post", "receipt", thread["uri"])
    assert "It is in oats" in done(running, "post", "move", thread["id"], "oats", "--reason", "A better place")
    assert running.get(f"/api/v1/statuses/{thread['id']}", **token).status == 200
    assert "@anna is deleted, here and elsewhere" in done(running, "post", "purge", thread["url"], "--yes")
    assert running.get(f"/api/v1/statuses/{thread['id']}", **token).status == 404

    assert done(running, "actor", "fetch", bob).startswith(f"@{bob}: Person")
    assert json.loads(done(running, "actor", "refresh", bob, "--json"))["handle"] == f"@{bob}"
    assert "of this server" in command(running, "actor", "refresh", f"http://{running.host}/@anna").stderr

    assert done(running, "media", "orphans") == "0 files that nothing has would go."
    assert done(running, "media", "refresh", other.host) == f"0 copies of {other.host} are forgotten."

    assert done(running, "mail-domain", "list") == "No domain is closed."
    assert done(running, "mail-domain", "close", "Trash.example") == "trash.example is closed."
    assert done(running, "mail-domain", "list") == "trash.example"
    assert done(running, "mail-domain", "open", "trash.example") == "trash.example is open again."
    for mode, open_to_all in (("open", True), ("closed", False)):
        assert done(running, "settings", "registrations", mode) == f"Who may sign up from now on: {mode}."
        assert running.get("/api/v2/instance").json["registrations"]["enabled"] == open_to_all
