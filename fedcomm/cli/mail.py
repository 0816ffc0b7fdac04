"""`fedcomm mail`: whether mail goes out."""

import sys

import click

from fedcomm.cli.asking import ask
from fedcomm.cli.saying import DONE, NOT_SO, complain, note, say


@click.group()
def mail() -> None:
    """Try whether this instance can send mail."""


@mail.command()
@click.argument("address")
@click.option("--talk", is_flag=True, help="Show what was said to the mail server and what it said.")
def test(address: str, talk: bool) -> None:
    """Send a mail to ADDRESS now; the exit code is 0 when the mail server has taken it, else 1."""
    done = ask("mail.test", address=address)
    for line in done["talk"] if talk or not done["sent"] else ():
        note(line)
    if not done["sent"]:
        complain(f"the mail was not sent: {done['why']}", "compare [mail] in config.toml with docs/host/mail.md")
        sys.exit(NOT_SO)
    say(f"The mail server has taken a mail from {done['sender']} to {address}.")
    sys.exit(DONE)


commands = {"mail": mail}
