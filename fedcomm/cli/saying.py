"""How commands speak: answers on stdout; notes and complaints on stderr, these with what to do about them."""

import sys

import click

from fedcomm.errors import Invalid

DONE, NOT_SO, USAGE = 0, 1, 2  # exit codes


def say(text: str) -> None:
    """An answer."""
    click.echo(text)


def note(text: str) -> None:
    """Something to know that is no part of the answer."""
    click.echo(text, err=True)


def complain(text: str, fix: str) -> None:
    """What is wrong, and what to do about it."""
    click.echo(f"{text}\nfix: {fix}", err=True)


def amount(count: int, one: str, many: str = "") -> str:
    """“1 token”, “2 tokens”; `many` where that is not `one` with an s."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def sure(question: str, already: bool, fix: str) -> None:
    """Ask once, on a terminal, before what cannot be undone; `already`: it was said with the command.

    Raises:
        Invalid: there is nobody to ask.
        Abort: no.
    """
    if already:
        return
    if not sys.stdin.isatty():
        raise Invalid("There is nobody to ask whether you are sure.", fix=fix)
    click.confirm(question, abort=True)


def password(from_stdin: bool) -> str:
    """A password: the first line of stdin, or asked for twice on the terminal, never an argument others could see.

    Raises:
        UsageError: there is neither.
    """
    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
        if not given:
            raise click.UsageError("no password came in on stdin")
        return given
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask for the password; use --password-stdin")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
