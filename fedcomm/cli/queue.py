"""`fedcomm queue`: what waits to be taken in, sent and done."""

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click

from fedcomm.cli.asking import ask
from fedcomm.cli.saying import DONE, NOT_SO, say

POLL_SECONDS = 0.2


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Answer with an object.")
@click.option("--wait", type=click.FloatRange(0, 86_400), default=0.0, metavar="SECONDS", help="Until nothing waits.")
def queue(as_json: bool, wait: float) -> None:
    """Say what waits; the exit code is 0 when nothing does, else 1."""
    deadline = time.monotonic() + wait
    state = ask("queue")
    while not state["idle"] and time.monotonic() < deadline:
        time.sleep(min(POLL_SECONDS, wait))
        state = ask("queue")
    say(json.dumps(state) if as_json else "\n".join(_lines(state)))
    sys.exit(DONE if state["idle"] else NOT_SO)


def _lines(state: dict[str, Any]) -> Iterator[str]:
    yield "Nothing waits." if state["idle"] else "Something waits."
    yield from (f"{name.replace('_', ' ')}: {value}" for name, value in state.items() if type(value) is int)
    for peer in state.get("peers", []):
        again = peer["next_attempt_at"]
        when = datetime.fromtimestamp(again / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if again else "now"
        why = f", failed {peer['failures']} times: {peer['error']}" if peer["failures"] else ""
        yield f"{peer['host']}: next attempt {when}{why}"


commands = {"queue": queue}
