"""`fedcomm neighbours`: groups of other servers that are followed for everybody here."""

import click

from fedcomm.cli.asking import ask
from fedcomm.cli.saying import amount, say


@click.group()
def neighbours() -> None:
    """Follow groups of other servers for everybody, so that this one is no empty room."""


@neighbours.command()
@click.option("--topic", "topics", multiple=True, help="What the groups are about, in one word; can be said again.")
@click.option("--server", "servers", multiple=True, help="Where to look; can be said again. Else some well-known ones.")
@click.option("--budget", type=click.IntRange(1, 10_000), help="How many MB they may bring; 50 when it is not said.")
def seek(topics: tuple[str, ...], servers: tuple[str, ...], budget: int | None) -> None:
    """Look for up to ten groups and follow them, with their newest threads; `list` shows how far it is."""
    ask("neighbours.seek", topics=" ".join(topics), servers=list(servers), budget=budget or 0)
    say("Groups are being looked for.")


@neighbours.command(name="list")
def list_() -> None:
    """List the groups that are followed for everybody, and what has come of them."""
    found = ask("neighbours.list")
    lines = [f"{host}: {answer}" for host, answer in found["told"]]
    for group in found["groups"]:
        state = f"{group['threads']} threads" if group["state"] == "accepted" else "has not answered yet"
        lines.append(f"!{group['username']}@{group['host']}: {state}")
    say("\n".join(lines) or "No group is followed for everybody.")


@neighbours.command()
def stop() -> None:
    """Follow none of them for everybody any more; what has come of them stays."""
    left = ask("neighbours.stop")["left"]
    say(f"{amount(left, 'group is', 'groups are')} followed no more.")


commands = {"neighbours": neighbours}
