"""A server that dies between any two writes: what it was asked has its whole effect or none, a repeat completes it.

Faults FLT-03 and, of the deliveries that follow, FLT-01.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.faults.asking import ask, eventually, outlast
from tests.faults.crowd import Crowd, most
from tests.faults.stories import Answers, EarlyAnswers, Released, Story, Thoughts, Threads
from tests.server.running import Instance

ALL = os.environ.get("FEDCOMM_TEST_FAULT_WRITES") == "all"
STRIDE = 1 if ALL else 6  # moments from one death to the next
FEWEST, MOST = 5, 100  # moments there may be in what is asked once
HEALED = 90.0  # seconds: what two lives of the server took in at the same moment is tied together within a minute
LAST = 1.0  # seconds after the effect in which the last writes are made


class Mortal:
    """A server that can be told at which of its next writes it is killed."""

    def __init__(self, server: Instance, folder: Path) -> None:
        self._server = server
        self._told = folder / "moment"

    def start(self) -> None:
        """Running, and done with all that a start writes."""
        said = len(self._server.said()) if self._server.log.exists() else 0
        outlast(self._server)
        self._server.start(program=(sys.executable, "-m", "tests.faults.dying", str(self._told)))
        self._server.greeting(said)

    def dies_at(self, moment: int) -> None:
        """From now on moments are counted."""
        self._told.write_text(str(moment))

    def lives(self) -> None:
        """It is not killed any more."""
        self._told.unlink()
        if self.dead:
            self.start()

    def waiting(self) -> list[tuple[Any, ...]]:
        """What has come in and what is to be done: state, attempts, and what went wrong."""
        items = "SELECT 'item ' || id, state, attempts, error FROM inbox_item"
        return ask(self._server, f"{items} UNION ALL SELECT name, state, attempts, error FROM job")

    @property
    def dead(self) -> bool:
        return self._server.process is not None and self._server.process.poll() is not None


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    """One other server."""
    everybody = Crowd(1)
    yield everybody
    everybody.close()


@pytest.fixture
def mortal(server: Instance, tmp_path: Path) -> Mortal:
    """The server, running."""
    made = Mortal(server, tmp_path)
    made.start()
    return made


def die_through(story: Story, mortal: Mortal, moments: Sequence[int] = range(1, MOST, STRIDE)) -> None:
    """Go on with the story, and let the server die at each of its moments, until one comes that it survives."""
    for moment in moments:
        before = story.effects()
        whole = tuple(count + 1 for count in before)
        mortal.dies_at(moment)
        asking = story.go_on()
        assert eventually(lambda whole=whole: mortal.dead or story.effects() == whole)
        survived = not eventually(lambda: mortal.dead, LAST)
        acknowledged = asking.done()
        assert story.effects() in ((whole,) if survived else (before, whole))
        assert not acknowledged or story.kept()

        mortal.lives()
        asking.result(60)
        completed = eventually(lambda whole=whole: story.effects() == whole, HEALED)
        assert completed, f"moment {moment}: {story.effects()}, not {whole}; waiting: {mortal.waiting()}"
        story.repeat()
        assert eventually(story.over)
        assert story.effects() == whole
        if survived:
            assert moment > FEWEST
            return
    assert len(moments) < FEWEST, "so many writes are not needed"


@pytest.mark.thorough("postgres")
def test_an_activity_has_its_whole_effect_or_none_wherever_the_server_dies(
    server: Instance, crowd: Crowd, mortal: Mortal
) -> None:
    story = Answers(server, crowd)

    die_through(story, mortal)

    assert ask(server, "SELECT COUNT(*) FROM inbox_item WHERE state <> 1") == [(0,)]


@pytest.mark.thorough("postgres")
def test_a_thread_is_in_its_group_and_announced_or_neither_wherever_the_server_dies(
    server: Instance, crowd: Crowd, mortal: Mortal
) -> None:
    story = Threads(server, crowd)

    die_through(story, mortal)

    assert most(story.announced()) <= 2  # once in each life
    assert crowd.wrong == []


@pytest.mark.thorough("postgres")
def test_an_answer_that_overtook_its_thread_is_announced_after_it_wherever_the_server_dies(
    server: Instance, crowd: Crowd, mortal: Mortal
) -> None:
    story = EarlyAnswers(server, crowd)

    die_through(story, mortal)

    assert most(story.announced()) <= 2  # once in each life
    assert crowd.wrong == []


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"] if ALL else ["sqlite"])
def test_what_a_moderator_lets_in_is_in_the_group_and_announced_or_waits_wherever_the_server_dies(
    server: Instance, crowd: Crowd, mortal: Mortal
) -> None:
    story = Released(server, crowd)

    die_through(story, mortal, range(1, MOST) if ALL else (6, 17))  # in the moderator's act, and when it is taken up

    assert most(story.announced()) <= 2  # once in each life
    assert crowd.wrong == []


def test_a_post_is_published_wholly_or_not_wherever_the_server_dies(
    server: Instance, crowd: Crowd, mortal: Mortal
) -> None:
    story = Thoughts(server, crowd)

    die_through(story, mortal)

    arrived = crowd.posts(crowd.hosts[0])
    assert list(dict.fromkeys(arrived)) == story.published
    assert most(arrived) <= 2  # once in each life
    assert crowd.wrong == []
