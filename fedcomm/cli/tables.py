"""`fedcomm routes` and `fedcomm rules`: what is answered, and what is understood from whom."""

import click

from fedcomm import server
from fedcomm.cli.saying import say
from fedcomm.inbox.rules import RULES


@click.command()
def routes() -> None:
    """List every address the server answers at."""
    for line in server.routes():
        say(line)


@click.command()
def rules() -> None:
    """List every activity that is understood, and who may send it."""
    for rule in RULES:
        say(f"{' '.join(rule.shape):40} {rule.authority.__name__}")


commands = {"routes": routes, "rules": rules}
