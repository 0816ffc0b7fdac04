"""`fedcomm queue`: what waits to be taken in, sent and done."""

import json
import sys
import time

import click

from fedcomm.cli.asking import ask
from fedcomm.cli.saying import DONE, NOT_SO, say

POLL_SECONDS = 0.2


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Answer with an object.")
@click.option("--wait", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS", help="Until nothing waits.")
def queue(as_json: bool, wait: float) -> None:
    """Say what waits; the exit code is 0 when nothing does, else 1."""
    deadline = time.monotonic() + wait
    state = ask("queue")
    while state["waiting"] and time.monotonic() < deadline:
        time.sleep(min(POLL_SECONDS, wait))
        state = ask("queue")
    say(json.dumps(state) if as_json else "\n".join(f"{name}: {value}" for name, value in state.items()))
    sys.exit(NOT_SO if state["waiting"] else DONE)


commands = {"queue": queue}
