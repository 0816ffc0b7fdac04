"""What the tests with clients of others share."""

from collections.abc import Iterator

import pytest

from tests.server.forking import ForkedInstance
from tests.server.running import Instance


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A server with a group and two members."""
    running = ForkedInstance(tmp_path_factory.mktemp("server"), RATE_LIMITS="off").start()
    try:
        running.person("alice")
        running.person("bob")
        made = running.command("group", "create", "gardening", "--title", "Gardening", "--no-ladder")
        assert made.returncode == 0, made.stderr
        yield running
    finally:
        running.stop()
