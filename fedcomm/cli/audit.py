"""`fedcomm audit`: the log of what admins and moderators did, as a file, and whether somebody has changed it."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import IO

import click

from fedcomm.cli.asking import ask
from fedcomm.cli.saying import amount, say
from fedcomm.errors import Conflict


@click.group()
def audit() -> None:
    """Take the log of admins and moderators along, and see that nobody has changed it."""


@audit.command()
def export() -> None:
    """Write every entry to standard output, the first first, each a line of JSON with its hash and the one before."""
    for line in _lines():
        say(line)


@audit.command()
@click.argument("file", type=click.File("r", encoding="utf-8"), required=False)
def verify(file: IO[str] | None) -> None:
    """Look whether every entry is as it was written and none is missing; the exit code is 2 when not so.

    FILE (- is stdin) is an earlier export: with it, an end of the log that was cut off or written anew shows as well.
    """
    if file is not None and (number := _first_other(file)):
        raise Conflict(
            "The log and the file differ from entry {number} on.",
            fix="find out which of the two was changed: a backup of the database says more",
            number=number,
        )
    state = ask("audit.verify")
    if number := state["broken"]:
        raise Conflict(
            "Entry {number} is not as it was written: it was changed, taken out or put in outside of fedcomm.",
            fix="compare with an earlier export (`fedcomm audit verify FILE`) or a backup, and see who can reach the"
            " database",
            number=number,
        )
    if number := state["changed"]:
        raise Conflict(
            "What was done for a group is not as entry {number} says: it was changed or taken out outside of fedcomm.",
            fix="compare the act that the entry names in `fedcomm audit export` with a backup",
            number=number,
        )
    if number := state["unchained"]:
        raise Conflict(
            "{number} acts for groups are in the database and not in the log: they were put in outside of fedcomm.",
            fix="compare the logs of the groups with a backup",
            number=number,
        )
    much = amount(state["entries"], "entry", "entries")
    say(f"{much}, all as they were written. The last has the hash {state['head'] or '-'}")


def _first_other(file: IO[str]) -> int:
    """The first line of the file that the log has not in that place; 0 when there is none."""
    for number, (kept, now) in enumerate(zip_longest((each.rstrip("\r\n") for each in file), _lines()), 1):
        if kept is None:
            return 0
        if kept != now:
            return number
    return 0


def _lines() -> Iterator[str]:
    after = 0
    while (found := ask("audit.export", after=after))["lines"]:
        yield from found["lines"]
        after = found["after"]


commands = {"audit": audit}
