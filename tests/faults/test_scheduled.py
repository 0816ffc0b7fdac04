"""A post that waits for its time is published once, wherever the server dies while it publishes it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.faults.asking import ask, eventually, post
from tests.faults.test_between import FEWEST, Mortal
from tests.server.running import Instance

ALL = os.environ.get("FEDCOMM_TEST_FAULT_WRITES") == "all"
MOMENTS = range(1, 100) if ALL else (5,)


def state(server: Instance) -> tuple[int, ...]:
    """How many wait, how many are published, and how many activities tell of them."""
    tables = ("scheduled_post", "post", "outbox WHERE post_id IS NOT NULL")
    (found,) = ask(server, f"SELECT {', '.join(f'(SELECT COUNT(*) FROM {table})' for table in tables)}")
    return tuple(found)


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"] if ALL else ["sqlite"])
def test_a_post_whose_time_has_come_is_published_wholly_or_waits(server: Instance, tmp_path: Path) -> None:
    mortal = Mortal(server, tmp_path)
    mortal.start()
    token, died = server.person("bob"), True

    for number, moment in enumerate(MOMENTS):
        when = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        assert post(server, token, "It is time", scheduled_at=when).status == 200
        waits, published = (1, number, number), (0, number + 1, number + 1)
        mortal.dies_at(moment)
        ask(server, "UPDATE scheduled_post SET publish_at = 1")
        ask(server, "UPDATE job SET run_at = 1 WHERE name = 'publish_scheduled'")
        assert eventually(lambda published=published: mortal.dead or state(server) == published)
        died = eventually(lambda: mortal.dead, 1.0)
        assert state(server) in ((waits, published) if died else (published,))

        mortal.lives()
        assert eventually(lambda published=published: state(server) == published)
        ask(server, "UPDATE job SET run_at = 1, state = 0")  # what of it was not finished is done once more
        assert eventually(lambda: ask(server, "SELECT 1 FROM job WHERE name = 'publish_scheduled'") == [])
        assert state(server) == published
        if not died:
            assert moment > FEWEST
            break
    assert not ALL or not died
