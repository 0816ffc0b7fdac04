"""`fedcomm group`: the groups that live here."""

import click

from fedcomm.cli.asking import ask
from fedcomm.cli.saying import say


@click.group()
def group() -> None:
    """Make groups and keep somebody out of them."""


@group.command()
@click.argument("name")
@click.option("--title", required=True, help="What it is called.")
@click.option("--summary", default="", help="What it is about.")
@click.option("--moderator", default="", metavar="ACCOUNT", help="Who looks after it.")
def create(name: str, title: str, summary: str, moderator: str) -> None:
    """Make a group."""
    made = ask("group.create", name=name, title=title, summary=summary, moderator=moderator)
    say(f"{made['handle']} is there: {made['url']}")


@group.command()
@click.argument("group")
@click.argument("actor")
def ban(group: str, actor: str) -> None:
    """Keep ACTOR (a handle or an address) out of GROUP."""
    banned = ask("group.ban", group=group, actor=actor)
    say(f"{banned['handle']} is banned from {group}.")


commands = {"group": group}
