"""`fedcomm emoji` and `fedcomm announce`: what all of this instance see."""

import base64
from pathlib import Path

import click

from fedcomm.cli.asking import ask
from fedcomm.cli.saying import say


@click.group()
def emoji() -> None:
    """Add and delete custom emojis."""


@emoji.command()
@click.argument("name")
@click.argument("picture", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--category", default="", help="Where it stands when emojis are chosen.")
@click.option("--replace", is_flag=True, help="In place of the one that has this name.")
def add(name: str, picture: Path, category: str, replace: bool) -> None:
    """Add an emoji; PICTURE is a small PNG, GIF or WebP."""
    content = base64.b64encode(picture.read_bytes()[:300_000]).decode()
    made = ask("emoji.add", name=name, content=content, category=category, replace=replace)
    say(f":{made['name']}: can be used: {made['url']}")


@emoji.command()
@click.argument("name")
def remove(name: str) -> None:
    """Delete an emoji; texts that name it show its name then."""
    ask("emoji.remove", name=name)
    say(f":{name}: is deleted.")


@emoji.command(name="list")
def list_emojis() -> None:
    """List the emojis of this instance."""
    for each in ask("emoji.list")["emojis"]:
        say(f":{each['name']}:  {each['url']}  {each['category']}".rstrip())


@click.group()
def announce() -> None:
    """Tell everybody here something, and end that."""


@announce.command()
@click.argument("text")
@click.option("--starts", default="", metavar="DAY", help="When it begins, like 2026-11-21 or 2026-11-21T10:00 (UTC).")
@click.option("--ends", default="", metavar="DAY", help="When it ends; it is shown until then.")
def make(text: str, starts: str, ends: str) -> None:
    """Announce TEXT."""
    say(f"Announcement {ask('bulletin.publish', text=text, starts=starts, ends=ends)['id']} is shown.")


@announce.command()
@click.argument("number")
@click.argument("text")
@click.option("--starts", default="", metavar="DAY", help="When it begins.")
@click.option("--ends", default="", metavar="DAY", help="When it ends.")
def edit(number: str, text: str, starts: str, ends: str) -> None:
    """Say announcement NUMBER differently."""
    ask("bulletin.change", number=number, text=text, starts=starts, ends=ends)
    say(f"Announcement {number} is changed.")


@announce.command()
@click.argument("number")
def end(number: str) -> None:
    """Show announcement NUMBER no more."""
    ask("bulletin.end", number=number)
    say(f"Announcement {number} is not shown any more.")


commands = {"emoji": emoji, "announce": announce}
