"""`fedcomm doctor`: whether the server is as it should be."""

import json
import sys

import click

from fedcomm.cli.asking import ask
from fedcomm.cli.saying import DONE, NOT_SO, say


@click.command()
@click.option("--listing", is_flag=True, required=True, help="What public lists of servers ask of one.")
@click.option("--json", "as_json", is_flag=True, help="Answer with an object.")
def doctor(listing: bool, as_json: bool) -> None:
    """Say what is not as it should be, and what to do; the exit code is 1 when something is not so, else 0."""
    told = ask("doctor.listing")
    if as_json:
        say(json.dumps(told))
    for each in told["items"] if not as_json else ():
        say(f"{each['state']:<4} {each['name']}: {each['said']}")
        if each["fix"]:
            say(f"     fix: {each['fix']}")
    sys.exit(NOT_SO if any(each["state"] == "no" for each in told["items"]) else DONE)


commands = {"doctor": doctor}
